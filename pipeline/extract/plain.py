"""Text files: a headline, perhaps a byline and an image credit, then paragraphs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.config import Outlet
from pipeline.extract.addresses import article_url
from pipeline.extract.credits import IMAGE_CREDIT, body_lines
from pipeline.extract.dates import Locale, first_believable, read_dateline, read_timestamp
from pipeline.extract.languages import language
from pipeline.extract.people import names_only, people
from pipeline.extract.wire import first_credit
from pipeline.identity import article_id
from pipeline.outlets import OutletTable, country_of_host, host_of, outlet_at, outlet_named
from pipeline.records import Article, RawPage, RemovedSpan, Span
from pipeline.text import kept_text, paragraphs

__all__ = ["read_plain"]

_LONGEST_TITLE_CHARS = 250  # guess: longer first lines are paragraphs
_LONGEST_BYLINE_CHARS = 200
_MOST_HEAD_LINES = 5  # byline, date, outlet, credit, and one to spare
_SENTENCE_END = re.compile(r"[.!?…。！？।]['\"”’»)]*$")
_LABEL = re.compile(
    r"^\W*(?:by|von|par|por|di|da|door|af|av|oleh|published|posted|updated|last\s+updated|created|"
    r"written|stand|publié|publicado|pubblicato|veröffentlicht)\b",
    re.IGNORECASE,
)
_PIECES = re.compile(r"\s*[|•·;]\s*|\s+[-–—]\s+")
_DOMAIN = re.compile(r"(?:www\.)?(?:[a-z0-9-]+\.)+[a-z]{2,12}", re.IGNORECASE)
_DATE_AT_START_CHARS = 40  # the date and no more: "Thursday, September 18, 2025, 18:40"


@dataclass(frozen=True, slots=True)
class _Head:
    """The lines above the body."""

    title: Span | None
    bylines: list[Span]
    credits: list[Span]


def read_plain(text: str, page: RawPage, outlets: OutletTable) -> Article:
    """Return the article in a text file; its text is the whole file.

    The lines that are headline, byline and image credit are listed in `Article.removed`. The
    outlet is looked up by what the byline names, and its country decides the byline's time zone.
    """
    text = text.strip()
    head = _head(text)
    title = text[slice(*head.title)] if head.title else ""
    lines = [text[slice(*span)] for span in head.bylines]
    pieces = [piece for line in lines for piece in _PIECES.split(line) if piece]
    url = article_url(page.uri, (), outlets)
    outlet, name = _outlet(pieces, url, outlets)
    authors = people([p for p in pieces if not _DOMAIN.fullmatch(p)], [name or ""])
    found = body_lines(text, authors=authors, known=_removed(head))
    lang = language((), kept_text(text, found.removed))
    country = (outlet and outlet.country) or country_of_host(name or "")
    dates = [read_dateline(line, "text", Locale(country=country, lang=lang)) for line in lines]
    fields = {"title": title, "outlet": name, "authors": authors, "lang": lang}
    origins = {field: "text" for field, value in fields.items() if value}
    return Article(
        article_id=article_id(url, title, text),
        text=text,
        title=title,
        url=url,
        outlet=name,
        authors=authors,
        lang=lang,
        published=first_believable([date for date, _ in dates if date], page.fetched_at),
        modified=first_believable([date for _, date in dates if date], page.fetched_at),
        removed=found.removed,
        uri=page.uri,
        wire=first_credit(found.wire, name),
        origins=origins | ({"url": "address"} if url else {}),
    )


def _head(text: str) -> _Head:
    spans = paragraphs(text)
    title = spans[0] if len(spans) > 1 and _is_title(text[slice(*spans[0])]) else None
    bylines: list[Span] = []
    image_credits: list[Span] = []
    first = 1 if title else 0
    for span in spans[first : first + _MOST_HEAD_LINES]:
        line = text[slice(*span)]
        if len(line) <= _LONGEST_BYLINE_CHARS and IMAGE_CREDIT.match(line):
            image_credits.append(span)
        elif _is_byline(line):
            bylines.append(span)
        else:
            break
    return _Head(title, bylines, image_credits)


def _is_title(line: str) -> bool:
    return (
        len(line) <= _LONGEST_TITLE_CHARS and not _is_byline(line) and not IMAGE_CREDIT.match(line)
    )


def _is_byline(line: str) -> bool:
    """Tell whether a line names who wrote it or when, rather than what happened."""
    if len(line) > _LONGEST_BYLINE_CHARS or _SENTENCE_END.search(line):
        return False
    pieces = _PIECES.split(line)
    labelled = bool(_LABEL.match(line))
    if labelled and names_only(line) and people([line]):
        return True
    dated = any(_is_date(piece) for piece in pieces)
    return dated and (labelled or len(pieces) > 1 or _is_date(line))


def _is_date(piece: str) -> bool:
    return len(piece) <= _DATE_AT_START_CHARS and read_timestamp(piece, "text") is not None


def _outlet(
    pieces: list[str], url: str | None, outlets: OutletTable
) -> tuple[Outlet | None, str | None]:
    """Return the outlet that the byline or the address names, and its name or domain."""
    domains = [piece.lower() for piece in pieces if _DOMAIN.fullmatch(piece)]
    hosts = [*domains, *([host_of(url)] if url else [])]
    found = [outlet_at(outlets, host) for host in hosts]
    found += [outlet_named(outlets, piece) for piece in pieces]
    outlet = next((outlet for outlet in found if outlet), None)
    return outlet, outlet.name if outlet else next(iter(hosts), None)


def _removed(head: _Head) -> tuple[RemovedSpan, ...]:
    named = [("title", head.title)] if head.title else []
    named += [("byline", span) for span in head.bylines]
    named += [("image_credit", span) for span in head.credits]
    return tuple(
        RemovedSpan(start=span.start, end=span.end, reason=reason)
        for reason, span in sorted(named, key=lambda entry: entry[1].start)
    )
