"""What is known about an article on a page beside its text, from the surest place that says it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from lxml.html import HtmlElement

from pipeline.config import Outlet
from pipeline.extract import json_ld, markup
from pipeline.extract.addresses import absolute_url, article_url
from pipeline.extract.body import page_date
from pipeline.extract.credits import BodyLines, body_lines
from pipeline.extract.dates import (
    Locale,
    first_believable,
    in_local_time,
    read_dateline,
    read_timestamp,
)
from pipeline.extract.languages import language, language_origin
from pipeline.extract.markup import Claim
from pipeline.extract.people import people, starts_with_by
from pipeline.extract.titles import choose_title
from pipeline.extract.wire import agency_named, first_credit
from pipeline.identity import canonical_url
from pipeline.outlets import (
    OutletTable,
    country_of_host,
    host_of,
    is_at,
    is_named,
    outlet_at,
    outlet_named,
)
from pipeline.records import RawPage, Timestamp, WireCredit

__all__ = ["Metadata", "read_metadata"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Fields of `pipeline.records.Article` of the same names."""

    title: str
    url: str | None
    outlet: str | None
    authors: tuple[str, ...]
    lang: str | None
    published: Timestamp | None
    modified: Timestamp | None
    section: str | None
    image: str | None
    paywalled: bool | None
    wire: WireCredit | None
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Page:
    """A page taken apart once."""

    tree: HtmlElement
    meta: dict[str, list[str]]
    linked: list[json_ld.Found]
    articles: list[json_ld.Node]
    canonical: list[str]
    headings: list[str]
    titles: list[str]
    tags: list[str]  # language tags, surest first

    def stated(self, *keys: str) -> list[str]:
        """Return what the JSON-LD of the article says under these keys."""
        return [
            text for node in self.articles for key in keys for text in json_ld.texts(node.get(key))
        ]

    def claims(self, keys: Sequence[str], names: Iterable[str]) -> list[Claim]:
        """Return what JSON-LD says under these keys, then what meta elements of these names say."""
        linked = [Claim("json-ld", text) for text in self.stated(*keys)]
        return linked + markup.meta_claims(self.meta, names)


# Hours UTC between which the day is the same from Chicago to Moscow. Elsewhere it costs a look at
# the shown times only.
_DAY_STARTS, _DAY_ENDS = 6, 21
_PIECES = re.compile(r"\s*[|•·]\s*")
# "Calder Haven, (12.11.2021). A ferry": a place and a date before anything is said.
_LEAD_DATE = re.compile(r"\W*[^\W\d_][\w./ -]{1,30}?,?\s\(?(?P<date>\d{1,2}[^()\n]{5,20})[).,:]")
_NOTHING = Claim("", "")
_PAYWALL_TIERS = {"free": False, "metered": True, "locked": True, "premium": True, "paid": True}


def read_metadata(
    tree: HtmlElement, text: str, page: RawPage, outlets: OutletTable
) -> tuple[Metadata, BodyLines]:
    """Read everything but the text, and which lines of the text are not the report.

    Parameters
    ----------
    tree
        The parsed page; the search for a date may change it, so this comes after the text.
    text
        The main text: its language, its byline, dateline and credit lines.
    page
        Its address, and the moment after which nothing can have been published.
    outlets
        Known outlets: their names leave titles and authors, their countries decide time zones.
    """
    parts = _take_apart(tree, page.uri)
    url = article_url(page.uri, [*parts.canonical, *parts.meta.get("og:url", [])], outlets)
    names = _site_names(parts)
    outlet = _outlet(url, [name.text for name in names], outlets)
    name = _outlet_name(outlet, url, names)
    lang = language(parts.tags, text)
    locale = Locale(country=_country(outlet, url, parts), lang=lang)
    own_names = _own_names(outlet, url, [name.text for name in names])
    sections = [
        *parts.claims(["articleSection"], markup.SECTIONS),
        *markup.category_links(tree),
    ]
    title = choose_title(
        _titles(parts),
        own_names,
        sections=[section.text for section in sections],
        shown=markup.shown_headings(tree, parts.headings),
    )
    no_people = [*own_names, *(section.text for section in sections)]
    authors, authors_origin = _authors(parts, no_people)
    lines = body_lines(text, title.text, authors)
    if not authors:
        authors, authors_origin = people(lines.bylines, no_people), "text"
    section, image = next(iter(sections), _NOTHING), _image(parts, page.uri)
    paywalled = _paywalled(parts)
    published, modified = _dates(parts, text, url, locale, page.fetched_at)
    origins = {
        "title": title.origin,
        "url": _url_origin(url, page.uri),
        "outlet": name.origin,
        "authors": authors_origin if authors else "",
        "lang": language_origin(parts.tags, lang),
        "section": section.origin,
        "image": image.origin,
        "paywalled": paywalled[1],
    }
    found = Metadata(
        title=title.text,
        url=url,
        outlet=name.text or None,
        authors=authors,
        lang=lang,
        published=published,
        modified=modified,
        section=section.text or None,
        image=image.text or None,
        paywalled=paywalled[0],
        wire=first_credit(_wire(parts, authors, lines), name.text),
        origins={field: origin for field, origin in origins.items() if origin},
    )
    return found, lines


