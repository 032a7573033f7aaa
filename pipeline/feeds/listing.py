"""Reads any listing, by what it is and not by what it is called."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import UnreadableError
from pipeline.feeds.decoding import listing_text
from pipeline.feeds.json_feed import read_json_feed
from pipeline.feeds.links import web_link
from pipeline.feeds.outline import local_name, walk
from pipeline.feeds.pages import entry_page
from pipeline.feeds.sitemaps import SITEMAP_ROOTS, listing_of, read_sitemap, read_url_list
from pipeline.feeds.syndication import Entry, Feed, read_feed
from pipeline.records import ListedLink, Listing, RawPage

__all__ = ["entries", "read_listing"]


def entries(page: RawPage) -> list[RawPage]:
    """Return the entries of an RSS, Atom or JSON feed, without doubles, in the order of the feed.

    Raises
    ------
    UnreadableError
        ``not_a_feed``, ``feed_broken`` or ``too_deep``, when nothing can be read; ``empty``.
    """
    return list(_entry_pages(page, _feed(_text(page))))


def read_listing(page: RawPage) -> Listing:
    """Read a feed (RSS, Atom, JSON Feed), a sitemap, an index of sitemaps, or a list of URLs.

    The media type is not looked at: servers call feeds ``text/html``, and gzipped sitemaps
    anything.

    Raises
    ------
    UnreadableError
        ``empty``, ``not_a_listing``, ``not_a_feed``, ``feed_broken``, ``sitemap_broken``,
        ``too_deep``, ``too_large`` or ``broken_gzip``.
    """
    text = _text(page)
    if text[:1] not in "<{[":
        return read_url_list(text, page.uri)
    if text[:1] == "<" and _root(text) in SITEMAP_ROOTS:
        return read_sitemap(text, page.uri, page.fetched_at)
    feed = _feed(text)
    listed = listing_of(_links(page, feed))
    further = web_link(page.uri, feed.next_page)
    return Listing(
        links=listed.links,
        further=(further,) if further and further != page.uri else (),
        ttl_minutes=feed.ttl_minutes,
        entries=tuple(_entry_pages(page, feed)),
        truncated=feed.truncated,
    )


def _text(page: RawPage) -> str:
    text = listing_text(page.body)
    if not text:
        raise UnreadableError("empty", "nothing but white space")
    return text


def _root(text: str) -> str:
    """Return the name of the outermost element."""
    return next((local_name(element) for _, element in walk(text.encode(), [])), "")


def _feed(text: str) -> Feed:
    return read_json_feed(text) if text[:1] in "{[" else read_feed(text)


def _links(page: RawPage, feed: Feed) -> Iterator[ListedLink]:
    for entry in feed.entries:
        url = _address(page, entry)
        if url:
            yield ListedLink(
                url=url,
                title=" ".join((entry.title or "").split()),
                published=entry.published or entry.modified,
                modified=entry.modified,
                outlet=entry.outlet,
                lang=entry.lang or feed.lang,
            )


def _address(page: RawPage, entry: Entry) -> str | None:
    """Return where an entry leads; some state it as their id only."""
    return web_link(page.uri, entry.link) or web_link("", entry.key)


def _entry_pages(page: RawPage, feed: Feed) -> Iterator[RawPage]:
    """Yield each entry once; one that another's id was copied to is known by its link."""
    links: dict[str, str | None] = {}
    for number, entry in enumerate(feed.entries):
        key = str(entry.key or entry.link or number)
        if links.get(key, entry.link) != entry.link and entry.link:
            key = entry.link
        if key not in links:
            links[key] = entry.link
            yield entry_page(page, key, _fields(page, feed, entry))


def _fields(page: RawPage, feed: Feed, entry: Entry) -> dict[str, object]:
    fields = {
        "id": entry.key,
        "url": _address(page, entry),
        "title": entry.title,
        "html": entry.html,
        "text": entry.text,
        "published": entry.published,
        "modified": entry.modified,
        "authors": list(entry.authors),
        "outlet": entry.outlet or feed.title,
        "lang": entry.lang or feed.lang,
        "origin": "feed",
    }
    return {key: value for key, value in fields.items() if value}
