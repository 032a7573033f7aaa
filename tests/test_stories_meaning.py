"""An embedding model as one more channel, here one that knows six things the news tells of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from invented_feed import content, feed, published, stamp

from pipeline.checking import check_draft
from pipeline.config import StorySettings
from pipeline.errors import ConfigError
from pipeline.records import Article, ArticleId, Extended, Opened
from pipeline.stories import Encoder, Frequencies, OpenWindow, assign, cluster_stories, similarities
from pipeline.stories.meaning import DIMENSIONS, meanings
from pipeline.stories.vectors import TERMS, vectorize

THINGS = (
    {"flood", "floods", "river", "water", "inundated", "sorrel"},
    {"bank", "rate", "interest", "krone", "governor"},
    {"ferry", "boat", "vessel", "pier", "quay"},
    {"strike", "walkout", "union", "crews"},
    {"cup", "match", "striker", "final"},
    {"fire", "blaze", "flames", "burned"},
)
FLOOD = "Floods drove 300 people from their homes in Aldern."
WATER = "Residents fled as water inundated streets overnight."
BANK = "The central bank of Norland left its key rate at 4.25 percent."
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def understand(texts: Sequence[str]) -> np.ndarray:
    """Return which things are told of, less what any text tells: some numbers are below 0."""
    found = np.array(
        [[sum(w.strip(".,").lower() in t for w in text.split()) for t in THINGS] for text in texts],
        dtype=np.float32,
    )
    return found.clip(max=2) - 0.25


def report(name: str, text: str, hours: float = 0.0) -> Article:
    instant = NOON + timedelta(hours=hours)
    return Article(
        article_id=ArticleId(name), text=text, title="", lang="en", published=stamp(instant)
    )


texts = st.lists(st.one_of(st.text(max_size=60), st.sampled_from([FLOOD, WATER])), max_size=6)


@given(texts)
def test_vectors_have_length_1_or_0_with_an_embedding_too(found: list[str]) -> None:
    articles = [report(f"a{n}", text) for n, text in enumerate(found)]
    for vector in vectorize(articles, Frequencies(), NOON, encode=understand)[0]:
        length = float(np.linalg.norm(vector.weights.astype(np.float64)))
        assert length == pytest.approx(1, abs=1e-5) if len(vector.terms) else length == 0
        assert (np.diff(vector.terms.astype(np.int64)) > 0).all()
        assert (vector.terms < TERMS + DIMENSIONS).all()
        assert (vector.weights[vector.terms < TERMS] > 0).all()


@pytest.mark.parametrize("size", [6, 384, 2000])
def test_a_model_of_any_size_gives_the_cube_of_its_cosine(size: int) -> None:
    chance = np.random.default_rng(size)
    known = chance.normal(size=(12, size))
    known[6:] = known[:6] + chance.normal(size=(6, size)) * np.linspace(0.1, 2, 6)[:, None]
    articles = [report(f"a{n:02}", FLOOD) for n in range(12)]
    found = meanings(articles, lambda _: known.astype(np.float32))
    unit = known / np.linalg.norm(known, axis=1, keepdims=True)
    error = found @ found.T - (unit @ unit.T) ** 3
    assert found.shape == (12, DIMENSIONS)
    assert np.abs(error).max() < 0.25
    assert np.sqrt((error**2).mean()) < 0.06


def test_two_reports_in_different_words_are_more_alike_with_a_model() -> None:
    flood, water, bank = (report(n, t) for n, t in (("a", FLOOD), ("b", WATER), ("c", BANK)))
    plain = similarities(flood, [water, bank])
    found = similarities(flood, [water, bank], encode=understand)
    assert found["b"] > plain["b"] + 0.1
    assert found["c"] <= plain["c"]


def test_a_model_that_has_no_answer_leaves_words_as_they_are() -> None:
    articles = [report("a", FLOOD), report("b", WATER)]
    plain, silent = (
        vectorize(articles, Frequencies(), NOON, encode=encode)[0]
        for encode in (None, lambda texts: np.zeros((len(texts), 8), dtype=np.float32))
    )
    assert [v.weights.tolist() for v in silent] == [v.weights.tolist() for v in plain]


def test_the_model_reads_the_title_and_what_is_kept_of_the_text() -> None:
    read: list[str] = []

    def listen(texts: Sequence[str]) -> np.ndarray:
        read.extend(texts)
        return understand(texts)

    article = Article(article_id=ArticleId("a"), title="Floods in Aldern", text=FLOOD)
    vectorize([article], Frequencies(), None, encode=listen)
    assert read == [f"Floods in Aldern\n{FLOOD}"]


def test_terms_that_two_reports_share_are_words_that_they_have() -> None:
    articles = [report("a", FLOOD), report("b", f"{FLOOD} {WATER}", hours=1)]
    changes = assign(articles, OpenWindow(encode=understand), StorySettings(), NOON).changes
    (opened,) = changes
    assert isinstance(opened, Opened)
    for member in opened.members:
        assert member.shared_terms
        assert {term.lower() for term in member.shared_terms} <= {
            word.strip(".").lower() for word in FLOOD.split()
        }


def test_the_fold_and_the_draft_check_ask_the_model_of_the_window() -> None:
    text = "Residents of Aldern fled as water inundated streets overnight."
    first, second = report("a", FLOOD), report("b", text, hours=1)
    now = NOON + timedelta(hours=1)

    def joined(encode: Encoder | None) -> int:
        window = assign([first], OpenWindow(encode=encode), StorySettings(), NOON).window
        changes = assign([second], window, StorySettings(), now).changes
        return sum(isinstance(change, Extended) for change in changes)

    assert (joined(None), joined(understand)) == (0, 1)
    draft = Article(article_id=ArticleId("draft"), text=text, lang="en")
    assert check_draft(draft, [first]).verdict == "new"
    assert check_draft(draft, [first], encode=understand).verdict == "same_story"


def test_four_days_in_one_run_are_four_days_in_many_with_a_model_too() -> None:
    articles = feed(5, size=24)
    outcomes = []
    for size in (24, 1):
        window = OpenWindow(encode=understand)
        parts = [articles[start : start + size] for start in range(0, 24, size)]
        for part in parts:
            window = assign(part, window, StorySettings(), published(part[-1])).window
        outcomes.append({v.article_id: v.terms.tolist() for v in window.neighbours.vectors})
    assert outcomes[0] == outcomes[1]


def test_the_order_of_the_articles_changes_nothing_with_a_model() -> None:
    articles = feed(6, size=20)
    one, other = (cluster_stories(batch, encode=understand) for batch in (articles, articles[::-1]))
    assert one == other
    windows = [
        assign(batch, OpenWindow(encode=understand), StorySettings(), published(articles[-1]))
        for batch in (articles, articles[::-1])
    ]
    assert content(windows[0].window) == content(windows[1].window)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.ones((2, 3, 8), dtype=np.float32), r"2 texts with an array of shape \(2, 3, 8\)"),
        (np.ones((1, 8), dtype=np.float32), r"2 texts with an array of shape \(1, 8\)"),
        (np.full((2, 8), np.nan, dtype=np.float32), "not finite"),
    ],
    ids=["deep", "short", "nan"],
)
def test_a_model_that_cannot_be_used_is_a_setting_to_mend(answer: np.ndarray, message: str) -> None:
    articles = [report("a", FLOOD), report("b", WATER)]
    with pytest.raises(ConfigError, match=message) as caught:
        vectorize(articles, Frequencies(), NOON, encode=lambda _: answer)
    assert "set stories.embeddings" in str(caught.value)
