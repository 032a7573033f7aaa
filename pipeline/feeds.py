"""Feeds: the entries of an RSS or Atom file as pages of their own."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import feedparser

from pipeline.errors import UnreadableError
from pipeline.records import RawPage

__all__ = ["ENTRY_TYPE", "entries", "entry_page", "is_feed"]

ENTRY_TYPE = "application/x-samestory-entry+json"
_FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/xml", "text/xml"}
)
_MAX_ENTRIES = 10_000  # far above any real feed; a hostile one has 100,000 and more


def is_feed(page: RawPage) -> bool:
    """Say whether a page is to be read as a feed, by its media type."""
    return page.media_type in _FEED_TYPES


def entry_page(page: RawPage, key: str, fields: Mapping[str, object]) -> RawPage:
    """Return one member of a container as a page named ``<container>#<key>``.

    Parameters
    ----------
    page
        The container.
    key
        Names the member inside it.
    fields
        Any of ``id url title text html published modified authors outlet lang origin``.
    """
    content = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    return RawPage(
        uri=f"{page.uri}#{quote(key, safe='')}",
        source=page.source,
        media_type=ENTRY_TYPE,
        body=content.encode("utf-8", "surrogatepass"),
        fetched_at=page.fetched_at,
    )


def entries(page: RawPage) -> list[RawPage]:
    """Return the entries of an RSS or Atom feed, without doubles, in the order of the feed.

    Raises
    ------
    UnreadableError
        ``not_a_feed`` or ``feed_broken``, when nothing can be read.
    """
    feed = _parse(page.body)
    if feed.get("bozo") and not feed.entries:
        raise UnreadableError(
            "feed_broken", f"no entry could be read ({feed.get('bozo_exception')})"
        )
    if not feed.get("version"):
        raise UnreadableError("not_a_feed", "XML, but neither RSS nor Atom")
    found: dict[str, RawPage] = {}
    for number, entry in enumerate(feed.entries[:_MAX_ENTRIES]):
        key = str(entry.get("id") or entry.get("link") or number)
        found.setdefault(key, entry_page(page, key, _fields(entry, feed.feed)))
    return list(found.values())


def _parse(body: bytes) -> Any:
    """Parse bytes only: feedparser opens a str, and even bytes, as a path or URL."""
    try:
        return feedparser.parse(io.BytesIO(body))
    except Exception as error:  # noqa: BLE001 - feedparser raises anything on broken XML (see tests)
        raise UnreadableError("feed_broken", f"{type(error).__name__}: {error}") from None


def _fields(entry: Mapping[str, Any], feed: Mapping[str, Any]) -> dict[str, object]:
    origin = entry.get("source") or {}
    fields = {
        "id": entry.get("id"),
        "url": entry.get("link"),
        "title": entry.get("title"),
        "html": _content(entry),
        "published": entry.get("published"),
        "modified": entry.get("updated") if "updated" in entry else None,
        "authors": [a["name"] for a in entry.get("authors", ()) if a.get("name")],
        "outlet": origin.get("title") or feed.get("title"),
        "lang": feed.get("language"),
        "origin": "feed",
    }
    return {key: value for key, value in fields.items() if value}


def _content(entry: Mapping[str, Any]) -> str:
    """Return the longest text: full content where a feed carries it, else the summary."""
    texts = [part.get("value") or "" for part in entry.get("content", ())]
    return max([*texts, entry.get("summary") or ""], key=len)
