"""JSON Feed 1.0 and 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pipeline.errors import UnreadableError
from pipeline.feeds.syndication import MAX_ENTRIES, Entry, Feed

__all__ = ["read_json_feed"]


def read_json_feed(text: str) -> Feed:
    """Read a JSON Feed; items that are no objects are skipped.

    Raises
    ------
    UnreadableError
        ``feed_broken`` where it is no JSON, ``not_a_feed`` where it is another document.
    """
    try:
        feed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("feed_broken", f"not JSON: {error}") from None
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org/version/" not in str(feed.get("version")):
        raise UnreadableError("not_a_feed", "JSON, but no JSON Feed")
    return Feed(
        entries=tuple(_entry(item) for item in items[:MAX_ENTRIES] if isinstance(item, dict)),
        title=_text(feed, "title"),
        lang=_text(feed, "language"),
        next_page=_text(feed, "next_url"),
        truncated=len(items) > MAX_ENTRIES,
    )


def _entry(item: Mapping[str, object]) -> Entry:
    html = _text(item, "content_html")
    return Entry(
        key=_text(item, "id"),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        html=html,
        text=None if html else _text(item, "content_text") or _text(item, "summary"),
        published=_text(item, "date_published"),
        modified=_text(item, "date_modified"),
        authors=_authors(item),
        lang=_text(item, "language"),
    )


def _text(fields: Mapping[str, object], key: str) -> str | None:
    """Return a member as text; ids are numbers in many feeds."""
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    # A lone surrogate escape is valid JSON and no valid text.
    return str(value).encode("utf-8", "replace").decode("utf-8").strip() or None


def _authors(item: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of ``authors`` (1.1) or ``author`` (1.0)."""
    stated = item.get("authors") or [item.get("author")]
    people = stated if isinstance(stated, list) else []
    names = (_text(person, "name") for person in people if isinstance(person, dict))
    return tuple(name for name in names if name)
