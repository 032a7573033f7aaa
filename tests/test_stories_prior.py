"""How common one story is, estimated from the scores of pairs that nobody labelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipeline.stories.prior import ScoreCounts, prior_shift

scores = st.lists(st.floats(-30, 30), max_size=60)


def shift(found: Sequence[float] | NDArray[np.float64]) -> float:
    return prior_shift(ScoreCounts().plus(np.asarray(found, dtype=np.float64)))


def test_no_pairs_say_nothing() -> None:
    assert shift([]) == 0


def test_a_few_pairs_say_little() -> None:
    assert shift([-3.0, 4.0, -2.5]) == pytest.approx(0, abs=0.05)


def test_the_more_pairs_are_alike_by_chance_the_less_a_likeness_says() -> None:
    probable = np.full(500, 4.0)
    quiet, crowded = (np.concatenate([probable, np.full(n, -4.0)]) for n in (5_000, 200_000))
    assert shift(crowded) < shift(quiet) - 1


def test_the_share_of_a_large_collection_is_found() -> None:
    # Scores of the two kinds as a calibrated judge would give them where 12 % are of one story.
    random = np.random.default_rng(0)
    kinds = random.random(400_000) < 0.02
    evidence = np.where(kinds, 6.0, -6.0) + random.normal(0, np.sqrt(12), len(kinds))
    found = shift(evidence + np.log(0.12 / 0.88))
    share = 1 / (1 + np.exp(-found - np.log(0.25 / 0.75)))
    assert share == pytest.approx(0.02, rel=0.25)


@given(scores, st.randoms())
def test_the_order_of_pairs_changes_nothing(found: list[float], random: object) -> None:
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert shift(mixed) == shift(found)


@given(scores)
def test_a_shift_is_a_number(found: list[float]) -> None:
    assert np.isfinite(shift(found))


@given(scores, scores)
def test_pairs_counted_in_two_runs_are_those_of_one(one: list[float], other: list[float]) -> None:
    twice = ScoreCounts().plus(np.array(one)).plus(np.array(other))
    assert prior_shift(twice) == shift(one + other)


@given(scores)
def test_what_has_faded_to_nothing_says_nothing(found: list[float]) -> None:
    assert prior_shift(ScoreCounts().plus(np.array(found)).times(0)) == 0


def test_the_pairs_of_last_week_say_less_than_those_of_today() -> None:
    crowded = ScoreCounts().plus(np.full(200_000, -4.0))
    assert prior_shift(crowded) < prior_shift(crowded.times(0.01)) < 0
