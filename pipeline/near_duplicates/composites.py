"""Roundups and briefings: articles that are made of other articles, or of passages of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.near_duplicates.kernels import compiled
from pipeline.near_duplicates.overlaps import Overlaps
from pipeline.near_duplicates.shingles import Ragged, distinct, shingle_words
from pipeline.records import ArticleId, NearDuplicate, Relation

__all__ = [
    "SYMMETRIC",
    "WHOLE",
    "Excerpts",
    "excerpts_of",
    "find_briefings",
    "find_composites",
    "mark_composites",
    "may_be_excerpt",
]

WordsOf = Callable[[NDArray[np.int64]], Ragged]

SYMMETRIC: frozenset[Relation] = frozenset({"exact_copy", "near_copy", "version_of"})

WHOLE = 0.9  # from here on an article is another one plus something; read off the development set
_ROUNDUP = 0.5  # parts cover at least so much of a roundup; guess
# An excerpt, as briefings take them over: two or three sentences, and no small part of the
# briefing; guesses. Quotations that reports of one event share are shorter.
_EXCERPT_SHINGLES = 40
_EXCERPT = 0.15


class Excerpts(NamedTuple):
    """Long passages of articles in others that they are not related to; numbers, a column each.

    Of `overlap`, a is the whole that the passage may be a piece of.
    """

    whole: NDArray[np.int64]
    part: NDArray[np.int64]
    overlap: Overlaps


def may_be_excerpt(overlap: Overlaps) -> NDArray[np.bool_]:
    """Say of which pairs `excerpts_of` returns anything."""
    long: NDArray[np.bool_] = overlap.shared >= _EXCERPT_SHINGLES
    return long & (overlap.more >= _EXCERPT)


def excerpts_of(first: NDArray[np.int64], second: NDArray[np.int64], overlap: Overlaps) -> Excerpts:
    """Return what could be a piece of a roundup, from either side."""
    long = overlap.shared >= _EXCERPT_SHINGLES
    forth, back = long & (overlap.in_a >= _EXCERPT), long & (overlap.in_b >= _EXCERPT)
    turned = Overlaps(overlap.shared, overlap.size_b, overlap.size_a)
    sides = zip(overlap.take(forth), turned.take(back), strict=True)
    return Excerpts(
        np.concatenate((first[forth], second[back])),
        np.concatenate((second[forth], first[back])),
        Overlaps(*(np.concatenate(pair) for pair in sides)),
    )


def find_briefings(
    excerpts: Excerpts, copies: NDArray[np.bool_], words_of: WordsOf, shingle_size: int
) -> NDArray[np.int64]:
    """Return which excerpts make up articles: half of the text, from two and more.

    Only what no other part has covered counts, because one boilerplate passage is shared by many.
    An article that is a copy of another is no briefing of what both share with third ones.

    Parameters
    ----------
    excerpts
        Of articles that are numbered by id, so that ties are broken by id.
    copies
        For each number, whether it stands in a relation.
    words_of
        Returns the words of some numbers.
    shingle_size
        Words in a shingle.
    """
    wholes, share = excerpts.whole, excerpts.overlap.in_a
    pieces = np.bincount(wholes, minlength=copies.size)
    covered = np.bincount(wholes, weights=share, minlength=copies.size)
    hopeful = (pieces > 1) & (covered >= _ROUNDUP) & ~copies
    places = np.flatnonzero(hopeful[wholes])
    places = places[np.lexsort((excerpts.part[places], -share[places], wholes[places]))]
    involved = np.unique(np.concatenate((wholes[places], excerpts.part[places])))
    rows = shingle_words(words_of(involved), shingle_size)
    kernels = compiled()
    choose = kernels.choose_covering if kernels else _choose_covering
    own = np.searchsorted(involved, wholes[places])
    chosen, left, sizes = choose(
        rows, own, np.searchsorted(involved, excerpts.part[places]), _EXCERPT
    )
    several = np.bincount(own[chosen], minlength=involved.size)[own] > 1
    found: NDArray[np.int64] = places[chosen & several & (left <= (1 - _ROUNDUP) * sizes)]
    return found


def _choose_covering(
    rows: Ragged, wholes: NDArray[np.int64], parts: NDArray[np.int64], excerpt: float
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Return which parts add so much to what covers their whole, how much is left, and its size.

    Parts of one whole are neighbours, the first one comes first; the last two are for each part's
    whole.
    """
    shingles = distinct(rows).rows()
    chosen = np.zeros(wholes.size, dtype=bool)
    left, sizes = np.zeros_like(wholes), np.zeros_like(wholes)
    bounds = [*np.flatnonzero(np.diff(wholes, prepend=-1)).tolist(), wholes.size]
    for start, end in pairwise(bounds):
        every = rest = shingles[wholes[start]]
        for place in range(start, end):
            fewer = _without(rest, shingles[parts[place]])
            if rest.size - fewer.size >= excerpt * every.size:
                rest = fewer
                chosen[place] = True
        left[start:end], sizes[start:end] = rest.size, every.size
    return chosen, left, sizes


