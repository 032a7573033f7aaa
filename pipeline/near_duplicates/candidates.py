"""Pairs of articles that may be copies: found by shared keys, without comparing all with all.

Articles are numbered here. An *entry* is one key of one article in 64 bits: 36 bits of the key and
28 of the article's number, so that sorting brings the owners of a key together. A *code* is a pair
of numbers, the lower one in the upper half. Entries may come in parts, each with all owners of its
keys: from memory, from files, or from a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.sketches import Sketch
from pipeline.records import ArticleId

__all__ = [
    "HIGHER_BITS",
    "NUMBER_BITS",
    "Classes",
    "Codes",
    "Entries",
    "Postings",
    "band_entries",
    "codes_of_bands",
    "codes_of_samples",
    "enough_shared",
    "find_candidates",
    "inside",
    "numbers_of",
    "of_firsts",
    "postings",
    "renumbered",
    "same_words",
    "sample_entries",
    "unfold",
]

Codes = NDArray[np.uint64]
Entries = NDArray[np.uint64]
Numbers = NDArray[np.int64]
SignaturesOf = Callable[[Numbers], NDArray[np.uint32]]

NUMBER_BITS = 28  # articles in one index: 268 million
HIGHER_BITS = 32  # of a code, the bits of its higher number
_NUMBER = np.uint64((1 << NUMBER_BITS) - 1)
_LOW = np.uint64(0xFFFFFFFF)

# The least share of the smaller sample that two articles must have in common, .2: a pair with half
# of its shingles in common shares about half of the sample, with a standard deviation of .1 at 25
# sampled shingles.
_SAMPLE_SHARE = 0.2
# Pages that share 90 % of their text have a Jaccard similarity of .82, reprints of a report under
# another byline .9 and more.
_NEARLY_IDENTICAL = 0.9
_REACH = 4  # neighbours on each side; guess
_MOST_AT_ONCE = 1 << 17  # of a crowd; 64 MiB of signatures


@dataclass(frozen=True, slots=True, kw_only=True)
class Postings:
    """Stored articles as an index returns them for some new ones.

    Parameters
    ----------
    ids
        The articles found; their numbers are the places in this sequence.
    digests
        `Sketch.digest` of each.
    sample_sizes
        How many keys the sample of each has.
    bands, samples
        Entries under the keys of the new articles: of a key that more than `crowd` articles have,
        any ``crowd + 1`` of them.
    signatures
        Return the signatures of some numbers, shape ``(n, num_perm)``.
    """

    ids: Sequence[ArticleId]
    digests: NDArray[np.uint64]
    sample_sizes: Numbers
    bands: Entries
    samples: Entries
    signatures: SignaturesOf


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Articles of the same words: only the first of a class is looked at any further.

    Parameters
    ----------
    first
        For each number, the first number of its class.
    members
        For each first number, all numbers of its class, where there are several.
    """

    first: Numbers
    members: Mapping[int, list[int]]


def find_candidates(
    new: Sequence[Sketch],
    stored: Postings | None = None,
    settings: NearDuplicateSettings | None = None,
) -> list[tuple[ArticleId, ArticleId]]:
    """Return the pairs of new articles, and of a new and a stored one, that are worth verifying.

    Pairs are in id order, sorted, and do not depend on the order of the arguments. A key that more
    than `crowd` articles share is boilerplate or a widely copied report: it makes no pairs by
    itself. Copies inside such a crowd are found by the keys of what else they share, by having the
    same words, or by nearly the same signature. So the work for one article is bounded by its
    number of keys times `crowd`.

    Parameters
    ----------
    new
        Sketches made with the same settings.
    stored
        Without articles that are in `new`.
    """
    settings = settings or NearDuplicateSettings()
    own = postings(new)
    if not own.ids:
        return []
    held = _joined(own, stored)
    classes = same_words(held.digests)
    bands = [of_firsts(held.bands, classes)]
    sizes = held.sample_sizes.copy()
    samples = list(codes_of_samples([of_firsts(held.samples, classes)], sizes, settings.crowd))
    codes = [
        *codes_of_bands(bands, held.signatures, settings.crowd),
        enough_shared(np.concatenate(samples), sizes),
    ]
    found = unfold(
        np.concatenate([*codes, inside(classes, settings.crowd)]), classes, settings.crowd
    )
    ids, fresh = held.ids, len(own.ids)
    # The lower number comes first, so a pair of two stored ones is told by its first; the new ones
    # are numbered by id.
    pairs = [
        (ids[a], ids[b])
        for a, b in zip(*(column.tolist() for column in numbers_of(found)), strict=True)
        if a < fresh
    ]
    return pairs if len(ids) == fresh else sorted((min(pair), max(pair)) for pair in pairs)


