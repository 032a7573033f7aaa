"""A run: recover, fetch, archive, apply batch by batch, show.

What a batch does to the state depends on the archive and the settings alone, never on the run
that applies it, so a run that was killed anywhere is finished by the next one.
"""

from __future__ import annotations

import fcntl
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TextIO

from pipeline.archive import ArchiveWriter, archive_files, recover, scan
from pipeline.config import PathSettings, Settings, SourceSettings
from pipeline.embeddings import load_encoder
from pipeline.errors import ConfigError, LockedError, StateError
from pipeline.identity import canonical_url
from pipeline.records import Failed, Retry
from pipeline.service.ahead import ExtractionAhead, Ready
from pipeline.service.batch import BatchReport, apply_batch
from pipeline.service.collecting import collect
from pipeline.service.intake import Intake
from pipeline.service.limits import RunLimits
from pipeline.service.progress import Progress
from pipeline.service.report import RunReport, reported
from pipeline.service.stored import open_state
from pipeline.service.view import ViewReport, refresh_view
from pipeline.storage import State, fetch_memory
from pipeline.storage.pruned import lost_files, write_pruned
from pipeline.stories import giant_stories

__all__ = ["RunReport", "index_archive", "ingest", "rebuild", "replay", "run_lock"]


def ingest(settings: Settings, limits: RunLimits, progress: Progress) -> RunReport:
    """Read all sources and update archive, state and view.

    Raises
    ------
    ConfigError
        There is no source, or one that does not exist, or the embedding model of the settings
        cannot be loaded. Nothing has been written.
    LockedError
        Another run is at work.
    StateError
        Archive or state cannot be used, or the state is lost and the archive was pruned.
    """
    _check_sources(settings.sources)
    load_encoder(settings.stories.embeddings)  # kept for when the articles are placed
    with run_lock(settings.paths):
        if not settings.paths.state.exists():
            _check_whole(settings.paths.raw)
        return reported(
            settings, "ingest", limits.now, progress, partial(_ingest, settings, limits)
        )


def _ingest(settings: Settings, limits: RunLimits, progress: Progress) -> RunReport:
    with open_state(settings) as state, ExtractionAhead(settings) as ahead:
        index_archive(settings.paths.raw, state)
        collected = collect(settings, state, ahead, limits, progress)
        index_archive(settings.paths.raw, state)
        progress("extracting", 0, 0)
        batches = _apply_all(settings, state, progress, ahead.finish())
        failures = _keep_failures(state, collected)
        progress("rendering", 0, 0)
        view = refresh_view(settings, state)
        report = _report(settings, state, batches, failures, view)
        return replace(
            report,
            pages_seen=collected.seen,
            pages_new=collected.new,
            postponed=collected.postponed,
            listings_cut=collected.listings_cut,
        )


def _keep_failures(state: State, collected: Intake) -> list[Failed]:
    """Note what failed; returns what the operator is told.

    A file that cannot be read is told once. An address is told each time that it was asked for in
    vain, which back-off makes seldom, and forgotten when it answers.
    """
    state.forget_failures(collected.recovered)
    first = set(state.add_failures(collected.refused))
    return [f for f in collected.refused if f in first or canonical_url(f.input) is not None]


def rebuild(
    settings: Settings, now: datetime, progress: Progress, *, accept_loss: bool = False
) -> RunReport:
    """Make state and view anew from the archive alone.

    Parameters
    ----------
    accept_loss
        Do it also where files were pruned, whose stories will then be gone.

    Raises
    ------
    ConfigError
        The embedding model of the settings cannot be loaded. Nothing has been written.
    LockedError
        Another run is at work.
    StateError
        The archive cannot be read, or files were pruned from it.
    """
    load_encoder(settings.stories.embeddings)
    with run_lock(settings.paths):
        if not accept_loss:
            _check_whole(settings.paths.raw)
        report = reported(settings, "rebuild", now, progress, partial(_rebuild, settings))
        write_pruned(settings.paths.raw, ())  # nothing in the new state rests on these files
        return report


def replay(
    settings: Settings,
    now: datetime,
    progress: Progress,
    *,
    inputs: Collection[str] = (),
    reason: str | None = None,
) -> RunReport:
    """Extract inputs in quarantine again from the archive, as a batch of their own.

    Parameters
    ----------
    inputs
        Names as the quarantine lists them; none means all.
    reason
        Only those that failed for this reason.

    Raises
    ------
    ConfigError
        An input named is not in quarantine, or was never archived, or the embedding model of the
        settings cannot be loaded. Nothing has been written.
    LockedError
        Another run is at work.
    StateError
        Archive or state cannot be used.
    """
    load_encoder(settings.stories.embeddings)
    with run_lock(settings.paths):
        work = partial(_replay, settings, now, inputs, reason)
        return reported(settings, "replay", now, progress, work)


