"""Average linkage against a slow and obvious version of itself."""

from __future__ import annotations

import itertools
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipeline.stories.linkage import average_linkage


def graph(size: int, pairs: dict[tuple[int, int], float]) -> csr_array:
    dense = np.zeros((size, size))
    for (one, other), value in pairs.items():
        dense[one, other] = dense[other, one] = value
    return csr_array(dense)


def by_hand(
    links: csr_array, labels: list[int], threshold: float, far: csr_array
) -> list[list[int]]:
    """Compare all groups in each round; join the two that exceed most what they need."""
    dense, apart = links.toarray(), far.toarray()
    groups = [
        [row for row, other in enumerate(labels) if other == label]
        for label in dict.fromkeys(labels)
    ]
    while True:
        groups.sort()
        margins = {
            (i, j): round(margin(dense, apart, groups[i], groups[j], threshold), 9)
            for i, j in itertools.combinations(range(len(groups)), 2)
        }
        # The first in row order of equals.
        best = max(margins, key=lambda pair: margins[pair], default=None)
        if best is None or margins[best] < 0:
            return groups
        groups[best[0]] = sorted(groups[best[0]] + groups.pop(best[1]))


def margin(
    dense: np.ndarray, apart: np.ndarray, one: list[int], other: list[int], threshold: float
) -> float:
    """Return by how much the mean of two groups exceeds what they need, in the obvious way."""
    inner = [
        np.mean([dense[a, b] for a, b in itertools.combinations(group, 2)])
        for group in (one, other)
        if len(group) > 1
    ]
    needed = threshold
    if len(inner) == 2 and min(inner) > threshold:
        rest = min(len(one), len(other)) - 1
        needed += (min(inner) - threshold) * rest / (rest + 10)
    needed -= 0.3 * math.log(min(50, max(len(one), len(other))))
    across = np.ix_(one, other)
    return float((dense[across] + apart[across] * (needed - 0.6)).mean() - needed)


@st.composite
def _problems(draw: st.DrawFn) -> tuple[csr_array, list[int], float, csr_array]:
    size = draw(st.integers(1, 7))
    pairs = list(itertools.combinations(range(size), 2))
    # Few different values, so that ties abound; a third of the pairs is missing.
    values = draw(st.lists(st.sampled_from([0, 0.5, 1, 1.5, 4, 8]), min_size=len(pairs)))
    labels = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    threshold = draw(st.sampled_from([0.5, 1.0, 2.0, 2.6]))
    links = dict(zip(pairs, values, strict=False))
    missing = [pair for pair in pairs if not links.get(pair)]
    far = draw(st.sets(st.sampled_from(missing))) if missing else set()
    return graph(size, links), labels, threshold, graph(size, dict.fromkeys(far, 1))


@given(_problems())
def test_groups_are_those_of_comparing_everything(
    problem: tuple[csr_array, list[int], float, csr_array],
) -> None:
    assert average_linkage(*problem) == by_hand(*problem)


def test_no_articles_make_no_groups() -> None:
    assert average_linkage(csr_array((0, 0)), [], 0.2) == []


def test_a_missing_pair_counts_as_no_similarity() -> None:
    links = graph(3, {(0, 1): 5, (1, 2): 3})
    assert average_linkage(links, range(3), 2) == [[0, 1], [2]]
    assert average_linkage(links, range(3), 1.5) == [[0, 1, 2]]


def test_what_is_told_again_later_joins_where_others_stand_between() -> None:
    first, between, later = range(3)
    links = graph(3, {(first, between): 4, (between, later): 4})
    far = graph(3, {(first, later): 1})
    assert average_linkage(links, range(3), 2.6) == [[0, 1], [2]]
    assert average_linkage(links, range(3), 2.6, far) == [[0, 1, 2]]


def test_alike_articles_far_apart_are_no_story_by_themselves() -> None:
    assert average_linkage(graph(2, {}), range(2), 2.6, graph(2, {(0, 1): 1})) == [
        [0],
        [1],
    ]


def test_two_tight_groups_stay_apart_where_two_loose_ones_are_joined() -> None:
    halves = [range(12), range(12, 24)]
    across = dict.fromkeys(itertools.product(*halves), 3.0)
    for inside, groups in ((4.0, 1), (9.0, 2)):
        within = {pair: inside for half in halves for pair in itertools.combinations(half, 2)}
        links = graph(24, across | within)
        assert len(average_linkage(links, range(24), 2)) == groups


def test_a_large_group_takes_in_what_a_small_one_does_not() -> None:
    for size, groups in ((2, 2), (20, 1)):
        within = dict.fromkeys(itertools.combinations(range(size), 2), 5.0)
        links = graph(size + 1, within | {(row, size): 1.5 for row in range(size)})
        assert len(average_linkage(links, range(size + 1), 2)) == groups


def test_what_starts_as_one_group_stays_one() -> None:
    links = graph(3, {(1, 2): 5})
    assert average_linkage(links, ["a", "a", "b"], 2.8) == [[0, 1], [2]]
    assert average_linkage(links, ["a", "a", "b"], 2.4) == [[0, 1, 2]]