def postings(sketches: Iterable[Sketch]) -> Postings:
    """Return the postings of articles in memory, numbered by id; those without words are none."""
    worded = sorted((one for one in sketches if one.words.size), key=lambda one: one.article_id)
    return Postings(
        ids=[one.article_id for one in worded],
        digests=np.array([one.digest for one in worded], dtype=np.uint64),
        sample_sizes=np.array([one.sample.size for one in worded], dtype=np.int64),
        bands=band_entries([one.bands for one in worded]),
        samples=sample_entries([one.sample for one in worded]),
        signatures=lambda numbers: np.stack([worded[i].signature for i in numbers]),
    )


def band_entries(rows: Sequence[NDArray[np.uint64]], start: int = 0) -> Entries:
    """Return the entries of `Sketch.bands` of articles that are numbered from `start`."""
    keys = np.concatenate([np.zeros(0, dtype=np.uint64), *rows])
    return _entries(keys >> np.uint64(NUMBER_BITS), rows, start)


def sample_entries(rows: Sequence[NDArray[np.uint32]], start: int = 0) -> Entries:
    """Return the entries of `Sketch.sample` of articles that are numbered from `start`."""
    keys = np.concatenate([np.zeros(0, dtype=np.uint32), *rows]).astype(np.uint64)
    return _entries(keys, rows, start)


def renumbered(entries: Entries, places: Numbers) -> Entries:
    """Return the entries with other numbers; those whose `places` are below 0 go."""
    found = places[(entries & _NUMBER).astype(np.int64)]
    kept = found >= 0
    changed: Entries = entries[kept] & ~_NUMBER | found[kept].view(np.uint64)
    return changed


def of_firsts(entries: Entries, classes: Classes) -> Entries:
    """Return the entries of those articles that are the first of their class."""
    if not classes.members:
        return entries
    owners = (entries & _NUMBER).astype(np.int64)
    firsts: Entries = entries[classes.first[owners] == owners]
    return firsts


def numbers_of(codes: Codes) -> tuple[Numbers, Numbers]:
    """Return the lower and the higher number of each pair."""
    return (codes >> np.uint64(HIGHER_BITS)).astype(np.int64), (codes & _LOW).astype(np.int64)


def same_words(digests: NDArray[np.uint64]) -> Classes:
    """Return which articles have the same words in the same order."""
    order = np.argsort(digests, kind="stable")
    starts = np.flatnonzero(np.diff(digests[order], prepend=~digests[order[:1]]))
    sizes = np.diff(np.append(starts, order.size))
    first = np.empty(digests.size, dtype=np.int64)
    first[order] = np.repeat(order[starts], sizes)
    several = [order[starts[i] : starts[i] + sizes[i]].tolist() for i in np.flatnonzero(sizes > 1)]
    return Classes(first=first, members={members[0]: members for members in several})


def codes_of_bands(
    parts: Iterable[Entries], signatures: SignaturesOf, crowd: int
) -> Iterator[Codes]:
    """Yield the pairs that share a band, once for each; of a crowd, its near neighbours."""
    for entries in parts:
        codes, crowded = _sharing(entries, crowd)
        yield codes
        for members in crowded:
            yield _neighbours(members, signatures)


def codes_of_samples(parts: Iterable[Entries], sizes: Numbers, crowd: int) -> Iterator[Codes]:
    """Yield the pairs that share a key of their samples, once for each key.

    What a whole crowd shares says nothing about a pair, neither for nor against it: it is taken
    off the `sizes` of the samples, in place.
    """
    for entries in parts:
        codes, crowded = _sharing(entries, crowd)
        for members in crowded:
            sizes[members] -= 1
        yield codes


def enough_shared(codes: Codes, sizes: Numbers) -> Codes:
    """Return the pairs that come often enough, each once, sorted."""
    pairs, shared = np.unique(codes, return_counts=True)
    a, b = numbers_of(pairs)
    return pairs[shared >= _SAMPLE_SHARE * np.minimum(sizes[a], sizes[b])]


def inside(classes: Classes, crowd: int) -> Codes:
    """Return the pairs of articles of the same words; of very many, all with the first one."""
    pairs = [pair for members in classes.members.values() for pair in _inside(members, crowd)]
    return _codes(np.array(pairs, dtype=np.int64).reshape(-1, 2))


