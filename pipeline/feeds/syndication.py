"""RSS, RDF and Atom: one shape for what two readers find."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import fastfeedparser
import feedparser

from pipeline.errors import UnreadableError
from pipeline.feeds.outline import NEXT_RELATIONS, ItemFacts, Outline, read_outline

__all__ = ["MAX_ENTRIES", "Entry", "Feed", "read_feed"]

MAX_ENTRIES = 10_000  # far above any real feed; a hostile one has 100,000 and more
_SLOW_CHARS = 2**20  # feedparser takes up to 10 s for a MiB that was made to hurt
_SLOW_ENTRIES = 1000  # and a quarter of a second for as many plain entries
_ENTRY_END = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_LONGEST_TTL_MINUTES = 24 * 60  # guess: news that is not asked for daily is not news
_PERIODS = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as stated; `html` is the longest of its texts, `outlet` its RSS ``<source>``."""

    key: str | None = None
    link: str | None = None
    title: str | None = None
    html: str | None = None
    text: str | None = None
    published: str | None = None
    modified: str | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed as stated; `truncated` where it has more entries than are read."""

    entries: tuple[Entry, ...]
    title: str | None = None
    lang: str | None = None
    ttl_minutes: int | None = None
    next_page: str | None = None
    truncated: bool = False


def read_feed(text: str) -> Feed:
    """Read a feed.

    A document without a fault is read by fastfeedparser, many times as fast, with what that
    drops read beside it. All others are left to feedparser, which bears more; where it finds
    nothing, what the fast one made of them counts.

    Raises
    ------
    UnreadableError
        ``too_deep``, ``feed_broken`` or ``not_a_feed``.
    """
    body = text.encode()
    outline = read_outline(body)
    if outline.too_deep:
        raise UnreadableError("too_deep", "elements inside each other more than 256 levels deep")
    if outline.root == "html" or text[:14].lower() == "<!doctype html":
        raise UnreadableError("not_a_feed", "a web page, neither RSS nor Atom")
    quick = _quick_entries(body)
    if outline.plain and len(quick) == len(outline.items) > 0:
        return _quick_feed(quick, outline, outline.items)
    try:
        slow = _slow_feed(text)
    except UnreadableError:
        if not quick:
            raise
        return _quick_feed(quick, outline, repeat(ItemFacts()))
    return slow if slow.entries or not quick else _quick_feed(quick, outline, repeat(ItemFacts()))


def _quick_entries(body: bytes) -> Sequence[Mapping[str, Any]]:
    """Parse bytes only: a str may be taken for an address."""
    try:
        found = fastfeedparser.parse(body, include_tags=False, include_media=False)
    except Exception:  # noqa: BLE001 - it raises on broken XML as it likes; feedparser is next
        return []
    entries: Sequence[Mapping[str, Any]] = found["entries"]
    return entries


def _quick_feed(
    quick: Sequence[Mapping[str, Any]], outline: Outline, facts: Iterable[ItemFacts]
) -> Feed:
    frame = outline.frame
    return Feed(
        entries=tuple(
            Entry(
                key=entry.get("id"),
                link=entry.get("link"),
                title=entry.get("title"),
                html=_longest_text(entry, "description"),
                published=fact.published,
                modified=fact.modified,
                authors=fact.authors,
                outlet=fact.outlet,
            )
            for entry, fact in zip(quick[:MAX_ENTRIES], facts, strict=False)
        ),
        title=frame.get("title"),
        lang=frame.get("language"),
        ttl_minutes=_minutes(
            frame.get("ttl"), frame.get("updateperiod"), frame.get("updatefrequency")
        ),
        next_page=outline.next_page,
        truncated=len(quick) > MAX_ENTRIES,
    )


def _slow_feed(text: str) -> Feed:
    cut = _beginning(text)
    try:
        # A file, because feedparser opens a str, and even bytes, as a path or URL.
        found = feedparser.parse(io.BytesIO(cut.encode()))
    except Exception as error:  # noqa: BLE001 - feedparser raises anything on broken XML (see tests)
        raise UnreadableError("feed_broken", f"{type(error).__name__}: {error}") from None
    if found.get("bozo") and not found.entries:
        raise UnreadableError(
            "feed_broken", f"no entry could be read ({found.get('bozo_exception')})"
        )
    if not found.get("version"):
        raise UnreadableError("not_a_feed", "XML, but neither RSS nor Atom")
    about = found.feed
    links = (x for x in about.get("links", ()) if x.get("rel") in NEXT_RELATIONS)
    return Feed(
        entries=tuple(_slow_entry(e, found.version) for e in found.entries[:MAX_ENTRIES]),
        title=about.get("title"),
        lang=about.get("language"),
        ttl_minutes=_minutes(
            about.get("ttl"), about.get("sy_updateperiod"), about.get("sy_updatefrequency")
        ),
        next_page=next((link.get("href") for link in links), None),
        truncated=len(cut) < len(text),
    )


def _slow_entry(entry: Mapping[str, Any], version: str) -> Entry:
    published = entry.get("published")
    modified = entry.get("updated") if "updated" in entry else None
    if version.startswith("rss") and not published:
        published, modified = modified, None  # feedparser calls dc:date, all that RDF has, so
    return Entry(
        key=entry.get("id"),
        # Where there is no link feedparser shows the id as one, whatever that is.
        link=entry.get("link") if entry.get("links") else None,
        title=entry.get("title"),
        html=_longest_text(entry, "summary"),
        published=published,
        modified=modified,
        authors=tuple(a["name"] for a in entry.get("authors", ()) if a.get("name")),
        outlet=(entry.get("source") or {}).get("title"),
    )


def _longest_text(entry: Mapping[str, Any], summary: str) -> str:
    """Return full content where a feed carries it, else the summary."""
    texts = [part.get("value") or "" for part in entry.get("content") or ()]
    return max([*texts, entry.get(summary) or ""], key=len)


def _beginning(text: str) -> str:
    """Return as many whole entries as feedparser can be trusted with."""
    end = 0
    for number, match in enumerate(_ENTRY_END.finditer(text), start=1):
        if number > _SLOW_ENTRIES or match.end() > _SLOW_CHARS:
            return text[:end] if end else text[:_SLOW_CHARS]
        end = match.end()
    return text[:_SLOW_CHARS]


def _minutes(ttl: str | None, period: str | None, frequency: str | None) -> int | None:
    """Return how long a feed says it stays the same: RSS ``ttl``, or so often in a period."""
    if ttl and ttl.strip().isdecimal():
        minutes = int(ttl.strip()[:9])
    elif period and period.strip().lower() in _PERIODS:
        times = (frequency or "").strip()
        minutes = _PERIODS[period.strip().lower()] // max(
            1, int(times[:9]) if times.isdecimal() else 1
        )
    else:
        return None
    return min(minutes, _LONGEST_TTL_MINUTES)
