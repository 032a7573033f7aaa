"""Fetches the sources that have an address: their listings, then the articles these list.

What a server answers is archived before anything looks inside; what it teaches about URL and host
(validators, back-off, robots.txt) is remembered for the next run.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from pipeline.config import Settings, SourceSettings
from pipeline.engines import in_workers, listing_of_page
from pipeline.fetch import fetch_all
from pipeline.records import Failed, Fetched, Listing, RawPage, Visit, VisitOutcome
from pipeline.service.intake import Intake
from pipeline.service.progress import Progress

__all__ = ["fetch_sources"]

_INDEX_DEPTH = 2  # a sitemap index may list indexes; deeper ones are loops or mistakes (guess)
_MOST_TRIES = 5  # with back-off, over some five hours (guess)
_REMEMBER_EVERY = 50  # outcomes between two writes of what was learned; a crash forgets so many


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    settings: Settings
    intake: Intake
    deadline: datetime | None
    progress: Progress


def fetch_sources(
    settings: Settings, intake: Intake, deadline: datetime | None, progress: Progress
) -> None:
    """Fetch and archive what is new at all sources that have an address.

    Parameters
    ----------
    deadline
        No request begins after it; what is left is put off to the next run.
    """
    run = _Run(settings=settings, intake=intake, deadline=deadline, progress=progress)
    sources = {source.name: source for source in settings.sources if source.url}
    _read_listings(run, sources)
    _fetch_articles(run, sources)


def _read_listings(run: _Run, sources: Mapping[str, SourceSettings]) -> None:
    """Fetch all listings, and note the articles they list as wanted."""
    wanted = {source.url: name for name, source in sources.items() if source.url}
    read: set[str] = set()
    for _ in range(_INDEX_DEPTH + 1):
        read |= wanted.keys()
        outcomes: list[VisitOutcome] = []
        listed: dict[str, str] = {}
        further: dict[str, str] = {}
        for source, listing in _listings(run, wanted, outcomes):
            limits = sources[source]
            listed |= {link.url: source for link in listing.links[: limits.max_items]}
            more = (url for url in listing.further[: limits.max_listings] if url not in read)
            further |= dict.fromkeys(more, source)
        # What a listing taught is kept together with what it listed, so that a crash loses neither.
        _remember(run, outcomes, listed)
        wanted = further
        if not wanted:
            return


def _listings(
    run: _Run, wanted: Mapping[str, str], outcomes: list[VisitOutcome]
) -> Iterator[tuple[str, Listing]]:
    """Yield what each changed listing lists, with its source; `outcomes` gets all, without bodies.

    Pages go to the workers as they arrive, so that only a few are in memory.
    """
    sources: deque[str] = deque()

    def pages() -> Iterator[RawPage]:
        for outcome in _visit(run, wanted, "listing"):
            outcomes.append(_without_body(outcome))
            page = _changed(run, outcome)
            if page is not None:
                sources.append(page.source)
                yield page

    for parsed in in_workers(pages(), run.settings, listing_of_page):
        source = sources.popleft()
        if isinstance(parsed, Failed):
            run.intake.refused.append(parsed)
        else:
            yield source, parsed


def _without_body(outcome: VisitOutcome) -> VisitOutcome:
    if not isinstance(outcome.result, Fetched):
        return outcome
    return replace(outcome, result=replace(outcome.result, body=b""))


def _fetch_articles(run: _Run, sources: Mapping[str, SourceSettings]) -> None:
    """Fetch what is wanted, at most `max_items` of each source, the first listed first."""
    taken: Counter[str] = Counter()
    wanted = {}
    for url, name in run.intake.state.memories.wanted().items():
        if name in sources and taken[name] < sources[name].max_items:
            taken[name] += 1
            wanted[url] = name
    waiting: list[VisitOutcome] = []
    for outcome in _visit(run, wanted, "article"):
        _changed(run, outcome)
        waiting.append(_without_body(outcome))
        if len(waiting) == _REMEMBER_EVERY:
            _remember(run, waiting, {})
            waiting.clear()
    _remember(run, waiting, {})


def _visit(
    run: _Run, wanted: Mapping[str, str], purpose: Literal["listing", "article"]
) -> Iterator[VisitOutcome]:
    memories = run.intake.state.memories.of_urls(wanted)
    visits = [
        Visit(url=url, source=name, purpose=purpose, memory=memories.get(url))
        for url, name in wanted.items()
    ]
    hosts = run.intake.state.memories.of_hosts()
    outcomes = fetch_all(visits, run.settings.fetch, hosts, run.deadline)
    for done, outcome in enumerate(outcomes, start=1):
        run.progress(f"fetching {purpose}s", done, len(visits))
        run.intake.seen += 1
        yield outcome


def _changed(run: _Run, outcome: VisitOutcome) -> RawPage | None:
    """Archive what a visit brought; return it unless it is what was there before."""
    result = outcome.result
    if result is None:
        run.intake.postponed += 1
    if isinstance(result, Failed):
        run.intake.refused.append(result)
    if not isinstance(result, Fetched) or result.unchanged:
        return None
    return run.intake.take_answer(result, outcome.visit.source)


def _remember(run: _Run, outcomes: Sequence[VisitOutcome], listed: Mapping[str, str]) -> None:
    """Write down what was learned, after what it describes has been archived."""
    hosts = {o.host_memory.domain: o.host_memory for o in outcomes if o.host_memory}
    run.intake.state.memories.keep(
        [outcome.url_memory for outcome in outcomes],
        hosts.values(),
        listed=listed,
        settled=[outcome.visit.url for outcome in outcomes if _is_settled(outcome)],
    )


def _is_settled(outcome: VisitOutcome) -> bool:
    """Say whether an article need not be asked for again: it came, or failed often enough."""
    if isinstance(outcome.result, Failed):
        return outcome.url_memory.failures >= _MOST_TRIES
    return outcome.result is not None
