"""Brings in what the sources offer and archives what is new, as one batch."""

from __future__ import annotations

from pipeline.archive import ArchiveWriter
from pipeline.config import Settings, SourceSettings, source_kind
from pipeline.fetch import read_files
from pipeline.records import Failed
from pipeline.service.ahead import ExtractionAhead
from pipeline.service.fetching import fetch_sources
from pipeline.service.intake import Intake
from pipeline.service.limits import RunLimits
from pipeline.service.progress import Progress
from pipeline.service.warcs import read_warcs
from pipeline.storage import State

__all__ = ["collect"]


def collect(
    settings: Settings,
    state: State,
    ahead: ExtractionAhead,
    limits: RunLimits,
    progress: Progress,
) -> Intake:
    """Archive what is new at all sources and mark it as the next batch, or batches.

    Parameters
    ----------
    ahead
        Is offered what is new.
    """
    with ArchiveWriter(settings.paths.raw, limits.now) as archive:
        intake = Intake(state, archive, ahead, limits.now, settings.run.batch_pages)
        fetch_sources(settings, intake, limits, progress)
        read_warcs(settings, intake, limits, progress)
        for source in settings.sources:
            _read_files(source, settings, intake, limits, progress)
        intake.finish()
    return intake


def _read_files(
    source: SourceSettings,
    settings: Settings,
    intake: Intake,
    limits: RunLimits,
    progress: Progress,
) -> None:
    if source.path is None or (source_kind(source) == "warc"):
        return
    offered = read_files(
        source.path, source.name, settings.extract.max_bytes, limits.now, limits.since
    )
    for item in offered:
        intake.seen += 1
        progress("reading", intake.seen, 0)
        if isinstance(item, Failed):
            intake.refused.append(item)
        else:
            intake.take(item)
