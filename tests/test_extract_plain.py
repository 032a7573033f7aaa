"""Text files: headline, byline and image credit are known for what they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.config import ExtractSettings, Outlet
from pipeline.errors import UnreadableError
from pipeline.extract import extract
from pipeline.outlets import OutletTable, load_outlets, outlet_table
from pipeline.records import Article, RawPage

COURIER = Outlet(name="The Valley Courier", domains=("valleycourier.example",), country="IN")
KNOWN = outlet_table([COURIER])
BODY = (
    "The river Lunn rose by two metres on Monday and the council of Millbrook asked people in "
    "the lower streets to leave their homes.\n"
    "By noon the first of three bridges was closed, and the school had become a shelter for "
    "ninety families, said mayor Ada Roe."
)
HEAD = "Millbrook empties its lower streets\n"


def read(text: str | bytes, outlets: OutletTable = KNOWN, uri: str = "file:a.txt") -> Article:
    body = text.encode() if isinstance(text, str) else text
    page = RawPage(
        uri=uri,
        source="desk",
        media_type="text/plain",
        body=body,
        fetched_at=datetime(2026, 3, 4, tzinfo=UTC),
    )
    return extract(page, ExtractSettings(), outlets)


def removed(article: Article) -> list[tuple[str, str]]:
    return [(span.reason, article.text[span.start : span.end]) for span in article.removed]


def test_the_first_line_is_the_title_and_the_text_is_the_whole_file() -> None:
    article = read(HEAD + "\n" + BODY + "\n")
    assert article.title == "Millbrook empties its lower streets"
    assert article.origins["title"] == "text"
    assert article.text == HEAD + "\n" + BODY
    assert removed(article) == [("title", "Millbrook empties its lower streets")]
    assert (article.published, article.outlet, article.lang) == (None, None, "en")


def test_byline_and_image_credit_are_listed_and_read() -> None:
    byline = "Bo Lund | VALLEYCOURIER.EXAMPLE | Mar 03, 2026, 00:36 IST"
    article = read(f"{HEAD}{byline}\n( Image credit : AP )\n{BODY}")
    assert removed(article)[1:] == [("byline", byline), ("image_credit", "( Image credit : AP )")]
    assert article.outlet == "The Valley Courier"
    assert article.authors == ("Bo Lund",)
    assert article.published is not None
    assert article.published.instant == datetime(2026, 3, 2, 19, 6, tzinfo=UTC)
    assert article.published.precision == "minute"
    assert article.published.zone == "guessed_from_outlet"
    assert article.published.raw == "Mar 03, 2026, 00:36 IST"


def test_an_unknown_outlet_leaves_its_ambiguous_zone_open() -> None:
    article = read(f"{HEAD}Desk | HILLPOST.EXAMPLE | Mar 03, 2026, 00:36 IST\n{BODY}")
    assert article.outlet == "hillpost.example"
    assert article.published is not None
    assert article.published.zone == "ambiguous"
    assert article.published.precision == "day"
    assert article.published.instant == datetime(2026, 3, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("By Ada Roe", ("Ada Roe",)),
        ("By Ada Roe and Bo Lund, March 2, 2026", ("Ada Roe", "Bo Lund")),
        ("Von Ada Roe", ("Ada Roe",)),
        ("2 March 2026, 18:40 GMT", ()),
        ("Published: 2 March 2026 | Updated: 3 March 2026", ()),
        ("World Desk | 2 March 2026", ()),
    ],
)
def test_bylines_of_other_shapes_are_bylines_too(line: str, authors: tuple[str, ...]) -> None:
    article = read(f"{HEAD}{line}\n{BODY}")
    assert ("byline", line) in removed(article)
    assert article.authors == authors


@pytest.mark.parametrize(
    "line",
    [
        "On 2 March 2026 the mayor resigned.",
        "What we know",
        "By the time the water fell, three of the streets were gone for good and nobody counted",
        "By Monday, the river had fallen",
        "Pictures of the flood were shared all over the country",
    ],
)
def test_a_line_that_tells_something_stays_in_the_text(line: str) -> None:
    assert [reason for reason, _ in removed(read(f"{HEAD}{line}\n{BODY}"))] == ["title"]


def test_a_file_of_one_paragraph_has_no_title() -> None:
    article = read(BODY.replace("\n", " "))
    assert article.title == ""
    assert article.removed == ()


def test_line_ends_and_charsets_of_other_systems_change_nothing() -> None:
    text = f"{HEAD}{BODY}\nÜber Größe spricht man später, sagte Bürgermeister Jörg Müller."
    expected = read(text)
    assert read(text.replace("\n", "\r\n")).text == expected.text
    assert read(text.encode("utf-8-sig")).article_id == expected.article_id
    assert read(text.encode("cp1252")).text == expected.text


def test_a_text_of_a_few_words_is_refused() -> None:
    with pytest.raises(UnreadableError, match="too_short: 4 words are fewer"):
        read("Dam holds\nfor now")


def test_chinese_words_are_counted_though_no_space_parts_them() -> None:
    text = "河水上涨\n" + "周一河水上涨两米，市议会要求居民离开家园，三座桥中的第一座被关闭。" * 2
    assert read(text).lang == "zh"


def test_the_seed_articles_are_read_as_they_should_be(data_sets: Path) -> None:
    undated, doubled = (
        read(file.read_bytes(), load_outlets())
        for file in sorted((data_sets / "seeds").glob("*.txt"))
    )
    assert undated.published is None
    assert [reason for reason, _ in removed(undated)] == ["title"]
    assert [reason for reason, _ in removed(doubled)] == ["title", "byline", "image_credit"]
    assert doubled.outlet == "The Times of India"
    assert doubled.authors == ()
    assert doubled.published is not None
    assert doubled.published.instant == datetime(2025, 7, 2, 19, 6, tzinfo=UTC)
    assert (doubled.published.precision, doubled.published.zone) == (
        "minute",
        "guessed_from_outlet",
    )
