"""Names that last."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.identity import article_id, canonical_url, story_id
from pipeline.records import ArticleId

KNOWN = "https://www.harbour-courier.example/2026/ferry?id=3"


@pytest.mark.parametrize(
    "spelling",
    [
        "https://www.harbour-courier.example/2026/ferry?id=3",
        "http://www.harbour-courier.example/2026/ferry?id=3",
        "https://WWW.Harbour-Courier.EXAMPLE:443/2026/ferry?id=3",
        "https://www.harbour-courier.example/2026/ferry?id=3#comments",
        "https://www.harbour-courier.example/2026/ferry?utm_source=feed&id=3&utm_medium=rss",
        "  https://www.harbour-courier.example./2026/ferry?id=3 ",
        "https://www.google.co.uk/amp/s/www.harbour-courier.example/2026/ferry?id=3&amp=1",
        "https://www-harbour-courier-example.cdn.ampproject.org/v/s/www.harbour-courier.example/2026/ferry?outputType=amp&id=3",
        "https://a-b.cdn.ampproject.org/c/google.com/amp/s/www.harbour-courier.example/2026/ferry?id=3",
    ],
)
def test_spellings_of_one_address_are_one_article(spelling: str) -> None:
    assert canonical_url(spelling) == KNOWN


@pytest.mark.parametrize("text", ["", "javascript:void(0)", "mailto:a@b.example", "/2026/ferry"])
def test_what_is_no_web_address_has_no_canonical_form(text: str) -> None:
    assert canonical_url(text) is None


@given(
    st.text()
    | st.lists(
        st.sampled_from(["google.com/amp/", "a.cdn.ampproject.org/c/", "s/", "x.example/y", "?amp"])
    ).map(lambda parts: "https://" + "".join(parts))
)
def test_any_text_has_a_canonical_form_or_none(text: str) -> None:
    found = canonical_url(text)
    assert found is None or canonical_url(found) == found


def test_an_article_is_known_by_its_address_and_without_one_by_its_words() -> None:
    assert article_id(KNOWN, "Ferry", "one") == article_id(KNOWN, "Ferry", "two")
    assert article_id(None, "Ferry", "one") != article_id(None, "Ferry", "two")


def test_names_carry_their_scheme_and_do_not_change() -> None:
    assert article_id(KNOWN, "", "") == "a1-1e0cfa1810a9bb135639"
    assert story_id(ArticleId("a1-1e0cfa1810a9bb135639")) == "s1-8da88bbe3ba4bef9566e"
