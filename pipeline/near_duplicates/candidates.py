"""Pairs of articles that may be copies: found by shared keys, without comparing all with all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.sketches import Sketch
from pipeline.records import ArticleId

__all__ = ["find_candidates"]

Pairs = NDArray[np.int64]  # shape (n, 2), the first index below the second

# The least share of the smaller sample that two articles must have in common, .2: a pair with half
# of its shingles in common shares about half of the sample, with a standard deviation of .1 at 25
# sampled shingles.
_SAMPLE_SHARE = 0.2
# Pages that share 90 % of their text have a Jaccard similarity of .82, reprints of a report under
# another byline .9 and more.
_NEARLY_IDENTICAL = 0.9
_REACH = 4  # neighbours on each side; guess


def find_candidates(
    new: Sequence[Sketch],
    stored: Sequence[Sketch] = (),
    settings: NearDuplicateSettings | None = None,
) -> list[tuple[ArticleId, ArticleId]]:
    """Return the pairs of new articles, and of a new and a stored one, that are worth verifying.

    Complete only if `stored` has every stored article that shares a value of `Sketch.bands` or of
    `Sketch.sample` with a new one: these are the keys an index must look up.

    Pairs are in id order, sorted, and do not depend on the order of the arguments. A key that more
    than `crowd` articles share is boilerplate or a widely copied report: it makes no pairs by
    itself. Copies inside such a crowd are found by the keys of what else they share, by having the
    same words, or by nearly the same signature. So the work for one article is bounded by its
    number of keys times `crowd`.

    Parameters
    ----------
    new, stored
        Sketches made with the same settings. An id in both is taken from `new`.
    """
    settings = settings or NearDuplicateSettings()
    by_id = {s.article_id: s for s in (*stored, *new) if s.words.size}
    fresh = {s.article_id for s in new}
    classes = _same_words([by_id[article_id] for article_id in sorted(by_id)])
    first = [members[0] for members in classes]
    pairs = {
        pair
        for a, b in _pairs_of_classes(first, settings)
        for pair in _spread(classes[a], classes[b], settings.crowd)
    }
    for members in classes:
        pairs.update(_inside(members, settings.crowd))
    ids = ((a.article_id, b.article_id) for a, b in pairs)
    ordered = ((min(pair), max(pair)) for pair in ids)
    return sorted(pair for pair in ordered if pair[0] in fresh or pair[1] in fresh)


def _same_words(sketches: Sequence[Sketch]) -> list[list[Sketch]]:
    """Fold articles of the same words; everything further looks at the first of a class only."""
    classes: dict[bytes, list[Sketch]] = {}
    for one in sketches:
        classes.setdefault(one.words.tobytes(), []).append(one)
    return list(classes.values())


def _inside(members: list[Sketch], crowd: int) -> list[tuple[Sketch, Sketch]]:
    if len(members) <= crowd:
        return list(combinations(members, 2))
    return [(members[0], other) for other in members[1:]]


def _spread(a: list[Sketch], b: list[Sketch], crowd: int) -> list[tuple[Sketch, Sketch]]:
    """Return the pairs of two classes; through their first members where that would be too many."""
    if len(a) * len(b) <= crowd:
        return list(product(a, b))
    return [(a[0], other) for other in b] + [(other, b[0]) for other in a[1:]]


def _pairs_of_classes(
    sketches: Sequence[Sketch], settings: NearDuplicateSettings
) -> list[tuple[int, int]]:
    if not sketches:
        return []
    bands = np.stack([s.bands for s in sketches])
    owners = np.arange(len(sketches))
    by_band, crowded = _sharing(bands.ravel(), np.repeat(owners, bands.shape[1]), settings.crowd)
    near = [_neighbours(members, sketches) for members in crowded]
    by_sample = _sharing_samples(sketches, settings.crowd)
    found = np.unique(np.concatenate([by_band, by_sample, *near]), axis=0)
    return [(a, b) for a, b in found.tolist()]


def _sharing(
    keys: NDArray[np.uint64], owners: Pairs, crowd: int
) -> tuple[Pairs, list[NDArray[np.int64]]]:
    """Return the pairs that share a key, once for each key, and the owners of crowded keys."""
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    sizes = np.diff(np.append(starts, keys.size))
    pairs = [np.zeros((0, 2), dtype=np.int64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= crowd)]).tolist():
        members = owners[starts[sizes == size][:, None] + np.arange(size)]
        first, second = np.triu_indices(size, k=1)
        pairs.append(np.stack([members[:, first].ravel(), members[:, second].ravel()], axis=1))
    large = np.flatnonzero(sizes > crowd)
    crowded = [owners[starts[i] : starts[i] + sizes[i]] for i in large]
    return np.concatenate(pairs), crowded


def _sharing_samples(sketches: Sequence[Sketch], crowd: int) -> Pairs:
    sizes = np.array([s.sample.size for s in sketches])
    owners = np.repeat(np.arange(len(sketches)), sizes)
    keys = np.concatenate([s.sample for s in sketches]).astype(np.uint64)
    pairs, crowded = _sharing(keys, owners, crowd)
    # What a whole crowd shares says nothing about a pair, neither for nor against it.
    for members in crowded:
        sizes[members] -= 1
    codes, shared = np.unique(pairs[:, 0] * len(sketches) + pairs[:, 1], return_counts=True)
    a, b = np.divmod(codes, len(sketches))
    enough = shared >= _SAMPLE_SHARE * np.minimum(sizes[a], sizes[b])
    return np.stack([a[enough], b[enough]], axis=1)


def _neighbours(members: NDArray[np.int64], sketches: Sequence[Sketch]) -> Pairs:
    """Return those of a crowd that lie side by side in the order of their signatures.

    Only pairs that look nearly identical: a crowd may be pages of one template.
    """
    signatures = np.stack([sketches[i].signature for i in members])
    order = np.lexsort(signatures[:, ::-8].T)
    pairs = []
    for step in range(1, _REACH + 1):
        left, right = order[:-step], order[step:]
        alike = (signatures[left] == signatures[right]).mean(axis=1) >= _NEARLY_IDENTICAL
        pairs.append(np.stack([members[left[alike]], members[right[alike]]], axis=1))
    return np.sort(np.concatenate(pairs), axis=1)
