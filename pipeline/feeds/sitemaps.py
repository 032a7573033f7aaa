"""XML sitemaps, Google News sitemaps, indexes of them (sitemaps.org), and plain lists of URLs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from lxml import etree

from pipeline.errors import UnreadableError
from pipeline.feeds.links import web_link
from pipeline.feeds.outline import local_name, walk
from pipeline.records import ListedLink, Listing

__all__ = ["SITEMAP_ROOTS", "listing_of", "read_sitemap", "read_url_list"]

SITEMAP_ROOTS = frozenset({"urlset", "sitemapindex"})
_MAX_LINKS = 50_000  # the sitemap protocol's limit, for URLs and for sitemaps of an index
# Many a sitemap has URLs as they are; a parser that goes on would drop a parameter's name.
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_CLOCK_SKEW = timedelta(days=1)
_NO_TIME = datetime.min.replace(tzinfo=UTC)


def read_sitemap(text: str, base: str, now: datetime) -> Listing:
    """Read a sitemap or an index of sitemaps, the latest first.

    Parameters
    ----------
    text
        XML without declaration.
    base
        Its URL.
    now
        When it was fetched, aware: dates far ahead of it do not come first.

    Raises
    ------
    UnreadableError
        ``sitemap_broken`` where a fault leaves nothing to read.
    """
    if "<![CDATA[" not in text:
        text = _BARE_AMPERSAND.sub("&amp;", text)
    links, sitemaps = list[ListedLink](), list[ListedLink]()
    faults = list[str]()
    for event, element in walk(text.encode(), faults):
        parent = element.getparent()
        if event == "end" and parent is not None and local_name(parent) in SITEMAP_ROOTS:
            link = _link(element, base)
            (sitemaps if local_name(element) == "sitemap" else links).extend([link] if link else [])
            element.clear()
            if len(links) + len(sitemaps) > _MAX_LINKS:
                break
    if faults and not (links or sitemaps):
        raise UnreadableError("sitemap_broken", f"no URL could be read ({faults[0]})")
    further = listing_of(_latest_first(sitemaps, now)).links
    listing = listing_of(_latest_first(links, now))
    return Listing(
        links=listing.links,
        further=tuple(link.url for link in further if link.url != base),
        truncated=len(links) + len(sitemaps) > _MAX_LINKS,
    )


def read_url_list(text: str, base: str) -> Listing:
    """Read a list of URLs, one a line; empty lines and those that begin with ``#`` are skipped.

    Raises
    ------
    UnreadableError
        ``not_a_listing`` where its first line holds no URL.
    """
    lines = [line.strip() for line in text.splitlines()]
    stated = [line for line in lines if line and not line.startswith("#")]
    found = [url for line in stated if (url := web_link("", line))]
    if stated and not web_link("", stated[0]):
        raise UnreadableError("not_a_listing", "neither feed nor sitemap nor list of URLs")
    return listing_of(ListedLink(url=url) for url in found if url != base)


def listing_of(links: Iterable[ListedLink]) -> Listing:
    """Return a listing of these links, each URL once, as many as are read of one listing."""
    unique: dict[str, ListedLink] = {}
    for link in links:
        unique.setdefault(link.url, link)
    kept = tuple(unique.values())
    return Listing(links=kept[:_MAX_LINKS], truncated=len(kept) > _MAX_LINKS)


def _link(element: etree._Element, base: str) -> ListedLink | None:
    texts = {local_name(child): child.text for child in element}
    url = web_link(base, texts.get("loc"))
    if not url:
        return None
    news = next((child for child in element if local_name(child) == "news"), None)
    if news is None:
        return ListedLink(url=url, modified=_stripped(texts.get("lastmod")))
    said = {local_name(part): part.text for part in news.iter()}
    return ListedLink(
        url=url,
        title=_stripped(said.get("title")) or "",
        published=_stripped(said.get("publication_date")),
        modified=_stripped(texts.get("lastmod")),
        outlet=_stripped(said.get("name")),
        lang=_stripped(said.get("language")),
    )


def _stripped(text: str | None) -> str | None:
    return (text or "").strip() or None


def _latest_first(links: list[ListedLink], now: datetime) -> list[ListedLink]:
    """Sort by date, latest first; undated ones and those dated ahead stay behind, in order."""
    return sorted(links, key=lambda link: _time(link, now), reverse=True)


def _time(link: ListedLink, now: datetime) -> datetime:
    try:
        stated = datetime.fromisoformat(link.published or link.modified or "")
        instant = stated if stated.tzinfo else stated.replace(tzinfo=UTC)
        return instant if instant <= now + _CLOCK_SKEW else _NO_TIME
    except (ValueError, OverflowError):
        return _NO_TIME
