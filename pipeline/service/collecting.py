"""Brings in what the sources offer and archives what is new, as one batch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pipeline.archive import ArchiveWriter, foreign_pages
from pipeline.config import Settings, SourceSettings
from pipeline.errors import UnreadableError
from pipeline.fetch import read_files
from pipeline.records import Failed, RawPage
from pipeline.service.ahead import ExtractionAhead
from pipeline.service.fetching import fetch_sources
from pipeline.service.intake import Intake
from pipeline.service.progress import Progress
from pipeline.storage import State

__all__ = ["collect", "is_warc", "warc_pages"]

_WARC_SUFFIXES = (".warc", ".warc.gz", ".arc", ".arc.gz")


def collect(
    settings: Settings,
    state: State,
    ahead: ExtractionAhead,
    progress: Progress,
    *,
    now: datetime,
    deadline: datetime | None,
) -> Intake:
    """Archive what is new at all sources and mark it as the next batch.

    Parameters
    ----------
    ahead
        Is offered what is new.
    now
        Names the archive's file; the time of arrival of files.
    deadline
        No request begins after it.
    """
    with ArchiveWriter(settings.paths.raw, now) as archive:
        intake = Intake(state, archive, ahead)
        fetch_sources(settings, intake, deadline, progress)
        for source in settings.sources:
            for item in _offered(source, settings, now):
                intake.seen += 1
                progress("reading", intake.seen, 0)
                if isinstance(item, Failed):
                    intake.refused.append(item)
                else:
                    intake.take(item)
        if intake.new or state.has_unmarked_pages():
            archive.mark_batch(state.next_batch(), now)
    return intake


def _offered(
    source: SourceSettings, settings: Settings, now: datetime
) -> Iterator[RawPage | Failed]:
    if source.path is None:
        return
    if source.kind == "warc" or is_warc(source.path):
        yield from warc_pages(source.path, source.name, now)
    else:
        yield from read_files(source.path, source.name, settings.extract.max_bytes, now)


def is_warc(path: Path) -> bool:
    """Say whether a file is an archive of pages, by its name."""
    return path.name.lower().endswith(_WARC_SUFFIXES)


def warc_pages(path: Path, source: str, now: datetime) -> Iterator[RawPage | Failed]:
    """Yield the pages of a WARC file; where it is damaged, what comes before and a `Failed`."""
    try:
        yield from foreign_pages(path, source)
    except UnreadableError as error:
        yield Failed(
            stage="fetch",
            reason=error.reason,
            input=f"file:{path.name}",
            detail=error.detail,
            when=now,
        )
