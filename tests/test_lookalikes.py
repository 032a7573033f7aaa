"""Letters of other scripts in the place of Latin ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.lookalikes import unmasked
from pipeline.near_duplicates import relate, shared_passages
from pipeline.records import Article, ArticleId
from pipeline.text import normalize

DAM = (
    "The dam above Arnholt held through the night, the water board said on Sunday, after two days "
    "of rain had filled the lake to within a hand of its rim. Some 2,400 people spent the night in "
    "two schools and a sports hall on the hill."
)
MASKS = str.maketrans("aceopxyAEHKMOPT", "асеорхуАЕНКМОРТ")
RUSSIAN = "Плотина выше города выдержала ночь, сообщила служба, а вода стоит у самого края."


@pytest.mark.parametrize(
    "copy", [DAM.translate(MASKS), DAM.replace("a", "а"), DAM.upper().translate(MASKS)]
)
def test_a_copy_in_masked_letters_is_the_same_text(copy: str) -> None:
    texts = {"a": DAM, "b": copy}
    articles = [Article(article_id=ArticleId(k), text=text) for k, text in texts.items()]
    (one,) = relate(articles)
    assert one.relation == "exact_copy"
    assert len(shared_passages(DAM, copy)) == 1


def test_letters_with_marks_are_no_reason_to_leave_a_word_masked() -> None:
    assert unmasked("c\u0430fé d\u0430m") == "café dam"


def test_latin_letters_in_a_cyrillic_text_become_cyrillic() -> None:
    masked = RUSSIAN.translate(str.maketrans("аеор", "aeop"))
    assert normalize(masked) == normalize(RUSSIAN)


@pytest.mark.parametrize(
    "text",
    [
        RUSSIAN,
        "Σήμερα, η φράξια άντεξε",
        "5 μm of dust",
        "the α-test",
        "Владивосток and Vladivostok",
    ],
)
def test_text_without_mixed_words_stays_as_it_is(text: str) -> None:
    assert unmasked(text.casefold()) == text.casefold()


@given(st.text(st.sampled_from("abco оасвβα1_-é东"), max_size=40))
def test_unmasking_keeps_every_letter_in_its_place_and_twice_is_once(text: str) -> None:
    once = unmasked(text)
    assert len(once) == len(text)
    assert unmasked(once) == once