def _without(values: NDArray[np.uint32], others: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the values that are not among the others; both are sorted."""
    places = np.minimum(np.searchsorted(others, values), others.size - 1)
    rest: NDArray[np.uint32] = values[others[places] != values]
    return rest


def mark_composites(relations: Sequence[NearDuplicate]) -> list[NearDuplicate]:
    """Return `relations` with those of roundups to their parts named ``composite_of``.

    Whether an article is a roundup shows in all its relations, so call this again with the stored
    ones when an article has got new ones. Doing it twice changes nothing.
    """
    composites = find_composites(relations)
    return [_mark(one, composites) for one in relations]


def find_composites(
    relations: Iterable[NearDuplicate],
) -> dict[ArticleId, dict[ArticleId, float]]:
    """Return for each roundup the articles that it holds, with the share of it that each covers.

    A roundup holds two or more articles, or long passages of them, that are unrelated among each
    other and cover at least half of it together.
    """
    relations = list(relations)
    linked = {_in_id_order(one) for one in relations}
    contained: dict[ArticleId, dict[ArticleId, float]] = defaultdict(dict)
    copied: dict[ArticleId, dict[ArticleId, float]] = defaultdict(dict)
    for one in relations:
        for whole, part, in_part, covers in _sides(one):
            if in_part < WHOLE and one.relation in SYMMETRIC:
                continue
            # A roundup can be a near copy of the part that makes most of it.
            (copied if one.relation in SYMMETRIC else contained)[whole][part] = covers
    sure = {whole for whole, parts in contained.items() if _is_roundup(parts, linked)}
    result = {}
    for whole in sorted({*contained, *copied}):
        # A longer copy of a roundup holds that roundup, which is no part of it.
        near = {part: share for part, share in copied[whole].items() if part not in sure}
        parts = contained[whole] | near
        if whole in sure or _is_roundup(parts, linked):
            result[whole] = parts
    return result


def _sides(one: NearDuplicate) -> Iterator[tuple[ArticleId, ArticleId, float, float]]:
    """Yield (whole, part, how much of the part is in the whole, how much of the whole it is)."""
    if one.relation in {"contains", "composite_of"}:
        yield one.a, one.b, one.in_b, one.in_a
    elif one.relation == "contained_in":
        yield one.b, one.a, one.in_a, one.in_b
    elif one.in_a < WHOLE:
        yield one.a, one.b, one.in_b, one.in_a
    elif one.in_b < WHOLE:
        yield one.b, one.a, one.in_a, one.in_b


def _is_roundup(parts: Mapping[ArticleId, float], linked: set[tuple[ArticleId, ArticleId]]) -> bool:
    chosen: list[ArticleId] = []
    for part in sorted(parts, key=lambda p: (-parts[p], p)):
        if not any((min(part, other), max(part, other)) in linked for other in chosen):
            chosen.append(part)
    return len(chosen) > 1 and sum(parts[part] for part in chosen) >= _ROUNDUP


def _mark(
    one: NearDuplicate, composites: Mapping[ArticleId, Mapping[ArticleId, float]]
) -> NearDuplicate:
    if one.b in composites.get(one.a, {}):
        if one.relation == "composite_of":
            return one
        return replace(one, relation="composite_of")
    if one.a in composites.get(one.b, {}):
        a, b, in_a, in_b = one.b, one.a, one.in_b, one.in_a
        return replace(one, relation="composite_of", a=a, b=b, in_a=in_a, in_b=in_b)
    return one


def _in_id_order(one: NearDuplicate) -> tuple[ArticleId, ArticleId]:
    return min(one.a, one.b), max(one.a, one.b)
