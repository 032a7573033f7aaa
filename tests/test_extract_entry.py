"""Entries of feeds and JSON Lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import ExtractSettings, Outlet
from pipeline.errors import UnreadableError
from pipeline.extract import extract
from pipeline.outlets import outlet_table
from pipeline.records import Article, RawPage

KNOWN = outlet_table(
    [Outlet(name="The Valley Courier", domains=("valleycourier.example",), country="IN")]
)
TEXT = "The river Lunn rose by two metres on Monday. " * 4


def read(body: bytes | dict[str, object], min_words: int = 25) -> Article:
    page = RawPage(
        uri="file:feed.xml#1",
        source="wire",
        media_type="application/x-samestory-entry+json",
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        fetched_at=datetime(2026, 3, 4, tzinfo=UTC),
    )
    return extract(page, ExtractSettings(min_words=min_words), KNOWN)


def test_every_member_finds_its_field() -> None:
    article = read(
        {
            "url": "https://www.valleycourier.example/dam?utm_source=feed#top",
            "title": "Dam &amp; river",
            "text": TEXT,
            "published": "Tue, 03 Mar 2026 00:36:00 IST",
            "modified": "2026-03-03T01:00:00Z",
            "authors": ["By Ada Roe and Bo Lund", "Courier Desk", "https://x.example/ada"],
            "lang": "en-IN",
            "origin": "feed",
        }
    )
    assert article.url == "https://www.valleycourier.example/dam"
    assert article.title == "Dam & river"
    assert article.text == TEXT.strip()
    assert article.outlet == "The Valley Courier"
    assert article.authors == ("Ada Roe", "Bo Lund")
    assert article.lang == "en"
    assert article.published is not None
    assert article.published.instant == datetime(2026, 3, 2, 19, 6, tzinfo=UTC)
    assert article.published.origin == "feed"
    assert article.modified is not None
    assert article.uri == "file:feed.xml#1"


def test_html_becomes_a_line_for_each_block() -> None:
    html = (
        f"<h2>What we know</h2><p>{TEXT}</p><script>x()</script><ul><li>One</li><li>Two</li></ul>"
    )
    assert read({"html": html}).text.splitlines() == ["What we know", TEXT.strip(), "One", "Two"]
    assert read({"html": "One<br>two &amp; three"}, min_words=0).text == "One\ntwo & three"


def test_text_wins_over_html_and_the_outlet_stated_over_the_address() -> None:
    article = read({"text": TEXT, "html": "<p>other</p>", "outlet": "Hill Post"})
    assert article.text == TEXT.strip()
    assert article.outlet == "Hill Post"
    assert read({"text": TEXT, "url": "https://hill.example/a"}).outlet == "hill.example"


def test_an_entry_that_was_published_in_the_future_has_no_date() -> None:
    assert read({"text": TEXT, "published": "2030-01-01T00:00:00Z"}).published is None


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b""])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="bad_entry"):
        read(body)


MEMBERS = st.sampled_from(["url", "title", "text", "html", "published", "authors", "lang", "x"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(MEMBERS, VALUES))
def test_any_object_is_an_article_or_refused_with_a_reason(entry: dict[str, object]) -> None:
    try:
        read(entry, min_words=0).text.encode()
    except UnreadableError as error:
        assert error.reason == "no_text"  # noqa: PT017


def test_an_item_that_another_outlet_prints_names_its_source() -> None:
    entry: dict[str, object] = {
        "url": "https://www.valleycourier.example/dam",
        "title": "Dam",
        "text": TEXT,
        "outlet": "Harbour Gazette",
        "origin": "feed",
    }
    article = read(entry)
    assert article.outlet == "The Valley Courier"
    assert article.wire is not None
    assert (article.wire.name, article.wire.evidence) == ("Harbour Gazette", "feed")
    own = read(entry | {"outlet": "Valley Courier"})
    assert (own.outlet, own.wire) == ("The Valley Courier", None)
    elsewhere = read(entry | {"url": "https://news.example/1"})
    assert (elsewhere.outlet, elsewhere.wire) == ("Harbour Gazette", None)


def test_an_agency_among_the_authors_of_an_entry_is_its_origin() -> None:
    article = read({"title": "Dam", "text": TEXT, "authors": ["AFP"], "origin": "feed"})
    assert article.wire is not None
    assert (article.wire.name, article.wire.evidence) == ("Agence France-Presse", "byline")


def test_lines_beside_the_report_leave_an_entry() -> None:
    article = read({"title": "Dam", "text": f"CALDER HAVEN (AP) — {TEXT}\n© 2026 The Courier"})
    assert [span.reason for span in article.removed] == ["dateline", "copyright"]
