"""Which of the articles in a batch are news: bodies that are not known yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from pipeline.boilerplate import PageParagraphs, find_boilerplate, page_paragraphs
from pipeline.config import Settings
from pipeline.identity import canonical_url, content_digest
from pipeline.records import Article, ArticleId, RemovedSpan
from pipeline.storage import State, StoredVersion
from pipeline.text import words

__all__ = ["NewVersions", "articles_meant", "digest_of", "new_versions", "renewed_articles"]


class NewVersions(NamedTuple):
    """Bodies that are not known yet, by id and digest, and what is learned of their sites."""

    versions: list[StoredVersion]
    paragraphs: list[PageParagraphs]


def articles_meant(
    settings: Settings, state: State, number: int, articles: Sequence[Article]
) -> list[Article]:
    """Return the articles of a batch without those that only stand for another.

    These are AMP and print pages, and teasers in feeds.
    """
    return _without_listed(settings, state, number, _without_aliases(state, articles))


def new_versions(settings: Settings, state: State, articles: Sequence[Article]) -> NewVersions:
    """Return the bodies that are not known yet, with boilerplate marked."""
    return _without_boilerplate(settings, state, _unknown(state, articles))


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


def digest_of(article: Article) -> str:
    """Return the name of the version that an article is."""
    return content_digest(article.title, article.text)


def _unknown(state: State, articles: Sequence[Article]) -> list[StoredVersion]:
    """Return the bodies not known yet, one for each digest of an article.

    The same body under one address in page and feed is one version; the first in the order of
    sources and inputs is kept.
    """
    known = {
        (v.article.article_id, v.digest) for v in state.versions(a.article_id for a in articles)
    }
    found: dict[tuple[ArticleId, str], Article] = {}
    for article in articles:
        key = (article.article_id, digest_of(article))
        if key not in known:
            found.setdefault(key, article)
    return [StoredVersion(digest=key[1], article=found[key]) for key in sorted(found)]


def _without_boilerplate(
    settings: Settings, state: State, versions: Sequence[StoredVersion]
) -> NewVersions:
    """Return the versions with what their sites show in many articles among the removed spans.

    Sites are learned from their earlier articles and this batch. What was stored before stays as it
    was, so that no record changes without news.
    """
    current = renewed_articles(state, versions)
    learned = [page for article in current if (page := page_paragraphs(article))]
    known = state.paragraphs({page.host for page in learned})
    found = find_boilerplate(current, learned, known, settings.boilerplate)
    marked = {a.article_id: a for a in current if a.article_id in found}
    shown = [
        replace(version, article=_marked(version.article, found[version.article.article_id]))
        if marked.get(version.article.article_id) == version.article
        else version
        for version in versions
    ]
    return NewVersions(shown, learned)


def _marked(article: Article, spans: Sequence[RemovedSpan]) -> Article:
    removed = sorted([*article.removed, *spans], key=lambda span: span.start)
    return replace(article, removed=tuple(removed))


def renewed_articles(state: State, versions: Sequence[StoredVersion]) -> list[Article]:
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
