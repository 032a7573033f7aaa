"""Who wrote it: stated in markup, shown above the text, or named at its end."""

from __future__ import annotations

import json

import pytest

from pipeline.extract.authors import personal_sites, read_authors
from pipeline.extract.body import parse
from pipeline.extract.parts import PageParts, take_apart
from pipeline.extract.people import people

URL = "https://courier.example/world/dam-holds"


def parts(body: str, **linked: object) -> PageParts:
    node = {"@type": "NewsArticle", "headline": "Dam holds", **linked}
    script = f'<script type="application/ld+json">{json.dumps(node)}</script>' if linked else ""
    page = f"<html><head>{script}</head><body>{body}</body></html>"
    return take_apart(parse(page, 10_000), URL)


def authors(body: str, lang: str = "en", **linked: object) -> tuple[str, ...]:
    return read_authors(parts(body, **linked), ["Courier"], lang)[0]


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("View all posts by Ada Roe", ["Ada Roe"]),
        ("Alle Beiträge von Ada Roe", ["Ada Roe"]),
        ("Interview: Ada Roe", ["Ada Roe"]),
        ("Authors: Ada Roe, Bo Lund", ["Ada Roe", "Bo Lund"]),
        ("Posted on March 3, 2026 by Ada Roe", ["Ada Roe"]),
        ("Ada Roe am Samstag", ["Ada Roe"]),
        ("Ada Roe - Product marketer", ["Ada Roe"]),
        ("Ada Roe THE COURIER", ["Ada Roe"]),
        ("Ada Roe Foto: Bo Lund", ["Ada Roe"]),
        ("Ada Roe Ada Roe Ada Roe", ["Ada Roe"]),
        ("王小明、李大文", ["王小明", "李大文"]),
        ("Member Login", []),
        ("Categories: World", []),
    ],
)
def test_labels_roles_and_buttons_are_no_part_of_a_name(byline: str, expected: list[str]) -> None:
    assert list(people([byline], ["The Courier"])) == expected


def test_a_family_that_an_outlet_is_called_after_keeps_its_name() -> None:
    assert people(["Ludwig van Beek"], ["beek"]) == ("Ludwig van Beek",)


@pytest.mark.parametrize(
    "line", ["<p>By Ada Roe</p>", "<p>by: <b>Ada Roe</b>, 3 March 2026</p>"], ids=["bare", "parts"]
)
def test_a_line_by_somebody_next_to_the_headline_needs_no_mark(line: str) -> None:
    assert authors(f"<h1>Dam holds</h1>{line}<p>The dam held all night.</p>") == ("Ada Roe",)
    text = "<h1>Dam holds</h1><p>By noon the river had fallen.</p>"
    assert authors(text) == ()


def test_a_line_by_somebody_counts_more_than_a_button_in_a_marked_place() -> None:
    page = '<span class="author-menu">World News</span><h1>Dam holds</h1><p>By Ada Roe</p>'
    assert authors(page) == ("Ada Roe",)


def test_a_site_may_be_called_after_its_author() -> None:
    person = {"@type": ["Person", "Organization"], "name": "Ada Roe"}
    assert personal_sites(parts("", publisher=person)) == {"Ada Roe"}
    company = {"@type": "Organization", "name": "Courier"}
    assert personal_sites(parts("", publisher=company)) == frozenset()


def test_who_edited_an_article_did_not_write_it() -> None:
    page = (
        '<h1>Dam holds</h1><div class="author-2">Ada Roe</div><p>The dam held.</p>'
        '<p>Editor : <a class="author">Bo Lund</a></p>'
    )
    editor = {"@type": "Person", "name": "Bo Lund"}
    assert authors(page, author=editor) == ("Ada Roe",)
    assert authors("<p>The dam held.</p><p>Editor: Bo Lund</p>", author=editor) == ("Bo Lund",)
    assert authors(page, author=[editor, {"@type": "Person", "name": "Cy Moe"}])[0] == "Bo Lund"


def test_an_account_becomes_the_name_that_the_page_shows() -> None:
    page = '<h1>Dam holds</h1><span class="byline">Ada Roe</span>'
    assert authors(page, author="adaroe") == authors(page, author="Ada") == ("Ada Roe",)
    assert authors(page, author="Bo") == ("Bo",)
    assert authors('<span class="byline">AFP Ticker</span>', author="AFP") == ("AFP",)


def test_the_editor_in_charge_of_a_chinese_article_counts_where_nobody_else_is_named() -> None:
    page = "<h1>大坝</h1><p>大坝昨夜安然无恙。</p><div>(责编：王小明、李大文)</div>"
    assert authors(page, lang="zh") == ("王小明", "李大文")
    assert authors(page, lang="zh", author="陈明") == ("陈明",)
