"""Stories: groups of articles on one event, beside average link on plain TF-IDF words.

Each set is judged by weights that were learned without it (`train_pairs`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks import gold, metrics, train_pairs
from benchmarks.figures import Figure
from benchmarks.gold import GoldArticle
from pipeline.config import StorySettings
from pipeline.records import Article
from pipeline.stories import cluster_stories
from pipeline.stories.pair_score import PairWeights

SETS = gold.STORY_SETS
REPORTED = "googlenews_TS"  # lower-cased snippets in huge groups: no feed looks like it
NEEDS = tuple(f"stories/{name}.jsonl" for name in (*SETS, REPORTED))

_THRESHOLDS = tuple(step / 100 for step in range(10, 41))

Sets = Mapping[str, Sequence[GoldArticle]]


class Quality(NamedTuple):
    """F1 of one grouping, or the mean of several; pairs that gold leaves open do not count."""

    b_cubed: float
    pairwise: float


def measure(folder: Path, limit: int | None = None, jobs: int = 1) -> list[Figure]:
    """Measure each set and their mean, without dates and with cut stories."""
    del jobs  # the sets are small
    sets = {name: gold.first(gold.stories(folder, name), limit) for name in SETS}
    reported = {REPORTED: gold.first(gold.stories(folder, REPORTED), limit)}
    ours = _ours({**sets, **reported})
    # The reported set takes no part in the choice of the peer's threshold: it gets its own.
    peers = best_average_link(sets) | best_average_link(reported)
    whole, peer = mean([ours[name] for name in SETS]), mean([peers[name] for name in SETS])
    undated = mean(_ours({n: gold.without_dates(rows) for n, rows in sets.items()}).values())
    cut = mean(_ours({n: gold.half_cut(rows) for n, rows in sets.items()}).values())
    claims = train_pairs.claims(sets)
    return [
        *(figure for name in ours for figure in _compared(name, ours[name], peers[name])),
        *_compared("mean", whole, peer),
        *_compared("mean without dates", undated, peer),
        Figure(
            name="mean B-Cubed, change with cut stories",
            value=cut.b_cubed - whole.b_cubed,
            gated=False,  # a better whole lowers it
        ),
        Figure(name="calibration, 1 - expected error", value=1 - metrics.calibration_error(claims)),
        *(
            Figure(name=name, value=true, peer=claimed, peer_name="claimed", gated=False)
            for name, claimed, true in metrics.reliability(claims)
        ),
    ]


def best_average_link(sets: Sets) -> dict[str, Quality]:
    """Group all sets by average link at the one threshold with the best mean B-Cubed F1."""
    trees = {name: _average_link([row.article for row in rows]) for name, rows in sets.items()}
    tried = [
        {name: quality(rows, _cut(rows, trees[name], threshold)) for name, rows in sets.items()}
        for threshold in _THRESHOLDS
    ]
    return max(tried, key=lambda qualities: mean(qualities.values()).b_cubed)


def _ours(sets: Sets) -> dict[str, Quality]:
    return {
        name: quality(rows, _stories(rows, train_pairs.weights_without(name)))
        for name, rows in sets.items()
    }


def _stories(rows: Sequence[GoldArticle], weights: PairWeights | None) -> dict[str, str]:
    found = cluster_stories([row.article for row in rows], StorySettings(), weights)
    return {placed.article_id: placed.story_id for placed in found}


def _average_link(articles: Sequence[Article]) -> NDArray[np.float64]:
    """Return scipy's linkage matrix over the cosine distances of all pairs."""
    vectors = _vectorizer().fit_transform(_texts(articles)).astype(np.float32)
    distances = np.clip(1 - (vectors @ vectors.T).toarray(), 0, None)
    np.fill_diagonal(distances, 0)
    tree: NDArray[np.float64] = linkage(squareform(distances, checks=False), "average")
    return tree


def _cut(
    rows: Sequence[GoldArticle], tree: NDArray[np.float64], threshold: float
) -> dict[str, str]:
    groups = fcluster(tree, 1 - threshold, "distance")
    return {row.article.article_id: str(group) for row, group in zip(rows, groups, strict=True)}


def _vectorizer() -> TfidfVectorizer:
    """Weigh words as the recorded peer did: this gives its figures on the feeds digit by digit."""
    return TfidfVectorizer(stop_words="english", sublinear_tf=True)


def _texts(articles: Sequence[Article]) -> list[str]:
    return [f"{article.title}\n{article.text}" for article in articles]


def quality(rows: Sequence[GoldArticle], found: Mapping[str, str]) -> Quality:
    """Return the quality of a grouping, article id to story."""
    stories: dict[str, str] = {row.article.article_id: row.story for row in rows}
    return Quality(
        b_cubed=metrics.b_cubed(stories, found).f1,
        pairwise=metrics.pairwise_decided(rows, found).f1,
    )


def mean(qualities: Collection[Quality]) -> Quality:
    """Return the means over several sets."""
    return Quality(
        b_cubed=metrics.mean([quality.b_cubed for quality in qualities]),
        pairwise=metrics.mean([quality.pairwise for quality in qualities]),
    )


def _compared(name: str, ours: Quality, peer: Quality) -> list[Figure]:
    return [
        Figure(
            name=f"{name} B-Cubed F1",
            value=ours.b_cubed,
            peer=peer.b_cubed,
            peer_name="average link",
            gated=name != REPORTED,
        ),
        Figure(
            name=f"{name} pairwise F1",
            value=ours.pairwise,
            peer=peer.pairwise,
            peer_name="average link",
            gated=name != REPORTED,
        ),
    ]
