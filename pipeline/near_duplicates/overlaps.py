"""How much two articles have in common, counted exactly on sets of hashes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.near_duplicates.kernels import compiled
from pipeline.near_duplicates.shingles import Ragged, distinct

__all__ = ["Overlaps", "overlaps"]


class Overlaps(NamedTuple):
    """The sizes of the two sets of each pair, and how many elements both have; a column each."""

    shared: NDArray[np.int64]
    size_a: NDArray[np.int64]
    size_b: NDArray[np.int64]

    @property
    def jaccard(self) -> NDArray[np.float64]:
        """Shared elements over elements of either, 0-1."""
        return self._over(self.size_a + self.size_b - self.shared)

    @property
    def in_a(self) -> NDArray[np.float64]:
        """Shared elements over those of a, 0-1."""
        return self._over(self.size_a)

    @property
    def in_b(self) -> NDArray[np.float64]:
        """Shared elements over those of b, 0-1."""
        return self._over(self.size_b)

    @property
    def less(self) -> NDArray[np.float64]:
        """The smaller containment of the two."""
        return self._over(np.maximum(self.size_a, self.size_b))

    @property
    def more(self) -> NDArray[np.float64]:
        """The larger containment of the two."""
        return self._over(np.minimum(self.size_a, self.size_b))

    def _over(self, sizes: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.divide(self.shared, np.maximum(1, sizes), dtype=np.float64)

    def take(self, places: NDArray[Any]) -> Overlaps:
        """Return some of them: by places or by a mask."""
        return Overlaps(*(column[places] for column in self))


def overlaps(rows: Ragged, first: NDArray[np.int64], second: NDArray[np.int64]) -> Overlaps:
    """Return what rows have in common with others; how often a row has a value does not count."""
    kernels = compiled()
    shared, sizes = (kernels.count_shared if kernels else _count_shared)(rows, first, second)
    return Overlaps(shared, sizes[first], sizes[second])


def _count_shared(
    rows: Ragged, first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many distinct values each pair of rows shares, and how many each row has."""
    sets = distinct(rows)
    values = sets.rows()
    shared = np.zeros(first.size, dtype=np.int64)
    for i, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        both = np.concatenate((values[a], values[b]))
        both.sort()  # what both have stands there twice
        shared[i] = np.count_nonzero(both[1:] == both[:-1])
    return shared, np.diff(sets.offsets)
