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


@pytest.mark.parametrize("fault", ["<br>", "&nbsp;", "<x:y/>"])
def test_both_readers_find_the_same_in_an_entry(fault: str) -> None:
    sound, broken = RSS, RSS.replace("</channel>", f"{fault}</channel>")
    assert [page.body for page in entries(feed(broken))] == [
        page.body for page in entries(feed(sound))
    ]


@pytest.mark.parametrize(
    ("inside", "title", "text"),
    [
        ('<m:title xmlns:m="http://search.yahoo.com/mrss/">Photo</m:title><title>Ferry</title>',
         "Ferry", None),
        ("<title>Ferry</title><description><p>At <b>noon</b></p></description>", "Ferry", "noon"),
    ],
    ids=["caption", "markup"],
)  # fmt: skip
def test_what_the_quick_reader_would_lose_is_kept(
    inside: str, title: str, text: str | None
) -> None:
    (page,) = entries(feed(rss(f"<item><link>/a</link>{inside}</item>")))
    fields = json.loads(page.body)
    assert fields["title"] == title
    assert (text or "") in fields.get("html", "")


def test_the_content_of_rdf_is_kept() -> None:
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns:content="http://purl.org/rss/1.0/modules/content/">
    <channel rdf:about="https://tide.example/"><title>Tide</title></channel>
    <item rdf:about="https://tide.example/a"><title>Ferry</title>
    <link>https://tide.example/a</link><description>Short.</description>
    <dc:date>2026-03-02T10:00:00+01:00</dc:date>
    <content:encoded>&lt;p&gt;The whole report.&lt;/p&gt;</content:encoded></item></rdf:RDF>"""
    fields = json.loads(entries(feed(body))[0].body)
    assert (fields["html"], fields["published"]) == (
        "<p>The whole report.</p>",
        "2026-03-02T10:00:00+01:00",
    )


def test_a_feed_states_origin_date_and_language_of_each_link() -> None:
    (link,) = listing(RSS).links
    assert (link.url, link.title, link.outlet, link.lang, link.published) == (
        "https://tide.example/1",
        "Dredger & tug collide",
        "Wire",
        "en-gb",
        "Mon, 02 Mar 2026 10:00:00 IST",
    )


def test_links_are_absolute_and_lead_to_the_web() -> None:
    stated = (
        "../ferry?id=3#top",
        "//wire.example/b",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://[broken",
        "https://tide.example/a b",
        "x" * 3000,
        "",
    )
    items = "".join(f"<item><title>Ferry</title><link>{link}</link></item>" for link in stated)
    assert [link.url for link in listing(rss(items)).links] == [
        "https://tide.example/ferry?id=3",
        "https://wire.example/b",
        "https://tide.example/a%20b",
    ]


def test_a_link_listed_twice_is_one_and_a_copied_guid_loses_no_article() -> None:
    items = "".join(
        f"<item><title>News</title><link>https://tide.example/{name}</link><guid>0</guid></item>"
        for name in ("a", "b", "a")
    )
    found = listing(rss(items))
    assert [link.url[-1] for link in found.links] == ["a", "b"]
    assert [json.loads(page.body)["url"][-1] for page in found.entries] == ["a", "b"]
    assert len({page.uri for page in found.entries}) == 2


def test_an_address_that_is_only_an_id_is_a_link() -> None:
    items = "<item><title>Ferry</title><guid>https://tide.example/7</guid></item>"
    assert [link.url for link in listing(rss(items)).links] == ["https://tide.example/7"]


def test_dates_are_kept_as_written_however_odd() -> None:
    dates = ("Fri, 31 Dec 9999 23:59:59 GMT", "tomorrow", "2026-13-45", "")
    items = "".join(
        f"<item><link>/{n}</link><pubDate>{date}</pubDate></item>" for n, date in enumerate(dates)
    )
    assert [link.published for link in listing(rss(items)).links] == [*dates[:3], None]


@pytest.mark.parametrize(
    ("channel", "minutes"),
    [
        ("<ttl>15</ttl>", 15),
        ("<ttl>99999999999999999999</ttl>", 1440),
        ("<ttl>soon</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("", None),
    ],
)
def test_a_feed_says_how_long_it_holds_within_reason(channel: str, minutes: int | None) -> None:
    assert listing(rss("<item><link>/a</link></item>", channel)).ttl_minutes == minutes


def test_how_often_a_feed_is_updated_is_a_ttl_too() -> None:
    syndication = 'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    times = f"<sy:updatePeriod {syndication}>hourly</sy:updatePeriod>"
    times += f"<sy:updateFrequency {syndication}>2</sy:updateFrequency>"
    assert listing(rss("<item><link>/a</link></item>", times)).ttl_minutes == 30


@pytest.mark.parametrize(
    ("href", "further"),
    [
        ("?page=2", ("https://tide.example/news/feed.xml?page=2",)),
        ("feed.xml", ()),
        ("javascript:void(0)", ()),
    ],
    ids=["next", "itself", "script"],
)
def test_a_paged_feed_leads_to_its_next_page_and_never_to_itself(
    href: str, further: tuple[str, ...]
) -> None:
    link = f'<link rel="next" href="{href}"/>'
    assert listing(ATOM.replace("<entry>", f"{link}<entry>", 1)).further == further


@pytest.mark.parametrize(
    ("body", "links"),
    [
        (codecs.BOM_UTF16_LE + RSS[21:].encode("utf-16-le"), 1),
        (RSS[21:].encode("utf-16-be"), 1),
        (gzip.compress(RSS.encode()), 1),
        (b"<b>Warning</b>: include() failed\n\n" + RSS.encode(), 1),
        (RSS.replace("Dredger", "Dredger \x0b\x00").encode(), 1),
        (RSS.replace('"1.0"', '"1.0" encoding="utf-16"').encode(), 1),
    ],
    ids=["utf-16", "utf-16 without mark", "gzip", "warning before it", "controls", "lie"],
)
def test_a_feed_is_read_whatever_was_done_to_its_bytes(body: bytes, links: int) -> None:
    found = listing(body)
    assert len(found.links) == links
    assert found.links[0].title == "Dredger & tug collide"


def test_a_charset_that_lies_leaves_the_words_readable() -> None:
    for declared, real in (("utf-8", "cp1252"), ("iso-8859-1", "cp1252"), ("gb2312", "gb18030")):
        title = "Fähre – “Küste”" if real == "cp1252" else "渡輪撞上碼頭"
        items = f"<item><title>{title}</title><link>/a</link></item>"
        body = f'<?xml version="1.0" encoding="{declared}"?>{rss(items)}'.encode(real)
        assert listing(body).links[0].title == title


def test_windows_quotes_written_as_control_characters_are_quotes() -> None:
    items = "<item><title>Don&#146;t sail</title><link>/a</link></item>"
    assert listing(rss(items)).links[0].title == "Don’t sail"


def test_a_json_feed_is_a_feed() -> None:
    body = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Tide",
        "language": "de",
        "next_url": "/more.json",
        "items": [
            {
                "id": 7,
                "url": "/a",
                "title": "Fähre",
                "content_text": "Die Fähre liegt fest.",
                "date_published": "2026-03-02T10:00:00+01:00",
                "authors": [{"name": "Ann Roe"}, {"url": "x"}],
            },
            {"id": "b", "external_url": "https://wire.example/b", "author": {"name": "Bo"}},
            "no object",
            {"id": "c", "url": "javascript:alert(1)"},
        ],
    }
    found = listing(json.dumps(body))
    assert [(link.url, link.lang) for link in found.links] == [
        ("https://tide.example/a", "de"),
        ("https://wire.example/b", "de"),
    ]
    assert found.further == ("https://tide.example/more.json",)
    first = json.loads(found.entries[0].body)
    assert (first["text"], first["authors"]) == ("Die Fähre liegt fest.", ["Ann Roe"])
    assert first["published"] == "2026-03-02T10:00:00+01:00"


LAUGHS = (
    "<!DOCTYPE r ["
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))
    + "]>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-7"])
def test_a_billion_laughs_are_not_expanded(encoding: str) -> None:
    items = f"<item><title>{'&l11;' * 50}</title><link>/a</link></item>"
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
    document = (LAUGHS + rss(items)).encode(encoding)
    body = document if encoding == "utf-16" else declaration.encode() + document
    with contextlib.suppress(UnreadableError):
        found = listing(body)
        assert sum(len(page.body) for page in found.entries) < 2000


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("<!DOCTYPE html><html><body><p>Not found", "not_a_feed"),
        ("<html><head><title>Moved</title></head></html>", "not_a_feed"),
        ("<rss>" + "<a>" * 5000, "too_deep"),
        ("<a/>", "not_a_feed"),
        ('{"items": []}', "not_a_feed"),
        ('{"version": "https://jsonfeed.org/version/1", "items": 3}', "not_a_feed"),
        ("[" * 100_000, "feed_broken"),
        ("{broken", "feed_broken"),
        (gzip.compress(RSS.encode())[:-9], "broken_gzip"),
        (gzip.compress(b"<rss>" + b" " * 20_000_000), "too_large"),
        ("Service unavailable", "not_a_listing"),
        (b"%PDF-1.7\n%\xe2\xe3", "not_a_listing"),
    ],
    ids=str,
)
def test_what_is_no_listing_is_refused_with_its_reason(body: str | bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        listing(body)
    assert caught.value.reason == reason


@pytest.mark.parametrize("fault", ["", " & "], ids=["sound", "broken"])
def test_of_endless_entries_the_first_are_read(fault: str) -> None:
    items = "".join(f"<item><title>A{fault}</title><link>/{n}</link></item>" for n in range(30_000))
    found = listing(rss(items))
    assert found.truncated
    assert 1000 <= len(found.links) <= 10_000
    assert found.links[0].url == "https://tide.example/0"


@given(st.binary(max_size=400))
def test_any_bytes_give_a_listing_or_a_reason(body: bytes) -> None:
    for start in (b"", b"<rss version='2.0'><channel><item>", b'{"items":[', b"<urlset><url>"):
        with contextlib.suppress(UnreadableError):
            listing(start + body)
