"""Members of a container as pages of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from pipeline.records import RawPage

__all__ = ["ENTRY_TYPE", "entry_page", "is_feed"]

ENTRY_TYPE = "application/x-samestory-entry+json"
_FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/xml",
        "text/xml",
    }
)


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
        uri=f"{page.uri}#{quote(key.encode('utf-8', 'replace'), safe='')}",
        source=page.source,
        media_type=ENTRY_TYPE,
        body=content.encode("utf-8", "surrogatepass"),
        fetched_at=page.fetched_at,
    )
