"""MinHash signatures as datasketch makes them, for a whole batch at once, and their LSH bands."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.shingles import Ragged, random_odd

__all__ = ["SCHEME", "band_keys", "permutations", "sign"]

SCHEME = "affine32"  # datasketch's permutation scheme; the signatures of others do not compare
_EMPTY = 0xFFFFFFFF
_BLOCK = 1 << 14  # 64 KiB of shingles: all passes of a block stay in the cache; flat 2^13 to 2^15


def sign(shingles: Ragged, settings: NearDuplicateSettings) -> NDArray[np.uint32]:
    """Return the MinHash signature of each row of shingles, shape ``(n_rows, num_perm)``.

    Bit for bit those of ``datasketch.MinHash(num_perm, seed, scheme="affine32", hashfunc=int)``
    updated with the same hashes; how often a hash comes does not matter. A row without any keeps
    the empty signature, all ones.
    """
    signatures = np.full((shingles.offsets.size - 1, settings.num_perm), _EMPTY, dtype=np.uint32)
    hashes = _premix(shingles.values)
    drawn = permutations(settings.num_perm, settings.seed)
    filled = np.flatnonzero(np.diff(shingles.offsets))
    blocks = np.searchsorted(
        shingles.offsets[filled], np.arange(0, hashes.size + 1, _BLOCK), side="left"
    )
    for first, last in pairwise(np.unique(np.append(blocks, filled.size)).tolist()):
        rows = filled[first:last]
        starts = shingles.offsets[rows]
        block = hashes[starts[0] : shingles.offsets[rows[-1] + 1]]
        signatures[rows] = _minima(block, starts - starts[0], drawn)
    return signatures


def band_keys(
    signatures: NDArray[np.uint32], settings: NearDuplicateSettings
) -> NDArray[np.uint64]:
    """Return the LSH keys, shape ``(len(signatures), bands)``.

    Two articles whose Jaccard similarity is j share at least one key with the odds
    ``1 - (1 - j**rows)**bands``. Equal rows of different bands have different keys.
    """
    used = signatures[:, : settings.bands * settings.rows].astype(np.uint64)
    multipliers = random_odd(settings.bands * settings.rows)
    products = (used * multipliers).reshape(len(signatures), settings.bands, settings.rows)
    keys: NDArray[np.uint64] = products.sum(axis=2, dtype=np.uint64)
    # The upper bits of a multilinear sum are the good ones: fold them into the lower.
    return keys ^ keys >> np.uint64(32)


def _minima(
    hashes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    drawn: tuple[NDArray[np.uint32], NDArray[np.uint32]],
) -> NDArray[np.uint32]:
    """Return for each row the least ``a[k] * hash + b[k] mod 2^32``, shape ``(n_rows, n_k)``."""
    minima = np.empty((drawn[0].size, starts.size), dtype=np.uint32)
    permuted = np.empty_like(hashes)
    for k, (a, b) in enumerate(zip(*drawn, strict=True)):
        np.multiply(hashes, a, out=permuted)
        np.add(permuted, b, out=permuted)
        np.minimum.reduceat(permuted, starts, out=minima[k])
    return minima.T


@lru_cache(maxsize=8)
def permutations(num_perm: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return the permutations ``a * h + b`` that datasketch draws from this seed.

    Made here, because loading datasketch takes as long as signing five thousand articles; a test
    compares both.
    """
    generator = np.random.RandomState(seed)
    a = generator.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return a, generator.randint(0, 1 << 32, num_perm, dtype=np.uint32)


def _premix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    # Finaliser of MurmurHash3, 32 bits (Appleby, public domain), which datasketch applies first.
    hashes = (hashes ^ hashes >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ hashes >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return hashes ^ hashes >> np.uint32(16)
