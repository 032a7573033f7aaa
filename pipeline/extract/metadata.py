"""What is known about an article on a page beside its text, from the surest place that says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.config import Outlet
from pipeline.extract import json_ld, markup
from pipeline.extract.addresses import absolute_url, article_url
from pipeline.extract.authors import personal_sites, read_authors
from pipeline.extract.credits import BodyLines, body_lines
from pipeline.extract.dates import Locale
from pipeline.extract.languages import language, language_origin
from pipeline.extract.markup import Claim
from pipeline.extract.parts import PageParts
from pipeline.extract.people import people
from pipeline.extract.publication import read_dates
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


_NOTHING = Claim("", "")
_PAYWALL_TIERS = {"free": False, "metered": True, "locked": True, "premium": True, "paid": True}


def read_metadata(
    parts: PageParts, text: str, page: RawPage, outlets: OutletTable, profile: str
) -> tuple[Metadata, BodyLines]:
    """Read everything but the text, and which lines of the text are not the report.

    Parameters
    ----------
    parts
        The parsed page.
    text
        The main text: its language, its byline, dateline and credit lines.
    page
        As it was fetched: its address, the moment after which nothing can have been published, and
        all that the tree may lack.
    outlets
        Known outlets: their names leave titles and authors, their countries decide time zones.
    profile
        How closely a page that states no day is searched for one.
    """
    url = article_url(page.uri, [*parts.canonical, *parts.meta.get("og:url", [])], outlets)
    names = _site_names(parts)
    outlet = _outlet(url, [name.text for name in names], outlets)
    name = _outlet_name(outlet, url, names)
    lang = language(parts.tags, text)
    home = (outlet and outlet.country) or country_of_host(host_of(url or ""))
    locale = Locale(country=home or _tagged_country(parts), lang=lang)
    own_names = _own_names(outlet, url, [name.text for name in names])
    sections = [
        *parts.claims(["articleSection"], markup.SECTIONS),
        *markup.category_links(parts.elements),
    ]
    title = choose_title(
        _titles(parts),
        own_names,
        sections=[section.text for section in sections],
        shown=markup.shown_headings(parts.elements, parts.headings),
    )
    persons = personal_sites(parts)
    no_people = [name for name in own_names if name not in persons]
    no_people += [section.text for section in sections]
    authors, authors_origin = read_authors(parts, no_people, lang)
    lines = body_lines(text, title.text, authors)
    if not authors:
        authors, authors_origin = people(lines.bylines, no_people), "text"
    section, image = next(iter(sections), _NOTHING), _image(parts, page.uri)
    paywalled = _paywalled(parts)
    published, modified = read_dates(
        parts, text, url, locale, home=home, page=page, profile=profile
    )
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


def _titles(parts: PageParts) -> list[Claim]:
    """List what each place says; the order decides where no two agree (development pages)."""
    places = (
        ("json-ld", parts.stated("headline")),
        ("headline", [claim.text for claim in markup.meta_claims(parts.meta, markup.HEADLINES)]),
        ("meta", [claim.text for claim in markup.meta_claims(parts.meta, markup.TITLES)]),
        ("heading", parts.headings),
        ("title", parts.titles),
    )
    return [Claim(origin, text) for origin, texts in places for text in texts]


def _site_names(parts: PageParts) -> list[Claim]:
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


def _image(parts: PageParts, uri: str) -> Claim:
    linked = [
        Claim("json-ld", address)
        for node in parts.articles
        for address in json_ld.addresses(node.get("image"), parts.linked)
    ]
    claims = [*linked, *markup.meta_claims(parts.meta, markup.IMAGES)]
    absolute = (Claim(c.origin, absolute_url(c.text, uri)) for c in claims)
    return next((claim for claim in absolute if claim.text), _NOTHING)


def _paywalled(parts: PageParts) -> tuple[bool | None, str]:
    for node in parts.articles:
        free = json_ld.truth(node.get("isAccessibleForFree"))
        if free is not None:
            return not free, "json-ld"
    for claim in markup.meta_claims(parts.meta, markup.CONTENT_TIERS):
        if claim.text.lower() in _PAYWALL_TIERS:
            return _PAYWALL_TIERS[claim.text.lower()], "meta"
    return None, ""


def _wire(parts: PageParts, authors: Iterable[str], lines: BodyLines) -> Iterator[WireCredit]:
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


def _tagged_country(parts: PageParts) -> str | None:
    """Return the country of a language tag; en-US is what templates say that were never asked."""
    regions = (tag.replace("_", "-").rpartition("-")[2].upper() for tag in parts.tags)
    return next((r for r in regions if len(r) == 2 and r != "US"), None)  # noqa: PLR2004
