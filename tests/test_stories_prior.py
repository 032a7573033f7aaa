"""How common one story is, estimated from the scores of pairs that nobody labelled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.stories.prior import prior_shift

scores = st.lists(st.floats(-30, 30), max_size=60)


def test_no_pairs_say_nothing() -> None:
    assert prior_shift(np.array([])) == 0


def test_a_few_pairs_say_little() -> None:
    assert prior_shift(np.array([-3.0, 4.0, -2.5])) == pytest.approx(0, abs=0.05)


def test_the_more_pairs_are_alike_by_chance_the_less_a_likeness_says() -> None:
    probable = np.full(500, 4.0)
    quiet, crowded = (np.concatenate([probable, np.full(n, -4.0)]) for n in (5_000, 200_000))
    assert prior_shift(crowded) < prior_shift(quiet) - 1


def test_the_share_of_a_large_collection_is_found() -> None:
    # Scores of the two kinds as a calibrated judge would give them where 3 % are of one story.
    random = np.random.default_rng(0)
    kinds = random.random(400_000) < 0.005
    evidence = np.where(kinds, 6.0, -6.0) + random.normal(0, np.sqrt(12), len(kinds))
    shift = prior_shift(evidence + np.log(0.03 / 0.97))
    share = 1 / (1 + np.exp(-shift - np.log(0.1 / 0.9)))
    assert share == pytest.approx(0.005, rel=0.25)


@given(scores, st.randoms())
def test_the_order_of_pairs_changes_nothing(found: list[float], random: object) -> None:
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert prior_shift(np.array(mixed)) == prior_shift(np.array(found))


@given(scores)
def test_a_shift_is_a_number(found: list[float]) -> None:
    assert np.isfinite(prior_shift(np.array(found)))
