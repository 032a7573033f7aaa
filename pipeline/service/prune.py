"""Removes the oldest files of the archive, where an operator asks for it. Never anything else.

Articles and stories stay, and what was known is still known. What is gone for good is the way back:
`rebuild` could not make the stories of these pages again, and their failures cannot be replayed.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.archive import archive_files, written_at
from pipeline.config import Settings
from pipeline.errors import ConfigError, StateError
from pipeline.service.run import index_archive, run_lock
from pipeline.service.stored import open_state
from pipeline.storage import State
from pipeline.storage.pruned import PrunedFile, read_pruned, write_pruned

__all__ = ["prune"]


def prune(
    settings: Settings,
    now: datetime,
    *,
    older_than_days: float | None = None,
    max_bytes: int | None = None,
    really: bool = False,
) -> list[PrunedFile]:
    """Find the oldest archive files beyond a limit, and remove them if that is really wanted.

    Parameters
    ----------
    now
        Ages are counted from here; aware.
    older_than_days
        Files written longer ago go.
    max_bytes
        The oldest go until no more than this is left.
    really
        Remove; else only say what would go.

    Returns
    -------
    list of PrunedFile
        What goes, or went, oldest first.

    Raises
    ------
    ConfigError
        No limit was given.
    StateError
        There is no state, or an interrupted run has to be finished first: its pages are nowhere
        else yet.
    """
    if older_than_days is None and max_bytes is None:
        raise ConfigError("nothing to go by; give --older-than DAYS or --max-bytes N")
    folder = settings.paths.raw
    if not settings.paths.state.exists():
        raise StateError("nothing ingested yet; run `samestory ingest` before anything is removed")
    with run_lock(settings.paths), open_state(settings) as state:
        index_archive(folder, state)
        if state.batches_to_apply() or state.has_unmarked_pages():
            raise StateError("the last run was interrupted; run `samestory ingest` first")
        files = [_described(path, state) for path in archive_files(folder)]
        going = _going(files, now, older_than_days, max_bytes)
        if really and going:
            _remove(folder, going)
    return going


def _described(path: Path, state: State) -> PrunedFile:
    return PrunedFile(
        file=path.name,
        size_bytes=path.stat().st_size,
        pages=state.page_count(path.name),
        written=written_at(path).isoformat(),
    )


def _going(
    files: list[PrunedFile], now: datetime, older_than_days: float | None, max_bytes: int | None
) -> list[PrunedFile]:
    """Return the files to remove: always the oldest ones, without a gap."""
    going = 0
    if older_than_days is not None:
        limit = (now.astimezone(UTC) - timedelta(days=older_than_days)).isoformat()
        going = next((n for n, one in enumerate(files) if one.written >= limit), len(files))
    if max_bytes is not None:
        left = sum(one.size_bytes for one in files[going:])
        while left > max_bytes:
            left -= files[going].size_bytes
            going += 1
    return files[:going]


def _remove(folder: Path, going: list[PrunedFile]) -> None:
    """List first, then remove: a file that is missing without being listed would be a loss."""
    listed = {one.file: one for one in (*read_pruned(folder), *going)}
    write_pruned(folder, listed.values())
    for one in going:
        (folder / one.file).unlink()
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
