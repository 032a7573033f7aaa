"""How alike articles are once each has learned the words of its nearest neighbours.

Two reports of one event may share few words while both resemble a third. A text that takes on part
of what its neighbours say meets the other there, and reports of other events drift apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.stories.neighbours import Neighbours, mixed_vectors, mixture
from pipeline.stories.products import pair_products

__all__ = ["similarities_in_context"]

_DIGITS = 6


def similarities_in_context(
    every: Neighbours, rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the similarity of pairs of articles whose vectors took on their neighbours' words.

    Parameters
    ----------
    every
        Articles and their nearest.
    rows, cols
        The pairs, sorted by row.

    Returns
    -------
    ndarray
        Cosine similarity of ``v + .5 * (mean of its nearest v, weighted by similarity)``, 0-1, for
        each pair.

    References
    ----------
    Singhal and Pereira, "Document expansion for speech retrieval", SIGIR 1999.
    """
    size = len(every.vectors)
    mixed_rows, places = np.unique(rows, return_inverse=True)
    sources, shares = mixture(every, cols)
    # Pairs of one article mostly have neighbours in common, so each product is made once.
    wanted, place = np.unique(places[:, None] * size + sources, return_inverse=True)
    targets, at = np.unique(wanted % size, return_inverse=True)
    mixed = mixed_vectors(every, mixed_rows)
    products = pair_products(mixed, every.matrix[targets], wanted // size, at)
    found = (products[place.reshape(sources.shape)] * shares).sum(axis=1)
    found /= every.lengths[rows] * every.lengths[cols]
    rounded: NDArray[np.float64] = np.round(found, _DIGITS).clip(0, 1)
    return rounded
