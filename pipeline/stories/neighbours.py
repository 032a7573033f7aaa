"""The articles of the open stories, each with its vector and what is known of its neighbours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.records import ArticleId
from pipeline.stories.hashing import hashed
from pipeline.stories.products import Similar, indexed, mixed, row_lengths, search
from pipeline.stories.vectors import TERMS, TermVector, as_matrix

__all__ = [
    "NEAREST",
    "SAME_TEXT",
    "SERIES",
    "Found",
    "Neighbours",
    "compare",
    "known_articles",
    "pairs_among",
    "without",
]

NEAREST = 3  # neighbours that an article learns words from, see `context`
SERIES = 9  # of its own outlet, see `pair_score`
# Pairs below it cannot hold a group together. .05, .07 and .1, each with constants of the prior
# that suit it, give mean B-Cubed .915, .916 and .915 and pairwise F1 .833, .844 and .840.
_FLOOR = 0.07
# A neighbour teaches words only from here on. Without training, at one threshold: from .2 on,
# single articles of a real feed are pulled into stories (pairwise .80 -> .72 with eight of them).
_NEAR = 0.25
# Far pairs below it are like any two articles; .1 and .2 give the same figures, .3 too few.
_FAR_FLOOR = 0.2
# Three neighbours that weigh half of the article itself, none below .25: with each labelled set
# judged by weights learned without it, mean B-Cubed is .903 and pairwise .813. Without training,
# at a threshold of .36, mutual neighbours alone find too little (ecbplus B-Cubed .92 -> .82).
_LEARNED = 0.5
SAME_TEXT = 0.9  # the same text again is no series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """Articles, a row each, and the nearest of each among all that it was compared with.

    Parameters
    ----------
    vectors
        The articles.
    matrix
        The same as a matrix, a row each.
    hours
        Between which hours each article appeared, shape ``(n_articles, 2)``.
    outlets
        A number for the outlet of each, the same for the same; -1 for none.
    nearest, closeness
        Rows of the nearest three from a similarity of .25 on, most alike first, and how alike;
        shape ``(n_articles, 3)``. Its own row and 0 where there are fewer.
    lengths
        Of each mixed vector, see `mixed_vectors`; shape ``(n_articles,)``.
    series
        How alike the nine nearest of its own outlet are, but for the same text, highest first;
        shape ``(n_articles, 9)``, 0 where there are fewer.
    """

    vectors: Sequence[TermVector]
    matrix: csr_array
    hours: NDArray[np.float64]
    outlets: NDArray[np.int64]
    nearest: NDArray[np.int64]
    closeness: NDArray[np.float64]
    lengths: NDArray[np.float64]
    series: NDArray[np.float64]


class Found(NamedTuple):
    """Pairs of articles that are alike, each once.

    Parameters
    ----------
    near
        Those within the window.
    far
        Those farther apart, by different outlets or by none that is known. What one outlet wrote
        alike within days may be one event; a week apart it is its series.
    """

    near: Similar
    far: Similar


def known_articles(vectors: Sequence[TermVector] = ()) -> Neighbours:
    """Return articles of which no neighbours are known yet."""
    size = len(vectors)
    return Neighbours(
        vectors=tuple(vectors),
        matrix=as_matrix(vectors),
        hours=np.array([(one.first, one.last) for one in vectors]).reshape(-1, 2),
        outlets=np.array([_code(one.outlet) for one in vectors], dtype=np.int64),
        nearest=np.tile(np.arange(size)[:, None], (1, NEAREST)),
        closeness=np.zeros((size, NEAREST)),
        lengths=np.ones(size),
        series=np.zeros((size, SERIES)),
    )


def _code(outlet: str | None) -> int:
    """Return a number that stands for an outlet by its name alone."""
    return hashed(outlet) if outlet else -1


def compare(
    known: Neighbours, fresh: Sequence[TermVector], window_hours: float
) -> tuple[Neighbours, Found]:
    """Add articles; returns all, those added last, and the pairs with at least one that was added.

    Parameters
    ----------
    known
        What they are compared with, and each other.
    fresh
        The new ones.
    window_hours
        Articles farther apart in time are no neighbours.
    """
    size = len(known.vectors)
    new = known_articles(fresh)
    both = (indexed(one.matrix, dense_from=TERMS) for one in (known, new))
    among, own = (search(new.matrix, index, _FLOOR) for index in both)
    once = own.cols < own.rows
    pairs = Similar(
        np.concatenate([among.rows, own.rows[once]]) + size,
        np.concatenate([among.cols, own.cols[once] + size]),
        np.concatenate([among.values, own.values[once]]),
    )
    order = np.lexsort((pairs.cols, pairs.rows))
    every = _stacked(known, new)
    ordered = Similar(pairs.rows[order], pairs.cols[order], pairs.values[order])
    found = _parted(every, ordered, window_hours)
    return _acquainted(every, found.near), found


def pairs_among(every: Neighbours, rows: NDArray[np.int64], window_hours: float) -> Found:
    """Return the pairs among some articles; in each pair the row is the greater of the two.

    Parameters
    ----------
    every
        The articles.
    rows
        Which of them, sorted.
    window_hours
        As for `compare`.
    """
    part = every.matrix[rows]
    own = search(part, indexed(part, dense_from=TERMS), _FLOOR)
    once = own.cols < own.rows
    pairs = Similar(rows[own.rows[once]], rows[own.cols[once]], own.values[once])
    return _parted(every, pairs, window_hours)


def without(every: Neighbours, ids: Collection[ArticleId]) -> Neighbours:
    """Return all articles but some, in the same order; those are no longer known as neighbours."""
    if not ids:
        return every
    kept = [r for r, vector in enumerate(every.vectors) if vector.article_id not in ids]
    rows = np.array(kept, dtype=np.int64)
    place = np.full(len(every.vectors), -1)
    place[rows] = np.arange(len(rows))
    nearest, closeness = place[every.nearest[rows]], every.closeness[rows]
    left = replace(
        every,
        vectors=tuple(every.vectors[row] for row in kept),
        matrix=every.matrix[rows],
        hours=every.hours[rows],
        outlets=every.outlets[rows],
        nearest=np.where(nearest < 0, np.arange(len(rows))[:, None], nearest),
        closeness=np.where(nearest < 0, 0.0, closeness),
        lengths=every.lengths[rows],
        series=every.series[rows],
    )
    bereft = np.flatnonzero((nearest < 0).any(axis=1))
    left.lengths[bereft] = _mixed_lengths(left, bereft)
    return left


def _parted(every: Neighbours, pairs: Similar, window_hours: float) -> Found:
    hours, outlets = every.hours, every.outlets
    rows, cols, values = pairs
    gap = np.maximum(hours[rows, 0] - hours[cols, 1], hours[cols, 0] - hours[rows, 1])
    near = gap <= window_hours
    is_other = (outlets[rows] != outlets[cols]) | (outlets[rows] < 0)
    far = ~near & is_other & (values >= _FAR_FLOOR)
    return Found(*(Similar(rows[kept], cols[kept], values[kept]) for kept in (near, far)))


def _stacked(known: Neighbours, new: Neighbours) -> Neighbours:
    size = len(known.vectors)
    one, other = known.matrix, new.matrix
    matrix = csr_array(
        (
            np.concatenate([one.data, other.data]),
            np.concatenate([one.indices, other.indices]),
            np.concatenate([one.indptr, other.indptr[1:] + one.indptr[-1]]),
        ),
        shape=(size + len(new.vectors), one.shape[1]),
    )
    return Neighbours(
        vectors=(*known.vectors, *new.vectors),
        matrix=matrix,
        hours=np.concatenate([known.hours, new.hours]),
        outlets=np.concatenate([known.outlets, new.outlets]),
        nearest=np.concatenate([known.nearest, new.nearest + size]),
        closeness=np.concatenate([known.closeness, new.closeness]),
        lengths=np.concatenate([known.lengths, new.lengths]),
        series=np.concatenate([known.series, new.series]),
    )


def _acquainted(every: Neighbours, pairs: Similar) -> Neighbours:
    """Let each article know of its nearest, among those it knew and those of new pairs."""
    rows, cols = (np.concatenate([a, b]) for a, b in ((pairs[0], pairs[1]), (pairs[1], pairs[0])))
    values, outlets = np.concatenate([pairs.values, pairs.values]), every.outlets
    near = values >= _NEAR
    nearest, closeness = every.nearest.copy(), every.closeness.copy()
    touched, names, levels = _highest(
        rows[near], cols[near], values[near], every.nearest, every.closeness
    )
    nearest[touched] = np.where(levels > 0, names, touched[:, None])
    closeness[touched] = levels
    every = replace(every, nearest=nearest, closeness=closeness)
    lengths = every.lengths.copy()
    lengths[touched] = _mixed_lengths(every, touched)
    own = (outlets[rows] == outlets[cols]) & (outlets[rows] >= 0) & (values < SAME_TEXT)
    series = every.series.copy()
    nobody = np.zeros(every.series.shape, dtype=np.int64)
    touched, _, levels = _highest(rows[own], cols[own], values[own], nobody, every.series)
    series[touched] = levels
    return replace(every, lengths=lengths, series=series)


def mixture(
    every: Neighbours, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return what articles are mixed from, themselves first, and how much of each, ``(n, 4)``."""
    closeness = every.closeness[rows]
    shares = _LEARNED * closeness / closeness.sum(axis=1, keepdims=True).clip(min=_NEAR)
    sources = np.column_stack([rows, every.nearest[rows]])
    return sources, np.column_stack([np.ones(len(rows)), shares])


