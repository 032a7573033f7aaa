"""Stories that fall apart, and stories that are steps of one saga, on graphs drawn by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipeline.stories.linkage import average_linkage
from pipeline.stories.repair import split_groups
from pipeline.stories.sagas import related_groups

APART = 2.0


def graph(size: int, pairs: dict[tuple[int, int], float]) -> csr_array:
    dense = np.zeros((size, size))
    for (one, other), value in pairs.items():
        dense[one, other] = dense[other, one] = value
    return csr_array(dense)


# Two events, 0-1 and 2-3, that one link holds together: a mean of 1.5 between them.
CHAIN = graph(5, {(0, 1): 9, (1, 2): 6, (2, 3): 9})
LAST_IS_NEW = [False, False, False, True, True]


def test_a_chain_falls_into_its_two_events() -> None:
    assert split_groups(CHAIN, [[0, 1, 2, 3], [4]], [0], LAST_IS_NEW, APART) == [
        [0, 1],
        [2, 3],
        [4],
    ]


def test_parts_near_enough_stay_together() -> None:
    assert split_groups(CHAIN, [[0, 1, 2, 3]], [0], LAST_IS_NEW, 0.5) == [[0, 1, 2, 3]]


@pytest.mark.parametrize(
    ("founders", "fresh"),
    [([0], [False] * 5), ([0, 2], LAST_IS_NEW), ([], LAST_IS_NEW)],
    ids=["nothing new", "a merge", "all new"],
)
def test_only_an_old_story_that_grew_is_looked_at(founders: list[int], fresh: list[bool]) -> None:
    assert split_groups(CHAIN, [[0, 1, 2, 3], [4]], founders, fresh, APART) == [[0, 1, 2, 3], [4]]


def test_no_groups_fall_into_nothing() -> None:
    assert split_groups(csr_array((0, 0)), [], [], [], APART) == []


def test_groups_between_the_levels_are_related() -> None:
    groups = [[0, 1], [2, 3], [4]]
    assert related_groups(CHAIN, groups, [True] * 5, 1.5) == [(0, 1, 1.5)]
    assert related_groups(CHAIN, groups, [True] * 5, 1.6) == []


def test_old_groups_are_not_compared_again() -> None:
    groups = [[0, 1], [2, 3], [4]]
    assert related_groups(CHAIN, groups, [False] * 4 + [True], 1.0) == []
    assert related_groups(CHAIN, groups, LAST_IS_NEW, 1.0) == [(0, 1, 1.5)]
    assert related_groups(CHAIN, groups, [True] + [False] * 4, 1.0) == [(0, 1, 1.5)]


@st.composite
def _problems(draw: st.DrawFn) -> tuple[csr_array, list[list[int]], list[bool], float]:
    size = draw(st.integers(1, 7))
    pairs = list(itertools.combinations(range(size), 2))
    values = draw(st.lists(st.sampled_from([0, 0.1, 0.3, 0.45]), min_size=len(pairs)))
    links = graph(size, dict(zip(pairs, values, strict=False)))
    labels = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    groups = [[r for r in range(size) if labels[r] == label] for label in dict.fromkeys(labels)]
    fresh = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    return links, groups, fresh, draw(st.sampled_from([0.1, 0.2, 0.3]))


@given(_problems(), st.data())
def test_parts_are_those_of_average_linkage_from_scratch_and_lose_no_article(
    problem: tuple[csr_array, list[list[int]], list[bool], float], data: st.DataObject
) -> None:
    links, groups, fresh, level = problem
    founders = [data.draw(st.sampled_from(group)) for group in groups if data.draw(st.booleans())]
    found = split_groups(links, groups, founders, fresh, level)
    assert sorted(row for part in found for row in part) == list(range(links.shape[0]))
    for group in groups:
        parts = [part for part in found if part[0] in group]
        assert sorted(row for part in parts for row in part) == group
        if not (set(founders) & set(group)) or not any(fresh[row] for row in group):
            assert parts == [group]
            continue
        own = links[group][:, group]
        wanted = average_linkage(own, range(len(group)), [True] * len(group), level)
        assert parts == [[group[row] for row in rows] for rows in wanted]


@given(_problems())
def test_related_groups_are_those_of_comparing_everything(
    problem: tuple[csr_array, list[list[int]], list[bool], float],
) -> None:
    links, groups, fresh, level = problem
    dense = links.toarray()
    wanted = [
        (i, j, mean)
        for i, j in itertools.combinations(range(len(groups)), 2)
        if any(fresh[row] for row in groups[i] + groups[j])
        and (mean := round(float(dense[np.ix_(groups[i], groups[j])].mean()), 9)) >= level
    ]
    assert related_groups(links, groups, fresh, level) == wanted
    turned = [group[::-1] for group in groups]
    assert related_groups(links, turned, fresh, level) == wanted
