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
from pipeline.stories.prior import prior_shift
from pipeline.stories.similarity import own_outlet_discounts

__all__ = ["PairWeights", "Pairs", "compared", "link_threshold", "links", "log_odds"]

# What a pair counts for at least and at most, in log-odds. Below the least no words are compared,
# so that pairs without evidence weigh alike; above the most, one copied paragraph would hold two
# groups together. -3.5 instead of -4.5 moved the mean B-Cubed of a like score by .0005.
_LEAST, _MOST = -4.0, 6.0
_DIGITS = 9


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
        Row numbers of the two, the lower first.
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


def compared(similar: csr_array, outlets: NDArray[np.int64]) -> Pairs:
    """Return what is known of each pair in a symmetric graph of cosine similarities.

    Parameters
    ----------
    similar
        The near graph of `similar_pairs`.
    outlets
        A number for the outlet of each article, -1 for none.
    """
    graph, discounts = similar.tocoo(), own_outlet_discounts(similar, outlets)
    upper = graph.row < graph.col
    rows, cols = graph.row[upper].astype(np.int64), graph.col[upper].astype(np.int64)
    in_context = similarities_in_context(similar, rows, cols)
    return Pairs(rows, cols, graph.data[upper], in_context, discounts.data[upper])


def log_odds(pairs: Pairs, weights: PairWeights | None = None) -> NDArray[np.float64]:
    """Return the logarithm of p / (1 - p), where p is the probability that a pair is one story.

    Parameters
    ----------
    pairs
        From `compared`: all of a collection, because its prior is estimated from them.
    weights
        None takes those of the package.

    Notes
    -----
    Calibrated on labelled sets of which each was left out in turn; the benchmark `stories` has the
    expected error and a table of claimed against true shares.
    """
    known = weights or _shipped()
    scores: NDArray[np.float64] = (
        known.similarity * pairs.similarity
        + known.in_context * pairs.in_context
        + known.own_outlet * pairs.own_outlet
        + known.intercept
    )
    return scores + (prior_shift(scores) - known.usual_shift)


def links(
    similar: csr_array, outlets: NDArray[np.int64], weights: PairWeights | None = None
) -> csr_array:
    """Return the graph that stories are made of: log-odds, counted from those of no evidence.

    Parameters
    ----------
    similar
        The near graph of `similar_pairs`.
    outlets
        A number for the outlet of each article, -1 for none.
    weights
        None takes those of the package.

    Returns
    -------
    csr_array
        Symmetric, shape ``(n_articles, n_articles)``; `link_threshold` is on the same scale.
    """
    pairs = compared(similar, outlets)
    values = np.round(np.minimum(log_odds(pairs, weights), _MOST) - _LEAST, _DIGITS)
    kept = values > 0
    rows, cols, values = pairs.rows[kept], pairs.cols[kept], values[kept]
    both = (np.concatenate([rows, cols]), np.concatenate([cols, rows]))
    return csr_array((np.concatenate([values, values]), both), shape=similar.shape)


def link_threshold(probability: float) -> float:
    """Return a probability, 0-1, on the scale of `links`."""
    if probability <= 0:
        return 0.0
    if probability >= 1:
        return math.inf
    return max(0.0, math.log(probability / (1 - probability)) - _LEAST)


@cache
def _shipped() -> PairWeights:
    text = files("pipeline").joinpath("reference", "pairs.json").read_text(encoding="utf-8")
    return PairWeights(**json.loads(text))
