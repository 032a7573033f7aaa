"""Feeds give their entries, hostile ones a reason."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnreadableError
from pipeline.feeds import entries, read_listing
from pipeline.records import Listing, RawPage

RSS = """<?xml version="1.0"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Tidewater Bulletin</title><language>en-gb</language>
<item><title>Dredger &amp; tug collide</title><link>https://tide.example/1</link>
<guid isPermaLink="false">note/1</guid><pubDate>Mon, 02 Mar 2026 10:00:00 IST</pubDate>
<dc:creator>Ann Roe</dc:creator><description>Short.</description>
<content:encoded><![CDATA[<p>Long text.</p><p>More.</p>]]></content:encoded>
<source url="https://wire.example/feed">Wire</source></item>
<item><title>Twice</title><guid>note/1</guid></item>
<item><title>No id</title></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour</title>
<entry><id>urn:1</id><title>Ferry</title><link href="https://h.example/1"/>
<published>2026-03-02T10:00:00Z</published><updated>2026-03-02T11:00:00Z</updated>
<content type="html">&lt;p&gt;Text.&lt;/p&gt;</content></entry></feed>"""


def feed(body: str | bytes, uri: str = "file:feed.xml") -> RawPage:
    content = body.encode() if isinstance(body, str) else body
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return RawPage(uri=uri, source="s", media_type="application/xml", body=content, fetched_at=now)


def listing(body: str | bytes) -> Listing:
    return read_listing(feed(body, "https://tide.example/news/feed.xml"))


def rss(items: str, channel: str = "") -> str:
    return f'<rss version="2.0"><channel><title>Tide</title>{channel}{items}</channel></rss>'


def test_an_rss_entry_keeps_what_the_feed_says_and_where_it_came_from() -> None:
    first, nameless = entries(feed(RSS))
    assert first.uri == "file:feed.xml#note%2F1"
    assert json.loads(first.body) == {
        "authors": ["Ann Roe"],
        "html": "<p>Long text.</p><p>More.</p>",
        "id": "note/1",
        "lang": "en-gb",
        "origin": "feed",
        "outlet": "Wire",
        "published": "Mon, 02 Mar 2026 10:00:00 IST",
        "title": "Dredger & tug collide",
        "url": "https://tide.example/1",
    }
    assert nameless.uri == "file:feed.xml#2"


def test_an_atom_entry_has_both_its_dates() -> None:
    (entry,) = entries(feed(ATOM))
    fields = json.loads(entry.body)
    assert (fields["published"], fields["modified"]) == (
        "2026-03-02T10:00:00Z",
        "2026-03-02T11:00:00Z",
    )


def test_a_body_that_is_a_path_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(RSS)
    with pytest.raises(UnreadableError):
        entries(feed(os.fsencode(tmp_path / "feed.xml")))


@pytest.mark.parametrize("body", ["", "<html><body>Moved</body></html>", "<a/>", "\x00\xff", "{}"])
def test_what_is_no_feed_is_refused(body: str) -> None:
    with pytest.raises(UnreadableError):
        entries(feed(body))


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the tide tables of the navy")
    doctype = f'<!DOCTYPE r [<!ENTITY f SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    body = RSS.replace("<rss", f"{doctype}<rss").replace("No id", "x &f; x")
    assert not any(b"navy" in entry.body for entry in entries(feed(body)))


@given(st.binary(max_size=400))
def test_any_bytes_give_entries_or_a_reason(body: bytes) -> None:
    with contextlib.suppress(UnreadableError):
        entries(feed(b"<?xml version='1.0'?><rss version='2.0'><channel>" + body))


def test_every_real_feed_parses_or_is_refused(data_sets: Path) -> None:
    files = [p for p in sorted((data_sets / "feeds").rglob("*")) if p.is_file()]
    read = refused = 0
    for file in files:
        try:
            listing(file.read_bytes())
            read += 1
        except UnreadableError:
            refused += 1
    assert read > refused


@pytest.mark.parametrize("fault", ["", "<br>", "&nbsp;"], ids=["sound", "unclosed", "entity"])
def test_either_reader_finds_the_same_in_an_entry(fault: str) -> None:
    (link, _), page = (
        listing(RSS.replace("<item>", f"{fault}<item>", 1)).links[:2],
        feed(RSS.replace("<item>", f"{fault}<item>", 1)),
    )
    assert (link.title, link.published, link.outlet) == (
        "Dredger & tug collide",
        "Mon, 02 Mar 2026 10:00:00 IST",
        "Wire",
    )
    fields = json.loads(entries(page)[0].body)
    assert fields == json.loads(entries(feed(RSS))[0].body)


def test_links_are_absolute_and_lead_to_the_web() -> None:
    items = "".join(
        f"<item><title>{link}</title><link>{link}</link></item>"
        for link in (
            "../ferry?id=3#top",
            "//wire.example/b",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "http://[broken",
            "https://tide.example/a b",
            "",
        )
    )
    assert [link.url for link in listing(rss(items)).links] == [
        "https://tide.example/ferry?id=3",
        "https://wire.example/b",
        "https://tide.example/a%20b",
    ]


def test_a_link_listed_twice_is_one_and_a_copied_guid_loses_no_article() -> None:
    items = "".join(
        f"<item><title>News {n}</title><link>/{link}</link><guid>0</guid></item>"
        for n, link in enumerate(("a", "b", "a"))
    )
    found = listing(rss(items))
    assert [link.url[-1] for link in found.links] == ["a", "b"]
    assert [page.uri[-4:] for page in found.entries] == ["l#0", "#%2Fb"][:1] + ["%2Fb"][:0] + [
        found.entries[1].uri[-4:]
    ]
