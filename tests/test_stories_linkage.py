"""Average linkage against a slow and obvious version of itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipeline.stories.linkage import average_linkage


def graph(size: int, pairs: dict[tuple[int, int], float]) -> csr_array:
    dense = np.zeros((size, size))
    for (one, other), value in pairs.items():
        dense[one, other] = dense[other, one] = value
    return csr_array(dense)


def by_hand(links: csr_array, labels: list[int], fresh: list[bool], threshold: float) -> object:
    """Compare all groups in each round; join the closest two, the first in row order of equals."""
    dense = links.toarray()
    groups = [
        [row for row, other in enumerate(labels) if other == label]
        for label in dict.fromkeys(labels)
    ]
    while True:
        groups.sort()
        means = {
            (i, j): round(float(dense[np.ix_(groups[i], groups[j])].mean()), 9)
            for i, j in itertools.combinations(range(len(groups)), 2)
            if any(fresh[row] for row in groups[i] + groups[j])
        }
        best = max(means, key=lambda pair: means[pair], default=None)
        if best is None or means[best] < threshold:
            return groups
        groups[best[0]] = sorted(groups[best[0]] + groups.pop(best[1]))


@st.composite
def _problems(draw: st.DrawFn) -> tuple[csr_array, list[int], list[bool], float]:
    size = draw(st.integers(1, 7))
    pairs = list(itertools.combinations(range(size), 2))
    # Few different values, so that ties abound; a third of the pairs is missing.
    values = draw(st.lists(st.sampled_from([0, 0.1, 0.2, 0.3, 0.45, 0.6]), min_size=len(pairs)))
    labels = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    fresh = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    threshold = draw(st.sampled_from([0.1, 0.2, 0.3, 0.375]))
    return graph(size, dict(zip(pairs, values, strict=False))), labels, fresh, threshold


@given(_problems())
def test_groups_are_those_of_comparing_everything(
    problem: tuple[csr_array, list[int], list[bool], float],
) -> None:
    assert average_linkage(*problem) == by_hand(*problem)


def test_no_articles_make_no_groups() -> None:
    assert average_linkage(csr_array((0, 0)), [], [], 0.2) == []


def test_a_missing_pair_counts_as_no_similarity() -> None:
    links = graph(3, {(0, 1): 0.5, (1, 2): 0.3})
    assert average_linkage(links, range(3), [True] * 3, 0.2) == [[0, 1], [2]]
    assert average_linkage(links, range(3), [True] * 3, 0.15) == [[0, 1, 2]]


@pytest.mark.parametrize("fresh", [False, True], ids=["old", "new"])
def test_only_something_new_joins_groups(fresh: bool) -> None:  # noqa: FBT001
    links = graph(2, {(0, 1): 0.9})
    groups = average_linkage(links, [0, 1], [False, fresh], 0.2)
    assert groups == ([[0, 1]] if fresh else [[0], [1]])
