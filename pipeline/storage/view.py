"""The view: JSON files that an analyst reads, rewritten only where their bytes change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

__all__ = ["INDEX", "json_bytes", "json_line", "remove_strangers", "text_digest", "write_file"]

INDEX = "index.jsonl"
_PARTIAL = ".partial"


def json_bytes(record: Mapping[str, object]) -> bytes:
    """Return a record as it stands in a file: sorted keys, LF, UTF-8, one final newline."""
    text = json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False)
    return (text + "\n").encode("utf-8", "replace")


def json_line(record: Mapping[str, object]) -> str:
    """Return a record as one line, without its newline."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, allow_nan=False)


def text_digest(content: bytes) -> str:
    """Return the digest by which a file of the view is compared."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def holds(path: Path, digest: str) -> bool:
    """Say whether a file is there and has this digest."""
    try:
        return text_digest(path.read_bytes()) == digest
    except OSError:
        return False


def write_file(path: Path, content: bytes, *, durable: bool = True) -> bool:
    """Replace a file atomically, unless it holds these bytes already; says whether it wrote.

    Parameters
    ----------
    durable
        Wait until the disk has it. What the next run would find missing and write again need not.
    """
    if holds(path, text_digest(content)):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + _PARTIAL)
    with partial.open("wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    partial.replace(path)
    return True


def remove_strangers(folder: Path, expected: Iterable[str]) -> int:
    """Remove files of the view that belong to no story, and folders left empty.

    Only what the view itself writes is touched: ``*.json`` and unfinished files in the folders
    of days, and ``index.jsonl`` stays.
    """
    wanted = {folder / path for path in expected}
    strangers = [p for p in folder.glob("*/*.json") if p not in wanted]
    strangers += [*folder.glob(f"*/*{_PARTIAL}"), *folder.glob(f"*{_PARTIAL}")]
    for path in strangers:
        path.unlink()
    for day in {path.parent for path in strangers} - {folder}:
        if not any(day.iterdir()):
            day.rmdir()
    return len(strangers)