def _take_apart(tree: HtmlElement, uri: str) -> _Page:
    contents = markup.meta(tree)
    linked = json_ld.read_nodes(markup.json_ld_blocks(tree))
    canonical, headings, titles = (
        markup.links(tree),
        markup.headings(tree),
        markup.page_titles(tree),
    )
    called = [*headings, *contents.get("og:title", []), *titles]
    articles = json_ld.article_nodes(linked, next(iter(canonical), uri), called)
    languages = markup.meta_claims(contents, markup.LANGUAGES)
    stated = [tag for node in articles for tag in json_ld.texts(node.get("inLanguage"))]
    tags = [*markup.page_languages(tree), *stated, *(claim.text for claim in languages)]
    return _Page(tree, contents, linked, articles, canonical, headings, titles, tags)


def _titles(parts: _Page) -> list[Claim]:
    """List what each place says; the order decides where no two agree (development pages)."""
    places = (
        ("json-ld", parts.stated("headline")),
        ("headline", [claim.text for claim in markup.meta_claims(parts.meta, markup.HEADLINES)]),
        ("meta", [claim.text for claim in markup.meta_claims(parts.meta, markup.TITLES)]),
        ("heading", parts.headings),
        ("title", parts.titles),
    )
    return [Claim(origin, text) for origin, texts in places for text in texts]


def _site_names(parts: _Page) -> list[Claim]:
    publishers = [
        Claim("json-ld", name)
        for node in parts.articles
        for name in json_ld.names(node.get("publisher"), parts.linked)
    ]
    return [*publishers, *markup.meta_claims(parts.meta, markup.SITE_NAMES)]


def _outlet_name(outlet: Outlet | None, url: str | None, names: Sequence[Claim]) -> Claim:
    """Return the name of the outlet as it is known, else as it states it, else its host."""
    if outlet:
        named = next((n.origin for n in names if is_named(outlet, n.text)), "address")
        return Claim("address" if is_at(outlet, host_of(url or "")) else named, outlet.name)
    host = host_of(url or "")
    return next(iter(names), Claim("address" if host else "", host))


def _url_origin(url: str | None, uri: str) -> str:
    if url is None:
        return ""
    return "address" if host_of(uri) and url == canonical_url(uri) else "canonical"


def _image(parts: _Page, uri: str) -> Claim:
    linked = [
        Claim("json-ld", address)
        for node in parts.articles
        for address in json_ld.addresses(node.get("image"), parts.linked)
    ]
    claims = [*linked, *markup.meta_claims(parts.meta, markup.IMAGES)]
    absolute = (Claim(c.origin, absolute_url(c.text, uri)) for c in claims)
    return next((claim for claim in absolute if claim.text), _NOTHING)


def _paywalled(parts: _Page) -> tuple[bool | None, str]:
    for node in parts.articles:
        free = json_ld.truth(node.get("isAccessibleForFree"))
        if free is not None:
            return not free, "json-ld"
    for claim in markup.meta_claims(parts.meta, markup.CONTENT_TIERS):
        if claim.text.lower() in _PAYWALL_TIERS:
            return _PAYWALL_TIERS[claim.text.lower()], "meta"
    return None, ""


