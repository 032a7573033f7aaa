"""Is this the same story? The draft's answer, with the words that show it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import pipeline
from pipeline.checking import check_draft
from pipeline.records import Article, Span, StoryId

FERRY = (
    "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning.\n"
    "Fourteen people were taken to hospital, harbour master Una Rathbone said.\n"
    "The pier will stay closed until divers have looked at its piles, which may take a week."
)
FERRY_RETOLD = (
    "Fourteen passengers of the Lady Ismay were hurt when the ferry hit Mercer Pier on Monday.\n"
    "Harbour master Una Rathbone has closed the pier at Calder Haven for divers."
)
WHEAT = (
    "Wheat closed higher in Chicago on Tuesday as frost was forecast for the southern plains.\n"
    "Traders said export sales had been stronger than expected for the third week in a row."
)
Build = Callable[..., Article]


@pytest.fixture
def known(article: Build) -> list[Article]:
    return [
        article("ferry", FERRY, title="Ferry hits Mercer Pier", lang="en"),
        article("retold", FERRY_RETOLD, title="Lady Ismay hits pier", lang="en"),
        article("wheat", WHEAT, title="Wheat closes higher", lang="en"),
    ]


STORIES = {"ferry": StoryId("s1-f"), "retold": StoryId("s1-f"), "wheat": StoryId("s1-w")}


def texts(draft: Article, spans: tuple[Span, ...]) -> list[str]:
    return [draft.text[span.start : span.end] for span in spans]


def test_a_copy_is_named_with_its_story_and_the_words_it_shares(
    article: Build, known: list[Article]
) -> None:
    draft = article("draft", FERRY.upper())
    answer = check_draft(draft, known, STORIES)
    assert (answer.verdict, answer.story_id, answer.nearest) == ("exact_copy", "s1-f", "ferry")
    assert answer.confidence == 1.0
    source, passage = answer.shared[0]
    assert source == "ferry"
    assert draft.text[passage.in_a.start : passage.in_a.end].startswith("THE FERRY LADY ISMAY")
    assert answer.novel == ()


def test_a_part_of_an_article_is_contained_in_it(article: Build, known: list[Article]) -> None:
    answer = check_draft(article("draft", FERRY.splitlines()[2]), known, STORIES)
    assert (answer.verdict, answer.nearest) == ("contained_in", "ferry")


def test_own_words_on_the_same_event_are_the_same_story_and_what_is_new_is_shown(
    article: Build, known: list[Article]
) -> None:
    new = "The operator, Sarn Lines, offered free bus travel to islanders."
    draft = article(
        "draft",
        "Harbour master Una Rathbone said 14 people from the ferry Lady Ismay went to hospital "
        f"after it hit Mercer Pier in Calder Haven on Monday. {new}",
        title="Ferry Lady Ismay hits Mercer Pier",
    )
    answer = check_draft(draft, known, STORIES)
    assert (answer.verdict, answer.story_id) == ("same_story", "s1-f")
    assert new in texts(draft, answer.novel)


def test_another_subject_is_new(article: Build, known: list[Article]) -> None:
    draft = article("draft", "The opera house in Arnholt names a new conductor from Norway.")
    answer = check_draft(draft, known, STORIES)
    assert (answer.verdict, answer.story_id, answer.shared) == ("new", None, ())
    assert texts(draft, answer.novel) == [draft.text]


def test_what_the_draft_says_twice_is_said_and_is_not_news(
    article: Build, known: list[Article]
) -> None:
    draft = article("draft", f"{WHEAT}\n{WHEAT}")
    answer = check_draft(draft, known, STORIES)
    assert [r.copy_of for r in answer.repeats] == [Span(0, 88), Span(89, len(WHEAT))]
    assert answer.verdict == "exact_copy"
    assert answer.novel == ()


def test_a_sentence_that_comes_back_with_another_figure_is_pointed_out(article: Build) -> None:
    told = "The ferry that hit the pier carried 161 passengers and a crew of nine, police said."
    draft = article("draft", f"{told}\nDivers are at work.\n{told.replace('161', '163')}")
    (near,) = check_draft(draft, []).near_repeats
    assert (near.here, near.there, near.reason) == (("163",), ("161",), "figure")


def test_without_anything_known_every_draft_is_new(article: Build) -> None:
    answer = check_draft(article("draft", WHEAT), [])
    assert (answer.verdict, answer.nearest, answer.confidence) == ("new", None, 0.0)


def test_stories_are_made_on_the_way_where_none_are_given(
    article: Build, known: list[Article]
) -> None:
    answer = check_draft(article("draft", FERRY), known)
    assert answer.story_id is not None


def test_the_order_of_what_is_known_does_not_matter(article: Build, known: list[Article]) -> None:
    draft = article("draft", FERRY_RETOLD + " " + WHEAT.splitlines()[0])
    assert check_draft(draft, known, STORIES) == check_draft(draft, known[::-1], STORIES)


def test_every_public_name_can_be_imported_and_no_other() -> None:
    for name in pipeline.__all__:
        assert getattr(pipeline, name).__doc__
    with pytest.raises(AttributeError, match="no public name"):
        pipeline.__getattr__("find_everything")
