"""Applies one archived batch to the state: extract, find copies, fold them, assign stories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from pipeline.archive import read_page
from pipeline.boilerplate import find_boilerplate, page_paragraphs
from pipeline.config import Settings
from pipeline.engines import PageContent, contents_of_page, extract_pages
from pipeline.identity import address, canonical_url, content_digest
from pipeline.near_duplicates import sketch
from pipeline.records import (
    ArchivedPage,
    Article,
    ArticleId,
    Failed,
    ListedLink,
    RemovedSpan,
    Retry,
)
from pipeline.service.ahead import PageKey, Ready
from pipeline.service.placing import place_articles
from pipeline.service.progress import Progress
from pipeline.service.stored import stored_relations
from pipeline.storage import BatchOutcome, State, StoredVersion
from pipeline.text import words

__all__ = ["BatchReport", "apply_batch"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What a batch changed; `failures` are those not in quarantine before."""

    articles_new: int
    versions_new: int
    changes: int
    failures: tuple[Failed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extracted:
    """What the pages of a batch hold, where its failures are, and which inputs it tried again."""

    pages: list[ArchivedPage]
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


def apply_batch(
    settings: Settings, state: State, number: int, progress: Progress, ready: Ready
) -> BatchReport:
    """Apply a batch in one transaction. The outcome depends on archive, state and settings only.

    Parameters
    ----------
    ready
        What is known to be in some of its pages already; the others are read from the archive.
    """
    extracted = _extract(settings, state, number, progress, ready)
    articles = _without_aliases(state, extracted.articles)
    articles = _without_listed(settings, state, number, articles)
    progress("grouping", 0, 0)
    versions = _without_boilerplate(settings, state, _new_versions(state, articles))
    renewed = _renewed(state, versions)
    clock = _clock(state, renewed, settings, extracted.pages)
    sketches = sketch(renewed, settings.near_duplicates)
    relations = stored_relations(state, sketches, settings)
    known = state.articles(a.article_id for a in renewed)
    placed = place_articles(settings, state, renewed, relations, clock)
    fresh = state.apply(
        BatchOutcome(
            number=number,
            clock=clock,
            versions=versions,
            current={a.article_id: _digest(a) for a in renewed},
            sketches=sketches,
            relations=placed.relations,
            changes=placed.changes,
            failures=extracted.failures,
            failing=extracted.failing,
            tried=extracted.tried,
            sightings=extracted.sightings,
            addresses=extracted.addresses
            | {address(a.url or a.uri): a.article_id for a in articles},
            paragraphs=[page for a in renewed if (page := page_paragraphs(a))],
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


def _extract(
    settings: Settings, state: State, number: int, progress: Progress, ready: Ready
) -> _Extracted:
    """Extract the inputs of a batch: what it brought in, and what it tries again.

    An input that a later batch tries again is left to that batch.
    """
    own = state.pages_of_batch(number)
    again = state.retries_of_batch(number)
    later = state.later_retries(number)
    found = _Extracted(pages=[*own, *(page for page, _ in again)])
    wanted = [*([None] * len(own)), *(inputs for _, inputs in again)]
    progress("extracting", 0, len(found.pages))
    outcomes = _outcomes(settings, found.pages, ready)
    for done, (page, inputs, outcome) in enumerate(
        zip(found.pages, wanted, outcomes, strict=True), start=1
    ):
        progress("extracting", done, len(found.pages))
        for item in outcome:
            found.see(item, page)
            at = _place(page, _input(item, page))
            if _belongs({at, _place(page, page.uri)}, inputs, later):
                found.take(item, at)
    found.tried.update(name for _, inputs in again for name in inputs)
    return found


def _outcomes(
    settings: Settings, pages: Sequence[ArchivedPage], ready: Ready
) -> Iterator[list[PageContent]]:
    """Yield what is in each page, in order."""
    keys = [PageKey(page.source, page.uri, page.digest) for page in pages]
    missing = [page for page, key in zip(pages, keys, strict=True) if key not in ready]
    bodies = (read_page(settings.paths.raw, page) for page in missing)
    late = extract_pages(bodies, settings, contents_of_page)
    for key in keys:
        yield ready[key] if key in ready else next(late)


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


def _without_aliases(state: State, articles: Sequence[Article]) -> list[Article]:
    """Return the articles without AMP and print pages, where the page they name is known as well.

    Their words differ a little from it: they would pass for new versions.
    """
    stored = state.articles(article.article_id for article in articles)
    settled = {a.article_id for a in (*articles, *stored.values()) if _is_at_home(a)}
    return [a for a in articles if _is_entry(a) or _is_at_home(a) or a.article_id not in settled]


def _is_at_home(article: Article) -> bool:
    """Say whether a page from the web lies where the article says that it belongs."""
    return not _is_entry(article) and canonical_url(article.uri) in {None, article.url}


def _without_listed(
    settings: Settings, state: State, number: int, articles: Sequence[Article]
) -> list[Article]:
    """Return the articles without entries of fetched feeds that are teasers or have a page here.

    The page says more. Only a date and a source that the page leaves out are taken from the entry.
    """
    entries = [article for article in articles if _is_entry(article)]
    known = {a.url for a in entries if a.url and state.has_page_of(a.url, number)}
    dates = {a.article_id: a.published for a in entries if a.published}
    wires = {a.article_id: a.wire for a in entries if a.wire}
    least = settings.extract.min_words
    return [
        replace(
            a,
            published=a.published or dates.get(a.article_id),
            wire=a.wire or wires.get(a.article_id),
        )
        for a in articles
        if not _is_entry(a) or (a.url not in known and len(words(a.text)) >= least)
    ]


def _is_entry(article: Article) -> bool:
    return "#" in article.uri and not article.uri.startswith("file:")


def _digest(article: Article) -> str:
    return content_digest(article.title, article.text)


def _new_versions(state: State, articles: Sequence[Article]) -> list[StoredVersion]:
    """Return the bodies not known yet, one for each digest of an article.

    The same body under one address in page and feed is one version; the first in the order of
    sources and inputs is kept.
    """
    known = {
        (v.article.article_id, v.digest) for v in state.versions(a.article_id for a in articles)
    }
    found: dict[tuple[ArticleId, str], Article] = {}
    for article in articles:
        key = (article.article_id, _digest(article))
        if key not in known:
            found.setdefault(key, article)
    return [StoredVersion(digest=key[1], article=found[key]) for key in sorted(found)]


def _without_boilerplate(
    settings: Settings, state: State, versions: Sequence[StoredVersion]
) -> list[StoredVersion]:
    """Return the versions with what their sites show in many articles among the removed spans.

    Sites are learned from their earlier articles and this batch. What was stored before stays as it
    was, so that no record changes without news.
    """
    current = _renewed(state, versions)
    hosts = {page.host for article in current if (page := page_paragraphs(article))}
    found = find_boilerplate(current, state.paragraphs(hosts), settings.boilerplate)
    marked = {a.article_id: a for a in current if a.article_id in found}
    return [
        replace(version, article=_marked(version.article, found[version.article.article_id]))
        if marked.get(version.article.article_id) == version.article
        else version
        for version in versions
    ]


def _marked(article: Article, spans: Sequence[RemovedSpan]) -> Article:
    removed = sorted([*article.removed, *spans], key=lambda span: span.start)
    return replace(article, removed=tuple(removed))


def _renewed(state: State, versions: Sequence[StoredVersion]) -> list[Article]:
    """Return the articles whose current version is one of these, by id."""
    touched = {version.article.article_id for version in versions}
    latest: dict[ArticleId, StoredVersion] = {}
    for version in [*state.versions(touched), *versions]:
        own = version.article.article_id
        if own not in latest or _recency(version) > _recency(latest[own]):
            latest[own] = version
    new = {(version.article.article_id, version.digest) for version in versions}
    return [latest[i].article for i in sorted(latest) if (i, latest[i].digest) in new]


def _recency(version: StoredVersion) -> tuple[datetime, str]:
    """Order versions by what they say of themselves, so that arrival does not matter."""
    stamp = version.article.modified or version.article.published
    return stamp.instant if stamp else datetime.min.replace(tzinfo=UTC), version.digest


def _clock(
    state: State, renewed: Sequence[Article], settings: Settings, pages: Sequence[ArchivedPage]
) -> datetime:
    """Return the latest publication known: the clock of the news, not of the machine.

    Stories open and close by it, so replaying an archive gives what happened then. Where no
    article has a date yet, arrival has to serve.
    """
    stated = [a.published.instant for a in renewed if a.published]
    before = state.clock()
    if stated or before:
        return max([*stated, *([before] if before else [])])
    return max(
        (read_page(settings.paths.raw, page).fetched_at for page in pages),
        default=datetime(1970, 1, 1, tzinfo=UTC),
    )
