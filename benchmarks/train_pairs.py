"""Makes the weights by which `pipeline.stories.pair_score` judges two articles.

    python -m benchmarks.train_pairs
    python -m benchmarks.train_pairs FOLDER

The second is for similarities with an embedding model in them, the one in the folder, and writes
``pairs_embeddings.json`` instead of ``pairs.json``.

Needs the data sets; a minute on one core. Learns from all labelled sets and writes
``pipeline/reference/pairs.json``. A figure on pairs that were learned from means nothing, so it
also writes ``benchmarks/folds/pairs.json``: for each set, the weights learned without it.
`benchmarks.stories` judges each set by those, which is harder than holding back some of its
stories: a feed that nobody labelled looks like none of ours.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from sklearn.linear_model import LogisticRegression

from benchmarks import gold, metrics
from benchmarks.gold import GoldArticle
from pipeline.config import StorySettings
from pipeline.embeddings import load_encoder
from pipeline.stories import Encoder
from pipeline.stories.frequencies import Frequencies
from pipeline.stories.neighbours import compare, known_articles
from pipeline.stories.pair_score import Pairs, PairWeights, compared, scored, shift_of
from pipeline.stories.prior import ScoreCounts
from pipeline.stories.vectors import vectorize

_FOLDS = Path(__file__).parent / "folds"
_SHIPPED = Path(__file__).parents[1] / "pipeline" / "reference"
_MOST_PAIRS = 15_000  # of one kind (same story or not) in one view of a set; the rest by weight


class Labelled(NamedTuple):
    """All pairs of one set with what gold says of them.

    Parameters
    ----------
    pairs
        With at least one similarity above the floor, so most of them easy to tell apart.
    is_same
        Whether both are of one story.
    weight
        What each pair counts for; a set has 1 in all, and a pair that gold leaves open nothing.
    """

    pairs: Pairs
    is_same: NDArray[np.bool_]
    weight: NDArray[np.float64]


def labelled(rows: Sequence[GoldArticle], encode: Encoder | None = None) -> Labelled:
    """Compare the articles of one set as the pipeline does.

    A pair of a large story weighs less, by the square root of the story's size: the pairs of one
    story say the same over and over. Dividing by the size itself joins too late: mean B-Cubed over
    sets that were left out .884 instead of .899 (with one feature more than now).
    """
    ordered = sorted(rows, key=lambda row: row.article.article_id)
    articles = [row.article for row in ordered]
    vectors, _ = vectorize(articles, Frequencies(), None, encode=encode)
    every, found = compare(known_articles(), vectors, StorySettings().window_hours)
    pairs = compared(every, found.near)
    sizes = Counter(row.story for row in ordered)
    names = {story: place for place, story in enumerate(sorted(sizes))}
    sagas = {saga: place for place, saga in enumerate(sorted({r.saga or "" for r in ordered}))}
    story = np.array([names[row.story] for row in ordered])
    saga = np.array([sagas[row.saga] if row.saga else -1 for row in ordered])
    unsure = np.array([row.unsure for row in ordered])
    size = np.array([sizes[row.story] for row in ordered])
    one, other = pairs.rows, pairs.cols
    is_same = story[one] == story[other]
    is_step = ~is_same & (saga[one] >= 0) & (saga[one] == saga[other])
    decided = ~(unsure[one] | unsure[other] | is_step)
    weight = np.where(is_same, 1 / np.sqrt(np.maximum(1, size[one] - 1)), 1.0) * decided
    return Labelled(pairs, is_same, weight / weight.sum())


def learn(views: Sequence[Sequence[Labelled]]) -> PairWeights:
    """Return the weights of a logistic regression on all the pairs, then the usual shift.

    Parameters
    ----------
    views
        For each set, itself and other views of it.
    """
    taught = [view for views_of_one in views for view in views_of_one]
    samples = [_sampled(one) for one in taught]
    features = np.vstack([_features(one.pairs) for one in samples])
    is_same = np.concatenate([one.is_same for one in samples])
    weight = np.concatenate([one.weight for one in samples])
    # Two of the features are close to one another: a solver of second order finds the one optimum.
    model = LogisticRegression(C=1.0, solver="newton-cholesky")
    model.fit(features, is_same, sample_weight=weight / weight.mean())
    found = PairWeights(*(round(float(c), 3) for c in (*model.coef_[0], *model.intercept_)))
    return found._replace(usual_shift=_usual_shift([itself for itself, *_ in views], found))


def _usual_shift(sets: Sequence[Labelled], weights: PairWeights) -> float:
    """Return the median of what makes the claims on each of some sets true in sum.

    Sets differ by two units; in a mean, the one at the end moves all the others.
    """
    return round(statistics.median(_shift(one, weights) for one in sets), 3)


def _shift(one: Labelled, weights: PairWeights) -> float:
    """Return what to take off the shifted log-odds of one set.

    A claim is about any pair that one may ask about, so here all pairs of the set count alike.
    """
    decided = one.weight > 0
    odds, is_same = _log_odds(one.pairs, weights)[decided], one.is_same[decided]

    def excess(shift: float) -> float:
        return float((1 / (1 + np.exp(shift - odds)) - is_same).sum())

    return float(brentq(excess, -20, 20))


def _log_odds(pairs: Pairs, weights: PairWeights | None) -> NDArray[np.float64]:
    """Return the log-odds of all the pairs of one collection."""
    scores = scored(pairs, weights)
    return scores + shift_of(ScoreCounts().plus(scores), weights)


def weights_without(name: str, *, with_meaning: bool = False) -> PairWeights | None:
    """Return the weights that never saw the set; None for a set nothing was learned from."""
    file = _FOLDS / _file_name(with_meaning=with_meaning)
    known = json.loads(file.read_text(encoding="utf-8"))
    return PairWeights(**known[name]) if name in known else None


def claims(sets: Mapping[str, Sequence[GoldArticle]]) -> list[metrics.Claims]:
    """Return for each set the claimed probability of each pair, and whether it is one story."""
    found = []
    for name, rows in sets.items():
        seen = labelled(rows)
        decided = seen.weight > 0
        odds = _log_odds(seen.pairs, weights_without(name))[decided]
        found.append(metrics.Claims(1 / (1 + np.exp(-odds)), seen.is_same[decided]))
    return found


def _features(pairs: Pairs) -> NDArray[np.float64]:
    return np.column_stack([pairs.similarity, pairs.in_context, pairs.own_outlet])


def _views(folder: Path, name: str, encode: Encoder | None) -> list[Labelled]:
    """Label a set as it is, with half of its stories cut to one article, and without dates."""
    rows = gold.stories(folder, name)
    views = [rows, gold.half_cut(rows)]
    if any(row.article.published for row in rows):
        views.append(gold.without_dates(rows))
    return [labelled(view, encode) for view in views]


def _sampled(found: Labelled) -> Labelled:
    """Keep a sample of the pairs of each kind, with the weight of all."""
    random = np.random.default_rng(0)
    kept, weight = [], found.weight.copy()
    for kind in (True, False):
        places = np.flatnonzero((found.is_same == kind) & (found.weight > 0))
        chosen = random.choice(places, min(len(places), _MOST_PAIRS), replace=False)
        weight[chosen] *= found.weight[places].sum() / max(1e-12, found.weight[chosen].sum())
        kept.append(np.sort(chosen))
    rows = np.concatenate(kept)
    pairs = Pairs(*(column[rows] for column in found.pairs))
    return Labelled(pairs, found.is_same[rows], weight[rows])


def _file_name(*, with_meaning: bool) -> str:
    return "pairs_embeddings.json" if with_meaning else "pairs.json"


def _as_json(weights: PairWeights) -> str:
    return json.dumps(weights._asdict())


def _without(views: Mapping[str, Sequence[Labelled]], left_out: str) -> list[Sequence[Labelled]]:
    return [found for name, found in views.items() if name != left_out]


def main() -> None:
    """Learn from all sets, and from all but each one."""
    encode = load_encoder(" ".join(sys.argv[1:]))
    file = _file_name(with_meaning=encode is not None)
    views = {name: _views(gold.data_folder(), name, encode) for name in gold.STORY_SETS}
    shipped = _as_json(learn(_without(views, "")))
    (_SHIPPED / file).write_text(shipped + "\n", encoding="utf-8")
    lines = [f'"{name}": {_as_json(learn(_without(views, name)))}' for name in views]
    (_FOLDS / file).write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
