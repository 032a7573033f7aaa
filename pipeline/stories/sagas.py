"""Which stories are steps of one saga: too far apart to be one, too close to be strangers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.records import ArticleId, Linked, Merged, Split, StoryChange
from pipeline.stories.products import Similar, mixed, pair_products, row_lengths
from pipeline.stories.window import OpenWindow

__all__ = ["RELATED", "mean_cosines", "steps_of_sagas"]

# Cosine from which two stories are related, by their mean vectors, or a draft to an article. Of the
# links of a month of a feed 46 of 50 read from .3 on were right, 21 of 25 from .25 to .28, 16 of 25
# from .20 to .22. Of drafts of 80 words on two labelled feeds 16 of 28 on a saga are that much like
# a step of it, and 18 of 132 that stand alone are like anything (.2: 17 and 36). Titles, names and
# rare terms rank pairs of stories no better, alone or learned together.
RELATED = 0.25
# Stories are compared if two of their articles are so alike. Some two are at least as alike as all
# are on average, which in large stories is less than the cosine of the means.
_PAIR = 0.15
_DIGITS = 6


def steps_of_sagas(
    window: OpenWindow,
    row_of: Mapping[ArticleId, int],
    alike: Similar,
    changes: Iterable[StoryChange],
    at: datetime,
) -> list[Linked]:
    """Return which stories are found to be steps of one saga, each two once, by their ids.

    Parameters
    ----------
    window
        The open stories after `changes`.
    row_of
        The row of each of their articles.
    alike
        Pairs of articles of which one is new.
    changes
        What the new articles changed: the two parts of a split are related, too.
    at
        When it is, by the clock of the news.
    """
    stories, matrix = window.stories, window.neighbours.matrix
    sizes = np.array([len(story.members) for story in stories], dtype=np.int64)
    rows = np.array([row_of[m] for story in stories for m in story.members], dtype=np.int64)
    home = np.full(matrix.shape[0], -1, dtype=np.int64)
    home[rows] = np.repeat(np.arange(len(stories)), sizes)
    splits = _splits(changes, {story.story_id: n for n, story in enumerate(stories)}, row_of, home)
    known = [
        pair
        for pair in sorted({*_candidates(alike, home, sizes), *splits})
        if stories[pair[1]].story_id not in stories[pair[0]].related
    ]
    members = {n: [row_of[m] for m in stories[n].members] for n in {*chain(*known)}}
    cosines = mean_cosines(matrix, members, known)
    return [
        Linked(story_id=stories[one].story_id, at=at, related=stories[other].story_id, score=cosine)
        for (one, other), cosine in zip(known, cosines.tolist(), strict=True)
        if cosine >= RELATED or (one, other) in splits
    ]


def mean_cosines(
    matrix: csr_array,
    groups: Mapping[int, Sequence[int]],
    pairs: Sequence[tuple[int, int]],
) -> NDArray[np.float64]:
    """Return how alike some pairs of groups are.

    Parameters
    ----------
    matrix
        Articles, a row each.
    groups
        Rows of each group; their order does not matter.
    pairs
        Which groups to compare, sorted.

    Returns
    -------
    ndarray
        Cosine of the mean vectors of each pair, 0-1; 0 for a group without words.
    """
    names = sorted(groups)
    one, other = np.searchsorted(names, np.array(pairs, dtype=np.int64).reshape(-1, 2)).T
    sums = _sums(matrix, [groups[name] for name in names])
    lengths = row_lengths(sums)
    lengths[lengths == 0] = 1.0
    cosines = pair_products(sums, sums, one, other) / (lengths[one] * lengths[other])
    rounded: NDArray[np.float64] = np.round(cosines, _DIGITS).clip(0, 1)
    return rounded


def _candidates(
    alike: Similar, home: NDArray[np.int64], sizes: NDArray[np.int64]
) -> Iterable[tuple[int, int]]:
    one, other = home[alike.rows], home[alike.cols]
    # Of two single articles it is known already.
    least = np.where((sizes[one] > 1) | (sizes[other] > 1), _PAIR, RELATED)
    kept = (one != other) & (one >= 0) & (other >= 0) & (alike.values >= least)
    pairs = np.unique(np.sort(np.column_stack([one[kept], other[kept]]), axis=1), axis=0)
    return map(tuple, pairs.tolist())


def _splits(
    changes: Iterable[StoryChange],
    place: Mapping[str, int],
    row_of: Mapping[ArticleId, int],
    home: NDArray[np.int64],
) -> set[tuple[int, int]]:
    """Return the two parts of each split, where they did not end in one story.

    What was one story for a while is one saga: 12 of the first 14 splits of a month were.
    """
    changes = list(changes)
    now = {c.absorbed: c.story_id for c in changes if isinstance(c, Merged)}
    found = set()
    for change in changes:
        if isinstance(change, Split):
            stayed = place[now.get(change.story_id, change.story_id)]
            left = int(home[row_of[change.members[0].article_id]])
            found.add((min(stayed, left), max(stayed, left)))
    return {pair for pair in found if pair[0] != pair[1]}


def _sums(matrix: csr_array, groups: Sequence[Sequence[int]]) -> csr_array:
    """Return the sum of the vectors of each group, which points where their mean does."""
    rows = np.array([row for group in groups for row in sorted(group)], dtype=np.int64)
    ends = np.cumsum([0, *map(len, groups)])
    used, place = np.unique(rows, return_inverse=True)
    adding = csr_array((np.ones(len(rows)), place, ends), shape=(len(groups), len(used)))
    return mixed(adding, matrix[used])
