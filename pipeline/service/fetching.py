"""Fetches the sources that have an address: their listings, then the articles these list.

What a server answers is archived before anything looks inside; what it teaches about URL and host
(validators, back-off, robots.txt) is remembered for the next run.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.config import Settings, SourceSettings, source_kind
from pipeline.engines import in_workers, listing_of_page
from pipeline.fetch import fetch_all, listing_left, listing_read
from pipeline.records import Failed, Fetched, Listing, RawPage, Visit, VisitOutcome
from pipeline.service.intake import Intake
from pipeline.service.limits import RunLimits
from pipeline.service.listed import Choice, choose
from pipeline.service.progress import Progress
from pipeline.storage import Memories

__all__ = ["fetch_sources"]

_INDEX_DEPTH = 2  # a sitemap index may list indexes; deeper ones are loops or mistakes (guess)
_MOST_TRIES = 5  # with back-off, over some five hours (guess)
_REMEMBER_EVERY = 50  # outcomes between two writes of what was learned; a crash forgets so many


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    settings: Settings
    intake: Intake
    limits: RunLimits
    progress: Progress

    @property
    def memories(self) -> Memories:
        return self.intake.state.memories


def fetch_sources(
    settings: Settings, intake: Intake, limits: RunLimits, progress: Progress
) -> None:
    """Fetch and archive what is new at all sources that have an address."""
    run = _Run(settings=settings, intake=intake, limits=limits, progress=progress)
    sources = {s.name: s for s in settings.sources if s.url and source_kind(s) != "warc"}
    _read_listings(run, sources)
    _fetch_articles(run, sources)


def _read_listings(run: _Run, sources: Mapping[str, SourceSettings]) -> None:
    """Fetch all listings, and note the articles to ask for as wanted."""
    wanted = {source.url: name for name, source in sources.items() if source.url}
    read: set[str] = set()
    waiting = set(run.memories.wanted())
    room = {name: source.max_items for name, source in sources.items()}
    for _ in range(_INDEX_DEPTH + 1):
        read |= wanted.keys()
        outcomes: dict[str, VisitOutcome] = {}
        new: dict[str, str] = {}
        again: dict[str, str] = {}
        further: dict[str, str] = {}
        for url, listing in _listings(run, wanted, outcomes):
            source = sources[wanted[url]]
            chosen = _choose(run, source, listing, waiting, room[source.name])
            room[source.name] -= len(chosen.new)
            waiting |= set(chosen.new)
            new |= dict.fromkeys(chosen.new, source.name)
            again |= dict.fromkeys(chosen.again, source.name)
            more = [link for link in listing.further if link not in read]
            further |= dict.fromkeys(more[: source.max_listings], source.name)
            cut = listing.truncated or chosen.left > 0 or len(more) > source.max_listings
            run.intake.listings_cut += cut
            # An index that is unchanged may lead to sitemaps that are not.
            is_index = bool(listing.further) and not listing.links
            whole = not (chosen.left or is_index)
            outcomes[url] = _was_read(outcomes[url], listing, whole=whole)
        # What a listing taught is kept together with what it listed, so that a crash loses neither.
        _remember(run, outcomes.values(), listed=new, again=again)
        wanted = further
        if not wanted:
            return


def _choose(
    run: _Run, source: SourceSettings, listing: Listing, waiting: Collection[str], room: int
) -> Choice:
    return choose(
        listing.links,
        source,
        run.memories.of_urls(link.url for link in listing.links),
        waiting,
        now=run.limits.now,
        since=run.limits.since,
        room=room,
    )


def _was_read(outcome: VisitOutcome, listing: Listing, *, whole: bool) -> VisitOutcome:
    memory = listing_read(outcome.url_memory, listing.ttl_minutes)
    return replace(outcome, url_memory=memory if whole else listing_left(memory))


def _listings(
    run: _Run, wanted: Mapping[str, str], outcomes: dict[str, VisitOutcome]
) -> Iterator[tuple[str, Listing]]:
    """Yield what each changed listing lists, with its URL; `outcomes` gets all, without bodies.

    Pages go to the workers as they arrive, so that only a few are in memory.
    """
    urls: deque[str] = deque()

    def pages() -> Iterator[RawPage]:
        for outcome in _visit(run, wanted, "listing"):
            outcomes[outcome.visit.url] = _without_body(outcome)
            page = _changed(run, outcome)
            if page is not None:
                urls.append(outcome.visit.url)
                yield page

    for parsed in in_workers(pages(), run.settings, listing_of_page):
        url = urls.popleft()
        if isinstance(parsed, Failed):
            run.intake.refused.append(replace(parsed, input=url))
        else:
            run.intake.recovered.add(url)
            yield url, parsed


def _without_body(outcome: VisitOutcome) -> VisitOutcome:
    if not isinstance(outcome.result, Fetched):
        return outcome
    return replace(outcome, result=replace(outcome.result, body=b""))


def _fetch_articles(run: _Run, sources: Mapping[str, SourceSettings]) -> None:
    """Fetch what is wanted, at most `max_items` of each source, the first listed first."""
    taken: Counter[str] = Counter()
    wanted = {}
    for url, name in run.memories.wanted().items():
        if name in sources and taken[name] < sources[name].max_items:
            taken[name] += 1
            wanted[url] = name
    waiting: list[VisitOutcome] = []
    for outcome in _visit(run, wanted, "article"):
        _changed(run, outcome)
        waiting.append(_without_body(outcome))
        if len(waiting) == _REMEMBER_EVERY:
            _remember(run, waiting)
            waiting.clear()
    _remember(run, waiting)


def _visit(
    run: _Run, wanted: Mapping[str, str], purpose: Literal["listing", "article"]
) -> Iterator[VisitOutcome]:
    memories = run.memories.of_urls(wanted)
    visits = [
        Visit(url=url, source=name, purpose=purpose, memory=memories.get(url))
        for url, name in wanted.items()
    ]
    hosts = run.memories.of_hosts()
    outcomes = fetch_all(visits, run.settings.fetch, hosts, run.limits.deadline)
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
    if isinstance(result, Fetched) and outcome.visit.memory and outcome.visit.memory.failures:
        run.intake.recovered.add(outcome.visit.url)
    if not isinstance(result, Fetched) or result.unchanged:
        return None
    return run.intake.take_answer(result, outcome.visit)


def _remember(
    run: _Run,
    outcomes: Collection[VisitOutcome],
    listed: Mapping[str, str] | None = None,
    again: Mapping[str, str] | None = None,
) -> None:
    """Write down what was learned, after what it describes is safe in the archive."""
    run.intake.archive.sync()
    hosts = {o.host_memory.domain: o.host_memory for o in outcomes if o.host_memory}
    run.memories.keep(
        [outcome.url_memory for outcome in outcomes],
        hosts.values(),
        listed=listed,
        again=again,
        settled=[outcome.visit.url for outcome in outcomes if _is_settled(outcome)],
    )


def _is_settled(outcome: VisitOutcome) -> bool:
    """Say whether an article need not be asked for again: it came, or failed often enough."""
    if isinstance(outcome.result, Failed):
        return outcome.url_memory.failures >= _MOST_TRIES
    return outcome.result is not None
