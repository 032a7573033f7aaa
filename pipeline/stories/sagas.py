"""Which stories are steps of one saga: too far apart to be one, too close to be strangers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

__all__ = ["RelatedGroups", "related_groups"]

_DIGITS = 9


class RelatedGroups(NamedTuple):
    """Two groups by their places, the lower first, and the mean link of all pairs between them."""

    one: int
    other: int
    mean: float


def related_groups(
    links: csr_array, groups: Sequence[Sequence[int]], least: float
) -> list[RelatedGroups]:
    """Return the pairs of groups whose mean link is at least `least`.

    Parameters
    ----------
    links
        Symmetric, shape ``(n_articles, n_articles)``, without the diagonal; a missing pair is 0.
    groups
        Rows of each group, as average linkage left them: those above its threshold are joined.
    least
        On the scale of `links`, above 0.

    Returns
    -------
    list of RelatedGroups
        Sorted by place. The order of rows inside a group does not matter.
    """
    sizes = np.array([len(rows) for rows in groups], dtype=np.float64)
    places = np.repeat(np.arange(len(groups)), sizes.astype(np.int64))
    rows = np.array([row for group in groups for row in group], dtype=np.int64)
    shape = (len(groups), links.shape[0])
    member = csr_array((np.ones(len(rows)), (places, rows)), shape=shape)
    sums = (member @ links @ member.T).tocoo()
    means = np.round(sums.data / (sizes[sums.row] * sizes[sums.col]), _DIGITS)
    kept = (means >= least) & (sums.row < sums.col)
    ones, others = sums.row, sums.col
    found = zip(ones[kept].tolist(), others[kept].tolist(), means[kept].tolist(), strict=True)
    return sorted(RelatedGroups(*pair) for pair in found)
