"""How alike articles are: TF-IDF in four channels, as one sparse vector an article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from operator import attrgetter
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array, diags_array, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from pipeline.records import Article
from pipeline.stories.background import background
from pipeline.stories.terms import ArticleTerms, article_terms, language, stemmer

__all__ = [
    "SHOWN_DIGITS",
    "SimilarPairs",
    "TermVectors",
    "across_outlets",
    "outlet_codes",
    "own_outlet_discounts",
    "similar_pairs",
    "time_ranges",
    "vectorize",
]

# Weights of the channels: mean B-Cubed over six labelled sets (ecbplus, fnc1, basil, neus, two
# feeds) at the best single threshold .891, against .875 for words alone in the same run.
_CHANNELS = MappingProxyType({"words": 1.0, "title": 0.3, "lead": 0.5, "names": 0.5})
# A short lead names everybody who matters in a topic; names tell stories apart only in texts long
# enough to have others too. Below this many words the channel fades: neus B-Cubed .70 -> .74.
_NAMES_FULL_WORDS = 150
# How many documents the background table counts for beside those at hand. 0, 1,000, 5,000 give
# mean B-Cubed .881, .891, .892 over six labelled sets; a small number lets a feed speak for itself.
_BACKGROUND_DOCUMENTS = 1_000
_FLOOR = 0.05  # pairs below it cannot hold a group together; .03 changes no figure by .002
# Far pairs below it are like any two articles; .1 and .2 give the same figures, .3 too few.
_FAR_FLOOR = 0.2
_PRODUCT_CELLS = 4_000_000  # cells of one block of the product: some 50 MB
_DIGITS = 9
SHOWN_DIGITS = 6  # of similarities that leave this stage
# Two articles of one outlet that are as alike as others are less often on one event: of pairs with
# .25 to .40, 38 and 62 % on the two labelled feeds, where it is 60 and 81 % across outlets.
_OWN_OUTLET = 0.05
# An article that resembles several of its own outlet is one of a series (horoscopes, odds, videos
# with the same blurb): the mean similarity to the 5th to 9th of them is the level of its template.
# Shares of .3 to .8 give the same on the labelled feeds; .8 keeps videos of one channel apart that
# formed two of the largest stories of a month (US feed, June 2023). The same text stays together.
_SERIES_RANKS = (4, 9)
_SERIES_SHARE = 0.8
_SAME_TEXT = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class TermVectors:
    """Articles as unit vectors, so that the similarity of two is their dot product.

    Parameters
    ----------
    matrix
        Shape ``(n_articles, n_channels * n_stems)``; a row without terms is all 0.
    stems
        The name of each column within a channel, sorted.
    """

    matrix: csr_array
    stems: tuple[str, ...]


def vectorize(articles: Sequence[Article]) -> TermVectors:
    """Return the term vectors of `articles`, a row each.

    The weight of a term is ``(1 + log tf) * log(1 / p)``, where p is the share of documents that
    have it: those at hand in the same language, and the background as if it were 1,000 more.
    """
    langs = [language(article) for article in articles]
    stems_of = {lang: stemmer(lang) for lang in langs}
    terms = [article_terms(a, stems_of[lang]) for a, lang in zip(articles, langs, strict=True)]
    stems = tuple(sorted({stem for one in terms for stem in one.words}))
    if not stems:
        return TermVectors(matrix=csr_array((len(articles), 0), dtype=np.float64), stems=())
    counts = {name: _counts(terms, name, stems) for name in _CHANNELS}
    known = sorted(set(langs))
    lang_rows = np.array([known.index(lang) for lang in langs])
    inverse = _inverse_frequencies(counts["words"], lang_rows, known, stems)
    channels = [
        diags_array(np.sqrt(_channel_weights(name, terms)))
        @ _tf_idf(counts[name], inverse, lang_rows)
        for name in _CHANNELS
    ]
    return TermVectors(matrix=csr_array(normalize(hstack(channels, format="csr"))), stems=stems)


def _counts(terms: Sequence[ArticleTerms], channel: str, stems: Sequence[str]) -> csr_array:
    counter = CountVectorizer(analyzer=attrgetter(channel), vocabulary=stems, dtype=np.float64)
    return csr_array(counter.transform(terms))


def _channel_weights(channel: str, terms: Sequence[ArticleTerms]) -> NDArray[np.float64]:
    weights = np.full(len(terms), _CHANNELS[channel])
    if channel == "names":
        words = np.array([len(one.words) for one in terms])
        weights *= np.minimum(1.0, words / _NAMES_FULL_WORDS)
    return weights


def _inverse_frequencies(
    counts: csr_array,
    lang_rows: NDArray[np.int64],
    langs: Sequence[str],
    stems: Sequence[str],
) -> NDArray[np.float64]:
    """Return ``log(1 / p)`` of each stem in each language, shape ``(n_langs, n_stems)``."""
    inverse = np.empty((len(langs), len(stems)))
    for row, lang in enumerate(langs):
        here = counts[np.flatnonzero(lang_rows == row)]
        at_hand = np.bincount(here.indices, minlength=len(stems))
        table = background(lang)
        expected = _BACKGROUND_DOCUMENTS * np.array([table.share(stem) for stem in stems])
        inverse[row] = np.log((_BACKGROUND_DOCUMENTS + here.shape[0]) / (expected + at_hand))
    return inverse


def _tf_idf(
    counts: csr_array, inverse: NDArray[np.float64], lang_rows: NDArray[np.int64]
) -> csr_array:
    scaled = TfidfTransformer(sublinear_tf=True, use_idf=False, norm=None).fit_transform(counts)
    row_of = np.repeat(lang_rows, np.diff(scaled.indptr))
    scaled.data *= inverse[row_of, scaled.indices]
    return csr_array(normalize(scaled))


def time_ranges(articles: Sequence[Article], undated_at: datetime | None) -> NDArray[np.float64]:
    """Return the first and last hour in which each article may have appeared.

    Parameters
    ----------
    articles
        A date without a time means any instant of its day.
    undated_at
        When articles without a date count as published; None lets them fit any time.

    Returns
    -------
    ndarray
        Hours since 1970, shape ``(n_articles, 2)``; infinite where unknown.
    """

    def hours(article: Article) -> tuple[float, float]:
        published = article.published
        instant = published.instant if published else undated_at
        if instant is None:
            return -np.inf, np.inf
        start = instant.timestamp() / 3600
        return start, start + (24 if published and published.precision == "day" else 0)

    return np.array([hours(article) for article in articles]).reshape(-1, 2)


def outlet_codes(articles: Sequence[Article]) -> NDArray[np.int64]:
    """Return a number for the outlet of each article, the same for the same name; -1 for none."""
    names = sorted({article.outlet for article in articles if article.outlet})
    code = {name: number for number, name in enumerate(names)}
    return np.array([code.get(article.outlet or "", -1) for article in articles], dtype=np.int64)


class SimilarPairs(NamedTuple):
    """Pairs of articles that are alike, in two graphs that are symmetric and without the diagonal.

    Parameters
    ----------
    near
        Cosine similarities of those within the window, but for pairs near 0; shape
        ``(n_articles, n_articles)``.
    far
        1 for those that are alike and farther apart in time.
    """

    near: csr_array
    far: csr_array


def similar_pairs(
    vectors: TermVectors,
    hours: NDArray[np.float64],
    window_hours: float,
) -> SimilarPairs:
    """Return the similarities of all pairs that may be one story, and which are too far apart.

    Parameters
    ----------
    vectors
        Of the articles.
    hours
        From `time_ranges`.
    window_hours
        Articles farther apart are not compared.
    """
    matrix, size = vectors.matrix, vectors.matrix.shape[0]
    columns = matrix.T.tocsr()
    step = max(1, _PRODUCT_CELLS // max(1, size))
    near, far = [], []
    for start in range(0, size, step):
        block = (matrix[start : start + step] @ columns).tocoo()
        rows, cols, values = block.row + start, block.col, block.data
        gap = np.maximum(hours[rows, 0] - hours[cols, 1], hours[cols, 0] - hours[rows, 1])
        is_far = gap > window_hours
        kept = (values >= _FLOOR) & (rows != cols) & ~is_far
        near.append((values[kept], rows[kept], cols[kept]))
        kept = (values >= _FAR_FLOOR) & is_far
        far.append((np.ones(np.count_nonzero(kept)), rows[kept], cols[kept]))
    return SimilarPairs(_graph(near, size), _graph(far, size))


def _graph(parts: Sequence[tuple[NDArray[np.float64], ...]], size: int) -> csr_array:
    if not parts:
        return csr_array((size, size), dtype=np.float64)
    values, rows, cols = (np.concatenate(part) for part in zip(*parts, strict=True))
    return csr_array((np.round(values, _DIGITS), (rows, cols)), shape=(size, size))


def across_outlets(graph: csr_array, outlets: NDArray[np.int64]) -> csr_array:
    """Return the pairs of a graph that two outlets wrote, or that name none.

    What one outlet wrote alike within days may be one event; a week apart it is its series.
    """
    pairs = graph.tocoo()
    kept = (outlets[pairs.row] != outlets[pairs.col]) | (outlets[pairs.row] < 0)
    places = (pairs.row[kept], pairs.col[kept])
    return csr_array((pairs.data[kept], places), shape=graph.shape)


def own_outlet_discounts(similar: csr_array, outlets: NDArray[np.int64]) -> coo_array:
    """Return how much less each pair counts because one outlet wrote both articles.

    Parameters
    ----------
    similar
        The near graph of `similar_pairs`.
    outlets
        From `outlet_codes`.

    Returns
    -------
    coo_array
        The pairs of `similar` in the same order; 0 across outlets.
    """
    graph = similar.tocoo()
    rows, cols, values = graph.row, graph.col, graph.data
    own = (outlets[rows] == outlets[cols]) & (outlets[rows] >= 0) & (values < _SAME_TEXT)
    series = _series_level(coo_array((values[own], (rows[own], cols[own])), shape=similar.shape))
    level = _OWN_OUTLET + _SERIES_SHARE * (series[rows] + series[cols]) / 2
    # Where one outlet writes nearly all there is, having it in common says nothing.
    named, counts = np.unique(outlets, return_counts=True)
    others = 1 - counts[np.searchsorted(named, outlets[rows])] / max(1, len(outlets))
    return coo_array((np.where(own, level * others, 0.0), (rows, cols)), shape=similar.shape)


def _series_level(similar: coo_array) -> NDArray[np.float64]:
    """Return for each article its mean similarity to the neighbours of `_SERIES_RANKS`."""
    first, last = _SERIES_RANKS
    graph = similar.tocsr()
    level = np.zeros(graph.shape[0])
    for row, (start, end) in enumerate(pairwise(graph.indptr)):
        if end - start > first:
            descending = np.sort(graph.data[start:end])[::-1]
            level[row] = descending[first:last].sum() / (last - first)
    return level
