"""Applies one archived batch to the state: extract, find copies, fold them, assign stories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.config import Settings
from pipeline.identity import address
from pipeline.near_duplicates import sketch
from pipeline.records import Article, Failed
from pipeline.service.ahead import Ready
from pipeline.service.contents import read_contents
from pipeline.service.placing import place_articles
from pipeline.service.progress import Progress
from pipeline.service.stored import stored_relations
from pipeline.service.versions import articles_meant, digest_of, new_versions, renewed_articles
from pipeline.storage import BatchOutcome, State

__all__ = ["BatchReport", "apply_batch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What a batch changed; `failures` are those not in quarantine before."""

    articles_new: int
    versions_new: int
    changes: int
    failures: tuple[Failed, ...]


def apply_batch(
    settings: Settings, state: State, number: int, progress: Progress, ready: Ready
) -> BatchReport:
    """Apply a batch in one transaction. The outcome depends on archive, state and settings only.

    Parameters
    ----------
    ready
        What is known to be in some of its pages already; the others are read from the archive.
    """
    found = read_contents(settings, state, number, progress, ready)
    articles = articles_meant(settings, state, number, found.articles)
    progress("grouping", 0, 0)
    versions, paragraphs = new_versions(settings, state, articles)
    renewed = renewed_articles(state, versions)
    clock = _clock(state, renewed, found.fetched)
    sketches = sketch(renewed, settings.near_duplicates)
    relations = stored_relations(state, sketches, settings)
    known = state.articles(a.article_id for a in renewed)
    placed = place_articles(settings, state, renewed, relations, clock)
    fresh = state.apply(
        BatchOutcome(
            number=number,
            clock=clock,
            versions=versions,
            current={a.article_id: digest_of(a) for a in renewed},
            sketches=sketches,
            relations=placed.relations,
            changes=placed.changes,
            window=placed.window,
            failures=found.failures,
            failing=found.failing,
            tried=found.tried,
            sightings=found.sightings,
            addresses=found.addresses | {address(a.url or a.uri): a.article_id for a in articles},
            paragraphs=paragraphs,
            forget_before=_forget_before(settings, clock),
        )
    )
    return BatchReport(
        articles_new=len(renewed) - len(known),
        versions_new=len(versions) - (len(renewed) - len(known)),
        changes=len(placed.changes),
        failures=fresh,
    )


def _forget_before(settings: Settings, clock: datetime) -> datetime | None:
    days = settings.near_duplicates.expire_days
    return clock - timedelta(days=days) if days else None


def _clock(state: State, renewed: Sequence[Article], fetched: Sequence[datetime]) -> datetime:
    """Return the latest publication known: the clock of the news, not of the machine.

    Stories open and close by it, so replaying an archive gives what happened then. Where no
    article has a date yet, arrival has to serve.
    """
    stated = [a.published.instant for a in renewed if a.published]
    before = state.clock()
    if stated or before:
        return max([*stated, *([before] if before else [])])
    return max(fetched, default=datetime(1970, 1, 1, tzinfo=UTC))
