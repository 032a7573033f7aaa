"""What is known about an article on a page beside its text, from the surest place that says it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from pipeline.config import Outlet
from pipeline.extract import json_ld, markup
from pipeline.extract.addresses import article_url
from pipeline.extract.body import page_date
from pipeline.extract.dates import Locale, first_believable, read_dateline, read_timestamp
from pipeline.extract.languages import language
from pipeline.extract.markup import Claim
from pipeline.extract.people import people, starts_with_by
from pipeline.extract.titles import choose_title
from pipeline.outlets import (
    OutletTable,
    country_of_host,
    host_of,
    outlet_at,
    outlet_named,
)
from pipeline.records import RawPage, Timestamp

__all__ = ["Metadata", "read_metadata"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Fields of `pipeline.records.Article` of the same names."""

    title: str
    title_origin: str
    url: str | None
    outlet: str | None
    authors: tuple[str, ...]
    lang: str | None
    published: Timestamp | None
    modified: Timestamp | None


@dataclass(frozen=True, slots=True)
class _Page:
    """A page taken apart once."""

    tree: HtmlElement
    meta: dict[str, list[str]]
    linked: list[json_ld.Found]
    articles: list[json_ld.Node]

    def stated(self, *keys: str) -> list[str]:
        """Return what the JSON-LD of the article says under these keys."""
        return [
            text for node in self.articles for key in keys for text in json_ld.texts(node.get(key))
        ]


def read_metadata(tree: HtmlElement, text: str, page: RawPage, outlets: OutletTable) -> Metadata:
    """Read everything but the text.

    Parameters
    ----------
    tree
        The parsed page; the search for a date may change it, so this comes after the text.
    text
        The main text, to check the language.
    page
        Its address, and the moment after which nothing can have been published.
    outlets
        Known outlets: their names leave titles and authors, their countries decide time zones.
    """
    parts = _take_apart(tree, page.uri)
    stated_urls = [*markup.links(tree), *parts.meta.get("og:url", [])]
    url = article_url(page.uri, stated_urls, outlets)
    names = _site_names(parts)
    outlet = _outlet(url, names, outlets)
    lang = language([*markup.page_languages(tree), *_languages(parts)], text)
    locale = Locale(country=_country(outlet, url, parts), lang=lang)
    own_names = _own_names(outlet, url, names)
    title = choose_title(_titles(parts), own_names)
    return Metadata(
        title=title.text,
        title_origin=title.origin,
        url=url,
        outlet=outlet.name if outlet else next(iter(names), host_of(url or "") or None),
        authors=_authors(parts, own_names),
        lang=lang,
        published=_published(parts, url, locale, page.fetched_at),
        modified=_modified(parts, locale, page.fetched_at),
    )


def _take_apart(tree: HtmlElement, uri: str) -> _Page:
    contents = markup.meta(tree)
    linked = json_ld.read_nodes(markup.json_ld_blocks(tree))
    titles = [*markup.headings(tree), *contents.get("og:title", []), *markup.page_titles(tree)]
    url = next(iter(markup.links(tree)), uri)
    return _Page(tree, contents, linked, json_ld.article_nodes(linked, url, titles))


def _titles(parts: _Page) -> list[Claim]:
    """List what each place says; the order decides where no two agree (development pages)."""
    places = (
        ("json-ld", parts.stated("headline")),
        ("meta", [claim.text for claim in markup.meta_claims(parts.meta, markup.TITLES)]),
        ("heading", markup.headings(parts.tree)),
        ("title", markup.page_titles(parts.tree)),
    )
    return [Claim(origin, text) for origin, texts in places for text in texts]


def _site_names(parts: _Page) -> list[str]:
    publishers = [
        name
        for node in parts.articles
        for name in json_ld.names(node.get("publisher"), parts.linked)
    ]
    stated = markup.meta_claims(parts.meta, markup.SITE_NAMES)
    return [*publishers, *(claim.text for claim in stated)]


def _languages(parts: _Page) -> list[str]:
    claims = markup.meta_claims(parts.meta, markup.LANGUAGES)
    return [*parts.stated("inLanguage"), *(claim.text for claim in claims)]


def _outlet(url: str | None, names: Iterable[str], outlets: OutletTable) -> Outlet | None:
    """Look the outlet up by its address, then by the names that the page gives its site."""
    at_address = outlet_at(outlets, host_of(url or ""))
    named = (outlet_named(outlets, name) for name in names)
    return at_address or next((outlet for outlet in named if outlet), None)


def _own_names(outlet: Outlet | None, url: str | None, names: Sequence[str]) -> list[str]:
    host = host_of(url or "").removeprefix("www.")
    known = [outlet.name, *outlet.domains] if outlet else []
    return [*names, *known, host, host.partition(".")[0]]


def _country(outlet: Outlet | None, url: str | None, parts: _Page) -> str | None:
    """Return the country of the outlet; en-US is what templates say that were never asked."""
    if outlet and outlet.country:
        return outlet.country
    tags = [*markup.page_languages(parts.tree), *_languages(parts)]
    regions = (tag.replace("_", "-").rpartition("-")[2].upper() for tag in tags)
    stated = (region for region in regions if len(region) == 2 and region != "US")  # noqa: PLR2004
    return country_of_host(host_of(url or "")) or next(stated, None)


def _authors(parts: _Page, own_names: Sequence[str]) -> tuple[str, ...]:
    """Take the authors from the first place that names people."""
    for node in parts.articles:
        found = people(json_ld.names(node.get("author"), parts.linked), own_names)
        if found:
            return found
    for key in markup.AUTHORS:
        found = people(parts.meta.get(key, ()), own_names)
        if found:
            return found
    lines = sorted(markup.bylines(parts.tree), key=starts_with_by, reverse=True)
    bylines = (people([line], own_names) for line in lines)
    return next((found for found in bylines if found), ())


def _published(
    parts: _Page, url: str | None, locale: Locale, fetched_at: datetime
) -> Timestamp | None:
    claims = [
        *(Claim("json-ld", text) for text in parts.stated("datePublished")),
        *markup.meta_claims(parts.meta, markup.PUBLISHED),
        *(Claim("json-ld", text) for text in parts.stated("dateCreated", "uploadDate")),
    ]
    stated = _stamps(claims, locale)
    found = first_believable(stated, fetched_at)
    if found and found.precision != "day":
        return found
    shown = [published for published, _ in _shown_stamps(parts, locale) if published]
    found = first_believable([*stated, *shown], fetched_at)
    if found:
        return found
    guess = page_date(parts.tree, url, fetched_at)
    return read_timestamp(guess, "guess", locale) if guess else None


def _modified(parts: _Page, locale: Locale, fetched_at: datetime) -> Timestamp | None:
    claims = [
        *(Claim("json-ld", text) for text in parts.stated("dateModified")),
        *markup.meta_claims(parts.meta, markup.MODIFIED),
    ]
    found = first_believable(_stamps(claims, locale), fetched_at)
    if found:
        return found
    shown = [modified for _, modified in _shown_stamps(parts, locale) if modified]
    return first_believable(shown, fetched_at)


def _stamps(claims: Iterable[Claim], locale: Locale) -> list[Timestamp]:
    read = (read_timestamp(claim.text, claim.origin, locale) for claim in claims)
    return [stamp for stamp in read if stamp]


def _shown_stamps(parts: _Page, locale: Locale) -> list[tuple[Timestamp | None, Timestamp | None]]:
    lines = markup.date_lines(parts.tree)
    return [read_dateline(line.text, line.origin, locale) for line in lines]
