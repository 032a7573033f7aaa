"""How probable it is that two articles cover one event: what is known of the pair, as learned."""

from __future__ import annotations

import json
import math
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.stories.context import similarities_in_context
from pipeline.stories.neighbours import SAME_TEXT, Neighbours
from pipeline.stories.prior import ScoreCounts, prior_shift
from pipeline.stories.products import Similar

__all__ = [
    "PairWeights",
    "Pairs",
    "compared",
    "link_threshold",
    "link_values",
    "links",
    "scored",
    "shift_of",
    "shipped_weights",
]

# What a pair counts for at least and at most, in log-odds. Below the least no words are compared,
# so that pairs without evidence weigh alike; above the most, one copied paragraph would hold two
# groups together. At -3.4 and 6.6 mean B-Cubed is .916, and .917 for all of -3 to -2.6 and 7 to 8.
_LEAST, _MOST = -3.0, 7.0
_DIGITS = 9
# Two articles of one outlet that are as alike as others are less often on one event: of pairs with
# .25 to .40, 38 and 62 % on the two labelled feeds, where it is 60 and 81 % across outlets.
_OWN_OUTLET = 0.05
# An article that resembles several of its own outlet is one of a series (horoscopes, odds, videos
# with the same blurb): the mean similarity to the 5th to 9th of them is the level of its template.
# Shares of .3 to .8 give the same on the labelled feeds; .8 keeps videos of one channel apart that
# formed two of the largest stories of a month (US feed, June 2023). The same text stays together.
_SERIES_FROM = 4
_SERIES_SHARE = 0.8


class PairWeights(NamedTuple):
    """The weights of a logistic regression, made by ``benchmarks/train_pairs.py``.

    Parameters
    ----------
    similarity, in_context, own_outlet, intercept
        Of each column of `Pairs`, and what is added.
    usual_shift
        What `prior_shift` adds in the sets learned from, so that it is not counted twice.
    """

    similarity: float
    in_context: float
    own_outlet: float
    intercept: float
    usual_shift: float = 0.0


class Pairs(NamedTuple):
    """Pairs of articles that share enough words to be compared, each once, sorted.

    Parameters
    ----------
    rows, cols
        Row numbers of the two, the greater first.
    similarity, in_context
        Cosine similarity of the two, and of the two as their neighbours complete them.
    own_outlet
        What articles of their outlet have in common anyway; 0 where they are of two.
    """

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    similarity: NDArray[np.float64]
    in_context: NDArray[np.float64]
    own_outlet: NDArray[np.float64]


def compared(every: Neighbours, pairs: Similar) -> Pairs:
    """Return what is known of some pairs of articles.

    Parameters
    ----------
    every
        The articles.
    pairs
        Sorted by row.
    """
    in_context = similarities_in_context(every, pairs.rows, pairs.cols)
    own_outlet = _own_outlet_discounts(every, pairs)
    return Pairs(pairs.rows, pairs.cols, pairs.values, in_context, own_outlet)


def _own_outlet_discounts(every: Neighbours, pairs: Similar) -> NDArray[np.float64]:
    """Return how much less each pair counts because one outlet wrote both; 0 across outlets."""
    rows, cols, outlets = pairs.rows, pairs.cols, every.outlets
    own = (outlets[rows] == outlets[cols]) & (outlets[rows] >= 0) & (pairs.values < SAME_TEXT)
    template = every.series[:, _SERIES_FROM:].mean(axis=1)
    level = _OWN_OUTLET + _SERIES_SHARE * (template[rows] + template[cols]) / 2
    # Where one outlet writes nearly all there is, having it in common says nothing.
    named, counts = np.unique(outlets, return_counts=True)
    others = 1 - counts[np.searchsorted(named, outlets[rows])] / max(1, len(outlets))
    return np.where(own, level * others, 0.0)


def scored(pairs: Pairs, weights: PairWeights | None = None) -> NDArray[np.float64]:
    """Return the logarithm of p / (1 - p) for each pair, as if it were of the usual collection.

    Parameters
    ----------
    pairs
        From `compared`.
    weights
        None takes those of the package.
    """
    known = weights or shipped_weights()
    scores: NDArray[np.float64] = (
        known.similarity * pairs.similarity
        + known.in_context * pairs.in_context
        + known.own_outlet * pairs.own_outlet
        + known.intercept
    )
    return scores


def shift_of(scores: ScoreCounts, weights: PairWeights | None = None) -> float:
    """Return what to add to the scores of a collection, of which `scores` has all pairs.

    With it they are calibrated: on labelled sets of which each was left out in turn, the benchmark
    `stories` has the expected error and a table of claimed against true shares.
    """
    return prior_shift(scores) - (weights or shipped_weights()).usual_shift


def links(
    rows: NDArray[np.int64], cols: NDArray[np.int64], log_odds: NDArray[np.float64], size: int
) -> csr_array:
    """Return the graph that stories are made of: log-odds, counted from those of no evidence.

    Parameters
    ----------
    rows, cols
        Pairs of articles, each once.
    log_odds
        Of each of them.
    size
        Number of articles.

    Returns
    -------
    csr_array
        Symmetric, shape ``(size, size)``; `link_threshold` is on the same scale.
    """
    values = link_values(log_odds)
    kept = values > 0
    rows, cols, values = rows[kept], cols[kept], values[kept]
    both = (np.concatenate([rows, cols]), np.concatenate([cols, rows]))
    return csr_array((np.concatenate([values, values]), both), shape=(size, size))


def link_values(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log-odds on the scale of `links`; nothing is linked at 0 and below."""
    values: NDArray[np.float64] = np.round(np.minimum(log_odds, _MOST) - _LEAST, _DIGITS)
    return values


def link_threshold(probability: float) -> float:
    """Return a probability, 0-1, on the scale of `links`."""
    if probability <= 0:
        return 0.0
    if probability >= 1:
        return math.inf
    return max(0.0, math.log(probability / (1 - probability)) - _LEAST)


@cache
def shipped_weights(*, with_meaning: bool = False) -> PairWeights:
    """Return the weights of the package; others where similarities have an embedding in them."""
    name = "pairs_embeddings.json" if with_meaning else "pairs.json"
    text = files("pipeline").joinpath("reference", name).read_text(encoding="utf-8")
    return PairWeights(**json.loads(text))
