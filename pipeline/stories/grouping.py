"""Groups of articles that cover one event, found among some articles and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.config import StorySettings
from pipeline.stories.linkage import MOST_EASE, average_linkage
from pipeline.stories.neighbours import Neighbours, pairs_among
from pipeline.stories.pair_score import Pairs, compared, link_threshold, links
from pipeline.stories.products import Similar

__all__ = ["RELATED_SHARE", "Grouping", "group_articles", "least_link"]

# How much likelier than their words say two articles of one story belong together, in log-odds.
# They were judged once, when other neighbours were around; without it stories near the threshold
# fall apart and merge for ever, with 1.0 runs of a day and of six hours agree less.
_STANDING = 0.5
# From this share of the probability that joins, two stories are steps of one saga. Of the pairs in
# two labelled feeds and ecbplus 16 are, 19 are halves of one story and 13 neither (.25: 17, 24, 20;
# .4: 15, 11, 9). Of 40 read of a month at .4 38 are right, of 22 more at .25 18.
RELATED_SHARE = 0.3
# What so many members hold together is not asked again: a story of everything would cost the square
# of its size for each article that it takes.
_MOST_REGROUPED = 200


class Grouping(NamedTuple):
    """Groups among some articles.

    Parameters
    ----------
    rows
        The articles, by id.
    links
        From `pair_score.links`, between places in `rows`.
    groups
        Places in `rows`, sorted; groups by their first.
    """

    rows: NDArray[np.int64]
    links: csr_array
    groups: list[list[int]]


def group_articles(
    every: Neighbours,
    rows: Iterable[int],
    homes: Mapping[int, Hashable],
    judged: Callable[[Pairs], NDArray[np.float64]],
    settings: StorySettings,
) -> Grouping:
    """Group some articles anew.

    Parameters
    ----------
    every
        All articles at hand.
    rows
        Which of them.
    homes
        The story of each that has one.
    judged
        The log-odds of pairs.
    settings
        Threshold and window.
    """
    places = np.array(sorted(rows, key=lambda row: every.vectors[row].article_id), dtype=np.int64)
    found = pairs_among(every, np.sort(places), settings.window_hours)
    place_of = np.zeros(len(every.vectors), dtype=np.int64)
    place_of[places] = np.arange(len(places))
    # Rows below 0 stand for themselves: no two of them are one story.
    codes = {home: code for code, home in enumerate(dict.fromkeys(homes.values()))}
    home = np.array([codes[homes[r]] if r in homes else -1 - r for r in places.tolist()], np.int64)
    pairs = compared(every, found.near)
    odds = judged(pairs)
    local = pairs._replace(rows=place_of[pairs.rows], cols=place_of[pairs.cols])
    graph = links(local, odds + _STANDING * (home[local.rows] == home[local.cols]), len(places))
    sizes = Counter(home.tolist())
    start = [
        one if sizes[one] > _MOST_REGROUPED else -1 - len(every.vectors) - place
        for place, one in enumerate(home.tolist())
    ]
    least = link_threshold(settings.threshold)
    groups = average_linkage(graph, start, least, _far_graph(found.far, place_of, len(places)))
    return Grouping(places, graph, groups)


def least_link(settings: StorySettings) -> float:
    """Return the weakest link that says anything about two groups: they may join, or be related."""
    joins = link_threshold(settings.threshold) - MOST_EASE
    return min(joins, link_threshold(settings.threshold * RELATED_SHARE))


def _far_graph(far: Similar, place_of: NDArray[np.int64], size: int) -> csr_array:
    rows, cols = place_of[far.rows], place_of[far.cols]
    both = (np.concatenate([rows, cols]), np.concatenate([cols, rows]))
    return csr_array((np.ones(2 * len(rows)), both), shape=(size, size))
