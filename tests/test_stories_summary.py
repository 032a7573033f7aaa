"""Key terms, summaries and titles of stories."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import Article, RemovedSpan, SummarySentence
from pipeline.stories import choose_title, key_terms, summarize

Build = Callable[..., Article]

LEAD = "A fire destroyed the market hall of Brennick on Friday night, mayor Joana Pell said."
CAUSE = "Investigators believe that a faulty cable in the bakery started the blaze."
PLAN = "Brennick will rebuild the hall by spring, Joana Pell promised the traders."
WEATHER = "It will be sunny with a light wind from the west at the weekend."


@pytest.fixture
def story(article: Build) -> list[Article]:
    return [
        article("a", f"{LEAD}\n{CAUSE}\n{WEATHER}", title="Fire destroys market hall in Brennick"),
        article("b", f"{LEAD}\n{PLAN}\nMore to follow", title="Brennick fire"),
        article("c", f"Brennick's market hall burned down on Friday.\n{CAUSE}", title="Live"),
    ]


def text_of(story: list[Article], sentence: SummarySentence) -> str:
    (source,) = [one for one in story if one.article_id == sentence.article_id]
    return source.text[sentence.span.start : sentence.span.end]


def test_key_terms_are_words_a_reader_knows(story: list[Article]) -> None:
    terms = dict(key_terms(story, 12))
    assert {"Brennick", "Joana Pell", "hall", "market"} <= terms.keys()
    assert "the" not in terms
    assert max(terms.values()) == 1.0
    assert all(0 < weight <= 1 for weight in terms.values())
    assert list(terms.values()) == sorted(terms.values(), reverse=True)


def test_a_name_of_two_words_is_not_listed_word_by_word(story: list[Article]) -> None:
    terms = [term for term, _ in key_terms(story, 50)]
    assert not {"Joana", "Pell"} & set(terms)


def test_a_summary_is_made_of_whole_sentences_that_differ(story: list[Article]) -> None:
    chosen = [text_of(story, sentence) for sentence in summarize(story)]
    assert len(chosen) == len(set(chosen)) == 3
    assert chosen[0] == LEAD
    assert CAUSE in chosen
    assert "More to follow" not in chosen


def test_a_sentence_that_all_outlets_share_is_told_once(article: Build) -> None:
    copies = [article(name, f"{LEAD}\n{CAUSE}") for name in "abc"]
    assert [text_of(copies, s) for s in summarize(copies)] == [LEAD, CAUSE]


def test_removed_spans_are_no_summary(article: Build) -> None:
    removed = (RemovedSpan(start=0, end=len(LEAD), reason="repeated"),)
    one = article("a", f"{LEAD}\n{CAUSE}", removed=removed)
    assert [text_of([one], sentence) for sentence in summarize([one])] == [CAUSE]


def test_a_bullet_is_no_part_of_a_sentence(article: Build) -> None:
    one = article("a", f"• {LEAD}")
    assert [text_of([one], sentence) for sentence in summarize([one])] == [LEAD]


def test_a_fragment_is_better_than_no_summary(article: Build) -> None:
    one = article("a", "Fire in Brennick market hall")
    assert [text_of([one], sentence) for sentence in summarize([one])] == [one.text]


def test_the_title_that_tells_most_is_chosen(story: list[Article]) -> None:
    assert choose_title(story) == "a"


def test_without_titles_the_first_article_is_taken(story: list[Article]) -> None:
    assert choose_title([replace(one, title="") for one in story]) == "a"


def test_a_story_without_articles_has_no_title() -> None:
    with pytest.raises(ValueError, match="at least one article"):
        choose_title([])


def test_nothing_is_said_about_nothing(article: Build) -> None:
    assert key_terms([]) == ()
    assert summarize([]) == ()
    assert key_terms([article("a")]) == ()
    assert summarize([article("a")]) == ()


def test_the_order_of_articles_changes_nothing(story: list[Article]) -> None:
    backwards = story[::-1]
    assert key_terms(backwards) == key_terms(story)
    assert summarize(backwards) == summarize(story)
    assert choose_title(backwards) == choose_title(story)


@given(st.lists(st.text(max_size=120), min_size=1, max_size=4), st.integers(0, 4))
def test_summaries_point_into_the_text_whatever_it_is(texts: list[str], n: int) -> None:
    articles = [
        Article(article_id=f"a{i}", title=text[:20], text=text) for i, text in enumerate(texts)
    ]
    sentences = summarize(articles, n)
    assert len(sentences) <= n
    assert len(key_terms(articles, n)) <= n
    for sentence in sentences:
        assert text_of(articles, sentence).strip() == text_of(articles, sentence) != ""
    assert choose_title(articles) in {one.article_id for one in articles}
