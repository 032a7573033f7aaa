"""Titles, people, JSON-LD, languages and addresses: each room by itself."""

from __future__ import annotations

import json

import pytest

from pipeline.config import Outlet
from pipeline.extract.addresses import article_url
from pipeline.extract.json_ld import article_nodes, names, read_nodes, texts
from pipeline.extract.languages import language
from pipeline.extract.markup import Claim
from pipeline.extract.people import people
from pipeline.extract.titles import choose_title
from pipeline.outlets import outlet_table

URL = "https://courier.example/world/dam-holds"


def headlines(*blocks: object, url: str = URL, titles: tuple[str, ...] = ()) -> list[str]:
    found = read_nodes(block if isinstance(block, str) else json.dumps(block) for block in blocks)
    chosen = article_nodes(found, url, titles)
    return [text for node in chosen for text in texts(node.get("headline"))]


def news(headline: str, **members: object) -> dict[str, object]:
    return {"@type": "NewsArticle", "headline": headline, **members}


def test_an_article_is_found_in_graphs_and_lists() -> None:
    assert headlines({"@graph": [{"@type": "WebSite"}, news("Dam holds")]}) == ["Dam holds"]
    assert headlines([[news("Dam holds")]]) == ["Dam holds"]
    assert headlines({"@type": "WebPage", "mainEntity": news("Dam holds")}) == ["Dam holds"]
    assert headlines({"@type": ["Thing", "ReportageNewsArticle"], "headline": "A"}) == ["A"]


def test_the_articles_of_other_pages_are_passed_over() -> None:
    mine = news("Dam holds", mainEntityOfPage={"@id": "https://m.courier.example/world/dam-holds/"})
    other = news("Harvest fails", url="https://courier.example/world/harvest")
    assert headlines(other, mine) == ["Dam holds"]
    assert headlines({"@type": "ItemList", "itemListElement": [other, news("B")]}) == []
    assert headlines(other, news("C", url="https://courier.example/c")) == []
    assert headlines(news("X"), news("Dam holds"), titles=("Dam Holds!",))[0] == "Dam holds"


@pytest.mark.parametrize(
    "block",
    [
        '{"@type": "NewsArticle", "headline": "Dam // holds", /* why */ "a": [1, 2,],}',
        '<!-- {"@type": "NewsArticle", "headline": "Dam // holds"} -->',
        '//<![CDATA[\n{"@type": "NewsArticle", "headline": "Dam // holds"}\n//]]>',
        '{"@type": "NewsArticle", "headline": "Dam // holds"};',
        '{"@type": "WebSite"}{"@type": "NewsArticle", "headline": "Dam // holds"}',
        '{"@type": "NewsArticle", "headline": "Dam // holds", "description": "a\nb\t\\\'c"}',
        '{"@type": "NewsArticle", "headline": "Dam // holds"}'.replace('"', "&quot;"),
    ],
    ids=["commas", "comment", "cdata", "semicolon", "two", "newline", "entities"],
)
def test_json_ld_is_repaired(block: str) -> None:
    assert headlines(block) == ["Dam // holds"]


def test_values_of_any_shape_are_flattened() -> None:
    assert texts(["A &amp;amp; B", {"@value": "C"}, 7, None, True, " "]) == ["A & B", "C", "7"]


def test_a_name_may_stand_behind_a_reference() -> None:
    found = read_nodes(['{"@graph": [{"@id": "#ada", "@type": "Person", "name": "Ada Roe"}]}'])
    assert names([{"@id": "#ada"}, {"@id": "#nobody"}], found) == ["Ada Roe"]


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("By Ada Roe and Bo Lund", ["Ada Roe", "Bo Lund"]),
        ("Von Ada Roe und Bo Lund, Berlin", ["Ada Roe", "Bo Lund"]),
        ("Ada Roe, Senior Reporter | Bo Lund", ["Ada Roe", "Bo Lund"]),
        ("Ada Roe (ado), Bo Lund (blu)", ["Ada Roe", "Bo Lund"]),
        ("Por Ada Roe y Bo Lund", ["Ada Roe", "Bo Lund"]),
        ("Ada Roe and Bo Lund, dpa", ["Ada Roe", "Bo Lund", "dpa"]),
        ("Ada Roe 2 March 2026 7:15am", ["Ada Roe"]),
        ("Ada Roe Updated on March 2, 2026", ["Ada Roe"]),
        ("Dr. Ada Roe, PhD", ["Dr. Ada Roe"]),
        ("Associated Press", ["Associated Press"]),
        ("Ada Roe/Bo Lund Vale", ["Ada Roe", "Bo Lund Vale"]),
        ("Ada Roe, RN, BSN", ["Ada Roe"]),
        ("Ada Roe Ada Roe", ["Ada Roe"]),
        ("Autorin/Autor Ada Roe", ["Ada Roe"]),
        ("김아라 기자", ["김아라"]),
        ("記者：王小明", ["王小明"]),
        ("ar Calder Haven", []),
        ("Courier D", []),
        ("Posted on Thursday", []),
        ("Md Aynal Roe", ["Md Aynal Roe"]),
        ("Ada Roe, Sleep Consultant", ["Ada Roe"]),
        ("Ada Roe Updated by Bo Lund", ["Ada Roe"]),
        ("Harbour Stiftung e.V.", []),
        ("View all posts", []),
        ("X", []),
        ("Staff", []),
        ("World Desk", []),
        ("Editorial Team", []),
        ("Hafen-Redaktion", []),
        ("The Courier", []),
        ("Courier News", []),
        ("https://courier.example/ada", []),
        ("@adaroe", []),
        ("ada@courier.example", []),
        ("105092", []),
        ("", []),
    ],
)
def test_bylines_become_people(byline: str, expected: list[str]) -> None:
    assert people([byline], ["Courier"]) == tuple(expected)