def _wire(parts: _Page, authors: Iterable[str], lines: BodyLines) -> Iterator[WireCredit]:
    """Yield who the article may be from, the surest evidence first."""
    yield from (credit for credit in lines.wire if credit.evidence == "dateline")
    for node in parts.articles:
        for key in ("sourceOrganization", "provider", "creditText", "author"):
            for name in json_ld.names(node.get(key), parts.linked):
                if agency := agency_named(name):
                    yield WireCredit(name=agency, evidence="json-ld", raw=name)
    for claim in markup.meta_claims(parts.meta, markup.SOURCES):
        if agency := agency_named(claim.text):
            yield WireCredit(name=agency, evidence="meta", raw=claim.text)
    for name in authors:
        if agency := agency_named(name):
            yield WireCredit(name=agency, evidence="byline", raw=name)
    yield from lines.wire


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
    regions = (tag.replace("_", "-").rpartition("-")[2].upper() for tag in parts.tags)
    stated = (region for region in regions if len(region) == 2 and region != "US")  # noqa: PLR2004
    return country_of_host(host_of(url or "")) or next(stated, None)


def _authors(parts: _Page, no_people: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Take the authors from the first place that names people, and say which one it is."""
    stated = (
        ("json-ld", json_ld.names(node.get("author"), parts.linked)) for node in parts.articles
    )
    meta = (("meta", parts.meta.get(key, ())) for key in markup.AUTHORS)
    cards = (("meta", [name]) for name in markup.card_authors(parts.meta))
    for origin, names in chain(stated, meta, cards, _byline_claims(parts)):
        if found := people(names, no_people):
            return found, origin
    return (), ""


def _byline_claims(parts: _Page) -> Iterator[tuple[str, list[str]]]:
    """Yield the bylines that the page shows; only looked for where nothing states an author."""
    for line in sorted(markup.bylines(parts.tree), key=starts_with_by, reverse=True):
        # "By Ada Roe | World | 3 comments": only what the "By" stands before is a name.
        pieces = _PIECES.split(line) if starts_with_by(line) else [line]
        yield from (("byline", [piece]) for piece in pieces)
    yield from (("byline", [line]) for line in markup.author_links(parts.tree))


def _dates(
    parts: _Page, text: str, url: str | None, locale: Locale, fetched_at: datetime
) -> tuple[Timestamp | None, Timestamp | None]:
    """Return when it was published and modified; what the page shows is read only where needed."""
    modified = first_believable(_modified(parts, locale), fetched_at)
    stated = _stated(parts, locale)
    found = first_believable(stated, fetched_at)
    if modified and found and found.precision != "day" and not _near_midnight(found):
        return in_local_time(found, stated, locale.country), modified
    lines = [
        read_dateline(line.text, line.origin, locale) for line in markup.date_lines(parts.tree)
    ]
    shown = [before for before, _ in lines if before]
    if modified is None:
        modified = first_believable([after for _, after in lines if after], fetched_at)
    if found or _one_day(shown):
        best = first_believable([*stated, *shown], fetched_at)
        return best and in_local_time(best, [*stated, *shown], locale.country), modified
    # Times of several days, or none: what is shown may belong to other articles.
    if not shown:
        lead = _LEAD_DATE.match(text)
        claims = [Claim("text", lead["date"])] if lead else []
        around = _stamps([*markup.lines_around_heading(parts.tree), *claims], locale)
        if near := first_believable(around, fetched_at):
            return near, modified
    guess = page_date(parts.tree, url, fetched_at)
    day = read_timestamp(guess, "guess", locale) if guess else None
    return first_believable([*([day] if day else []), *shown], fetched_at), modified


def _stated(parts: _Page, locale: Locale) -> list[Timestamp]:
    claims = [
        *parts.claims(["datePublished"], markup.PUBLISHED),
        *(Claim("json-ld", text) for text in parts.stated("dateCreated", "uploadDate")),
    ]
    return _stamps(claims, locale)


def _modified(parts: _Page, locale: Locale) -> list[Timestamp]:
    return _stamps(parts.claims(["dateModified"], markup.MODIFIED), locale)


def _stamps(claims: Iterable[Claim], locale: Locale) -> list[Timestamp]:
    read = (read_timestamp(claim.text, claim.origin, locale) for claim in claims)
    return [stamp for stamp in read if stamp]


def _near_midnight(stamp: Timestamp) -> bool:
    """Tell whether an instant may be another day where the outlet is."""
    return not _DAY_STARTS <= stamp.instant.hour < _DAY_ENDS


def _one_day(stamps: Sequence[Timestamp]) -> bool:
    return len({stamp.instant.date() for stamp in stamps}) == 1
