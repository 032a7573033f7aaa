"""Why an article is in its story, in words and figures that an analyst can check."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Article, ArticleId, Membership
from pipeline.stories.frequencies import TERM_BITS, Frequencies, term_code
from pipeline.stories.meaning import Encoder
from pipeline.stories.terms import article_tokens, language, stemmer, usual_form
from pipeline.stories.vectors import TERMS, TermVector, vectorize

__all__ = ["mean_similarity", "memberships", "similarities"]

_SHARED_TERMS = 5  # what fits on a line
_DIGITS = 6  # of similarities that leave this stage
_STEM = (1 << TERM_BITS) - 1  # of a term's code; the rest is its channel


def mean_similarity(ones: Sequence[TermVector], others: Sequence[TermVector]) -> float:
    """Return the mean similarity of all pairs between two sets of articles, 0-1."""
    if not ones or not others:
        return 0.0
    return _shown(_product(_sum(ones), _sum(others)) / (len(ones) * len(others)))


def similarities(
    article: Article, others: Sequence[Article], *, encode: Encoder | None = None
) -> dict[ArticleId, float]:
    """Return how alike an article and each of some others are, 0-1.

    The weights of terms depend on all articles given, as they do when stories are made.
    """
    vectors, _ = vectorize([article, *others], Frequencies(), None, encode=encode)
    (own,) = (one for one in vectors if one.article_id == article.article_id)
    return {one.article_id: mean_similarity([own], [one]) for one in vectors if one is not own}


def memberships(
    members: Sequence[tuple[TermVector, Article]],
    group: Sequence[TermVector],
    founder: ArticleId | None,
) -> tuple[Membership, ...]:
    """Return why some articles belong to the same story.

    Parameters
    ----------
    members
        The articles asked for.
    group
        The whole story, them included.
    founder
        Which of them founds it, if one does: its score is 1 by definition.
    """
    ordered = sorted(group, key=lambda vector: vector.article_id)
    place = {vector.article_id: row for row, vector in enumerate(ordered)}
    table = _table(ordered, [place[vector.article_id] for vector, _ in members])
    return tuple(
        _membership(vector, article, ordered, row, is_founder=article.article_id == founder)
        for (vector, article), row in zip(members, table, strict=True)
    )


def _membership(
    vector: TermVector,
    article: Article,
    group: Sequence[TermVector],
    similar: NDArray[np.float64],
    *,
    is_founder: bool,
) -> Membership:
    name, others = article.article_id, len(group) - 1
    if not others:
        return Membership(
            article_id=name, score=1.0, nearest=None, nearest_score=0.0, shared_terms=()
        )
    # Rounding first makes equal what only differs by the order of a sum; the first id then wins.
    own = next(place for place, one in enumerate(group) if one is vector)
    rest = np.round(similar, _DIGITS)
    rest[own] = -1.0
    best = int(np.argmax(rest))
    mean = float(similar.sum() - similar[own]) / others
    return Membership(
        article_id=name,
        score=1.0 if is_founder else _shown(mean),
        nearest=group[best].article_id,
        nearest_score=_shown(float(similar[best])),
        shared_terms=_shared_terms(article, vector, group[best]),
    )


def _shared_terms(article: Article, own: TermVector, other: TermVector) -> tuple[str, ...]:
    terms, at, there = np.intersect1d(
        own.terms, other.terms, assume_unique=True, return_indices=True
    )
    products = own.weights[at] * other.weights[there]
    weights: Counter[int] = Counter()
    is_word = terms < TERMS
    stems, products = terms[is_word] & _STEM, products[is_word]
    for term, weight in zip(stems.tolist(), products.tolist(), strict=True):
        weights[term] += weight  # of all channels
    heaviest = sorted(weights, key=lambda code: (-round(weights[code], _DIGITS), code))
    written = _written(article, heaviest[:_SHARED_TERMS])
    return tuple(written[code] for code in heaviest[:_SHARED_TERMS] if code in written)


def _written(article: Article, codes: Collection[int]) -> dict[int, str]:
    """Return how an article writes some terms most often."""
    forms: dict[int, Counter[str]] = defaultdict(Counter)
    for token in chain(*article_tokens(article, stemmer(language(article)))):
        if (code := term_code(token.stem)) in codes:
            forms[code][token.surface] += 1
    return {code: usual_form(counts) for code, counts in forms.items()}


def _table(group: Sequence[TermVector], rows: Sequence[int]) -> NDArray[np.float64]:
    """Return the similarity of some of a group to all of it, shape ``(n_rows, n_group)``."""
    terms = np.concatenate([vector.terms for vector in group])
    used, codes = np.unique(terms, return_inverse=True)
    places = np.split(codes, np.cumsum([len(vector.terms) for vector in group])[:-1])
    dense = np.zeros(len(used))
    found = np.empty((len(rows), len(group)))
    for number, row in enumerate(rows):
        dense[places[row]] = group[row].weights
        found[number] = [
            float((dense[place] * one.weights).sum())
            for place, one in zip(places, group, strict=True)
        ]
        dense[places[row]] = 0.0
    return found


def _sum(vectors: Sequence[TermVector]) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Return the terms of some articles, sorted, and the sums of their weights."""
    terms, place = np.unique(np.concatenate([v.terms for v in vectors]), return_inverse=True)
    weights = np.concatenate([v.weights for v in vectors])
    return terms, np.bincount(place, weights, minlength=len(terms)).astype(np.float64)


def _product(
    one: tuple[NDArray[np.uint32], NDArray[np.float64]],
    other: tuple[NDArray[np.uint32], NDArray[np.float64]],
) -> float:
    _, at, there = np.intersect1d(one[0], other[0], assume_unique=True, return_indices=True)
    return float((one[1][at] * other[1][there]).sum())


def _shown(similarity: float) -> float:
    return round(min(1.0, max(0.0, similarity)), _DIGITS)
