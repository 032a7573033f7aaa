"""MinHash signatures as datasketch makes them, for a whole batch at once, and their LSH bands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from datasketch import MinHash
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.shingles import random_odd

__all__ = ["SCHEME", "band_keys", "sign", "to_datasketch"]

SCHEME = "affine32"  # datasketch's permutation scheme; the signatures of others do not compare
_BLOCK = 1 << 14  # 64 KiB of shingles: all passes of a block stay in the cache; flat 2^13 to 2^15


def sign(
    shingles: Sequence[NDArray[np.uint32]], settings: NearDuplicateSettings
) -> NDArray[np.uint32]:
    """Return the MinHash signatures, shape ``(len(shingles), num_perm)``.

    Bit for bit those of ``datasketch.MinHash(num_perm, seed, scheme="affine32", hashfunc=int)``
    updated with the same hashes. A text without words keeps the empty signature, all ones.
    """
    signatures = np.full((len(shingles), settings.num_perm), 0xFFFFFFFF, dtype=np.uint32)
    block: list[int] = []
    size = 0
    for index, row in enumerate(shingles):
        if row.size == 0:  # nothing to take a minimum of
            continue
        block.append(index)
        size += row.size
        if size >= _BLOCK:
            signatures[block] = _minima([shingles[i] for i in block], settings)
            block, size = [], 0
    if block:
        signatures[block] = _minima([shingles[i] for i in block], settings)
    return signatures


def to_datasketch(signature: NDArray[np.uint32], settings: NearDuplicateSettings) -> MinHash:
    """Return one signature as a `datasketch.MinHash`, ready for `datasketch.MinHashLSH`."""
    return MinHash(seed=settings.seed, hashvalues=signature, hashfunc=int, scheme=SCHEME)


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


def _minima(rows: list[NDArray[np.uint32]], settings: NearDuplicateSettings) -> NDArray[np.uint32]:
    hashes = _premix(np.concatenate(rows))
    starts = np.concatenate(([0], np.cumsum([row.size for row in rows[:-1]]))).astype(np.int64)
    minima = np.empty((settings.num_perm, len(rows)), dtype=np.uint32)
    permuted = np.empty_like(hashes)
    for k, (a, b) in enumerate(_permutations(settings.num_perm, settings.seed)):
        np.multiply(hashes, a, out=permuted)
        np.add(permuted, b, out=permuted)
        np.minimum.reduceat(permuted, starts, out=minima[k])
    return minima.T


@lru_cache(maxsize=8)
def _permutations(num_perm: int, seed: int) -> list[tuple[np.uint32, np.uint32]]:
    a, b = MinHash(num_perm=num_perm, seed=seed, scheme=SCHEME).permutations
    return list(zip(a, b, strict=True))


def _premix(hashes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    # Finaliser of MurmurHash3, 32 bits (Appleby, public domain), which datasketch applies first.
    hashes = (hashes ^ hashes >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    hashes = (hashes ^ hashes >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return hashes ^ hashes >> np.uint32(16)