def test_an_agency_is_an_author_also_at_home() -> None:
    assert people(["Associated Press"], ["The Associated Press"]) == ("Associated Press",)


def test_a_section_is_no_author() -> None:
    assert people(["World", "Ada Roe"], ["Courier", "World"]) == ("Ada Roe",)


def test_nobody_is_named_twice() -> None:
    assert people(["Ada Roe", "ADA ROE", "By Ada Roe"]) == ("Ada Roe",)


def title(*texts_of: str, own: tuple[str, ...] = ("The Courier", "courier.example")) -> str:
    origins = ("json-ld", "meta", "heading", "title")
    claims = [Claim(*claim) for claim in zip(origins, texts_of, strict=False) if claim[1]]
    shown = [claim.text for claim in claims if claim.origin == "heading"]
    return choose_title(claims, own, sections=["World"], shown=shown).text


@pytest.mark.parametrize(
    "shown",
    ["Dam holds | The Courier", "Dam holds - Courier", "Dam holds – courier.example | Courier",
     "The Courier | Dam holds", "Dam holds | Courier | 02.03.2026", "Dam holds"],
)  # fmt: skip
def test_the_name_of_the_site_leaves_the_title(shown: str) -> None:
    assert title("", shown) == "Dam holds"


def test_what_most_places_agree_on_is_the_title() -> None:
    assert title("", "Dam: live", "Dam holds", "Dam holds") == "Dam holds"
    assert title("A", "B", "C", "D") == "A"
    assert title("", "Dam holds - Levees - Courier", "Dam holds") == "Dam holds - Levees"
    assert title("", "", "Dam holds", "Dam holds - World - Courier") == "Dam holds"
    assert title("", "", "The Courier", "Dam holds") == "Dam holds"
    assert title() == ""


def test_json_ld_states_the_headline() -> None:
    assert title("Dam holds", "Dam: live", "Dam: all we know", "Dam: live") == "Dam holds"


def test_a_headline_for_search_engines_gives_way_to_the_one_all_others_show() -> None:
    assert title("Dam news", "Dam holds", "Dam holds", "Dam news | The Courier") == "Dam holds"
    assert title("Dam news", "Dam news", "Dam holds", "Dam holds") == "Dam news"


def test_a_headline_that_was_cut_is_made_whole() -> None:
    whole = (
        "The dam above Calder Haven holds although the river rose by two metres in one night " * 2
    )
    cut = whole[:108]
    assert title(cut, whole, "", whole) == whole.strip()


def test_a_section_leaves_the_title() -> None:
    assert title("", "Dam holds - World | Courier") == "Dam holds"
    assert title("", "Dam holds-World | Courier") == "Dam holds"
    assert title("", "Dam holds mid-world") == "Dam holds mid-world"


def test_a_quotation_mark_is_no_separator() -> None:
    assert title("", "«The dam holds» - Courier") == "«The dam holds»"
    assert title("", "Dam holds » Courier") == "Dam holds"


def test_a_dash_inside_of_a_headline_is_no_site() -> None:
    assert title("", "Dam holds - for now") == "Dam holds - for now"


ENGLISH = "The river rose by two metres on Monday and the town asked people to leave their homes."
RUSSIAN = "Река поднялась на два метра в понедельник, и город попросил жителей покинуть дома."
GERMAN = "Der Fluss stieg am Montag um zwei Meter, und die Stadt bat die Menschen, zu gehen."


@pytest.mark.parametrize(
    ("stated", "text", "expected"),
    [
        (["en-GB", "en_US"], ENGLISH, "en"),
        (["de"], ENGLISH, "de"),  # believed: one clear statement in a script that fits
        (["en", "de_DE"], GERMAN, "de"),  # they disagree: the text decides
        (["en"], RUSSIAN, "ru"),
        (["ru"], ENGLISH, "en"),
        ([], GERMAN, "de"),
        (["x-default", ""], GERMAN, "de"),
        (["jp"], "首相は火曜日、被災した住民への新たな支援策を発表した。" * 3, "ja"),
        ([], "12", None),
    ],
)
def test_the_stated_language_counts_unless_contradicted(
    stated: list[str], text: str, expected: str | None
) -> None:
    assert language(stated, text) == expected


KNOWN = outlet_table([Outlet(name="Courier", domains=("courier.example", "courier-news.example"))])


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ([], URL),
        (["/world/dam?utm_source=a"], "https://courier.example/world/dam"),
        (["https://m.courier.example/dam"], "https://m.courier.example/dam"),
        (["https://courier-news.example/dam"], "https://courier-news.example/dam"),
        (["https://wire.example.org/dam"], URL),  # a syndicated copy is an article of its own
        (["https://courier.example/"], URL),
        (["https://courier.example"], URL),
        (["", "https://courier.example/dam"], "https://courier.example/dam"),
        (["javascript:void(0)", "https://[broken"], URL),
    ],
)
def test_a_canonical_address_is_believed_within_the_outlet(
    stated: list[str], expected: str
) -> None:
    assert article_url(f"{URL}?utm_medium=feed#top", stated, KNOWN) == expected


def test_a_file_takes_the_address_it_states() -> None:
    assert article_url("file:a.html", ["https://wire.example.org/dam"], KNOWN) == (
        "https://wire.example.org/dam"
    )
    assert article_url("file:a.html", ["/dam"], KNOWN) is None
