"""Stories that are steps of one saga, on graphs drawn by hand."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipeline.stories.sagas import related_groups


def graph(size: int, pairs: dict[tuple[int, int], float]) -> csr_array:
    dense = np.zeros((size, size))
    for (one, other), value in pairs.items():
        dense[one, other] = dense[other, one] = value
    return csr_array(dense)


# Two events, 0-1 and 2-3, that one link holds together: a mean of 1.5 between them.
CHAIN = graph(5, {(0, 1): 9, (1, 2): 6, (2, 3): 9})


def test_groups_between_the_levels_are_related() -> None:
    groups = [[0, 1], [2, 3], [4]]
    assert related_groups(CHAIN, groups, 1.5) == [(0, 1, 1.5)]
    assert related_groups(CHAIN, groups, 1.6) == []


def test_no_groups_are_related_to_nothing() -> None:
    assert related_groups(csr_array((0, 0)), [], 1.0) == []


@st.composite
def _problems(draw: st.DrawFn) -> tuple[csr_array, list[list[int]], float]:
    size = draw(st.integers(1, 7))
    pairs = list(itertools.combinations(range(size), 2))
    values = draw(st.lists(st.sampled_from([0, 0.1, 0.3, 0.45]), min_size=len(pairs)))
    links = graph(size, dict(zip(pairs, values, strict=False)))
    labels = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    groups = [[r for r in range(size) if labels[r] == label] for label in dict.fromkeys(labels)]
    return links, groups, draw(st.sampled_from([0.1, 0.2, 0.3]))


@given(_problems())
def test_related_groups_are_those_of_comparing_everything(
    problem: tuple[csr_array, list[list[int]], float],
) -> None:
    links, groups, level = problem
    dense = links.toarray()
    wanted = [
        (i, j, mean)
        for i, j in itertools.combinations(range(len(groups)), 2)
        if (mean := round(float(dense[np.ix_(groups[i], groups[j])].mean()), 9)) >= level
    ]
    assert related_groups(links, groups, level) == wanted
    turned = [group[::-1] for group in groups]
    assert related_groups(links, turned, level) == wanted
