"""Average linkage on a sparse similarity graph, with a result that no order of input can change."""

from __future__ import annotations

import heapq
import math
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["MOST_EASE", "average_linkage"]

_DIGITS = 9  # sums of the same numbers in another order differ in the 16th digit
# The mean that joins two groups goes from the threshold towards what holds the looser of them
# together, half the way where the smaller has 11 articles: two tight groups are two events, however
# alike. And it falls with the logarithm of the larger: of much that is told about one event, the
# ends have little in common. On six labelled sets, each judged by weights learned without it, mean
# B-Cubed .908 -> .914 and pairwise .833 -> .844; with 5 to 20 articles .912 to .914 and .835 to
# .844, with .2 to .35 for the fall .913 to .915 and .838 to .844. No labelled story of the six has
# more than 50 articles, so nothing is known of larger ones.
_COHESIVE_SIZE = 10
_EASE = 0.3
_LARGEST = 50
MOST_EASE = _EASE * math.log(_LARGEST)
# By how much two alike articles that are too far apart in time fall short of what is needed.
# .3, .6 and 1 give ecbplus, whose reports stretch over weeks, pairwise .904, .904 and .884 (.885
# without far pairs); the smaller it is, the longer stories run on.
_FAR_SHORT = 0.6

_Far = dict[int, dict[int, int]]


class _Group(NamedTuple):
    """The rows of a group, and the similarities of all pairs in it."""

    rows: list[int]
    inside: float


def average_linkage(
    links: csr_array,
    groups: Sequence[Hashable],
    threshold: float,
    far: csr_array | None = None,
) -> list[list[int]]:
    """Join the two groups farthest above the mean similarity they need, until none reaches it.

    Parameters
    ----------
    links
        Symmetric similarities, shape ``(n_articles, n_articles)``, without the diagonal. A pair
        that is missing counts as 0.
    groups
        For each article a label; articles with the same label start as one group.
    threshold
        Similarity at which two articles are joined. From there, groups need more the better both
        of them hold together in themselves, and less the larger one of them is.
    far
        Pairs that are alike and too far apart in time to be linked, each 1, symmetric like `links`.
        They hold no groups together and hardly keep them apart: a report and its sequel a week
        later may be one event, if others stand between them.

    Returns
    -------
    list of list of int
        Row numbers, sorted inside a group; groups sorted by their first row. Equal means are
        joined in the order of the rows, so rows must come sorted by something that lasts.

    Notes
    -----
    Groups are joined only across pairs that alone reach the least that any two groups need, because
    a mean reaches it only where one of its terms does. So each connected component of these pairs
    is settled alone.
    """
    members = _start(groups)
    of_row = np.empty(links.shape[0], dtype=np.int64)
    for group, rows in members.items():
        of_row[rows] = group
    sums, inside = _similarity_sums(links, of_row, threshold - MOST_EASE)
    counts = _far_counts(far, of_row) if far is not None else {}
    parts = {group: _Group(rows, inside[group]) for group, rows in members.items()}
    _join(parts, sums, counts, threshold)
    return sorted(sorted(part.rows) for part in parts.values())


def _start(groups: Sequence[Hashable]) -> dict[int, list[int]]:
    """Name each group after its first row."""
    by_label: dict[Hashable, list[int]] = {}
    for row, label in enumerate(groups):
        by_label.setdefault(label, []).append(row)
    return {rows[0]: rows for rows in by_label.values()}


