"""Sitemaps, indexes of them and lists of URLs give links, the latest first."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import UnreadableError
from pipeline.feeds import read_listing
from pipeline.records import Listing, RawPage

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
BASE = "https://tide.example/sitemaps/news.xml"
NEWS = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
  xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
  xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://tide.example/ferry</loc><lastmod>2026-03-03</lastmod>
<image:image><image:loc>https://tide.example/ferry.jpg</image:loc></image:image>
<news:news><news:publication><news:name>Tidewater Bulletin</news:name>
<news:language>en</news:language></news:publication>
<news:publication_date>2026-03-02T10:00:00+00:00</news:publication_date>
<news:title>Ferry strikes pier</news:title></news:news></url>
</urlset>"""


def listing(body: str | bytes, uri: str = BASE) -> Listing:
    content = body.encode() if isinstance(body, str) else body
    return read_listing(
        RawPage(uri=uri, source="s", media_type="application/xml", body=content, fetched_at=NOW)
    )


def sitemap(*urls: tuple[str, str], root: str = "urlset", member: str = "url") -> str:
    members = "".join(
        f"<{member}><loc>{url}</loc><lastmod>{date}</lastmod></{member}>" for url, date in urls
    )
    return f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{members}</{root}>'


def test_a_news_sitemap_tells_of_each_article_and_not_of_its_pictures() -> None:
    (link,) = listing(NEWS).links
    assert (link.url, link.title, link.outlet, link.lang, link.published, link.modified) == (
        "https://tide.example/ferry",
        "Ferry strikes pier",
        "Tidewater Bulletin",
        "en",
        "2026-03-02T10:00:00+00:00",
        "2026-03-03",
    )


def test_the_latest_come_first_and_dates_that_cannot_be_true_last() -> None:
    body = sitemap(
        ("https://tide.example/old", "2019-01-01"),
        ("https://tide.example/never", "9999-12-31T23:59:59-12:00"),
        ("https://tide.example/next-year", "2027-03-04"),
        ("https://tide.example/new", "2026-03-04T09:00:00+01:00"),
        ("https://tide.example/undated", ""),
        ("https://tide.example/odd", "yesterday"),
    )
    assert [link.url.rpartition("/")[2] for link in listing(body).links] == [
        "new",
        "old",
        "never",
        "next-year",
        "undated",
        "odd",
    ]


def test_an_index_leads_to_its_sitemaps_but_not_to_itself() -> None:
    body = sitemap(
        ("https://tide.example/2019.xml.gz", "2019-12-31"),
        ("2026.xml", "2026-03-04"),
        (BASE, "2026-03-04"),
        ("javascript:alert(1)", "2026-03-04"),
        root="sitemapindex",
        member="sitemap",
    )
    found = listing(body)
    assert found.links == ()
    assert found.further == (
        "https://tide.example/sitemaps/2026.xml",
        "https://tide.example/2019.xml.gz",
    )


def test_links_are_absolute_without_fragment_and_listed_once() -> None:
    body = sitemap(("/a#top", ""), ("/a", ""), ("ftp://tide.example/b", ""), ("data:,x", ""))
    assert [link.url for link in listing(body).links] == ["https://tide.example/a"]


def test_a_sitemap_that_breaks_off_gives_what_it_has() -> None:
    body = sitemap(("/a", ""), ("/b", "")).partition("/b")[0]
    assert [link.url for link in listing(body).links] == ["https://tide.example/a"]


def test_a_packed_sitemap_is_unpacked() -> None:
    assert len(listing(gzip.compress(NEWS.encode())).links) == 1


def test_external_entities_are_never_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the tide tables of the navy")
    doctype = f'<!DOCTYPE u [<!ENTITY f SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    found = listing(doctype + sitemap(("https://tide.example/&f;.html", "")))
    assert [link.url for link in found.links] == ["https://tide.example/&f;.html"]


@pytest.mark.parametrize(
    "written", ["?a=1&b=2", "?a=1&amp;b=2", "<![CDATA[?a=1&b=2]]>", "?a=1&#38;b=2"]
)
def test_an_ampersand_may_be_written_any_way(written: str) -> None:
    (link,) = listing(sitemap((written, ""))).links
    assert link.url == f"{BASE}?a=1&b=2"


@pytest.mark.parametrize(
    ("body", "reason"),
    [("<urlset>" + "<url>" * 1000, "sitemap_broken"), ("<urlset><url><loc", "sitemap_broken")],
    ids=["deep", "torn"],
)
def test_what_gives_nothing_is_refused(body: str, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        listing(body)
    assert caught.value.reason == reason


def test_an_empty_sitemap_lists_nothing() -> None:
    assert listing("<urlset></urlset>") == Listing()


def test_of_endless_links_no_more_than_the_protocol_allows_are_read() -> None:
    found = listing(sitemap(*((f"/{n}", "") for n in range(60_000))))
    assert (len(found.links), found.truncated) == (50_000, True)


def test_a_list_of_urls_has_one_a_line() -> None:
    body = "# our picks\n\nhttps://tide.example/a#top\r\n  https://tide.example/b \nno url\n"
    assert [link.url for link in listing(body).links] == [
        "https://tide.example/a",
        "https://tide.example/b",
    ]


@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_text_as_an_address_gives_only_web_links(addresses: list[str]) -> None:
    escaped = ["".join(f"&#{ord(c)};" for c in a if c.isprintable()) for a in addresses]
    for link in listing(sitemap(("/a", ""), *((a, a) for a in escaped))).links:
        assert link.url.startswith(("http://", "https://"))


def test_every_real_sitemap_is_read(data_sets: Path) -> None:
    files = [path for path in (data_sets / "sitemaps").rglob("*") if path.is_file()]
    for file in files:
        found = listing(file.read_bytes())
        assert found.links or found.further
    assert files
