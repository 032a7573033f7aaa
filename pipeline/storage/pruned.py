"""What was removed from the archive on purpose: a list kept beside it.

It does not stand in the state, because `rebuild` has to know it where the state is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import StateError
from pipeline.storage.view import json_bytes, write_file

__all__ = ["PrunedFile", "lost_files", "read_pruned", "write_pruned"]

_LIST = "pruned.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunedFile:
    """One file of the archive that was removed: its name, bytes, pages and time (ISO 8601, UTC)."""

    file: str
    size_bytes: int
    pages: int
    written: str


_FILES = TypeAdapter(tuple[PrunedFile, ...])


def read_pruned(folder: Path) -> tuple[PrunedFile, ...]:
    """Return the files that were removed from an archive, oldest first.

    Raises
    ------
    StateError
        The list cannot be read.
    """
    path = folder / _LIST
    if not path.exists():
        return ()
    try:
        return _FILES.validate_python(json.loads(path.read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise StateError(f"{path}: cannot be read ({error}); restore it from a copy") from None


def lost_files(folder: Path) -> list[PrunedFile]:
    """Return those of the removed files that are really gone."""
    return [one for one in read_pruned(folder) if not (folder / one.file).exists()]


def write_pruned(folder: Path, files: Iterable[PrunedFile]) -> None:
    """Write the list anew; without files there is none."""
    rows = [asdict(one) for one in sorted(files, key=lambda one: one.file)]
    if rows:
        write_file(folder / _LIST, json_bytes({"files": rows}))
    else:
        (folder / _LIST).unlink(missing_ok=True)
