"""Why an article is in its story, in words and figures that an analyst can check."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.records import Article, ArticleId, Membership
from pipeline.stories.similarity import SHOWN_DIGITS, TermVectors, vectorize
from pipeline.stories.terms import surfaces

__all__ = ["mean_similarity", "memberships", "similarities"]

_SHARED_TERMS = 5  # what fits on a line


def mean_similarity(vectors: TermVectors, rows: Sequence[int], others: Sequence[int]) -> float:
    """Return the mean similarity of all pairs between two sets of rows, 0-1."""
    if not rows or not others:
        return 0.0
    # A sparse product: a dense one of so long vectors is spread over threads that wait for cores.
    products = vectors.matrix[rows] @ vectors.matrix[others].sum(axis=0)
    return _shown(float(products.sum()) / (len(rows) * len(others)))


def similarities(article: Article, others: Sequence[Article]) -> dict[ArticleId, float]:
    """Return how alike an article and each of some others are, 0-1.

    The weights of terms depend on all articles given, as they do when stories are made.
    """
    vectors = vectorize([article, *others])
    found = (vectors.matrix[1:] @ vectors.matrix[[0]].T).toarray().ravel()
    return {one.article_id: _shown(float(s)) for one, s in zip(others, found, strict=True)}


def memberships(
    articles: Sequence[Article],
    vectors: TermVectors,
    group: Sequence[int],
    joining: Sequence[int],
    *,
    founded: bool,
) -> tuple[Membership, ...]:
    """Return why each of the `joining` rows belongs to `group`.

    Parameters
    ----------
    articles, vectors
        All articles at hand and their vectors, row by row.
    group
        The rows of the whole story, those that join included.
    joining
        Rows, in the order of the result.
    founded
        Whether the first of `joining` founds the story: its score is 1 by definition.
    """
    return tuple(
        _membership(articles, vectors, group, row, is_founder=founded and row == joining[0])
        for row in joining
    )


def _membership(
    articles: Sequence[Article],
    vectors: TermVectors,
    group: Sequence[int],
    row: int,
    *,
    is_founder: bool,
) -> Membership:
    name = articles[row].article_id
    others = [other for other in group if other != row]
    if not others:
        return Membership(
            article_id=name, score=1.0, nearest=None, nearest_score=0.0, shared_terms=()
        )
    similar = (vectors.matrix[others] @ vectors.matrix[[row]].T).toarray().ravel()
    # Rounding first makes equal what only differs by the order of a sum; the first id then wins.
    best = int(np.argmax(np.round(similar, SHOWN_DIGITS)))
    return Membership(
        article_id=name,
        score=1.0 if is_founder else _shown(float(similar.mean())),
        nearest=articles[others[best]].article_id,
        nearest_score=_shown(float(similar[best])),
        shared_terms=_shared_terms(articles, vectors, row, others[best]),
    )


def _shared_terms(
    articles: Sequence[Article], vectors: TermVectors, row: int, other: int
) -> tuple[str, ...]:
    product = vectors.matrix[[row]].multiply(vectors.matrix[[other]]).tocoo()
    # Each channel has the same columns in the same order.
    weights = np.bincount(product.col % max(1, len(vectors.stems)), weights=product.data)
    heaviest = np.argsort(-np.round(weights, SHOWN_DIGITS), kind="stable")[:_SHARED_TERMS]
    written = surfaces(articles[row])
    return tuple(written[vectors.stems[column]] for column in heaviest if weights[column] > 0)


def _shown(similarity: float) -> float:
    return round(min(1.0, max(0.0, similarity)), SHOWN_DIGITS)
