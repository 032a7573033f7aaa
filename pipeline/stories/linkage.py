"""Average linkage on a sparse similarity graph, with a result that no order of input can change."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

__all__ = ["average_linkage"]

_DIGITS = 9  # sums of the same numbers in another order differ in the 16th digit


def average_linkage(
    links: csr_array, groups: Sequence[Hashable], fresh: Sequence[bool], threshold: float
) -> list[list[int]]:
    """Join the two groups with the highest mean similarity until none reaches `threshold`.

    Parameters
    ----------
    links
        Symmetric similarities, shape ``(n_articles, n_articles)``, without the diagonal. A pair
        that is missing counts as 0.
    groups
        For each article a label; articles with the same label start as one group.
    fresh
        For each article whether it is new. Two groups without any new article are left apart,
        because what was decided about them before still holds.
    threshold
        Mean similarity of all pairs between two groups at which they are joined.

    Returns
    -------
    list of list of int
        Row numbers, sorted inside a group; groups sorted by their first row. Equal means are
        joined in the order of the rows, so rows must come sorted by something that lasts.

    Notes
    -----
    Groups are joined only across pairs at or above the threshold, because a mean reaches it only
    where one of its terms does. So each connected component of these pairs is settled alone.
    """
    members = _start(groups)
    of_row = np.empty(links.shape[0], dtype=np.int64)
    for group, rows in members.items():
        of_row[rows] = group
    sums = _similarity_sums(links, of_row, threshold)
    is_fresh = {group: any(fresh[row] for row in rows) for group, rows in members.items()}
    _join(members, sums, is_fresh, threshold)
    return sorted(sorted(rows) for rows in members.values())


def _start(groups: Sequence[Hashable]) -> dict[int, list[int]]:
    """Name each group after its first row."""
    by_label: dict[Hashable, list[int]] = {}
    for row, label in enumerate(groups):
        by_label.setdefault(label, []).append(row)
    return {rows[0]: rows for rows in by_label.values()}


def _similarity_sums(
    links: csr_array, of_row: NDArray[np.int64], threshold: float
) -> dict[int, dict[int, float]]:
    """Return the sum of similarities for each two groups that could ever be joined."""
    pairs = links.tocoo()
    left, right = of_row[pairs.row], of_row[pairs.col]
    strong = (pairs.data >= threshold) | (left == right)
    reach = csr_array((pairs.data[strong], (left[strong], right[strong])), shape=links.shape)
    _, component = connected_components(reach, directed=False)
    wanted = (left != right) & (component[left] == component[right])
    # Converting to rows adds up the similarities of all pairs between the same two groups.
    summed = csr_array((pairs.data[wanted], (left[wanted], right[wanted])), shape=links.shape)
    summed.sum_duplicates()
    sums: dict[int, dict[int, float]] = {}
    for group in np.unique(left[wanted]).tolist():
        start, end = summed.indptr[group : group + 2]
        others, values = summed.indices[start:end].tolist(), summed.data[start:end].tolist()
        sums[group] = dict(zip(others, values, strict=True))
    return sums


def _join(
    members: dict[int, list[int]],
    sums: dict[int, dict[int, float]],
    is_fresh: dict[int, bool],
    threshold: float,
) -> None:
    least = threshold - 10**-_DIGITS

    def candidates(one: int) -> Iterator[tuple[float, int, int]]:
        size, fresh = len(members[one]), is_fresh[one]
        for other, value in sums[one].items():
            pairs = size * len(members[other])
            # Most pairs fail here, cheaply; those within rounding are looked at closely.
            if value < least * pairs or not (fresh or is_fresh[other]):
                continue
            mean = round(value / pairs, _DIGITS)
            if mean >= threshold:
                yield -mean, min(one, other), max(one, other)

    heap = [found for one in sums for found in candidates(one) if one == found[1]]
    heapq.heapify(heap)
    while heap:
        negative_mean, one, other = heapq.heappop(heap)
        if one not in members or other not in members:
            continue
        mean = sums[one][other] / (len(members[one]) * len(members[other]))
        # A group that has grown since was pushed again with its new mean.
        if round(mean, _DIGITS) != -negative_mean:
            continue
        members[one] += members.pop(other)
        is_fresh[one] |= is_fresh.pop(other)
        for third, value in sums.pop(other).items():
            del sums[third][other]
            if third != one:
                sums[one][third] = sums[third][one] = sums[one].get(third, 0.0) + value
        for found in candidates(one):
            heapq.heappush(heap, found)