def mixed_vectors(every: Neighbours, rows: NDArray[np.int64]) -> csr_array:
    """Return ``v + .5 * (mean of its nearest v, weighted by similarity)`` of some articles."""
    sources, shares = mixture(every, rows)
    used, place = np.unique(sources, return_inverse=True)
    ends = np.arange(len(rows) + 1) * sources.shape[1]
    mixing = csr_array((shares.ravel(), place.ravel(), ends), shape=(len(rows), len(used)))
    return mixed(mixing, every.matrix[used])


def _mixed_lengths(every: Neighbours, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return what the products of mixed vectors are divided by; 1 for an article without words."""
    lengths = row_lengths(mixed_vectors(every, rows))
    return np.where(lengths > 0, lengths, 1.0)


def _highest(
    rows: NDArray[np.int64],
    names: NDArray[np.int64],
    values: NDArray[np.float64],
    known_names: NDArray[np.int64],
    known_values: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return which rows get a value, and for each the highest of its new and its known ones.

    Equal values are settled by name; 0 stands for none.
    """
    touched = np.unique(rows)
    width = known_values.shape[1]
    names = np.concatenate([names, known_names[touched].ravel()])
    values = np.concatenate([values, known_values[touched].ravel()])
    place = np.concatenate([np.searchsorted(touched, rows), np.arange(len(touched)).repeat(width)])
    order = np.lexsort((names, -values, place))
    rank = np.arange(len(order)) - np.searchsorted(place[order], place[order])
    kept = rank < width
    best = np.empty((len(touched), width), dtype=np.int64)
    best[place[order[kept]], rank[kept]] = order[kept]
    return touched, names[best], values[best]
