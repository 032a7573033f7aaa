"""Numbers that stand for names and words: the same on every machine, for ever."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["hashed", "hashed_numbers"]


def hashed(text: str) -> int:
    """Return a number below 2^32 that stands for a text (MurmurHash3)."""
    # Half a second to load, and who only reads stories has nothing to hash.
    from sklearn.utils import murmurhash3_32  # noqa: PLC0415

    return int(murmurhash3_32(text, seed=0, positive=True))


def hashed_numbers(numbers: NDArray[np.int32], seed: int) -> NDArray[np.int64]:
    """Return a number below 2^32 for each of some numbers (MurmurHash3)."""
    from sklearn.utils import murmurhash3_32  # noqa: PLC0415

    found: NDArray[np.int64] = murmurhash3_32(numbers, seed=seed, positive=True).astype(np.int64)
    return found
