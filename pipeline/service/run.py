"""A run: recover, fetch, archive, apply batch by batch, show.

What a batch does to the state depends on the archive and the settings alone, never on the run
that applies it, so a run that was killed anywhere is finished by the next one.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TextIO

from pipeline.archive import archive_files, recover, scan
from pipeline.config import PathSettings, Settings, SourceSettings
from pipeline.errors import ConfigError, LockedError, StateError
from pipeline.records import Failed
from pipeline.service.batch import BatchReport, apply_batch
from pipeline.service.collecting import collect
from pipeline.service.progress import Progress
from pipeline.service.report import RunReport, reported
from pipeline.service.stored import open_state
from pipeline.service.view import ViewReport, refresh_view
from pipeline.storage import State, fetch_memory

__all__ = ["RunReport", "ingest", "rebuild", "run_lock"]


def ingest(
    settings: Settings, now: datetime, progress: Progress, deadline: datetime | None = None
) -> RunReport:
    """Read all sources and update archive, state and view.

    Parameters
    ----------
    now
        When the run began; aware.
    deadline
        No request to a server begins after it; what is left waits for the next run.

    Raises
    ------
    ConfigError
        There is no source, or one that does not exist. Nothing has been written.
    LockedError
        Another run is at work.
    StateError
        Archive or state cannot be used.
    """
    _check_sources(settings.sources)
    with run_lock(settings.paths):
        return reported(
            settings, "ingest", now, progress, partial(_ingest, settings, now, deadline)
        )


def _ingest(
    settings: Settings, now: datetime, deadline: datetime | None, progress: Progress
) -> RunReport:
    with open_state(settings) as state:
        _index_archive(settings.paths.raw, state)
        collected = collect(settings, state, now, deadline, progress)
        _index_archive(settings.paths.raw, state)
        batches = _apply_all(settings, state, progress)
        failures = state.add_failures(collected.refused)
        progress("rendering", 0, 0)
        view = refresh_view(settings, state)
        return _report(state, (collected.seen, collected.new), batches, failures, view)


def rebuild(settings: Settings, now: datetime, progress: Progress) -> RunReport:
    """Make state and view anew from the archive alone.

    Raises
    ------
    LockedError
        Another run is at work.
    StateError
        The archive cannot be read.
    """
    with run_lock(settings.paths):
        return reported(settings, "rebuild", now, progress, partial(_rebuild, settings))


def _rebuild(settings: Settings, progress: Progress) -> RunReport:
    memory = fetch_memory(settings.paths.state)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{settings.paths.state}{suffix}").unlink(missing_ok=True)
    with open_state(settings) as state:
        state.remember(memory.urls, memory.hosts, listed=memory.wanted)
        _index_archive(settings.paths.raw, state)
        batches = _apply_all(settings, state, progress)
        progress("rendering", 0, 0)
        view = refresh_view(settings, state)
        return _report(state, (0, 0), batches, (), view)


def _check_sources(sources: tuple[SourceSettings, ...]) -> None:
    if not sources:
        raise ConfigError("no sources are configured; add [[sources]] with name and path")
    for source in sources:
        if source.path is not None and not source.path.exists():
            raise ConfigError(f"source {source.name}: {source.path} does not exist")


@contextmanager
def run_lock(paths: PathSettings) -> Iterator[None]:
    """Hold the lock of the state file. The system releases it when the process dies.

    Raises
    ------
    LockedError
        Another run is at work.
    StateError
        The system refused to read or write a file, here or in what the lock is held for.
    """
    path = paths.state.with_name(paths.state.name + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            _lock(file, path)
            yield
    except OSError as error:
        raise StateError(
            f"stopped: {error}; nothing is lost, the next run goes on from here"
        ) from None


def _lock(file: TextIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockedError(f"another run holds {path}; try again when it has ended") from None


def _index_archive(folder: Path, state: State) -> None:
    """Bring the index of the archive up to date, after completing what a crash left open."""
    recover(folder)
    known = state.indexed_files()
    for path in archive_files(folder):
        if path.name not in known:
            state.index_file(path.name, scan(folder, path.name))


def _apply_all(settings: Settings, state: State, progress: Progress) -> list[BatchReport]:
    return [apply_batch(settings, state, n, progress) for n in state.batches_to_apply()]


def _report(
    state: State,
    pages: tuple[int, int],
    batches: list[BatchReport],
    refused: tuple[Failed, ...],
    view: ViewReport,
) -> RunReport:
    return RunReport(
        pages_seen=pages[0],
        pages_new=pages[1],
        articles_new=sum(b.articles_new for b in batches),
        versions_new=sum(b.versions_new for b in batches),
        changes=sum(b.changes for b in batches),
        failures=(*(f for b in batches for f in b.failures), *refused),
        quarantined=len(state.quarantine()),
        articles=len(state.article_ids()),
        stories=view.stories,
        files_written=view.written,
        files_removed=view.removed,
    )