def unfold(codes: Codes, classes: Classes, crowd: int) -> Codes:
    """Return the pairs of all articles, from those of the first of each class; once each, sorted.

    Pairs inside a class stay as they are, see `inside`.
    """
    if not classes.members:
        return np.unique(codes)
    several = np.zeros(classes.first.size, dtype=bool)
    several[list(classes.members)] = True
    a, b = numbers_of(codes)
    touched = (several[a] | several[b]) & (classes.first[a] != classes.first[b])
    pairs = [
        pair
        for one, other in zip(a[touched].tolist(), b[touched].tolist(), strict=True)
        for pair in _spread(
            classes.members.get(one, [one]), classes.members.get(other, [other]), crowd
        )
    ]
    more = _codes(np.array(pairs, dtype=np.int64).reshape(-1, 2))
    return np.unique(np.concatenate((codes[~touched], more)))


def _codes(pairs: NDArray[np.int64]) -> Codes:
    ordered = np.sort(pairs, axis=1).view(np.uint64)
    codes: Codes = ordered[:, 0] << np.uint64(HIGHER_BITS) | ordered[:, 1]
    return codes


def _entries(keys: NDArray[np.uint64], rows: Sequence[NDArray[Any]], start: int) -> Entries:
    counts = np.array([row.size for row in rows], dtype=np.int64)
    owners = np.repeat(np.arange(start, start + counts.size, dtype=np.uint64), counts)
    entries: Entries = keys << np.uint64(NUMBER_BITS) | owners
    return entries


def _joined(new: Postings, stored: Postings | None) -> Postings:
    """Return both as one, the new articles numbered first."""
    if stored is None or not stored.ids:
        return new
    count = len(new.ids)

    def signatures(numbers: Numbers) -> NDArray[np.uint32]:
        own = numbers < count
        if own.all():
            return new.signatures(numbers)
        others = stored.signatures(numbers[~own] - count)
        found = np.empty((numbers.size, others.shape[1]), dtype=np.uint32)
        found[~own] = others
        if own.any():
            found[own] = new.signatures(numbers[own])
        return found

    shift = np.uint64(count)
    return Postings(
        ids=[*new.ids, *stored.ids],
        digests=np.concatenate((new.digests, stored.digests)),
        sample_sizes=np.concatenate((new.sample_sizes, stored.sample_sizes)),
        bands=np.concatenate((new.bands, stored.bands + shift)),
        samples=np.concatenate((new.samples, stored.samples + shift)),
        signatures=signatures,
    )


def _sharing(entries: Entries, crowd: int) -> tuple[Codes, list[Numbers]]:
    """Return the pairs that share a key, once for each key, and the owners of crowded keys."""
    entries = np.sort(entries)
    keys, owners = entries >> np.uint64(NUMBER_BITS), entries & _NUMBER
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))[: keys.size]
    sizes = np.diff(np.append(starts, keys.size))
    codes = [np.zeros(0, dtype=np.uint64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= crowd)]).tolist():
        members = owners[starts[sizes == size][:, None] + np.arange(size)]
        first, second = np.triu_indices(size, k=1)
        codes.append((members[:, first] << np.uint64(HIGHER_BITS) | members[:, second]).ravel())
    large = np.flatnonzero(sizes > crowd)
    crowded = [owners[starts[i] : starts[i] + sizes[i]].astype(np.int64) for i in large]
    return np.concatenate(codes), crowded


def _neighbours(members: Numbers, signatures_of: SignaturesOf) -> Codes:
    """Return those of a crowd that lie side by side in the order of their signatures.

    Only pairs that look nearly identical: a crowd may be pages of one template.
    """
    if members.size > _MOST_AT_ONCE:
        halves = np.array_split(members, 2)
        return np.concatenate([_neighbours(half, signatures_of) for half in halves])
    signatures = signatures_of(members)
    order = np.lexsort(signatures[:, ::-8].T)
    codes = []
    for step in range(1, _REACH + 1):
        left, right = order[:-step], order[step:]
        alike = (signatures[left] == signatures[right]).mean(axis=1) >= _NEARLY_IDENTICAL
        codes.append(_codes(np.stack((members[left[alike]], members[right[alike]]), axis=1)))
    return np.concatenate(codes)


def _inside(members: list[int], crowd: int) -> list[tuple[int, int]]:
    if len(members) <= crowd:
        return list(combinations(members, 2))
    return [(members[0], other) for other in members[1:]]


def _spread(a: list[int], b: list[int], crowd: int) -> list[tuple[int, int]]:
    """Return the pairs of two classes; through their first members where that would be too many."""
    if len(a) * len(b) <= crowd:
        return list(product(a, b))
    return [(a[0], other) for other in b] + [(other, b[0]) for other in a[1:]]