def _similarity_sums(
    links: csr_array, of_row: NDArray[np.int64], least: float
) -> tuple[dict[int, dict[int, float]], NDArray[np.float64]]:
    """Return the sum of similarities for each two groups that could ever be joined, and inside."""
    pairs = links.tocoo()
    left, right = of_row[pairs.row], of_row[pairs.col]
    is_inside = left == right
    halves = pairs.data[is_inside] / 2  # each pair is there twice
    inside = np.bincount(left[is_inside], halves, minlength=len(of_row)).astype(np.float64)
    strong = (pairs.data >= least) | is_inside
    reach = csr_array((pairs.data[strong], (left[strong], right[strong])), shape=links.shape)
    # Slow to load, and who only reads stories groups nothing.
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    _, component = connected_components(reach, directed=False)
    wanted = ~is_inside & (component[left] == component[right])
    # Converting to rows adds up the similarities of all pairs between the same two groups.
    summed = csr_array((pairs.data[wanted], (left[wanted], right[wanted])), shape=links.shape)
    summed.sum_duplicates()
    sums: dict[int, dict[int, float]] = {}
    for group in np.unique(left[wanted]).tolist():
        start, end = summed.indptr[group : group + 2]
        others, values = summed.indices[start:end].tolist(), summed.data[start:end].tolist()
        sums[group] = dict(zip(others, values, strict=True))
    return sums, inside


def _far_counts(far: csr_array, of_row: NDArray[np.int64]) -> _Far:
    """Return the number of far pairs between each two groups."""
    pairs = far.tocoo()
    left, right = of_row[pairs.row], of_row[pairs.col]
    apart = left != right
    between = (left[apart].tolist(), right[apart].tolist())
    counts: _Far = {}
    for one, other in zip(*between, strict=True):
        own = counts.setdefault(one, {})
        own[other] = own.get(other, 0) + 1
    return counts


def _needed(one: _Group, other: _Group, threshold: float) -> float:
    """Return the mean similarity at which two groups are joined."""
    sizes = len(one.rows), len(other.rows)
    rest = min(sizes) - 1
    ease = _EASE * math.log(min(max(sizes), _LARGEST))
    looser = min(_cohesion(one), _cohesion(other)) if rest else threshold
    return threshold - ease + max(0.0, looser - threshold) * rest / (rest + _COHESIVE_SIZE)


def _cohesion(group: _Group) -> float:
    """Return the mean similarity of all pairs in a group of two or more."""
    return group.inside / math.comb(len(group.rows), 2)


def _join(
    parts: dict[int, _Group], sums: dict[int, dict[int, float]], far: _Far, threshold: float
) -> None:
    least = threshold - MOST_EASE - 10**-_DIGITS

    def margin(one: int, other: int) -> float:
        pairs = len(parts[one].rows) * len(parts[other].rows)
        apart = far.get(one, {}).get(other, 0)
        needed = _needed(parts[one], parts[other], threshold)
        total = sums[one][other] + apart * (needed - _FAR_SHORT)
        return round(total / pairs - needed, _DIGITS)

    def candidates(one: int) -> Iterator[tuple[float, int, int]]:
        size = len(parts[one].rows)
        for other, value in sums[one].items():
            # Most pairs fail here, cheaply; the others are looked at closely.
            near = size * len(parts[other].rows) - far.get(one, {}).get(other, 0)
            if value < least * near:
                continue
            if (found := margin(one, other)) >= 0:
                yield -found, min(one, other), max(one, other)

    heap = [found for one in sums for found in candidates(one) if one == found[1]]
    heapq.heapify(heap)
    while heap:
        negative_margin, one, other = heapq.heappop(heap)
        if one not in parts or other not in parts:
            continue
        # A group that has grown since was pushed again with its new margin.
        if margin(one, other) != -negative_margin:
            continue
        parts[one] = _joined(parts[one], parts.pop(other), sums[one][other])
        for third, value in sums.pop(other).items():
            del sums[third][other]
            if third != one:
                sums[one][third] = sums[third][one] = sums[one].get(third, 0.0) + value
        for third, count in far.pop(other, {}).items():
            del far[third][other]
            if third != one:
                whole = far.setdefault(one, {}).get(third, 0) + count
                far[one][third] = far[third][one] = whole
        for found in candidates(one):
            heapq.heappush(heap, found)


def _joined(one: _Group, other: _Group, between: float) -> _Group:
    return _Group(
        rows=one.rows + other.rows,
        inside=one.inside + other.inside + between,
    )
