"""The probability that two articles cover one event, and what it is made of."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import StorySettings
from pipeline.records import Article, ArticleId
from pipeline.stories import ScoreCounts, TermVector, cluster_stories, known_articles
from pipeline.stories.context import similarities_in_context
from pipeline.stories.neighbours import Found, Neighbours, compare
from pipeline.stories.pair_score import (
    Pairs,
    PairWeights,
    compared,
    link_threshold,
    links,
    scored,
    shift_of,
)

HOURS = 96.0


def vector(
    name: str, weights: np.ndarray, hour: float = 0.0, outlet: str | None = None
) -> TermVector:
    """Return an article that has these terms, by their weights, scaled to length 1."""
    unit = (weights / np.linalg.norm(weights)).astype(np.float32)
    terms = np.flatnonzero(unit).astype(np.uint32)
    return TermVector(
        article_id=ArticleId(name),
        first=hour,
        last=hour,
        is_dated=True,
        outlet=outlet,
        terms=terms,
        weights=unit[terms],
    )


def all_of(vectors: np.ndarray) -> tuple[Neighbours, Found]:
    rows = [vector(f"a{number:03}", row) for number, row in enumerate(vectors)]
    return compare(known_articles(), rows, HOURS)


def expanded(vectors: np.ndarray) -> np.ndarray:
    """Mix each unit vector with its three nearest, in the obvious way, and compare all."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = np.round(unit @ unit.T, 6)
    np.fill_diagonal(alike, 0)
    mixed = []
    for row, similar in enumerate(alike):
        nearest = sorted(range(len(unit)), key=lambda c: (-similar[c], c))[:3]
        nearest = [c for c in nearest if similar[c] >= 0.25]
        total = sum(similar[c] for c in nearest)
        mixed.append(unit[row] + sum(0.5 * similar[c] / total * unit[c] for c in nearest))
    both = np.array(mixed)
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    return both @ both.T


@given(st.integers(2, 9), st.integers(0, 10**6))
def test_similarity_in_context_is_the_cosine_of_mixed_vectors(size: int, seed: int) -> None:
    # Drawn at random, as no two similarities may be equal but for their last digit.
    random = np.random.default_rng(seed)
    vectors = random.random((size, 5)) * (random.random((size, 5)) > 0.4) + 0.01
    every, _ = all_of(vectors)
    rows, cols = np.triu_indices(len(vectors), 1)
    found = similarities_in_context(every, rows, cols)
    assert found == pytest.approx(expanded(vectors)[rows, cols], abs=5e-6)


def test_two_reports_with_few_words_in_common_meet_in_a_third() -> None:
    # The first and the last share little but what each has in common with the middle one.
    chain = np.array([[2, 2, 0, 0.5], [0, 2, 2, 0], [0, 0, 2, 2], [1, 0, 0, 9]])
    every, found = all_of(chain)
    pairs = compared(every, found.near)
    place = list(zip(pairs.rows.tolist(), pairs.cols.tolist(), strict=True)).index((2, 0))
    assert pairs.in_context[place] > pairs.similarity[place]


def test_the_more_alike_two_articles_are_the_more_probable_is_one_story() -> None:
    steps = np.linspace(0, 1, 11)
    rows = np.zeros(11, dtype=np.int64)
    odds = scored(Pairs(rows + 1, rows, steps, steps, np.zeros(11)))
    odds += shift_of(ScoreCounts())
    assert (np.diff(odds) > 0).all()
    assert odds[0] < -3
    assert odds[-1] > 3


def test_links_are_symmetric_and_only_between_pairs_with_some_evidence() -> None:
    rows, cols = np.array([1, 2]), np.array([0, 0])
    pairs = Pairs(rows, cols, np.array([0.9, 0.05]), np.zeros(2), np.zeros(2))
    odds = scored(pairs, PairWeights(10.0, 0.0, 0.0, -5.0))
    found = links(pairs.rows, pairs.cols, odds, 3).toarray()
    assert (found == found.T).all()
    assert found[0, 1] == pytest.approx(7, abs=0.1)
    assert np.count_nonzero(found) == 2


@pytest.mark.parametrize(("probability", "expected"), [(0.0, 0.0), (0.5, 3.0), (1.0, math.inf)])
def test_a_threshold_is_a_probability(probability: float, expected: float) -> None:
    assert link_threshold(probability) == expected


def test_a_higher_threshold_never_makes_fewer_stories() -> None:
    texts = [f"Flood in Aldern, mayor {name} said on day {n}" for n, name in enumerate("ABCDEF")]
    articles = [Article(article_id=ArticleId(str(n)), text=text) for n, text in enumerate(texts)]
    counts = [
        len({one.story_id for one in cluster_stories(articles, StorySettings(threshold=least))})
        for least in (0.0, 0.2, 0.5, 0.9, 1.0)
    ]
    assert counts == sorted(counts)
    assert counts[-1] == len(articles)


def test_a_story_that_everybody_covers_stays_one() -> None:
    # Two hundred outlets rewrite one event, each with three of some thirty details.
    event = "The dredger and the tug that collide in fog off Aldern harbour: crew rescued by Lindt."
    articles = [
        Article(
            article_id=ArticleId(f"{n:03}"),
            lang="en",
            text=f"{event} " + " ".join(f"detail{n * step % 31}" for step in (1, 7, 11)),
        )
        for n in range(200)
    ]
    assert len({one.story_id for one in cluster_stories(articles)}) == 1
