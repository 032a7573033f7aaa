"""OPML 2.0 (opml.org), the format feed readers exchange subscriptions in."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from pipeline.errors import UnreadableError
from pipeline.feeds.decoding import listing_text
from pipeline.feeds.links import web_link
from pipeline.feeds.outline import local_name, walk
from pipeline.records import ListedLink

__all__ = ["opml_text", "read_opml"]


def read_opml(body: bytes) -> list[ListedLink]:
    """Return the feeds of an OPML file, each URL once, however deep they are filed.

    Raises
    ------
    UnreadableError
        ``broken_opml`` where it is none, or lists no feed that has a web address.
    """
    faults = list[str]()
    found: dict[str, ListedLink] = {}
    root = ""
    for event, element in walk(listing_text(body).encode(), faults):
        root = root or local_name(element)
        if event == "start" and local_name(element) == "outline":
            said = {str(key).lower(): str(value).strip() for key, value in element.items()}
            url = web_link("", said.get("xmlurl"))
            if url:
                title = said.get("title") or said.get("text") or ""
                link = ListedLink(url=url, title=_one_line(title), lang=said.get("language"))
                found.setdefault(url, link)
    if root != "opml" or not found:
        fault = f" ({faults[0]})" if faults else ""
        raise UnreadableError("broken_opml", f"no feed with a web address could be read{fault}")
    return list(found.values())


def opml_text(title: str, feeds: Iterable[ListedLink]) -> str:
    """Return an OPML file that lists these feeds."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = title
    body = etree.SubElement(root, "body")
    for feed in feeds:
        outline = etree.SubElement(body, "outline", type="rss", text=feed.title, title=feed.title)
        outline.set("xmlUrl", feed.url)
        if feed.lang:
            outline.set("language", feed.lang)
    return str(etree.tostring(root, encoding="unicode", pretty_print=True))


def _one_line(text: str) -> str:
    return " ".join(text.split())
