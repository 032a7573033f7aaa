"""What is in the pages of a batch: articles, failures, and who has shown which address."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.archive import read_page
from pipeline.config import Settings
from pipeline.engines import PageContent, contents_of_page, extract_pages
from pipeline.identity import address
from pipeline.records import ArchivedPage, Article, ArticleId, Failed, ListedLink, RawPage, Retry
from pipeline.service.ahead import Extracted, PageKey, Ready
from pipeline.service.progress import Progress
from pipeline.storage import State

__all__ = ["Contents", "read_contents"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the pages of a batch hold.

    Parameters
    ----------
    pages
        The pages.
    fetched
        When each of these came in.
    articles, failures
        In the order of the pages.
    failing
        Where each of `failures` is archived.
    tried
        Inputs that failed before and were tried again.
    sightings, addresses
        As in `pipeline.storage.sightings`.
    """

    pages: list[ArchivedPage]
    fetched: list[datetime] = field(default_factory=list)
    articles: list[Article] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)
    failing: list[Retry] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    sightings: set[tuple[str, str]] = field(default_factory=set)
    addresses: dict[str, ArticleId] = field(default_factory=dict)

    def see(self, item: PageContent, page: ArchivedPage) -> None:
        """Note which address a source has shown, and by which an article is known."""
        if isinstance(item, ListedLink):
            self.sightings.add((address(item.url), page.source))
        if isinstance(item, Article):
            self.sightings.add((address(item.url or item.uri), page.source))
        if isinstance(item, Article) and item.uri == page.uri:
            names = (page.uri, page.via) if page.via else (page.uri,)
            self.addresses.update({address(name): item.article_id for name in names})

    def take(self, item: PageContent, place: Retry) -> None:
        """Add one outcome of a page."""
        if isinstance(item, Article):
            self.articles.append(item)
        elif isinstance(item, Failed) and not _is_of_listing(item):
            self.failures.append(item)
            self.failing.append(place)


def read_contents(
    settings: Settings, state: State, number: int, progress: Progress, ready: Ready
) -> Contents:
    """Extract the inputs of a batch: what it brought in, and what it tries again.

    An input that a later batch tries again is left to that batch.

    Parameters
    ----------
    ready
        What is known to be in some of the pages already; the others are read from the archive.
    """
    own = state.pages_of_batch(number)
    again = state.retries_of_batch(number)
    later = state.later_retries(number)
    found = Contents(pages=[*own, *(page for page, _ in again)])
    wanted = [*([None] * len(own)), *(inputs for _, inputs in again)]
    progress("extracting", 0, len(found.pages))
    outcomes = _outcomes(settings, found.pages, ready)
    for done, (page, inputs, outcome) in enumerate(
        zip(found.pages, wanted, outcomes, strict=True), start=1
    ):
        progress("extracting", done, len(found.pages))
        found.fetched.append(outcome.fetched_at)
        for item in outcome.contents:
            found.see(item, page)
            at = _place(page, _input(item, page))
            if _belongs({at, _place(page, page.uri)}, inputs, later):
                found.take(item, at)
    found.tried.update(name for _, inputs in again for name in inputs)
    return found


def _outcomes(
    settings: Settings, pages: Sequence[ArchivedPage], ready: Ready
) -> Iterator[Extracted]:
    """Yield what is in each page, in order."""
    keys = [PageKey(page.source, page.uri, page.digest) for page in pages]
    missing = [page for page, key in zip(pages, keys, strict=True) if key not in ready]
    times: deque[datetime] = deque()

    def bodies() -> Iterator[RawPage]:
        for page in missing:
            raw = read_page(settings.paths.raw, page)
            times.append(raw.fetched_at)
            yield raw

    late = extract_pages(bodies(), settings, contents_of_page)
    for key in keys:
        if key in ready:
            yield ready[key]
        else:
            contents = next(late)
            yield Extracted(times.popleft(), contents)


def _belongs(places: set[Retry], inputs: frozenset[str] | None, later: frozenset[Retry]) -> bool:
    """Say whether an input, or its whole page, is wanted now and not left to a later batch."""
    if inputs is None:
        return later.isdisjoint(places)
    return not inputs.isdisjoint({place.input for place in places})


def _input(item: PageContent, page: ArchivedPage) -> str:
    if isinstance(item, Failed):
        return item.input
    return item.uri if isinstance(item, Article) else page.uri


def _place(page: ArchivedPage, name: str) -> Retry:
    return Retry(input=name, source=page.source, uri=page.uri, digest=page.digest)


def _is_of_listing(failed: Failed) -> bool:
    """Say whether a failure is about a fetched listing or an entry of one.

    What is wrong with a listing is reported when it is fetched, and the articles it points at are
    fetched themselves.
    """
    return "#" in failed.input and not failed.input.startswith("file:")
