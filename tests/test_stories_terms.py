"""Words, stems, names and numbers of articles in any script."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.records import Article, RemovedSpan
from pipeline.stories.background import background
from pipeline.stories.terms import article_terms, language, stemmer, surfaces, tokens

Build = Callable[..., Article]


def surface_forms(text: str) -> list[str]:
    return [token.surface for token in tokens(text, str)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We’ve seen O'Brien's dog.", ["We", "seen", "Brien", "dog"]),
        ("4.25 percent of 1,200", ["4.25", "percent", "of", "1,200"]),
        ("लोगों की मौत।", ["लोगों", "की", "मौत"]),
        ("東京で2025年", ["東京", "京で", "2025", "年"]),
        ("Mac\u200bron spoke", ["Macron", "spoke"]),
        ("", []),
    ],
    ids=["apostrophes", "numbers", "vowel signs", "no spaces", "zero width", "nothing"],
)
def test_words_are_cut_as_a_reader_would(text: str, expected: list[str]) -> None:
    assert surface_forms(text) == expected


def test_a_capital_makes_a_name_only_inside_a_sentence() -> None:
    text = "Rescuers left Aldern at 9. Boats came. “Nobody knew,” Hanna Bricke said."
    names = [token.surface for token in tokens(text, str) if token.is_name]
    assert names == ["Aldern", "9", "Hanna", "Bricke"]


def test_thousands_are_the_same_number_however_they_are_parted() -> None:
    stems = {token.stem for token in tokens("1,200 1.200 1200", str)}
    assert stems == {"1200"}


def test_a_title_in_title_case_gives_no_names(article: Build) -> None:
    shouting = article("a", title="Hundreds Flee Floods In Aldern")
    plain = article("a", title="Hundreds flee floods in Aldern")
    assert article_terms(shouting, str).names == ()
    assert article_terms(plain, str).names == ("aldern",)


def test_removed_spans_count_for_nothing(article: Build) -> None:
    text = "Floods hit Aldern.\nRead more on our site."
    removed = (RemovedSpan(start=19, end=len(text), reason="repeated"),)
    assert article_terms(article("a", text, removed=removed), str).words == (
        "floods",
        "hit",
        "aldern",
    )


def test_stems_follow_the_language(article: Build) -> None:
    assert stemmer("en")("floods") == stemmer("en")("flooded") == "flood"
    assert stemmer("xx")("floods") == "floods"
    assert language(article("a", lang="nb")) == "no"
    assert language(article("a")) == "en"


def test_the_usual_form_of_a_word_is_shown(article: Build) -> None:
    text = "Floods came. Nobody expected floods. Flooding in Aldern was new. Aldern waits."
    forms = surfaces(article("a", text, lang="en"))
    assert (forms["flood"], forms["aldern"]) == ("floods", "Aldern")


def test_the_background_knows_common_from_rare() -> None:
    english = background("en")
    assert english.share("the") > 0.5 > english.share("flood") > english.share("qqqq") > 0
    assert background("fr").share("dan") > background("fr").share("aldern")
    assert 0 < background("no such language").share("the") < 0.01
