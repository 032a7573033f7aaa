"""A run: recover, fetch, archive, apply batch by batch, show.

What a batch does to the state depends on the archive and the settings alone, never on the run
that applies it, so a run that was killed anywhere is finished by the next one.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.archive import ArchiveWriter, archive_files, page_digest, recover, scan
from pipeline.config import PathSettings, Settings, SourceSettings
from pipeline.errors import ConfigError, LockedError
from pipeline.fetch import read_files
from pipeline.records import Failed
from pipeline.service.batch import BatchReport, apply_batch
from pipeline.service.progress import Progress
from pipeline.service.stored import open_state
from pipeline.service.view import ViewReport, refresh_view
from pipeline.storage import State

__all__ = ["RunReport", "ingest", "rebuild"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did, and what there is after it.

    Parameters
    ----------
    pages_seen, pages_new
        Inputs that the sources offered; those of them the archive did not have.
    articles_new, versions_new
        Articles first seen; new bodies of articles known before.
    changes
        Stories opened, extended, merged or closed.
    failures
        Inputs that failed for the first time.
    quarantined, articles, stories
        What the state holds after the run; merged stories are not counted.
    files_written, files_removed
        Files of the view that changed.
    """

    pages_seen: int
    pages_new: int
    articles_new: int
    versions_new: int
    changes: int
    failures: tuple[Failed, ...]
    quarantined: int
    articles: int
    stories: int
    files_written: int
    files_removed: int


def ingest(settings: Settings, now: datetime, progress: Progress) -> RunReport:
    """Read all sources and update archive, state and view.

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
    with _run_lock(settings.paths), open_state(settings) as state:
        _index_archive(settings.paths.raw, state)
        seen, new, refused = _archive_new(settings, state, now, progress)
        _index_archive(settings.paths.raw, state)
        batches = _apply_all(settings, state, progress)
        failures = state.add_failures(refused)
        view = refresh_view(settings, state)
        return _report(state, (seen, new), batches, failures, view)


def rebuild(settings: Settings, progress: Progress) -> RunReport:
    """Make state and view anew from the archive alone.

    Raises
    ------
    LockedError
        Another run is at work.
    StateError
        The archive cannot be read.
    """
    with _run_lock(settings.paths):
        for suffix in ("", "-wal", "-shm"):
            Path(f"{settings.paths.state}{suffix}").unlink(missing_ok=True)
        with open_state(settings) as state:
            _index_archive(settings.paths.raw, state)
            batches = _apply_all(settings, state, progress)
            view = refresh_view(settings, state)
            return _report(state, (0, 0), batches, (), view)


def _check_sources(sources: tuple[SourceSettings, ...]) -> None:
    if not sources:
        raise ConfigError("no sources are configured; add [[sources]] with name and path")
    for source in sources:
        if not source.path.exists():
            raise ConfigError(f"source {source.name}: {source.path} does not exist")


@contextmanager
def _run_lock(paths: PathSettings) -> Iterator[None]:
    """Hold the lock of the state file. The system releases it when the process dies."""
    path = paths.state.with_name(paths.state.name + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"another run holds {path}; try again when it has ended") from None
        yield


def _index_archive(folder: Path, state: State) -> None:
    """Bring the index of the archive up to date, after completing what a crash left open."""
    recover(folder)
    known = state.indexed_files()
    for path in archive_files(folder):
        if path.name not in known:
            state.index_file(path.name, scan(folder, path.name))


def _archive_new(
    settings: Settings, state: State, now: datetime, progress: Progress
) -> tuple[int, int, list[Failed]]:
    """Archive what is new and mark it as the next batch; count what was seen and what was new."""
    seen, new, refused = 0, 0, []
    with ArchiveWriter(settings.paths.raw, now) as archive:
        for source in settings.sources:
            for item in read_files(source.path, source.name, settings.extract.max_bytes, now):
                seen += 1
                progress("reading", seen, 0)
                if isinstance(item, Failed):
                    refused.append(item)
                elif not state.knows_page(source.name, item.uri, page_digest(item.body)):
                    archive.write(item)
                    new += 1
        if new or state.has_unmarked_pages():
            archive.mark_batch(state.next_batch(), now)
    return seen, new, refused


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
