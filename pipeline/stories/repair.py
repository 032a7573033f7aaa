"""The way back from a story that grew by chains: whether what it holds still holds together."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy.sparse import csr_array

from pipeline.stories.linkage import average_linkage

__all__ = ["split_groups"]


def split_groups(
    links: csr_array,
    groups: Sequence[Sequence[int]],
    founders: Collection[int],
    fresh: Sequence[bool],
    threshold: float,
    *,
    far: csr_array | None = None,
) -> list[list[int]]:
    """Take old stories apart that would not come together again.

    Parameters
    ----------
    links
        Symmetric, shape ``(n_articles, n_articles)``, without the diagonal; a missing pair is 0.
    groups
        Rows of each group after growth, as `average_linkage` returns them.
    founders
        The row that stands for the founding article of each old story. A group with one of them is
        looked at, if it has a new article; one with several is a merge, just decided on all of its
        pairs, and one with none has no past.
    fresh
        For each article whether it is new.
    threshold
        Mean link of all pairs below which two parts are apart. It has to lie well below the one
        that joins, or stories near it would fall apart and merge for ever.
    far
        As for `average_linkage`.

    Returns
    -------
    list of list of int
        As `groups`, with each part in place of the whole: rows sorted inside a part, parts by
        their first row. Equal means are settled in the order of the rows.
    """
    known = set(founders)
    found: list[list[int]] = []
    for group in groups:
        may_split = any(fresh[row] for row in group) and len(known.intersection(group)) == 1
        found += _parts(links, group, threshold, far) if may_split else [list(group)]
    return sorted(found)


def _parts(
    links: csr_array, group: Sequence[int], threshold: float, far: csr_array | None
) -> list[list[int]]:
    """Group the rows of one story from scratch, as if all of them were new."""
    rows = np.sort(np.asarray(group, dtype=np.int64))
    own, apart = (None if graph is None else graph[rows][:, rows] for graph in (links, far))
    parts = average_linkage(own, range(len(rows)), [True] * len(rows), threshold, apart)
    return [rows[part].tolist() for part in parts]
