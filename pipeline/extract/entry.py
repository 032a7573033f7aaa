"""Entries of feeds and lines of JSON Lines: fields stated by the source, text or an HTML piece."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping

from lxml.etree import strip_elements
from lxml.html import HTMLParser, document_fromstring

from pipeline.config import Outlet
from pipeline.errors import UnreadableError
from pipeline.extract.credits import body_lines
from pipeline.extract.dates import Locale, first_believable, read_timestamp
from pipeline.extract.languages import language, language_origin
from pipeline.extract.people import people
from pipeline.extract.wire import agency_named, first_credit
from pipeline.identity import article_id, canonical_url
from pipeline.outlets import (
    OutletTable,
    country_of_host,
    host_of,
    is_named,
    outlet_at,
    outlet_named,
)
from pipeline.records import Article, RawPage, Timestamp, WireCredit

__all__ = ["ENTRY_MEDIA_TYPE", "read_entry"]

ENTRY_MEDIA_TYPE = "application/x-samestory-entry+json"
_BLOCKS = (
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt",
    "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
    "main", "nav", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul",
)  # fmt: skip
_UNSEEN = ("script", "style", "noscript", "template", "iframe", "svg", "form", "button")


def read_entry(page: RawPage, outlets: OutletTable) -> Article:
    """Return the article in one JSON object.

    All members are optional: ``url``, ``title``, ``text`` or ``html`` (a fragment), ``published``
    and ``modified`` (ISO 8601 or RFC 822), ``authors``, ``outlet``, ``lang``, and ``origin``,
    which is ``feed`` for entries of feeds.

    Raises
    ------
    UnreadableError
        ``bad_entry`` where the bytes are no JSON object.
    """
    entry = _object(page.body)
    title = " ".join(_plain(_string(entry, "title")).split())
    text = _lines(_string(entry, "text")) or _lines(_plain(_string(entry, "html")))
    url = canonical_url(_string(entry, "url"))
    source, printed_by = _string(entry, "outlet"), outlet_at(outlets, host_of(url or ""))
    taken_over = bool(source) and _is_taken_over(entry, printed_by)
    outlet = printed_by if taken_over else outlet_named(outlets, source) or printed_by
    name = outlet.name if outlet else source or host_of(url or "") or None
    lang = language([_string(entry, "lang")], text)
    country = (outlet and outlet.country) or country_of_host(host_of(url or ""))
    locale = Locale(country=country, lang=lang)
    authors = people(_authors(entry), [name or ""])
    lines = body_lines(text, title, authors)
    origin = _origin(entry)
    stated = {"title": title, "url": url, "authors": authors}
    origins = {field: origin for field, value in stated.items() if value}
    if name:
        origins["outlet"] = origin if source and not taken_over else "address"
    return Article(
        article_id=article_id(url, title, text),
        text=text,
        title=title,
        url=url,
        outlet=name,
        authors=authors,
        lang=lang,
        published=_date(entry, "published", locale, page),
        modified=_date(entry, "modified", locale, page),
        removed=lines.removed,
        uri=page.uri,
        wire=first_credit([*_wire(entry, taken_over=taken_over), *lines.wire], name),
        origins=origins | _lang_origin(entry, lang),
    )


def _lang_origin(entry: Mapping[str, object], lang: str | None) -> dict[str, str]:
    origin = language_origin([_string(entry, "lang")], lang)
    return {"lang": _origin(entry) if origin == "stated" else origin} if origin else {}


def _is_taken_over(entry: Mapping[str, object], printed_by: Outlet | None) -> bool:
    """Tell whether a feed names another source for an item than the outlet that prints it."""
    source = _string(entry, "outlet")
    return bool(_origin(entry) == "feed" and printed_by and not is_named(printed_by, source))


def _wire(entry: Mapping[str, object], *, taken_over: bool) -> Iterator[WireCredit]:
    """Yield the source that a feed names, then the agencies among the authors."""
    if taken_over:
        source = _string(entry, "outlet")
        yield WireCredit(name=agency_named(source) or source, evidence="feed", raw=source)
    for name in _authors(entry):
        if agency := agency_named(name):
            yield WireCredit(name=agency, evidence="byline", raw=name)


def _object(body: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError("bad_entry", f"not a JSON object in UTF-8: {error}") from None
    if not isinstance(value, dict):
        raise UnreadableError("bad_entry", f"a JSON object is needed, not {type(value).__name__}")
    return value


def _string(entry: Mapping[str, object], key: str) -> str:
    """Return a member as text; numbers (dates in Unix seconds, numeric ids) are spelled out."""
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    # A lone surrogate escape is valid JSON and no valid text.
    return str(value).encode("utf-8", "replace").decode("utf-8").strip()


def _authors(entry: Mapping[str, object]) -> list[str]:
    value = entry.get("authors")
    names = value if isinstance(value, list) else [value]
    return [name for name in names if isinstance(name, str)]


def _date(entry: Mapping[str, object], key: str, locale: Locale, page: RawPage) -> Timestamp | None:
    stamp = read_timestamp(_string(entry, key), _origin(entry), locale)
    return first_believable([stamp] if stamp else [], page.fetched_at)


def _origin(entry: Mapping[str, object]) -> str:
    return "feed" if entry.get("origin") == "feed" else "input"


def _plain(fragment: str) -> str:
    """Return the words of an HTML fragment with a line for each block."""
    if "<" not in fragment:
        return html.unescape(fragment)
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    tree = document_fromstring(f"<div>{fragment}</div>".encode(), parser=parser)
    strip_elements(tree, *_UNSEEN, with_tail=False)
    for element in tree.iter(*_BLOCKS):
        element.text = f"\n{element.text or ''}"
        element.tail = f"\n{element.tail or ''}"
    return str(tree.text_content())


def _lines(text: str) -> str:
    return "\n".join(line for part in text.splitlines() if (line := " ".join(part.split())))