def _replay(
    settings: Settings,
    now: datetime,
    inputs: Collection[str],
    reason: str | None,
    progress: Progress,
) -> RunReport:
    with open_state(settings) as state:
        index_archive(settings.paths.raw, state)
        batches = _apply_all(settings, state, progress)  # what fails there can be tried again too
        retries = _retries(settings.paths.raw, state, inputs, reason)
        with ArchiveWriter(settings.paths.raw, now) as archive:
            if retries:
                archive.write_retries(retries, now)
            if retries or state.has_unmarked_pages():
                archive.mark_batch(state.next_batch(), now)
        index_archive(settings.paths.raw, state)
        batches += _apply_all(settings, state, progress)
        progress("rendering", 0, 0)
        view = refresh_view(settings, state)
        return replace(_report(settings, state, batches, (), view), pages_seen=len(retries))


def _retries(raw: Path, state: State, inputs: Collection[str], reason: str | None) -> list[Retry]:
    """Return which inputs to try again, in which pages; those never archived have none."""
    failed = state.quarantine()
    unknown = sorted(set(inputs) - {one.input for one in failed})
    if unknown:
        raise ConfigError(f"{unknown[0]} is not in quarantine; see `samestory quarantine list`")
    wanted = {
        one.input
        for one in failed
        if (not inputs or one.input in inputs) and reason in {None, one.reason}
    }
    found = [
        Retry(input=name, source=page.source, uri=page.uri, digest=page.digest)
        for name in sorted(wanted)
        for page in state.failing_pages(name)
        if (raw / page.file).exists()
    ]
    absent = sorted(set(inputs) & wanted - {one.input for one in found})
    if absent:
        raise ConfigError(
            f"{absent[0]} is not in the archive; `samestory ingest` reads it again while its "
            "source still offers it"
        )
    return found


def _check_whole(raw: Path) -> None:
    """Refuse to make stories from an archive out of which files were pruned."""
    lost = lost_files(raw)
    if lost:
        pages = sum(one.pages for one in lost)
        raise StateError(
            f"{len(lost)} files with {pages} pages were pruned from {raw}: stories that rest on "
            "them would be lost; `samestory rebuild --accept-loss` does it all the same"
        )


def _rebuild(settings: Settings, progress: Progress) -> RunReport:
    memory = fetch_memory(settings.paths.state)
    for suffix in ("", "-wal", "-shm"):
        Path(f"{settings.paths.state}{suffix}").unlink(missing_ok=True)
    with open_state(settings) as state:
        state.memories.keep(memory.urls, memory.hosts, again=memory.wanted)
        for source, position in memory.positions:
            state.memories.keep_position(source, position)
        index_archive(settings.paths.raw, state)
        batches = _apply_all(settings, state, progress)
        progress("rendering", 0, 0)
        view = refresh_view(settings, state)
        return _report(settings, state, batches, (), view)


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


def index_archive(folder: Path, state: State) -> None:
    """Bring the index of the archive up to date, after completing what a crash left open."""
    recover(folder)
    known = state.indexed_files()
    for path in archive_files(folder):
        if path.name not in known:
            state.index_file(path.name, scan(folder, path.name))


def _apply_all(
    settings: Settings, state: State, progress: Progress, ready: Ready = MappingProxyType({})
) -> list[BatchReport]:
    return [apply_batch(settings, state, n, progress, ready) for n in state.batches_to_apply()]


def _report(
    settings: Settings,
    state: State,
    batches: list[BatchReport],
    refused: Sequence[Failed],
    view: ViewReport,
) -> RunReport:
    return RunReport(
        articles_new=sum(b.articles_new for b in batches),
        versions_new=sum(b.versions_new for b in batches),
        changes=sum(b.changes for b in batches),
        failures=(*(f for b in batches for f in b.failures), *refused),
        quarantined=len(state.quarantine()),
        articles=len(state.article_ids()),
        stories=view.stories,
        giant_stories=len(giant_stories(state.open_sizes(), settings.run.giant_share)),
        last_batch=state.last_batch(),
        files_written=view.written,
        files_removed=view.removed,
    )
