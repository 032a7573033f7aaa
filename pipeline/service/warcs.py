"""Brings in WARC files, on disk or on the web, from where the last run left them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pipeline.archive import Captured, WarcStream, foreign_pages
from pipeline.config import Settings, SourceSettings, source_kind
from pipeline.errors import UnreadableError
from pipeline.fetch import BusyError, open_remote, url_failed
from pipeline.records import Failed, RawPage, UrlMemory, Visit, WarcPosition
from pipeline.service.intake import Intake
from pipeline.service.limits import RunLimits
from pipeline.service.progress import Progress

__all__ = ["is_warc", "read_warcs", "warc_pages"]

_SUFFIXES = (".warc", ".warc.gz", ".arc", ".arc.gz")
_NOTED_EVERY = 500  # records between two notes of the place; a crash reads so many again (guess)


def is_warc(path: Path) -> bool:
    """Say whether a file is an archive of pages, by its name."""
    return path.name.lower().endswith(_SUFFIXES)


def warc_pages(
    path: Path, source: str, max_bytes: int, now: datetime
) -> Iterator[RawPage | Failed]:
    """Yield the pages of a WARC file; where it is damaged, what comes before and a `Failed`."""
    try:
        with _open_file(path, 0) as file:
            for captured in foreign_pages(file, path.name, source, max_bytes, now):
                if captured.content is not None:
                    yield captured.content
    except UnreadableError as error:
        yield _failed(f"file:{path.name}", error, now)


def read_warcs(settings: Settings, intake: Intake, limits: RunLimits, progress: Progress) -> None:
    """Take in what is new in all WARC files of the sources.

    Where reading has come to is noted once what was read is safe in the archive. After the
    deadline no record is read; the next run goes on there.
    """
    run = _Run(settings=settings, intake=intake, limits=limits, progress=progress)
    for source in settings.sources:
        for place in _files(source):
            if not limits.is_over():
                _read(run, source.name, place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    settings: Settings
    intake: Intake
    limits: RunLimits
    progress: Progress


def _files(source: SourceSettings) -> list[str]:
    """Return the WARC files of a source: paths, or a URL."""
    if source.url is not None:
        return [source.url] if source_kind(source) == "warc" else []
    if source.path is None or not source.path.is_dir():
        return [str(source.path)] if source_kind(source) == "warc" else []
    return [str(p) for p in sorted(source.path.rglob("*")) if is_warc(p) and p.is_file()]


def _read(run: _Run, source: str, place: str) -> None:
    """Read one file from where the last run left it; what goes wrong with it is one failure."""
    memories, now = run.intake.state.memories, run.limits.now
    memory = memories.of_urls([place]).get(place)
    if memory is not None and memory.not_before is not None and now < memory.not_before:
        run.intake.postponed += 1
        return
    try:
        last = memories.position(source, place)
        if last is None or not _go_on(run, source, place, last):
            _go_on(run, source, place, None)
        if memory is not None and memory.failures:
            run.intake.recovered.add(place)
            memories.keep([UrlMemory(url=place)], [])
    except BusyError as busy:
        run.intake.postponed += 1
        memories.keep([UrlMemory(url=place, not_before=busy.until)], [])
    except UnreadableError as error:
        name = place if _is_remote(place) else f"file:{Path(place).name}"
        run.intake.refused.append(_failed(name, error, now))
        if _is_remote(place):
            visit = Visit(url=place, source=source, purpose="listing", memory=memory)
            memories.keep([url_failed(visit, run.settings.fetch, datetime.now(UTC))], [])


def _go_on(run: _Run, source: str, place: str, last: WarcPosition | None) -> bool:
    """Read from a position on, or from the beginning; says no where it is not what it was."""
    start = last.offset if last else 0
    reached = last
    with _opened(run, place, start) as stream:
        limit = run.settings.extract.max_bytes
        records = foreign_pages(stream, Path(place).name, source, limit, run.limits.now)
        if last is not None and not _begins_with(records, last):
            return False
        try:
            for number, captured in enumerate(records, start=1):
                _take(run, captured)
                reached = WarcPosition(
                    file=place, offset=captured.offset, record_id=captured.record_id
                )
                run.progress("reading", run.intake.seen, 0)
                if number % _NOTED_EVERY == 0:
                    _note(run, source, reached)
                if run.limits.is_over():
                    break
        finally:
            _note(run, source, reached)
    return True


def _begins_with(records: Iterator[Captured], last: WarcPosition) -> bool:
    """Say whether the first of the records is the one that was read last."""
    try:
        first = next(records, None)
    except UnreadableError as error:
        if error.reason == "broken_warc":  # no record begins there: it is another file
            return False
        raise
    return first is not None and first.record_id == last.record_id


def _opened(run: _Run, place: str, offset: int) -> AbstractContextManager[WarcStream]:
    if _is_remote(place):
        return open_remote(place, offset, run.settings.fetch)
    return _open_file(Path(place), offset)


@contextmanager
def _open_file(path: Path, offset: int) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise UnreadableError("unreadable", f"{path.name}: {error.strerror}") from None
    with file:
        file.seek(offset)
        yield file


def _is_remote(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def _take(run: _Run, captured: Captured) -> None:
    content = captured.content
    if content is None:
        return
    run.intake.seen += 1
    if isinstance(content, Failed):
        run.intake.refused.append(content)
    elif run.limits.since is None or content.fetched_at >= run.limits.since:
        run.intake.take(content)


def _note(run: _Run, source: str, reached: WarcPosition | None) -> None:
    if reached is not None:
        run.intake.archive.sync()
        run.intake.state.memories.keep_position(source, reached)


def _failed(name: str, error: UnreadableError, now: datetime) -> Failed:
    return Failed(stage="fetch", reason=error.reason, input=name, detail=error.detail, when=now)
