"""How likely a block belongs to the text: boosted decision trees, read from JSON.

The trees come from `benchmarks/train_body.py`. Each asks a few of the features one after another;
what it ends with is added up over all trees, and the logistic function of the sum is the
probability (Friedman, "Greedy function approximation: a gradient boosting machine", 2001).

All questions of all trees are asked of all blocks at once. Each "no" rules answers out, and the
first answer that is left is the one that a walk through the tree would end at (Lucchese et al.,
"QuickScorer", 2015).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from pipeline.extract.body.features import Features

__all__ = ["Judge", "JudgeRow", "probabilities", "read_judge"]

_MOST_ANSWERS = 16  # of one tree: a bit each
_ALL = (1 << _MOST_ANSWERS) - 1


class JudgeRow(TypedDict):
    """A judge as JSON.

    ``features`` names the columns. A tree is a list of nodes, its root first: a question
    ``[column, threshold, node if not above, node if above]``, or an answer ``[value]``.
    """

    features: list[str]
    trees: list[list[list[float]]]


@dataclass(frozen=True, slots=True)
class Judge:
    """Questions and answers of all trees.

    Parameters
    ----------
    features
        Names of the features that are asked for.
    column, threshold, gone
        Of shape ``(n_questions, n_trees)``: which feature, up to which number the answer is yes,
        and a bit for each answer that a no rules out. Trees with fewer questions end with some
        that everybody says yes to.
    value
        What each tree answers, of shape ``(n_trees, 16)``.
    """

    features: tuple[str, ...]
    column: NDArray[np.intp]
    threshold: NDArray[np.float64]
    gone: NDArray[np.uint16]
    value: NDArray[np.float64]


class _Question(NamedTuple):
    column: int
    threshold: float
    gone: int


def read_judge(row: JudgeRow) -> Judge:
    """Lay the trees out beside one another.

    Raises
    ------
    ValueError
        A tree has more answers than there are bits for.
    """
    trees = row["trees"]
    value = np.zeros((len(trees), _MOST_ANSWERS))
    questions: list[list[_Question]] = []
    for place, tree in enumerate(trees):
        answers = list(_answers(tree, 0))
        if len(answers) > _MOST_ANSWERS:
            raise ValueError(
                f"a tree has {len(answers)} answers; train with {_MOST_ANSWERS} at most"
            )
        value[place, : len(answers)] = answers
        questions.append(list(_questions(tree, 0, 0)))
    most = max(map(len, questions))
    yes = _Question(0, np.inf, 0)
    table = [[*asked, *[yes] * (most - len(asked))] for asked in questions]
    return Judge(
        features=tuple(row["features"]),
        column=np.array([[q.column for q in asked] for asked in table], dtype=np.intp).T,
        threshold=np.array([[q.threshold for q in asked] for asked in table], dtype=float).T,
        gone=np.array([[q.gone for q in asked] for asked in table], dtype=np.uint16).T,
        value=value,
    )


def probabilities(judge: Judge, features: Features) -> NDArray[np.float64]:
    """Return the probability for each block, 0-1.

    Parameters
    ----------
    judge
        From `read_judge`.
    features
        At least those of the judge.
    """
    count = features.rows.shape[1]
    trees = len(judge.value)
    if not judge.column.size:
        return _logistic(np.full(count, judge.value[:, 0].sum()))
    places = _places(judge.features, features.names)
    asked = features.rows.take(places.take(judge.column.ravel()), axis=0)
    is_no = asked > judge.threshold.reshape(-1, 1)
    gone = (is_no * judge.gone.reshape(-1, 1)).reshape(-1, trees, count)
    answer = _first_left().take(np.bitwise_or.reduce(gone, axis=0))
    first = _MOST_ANSWERS * np.arange(trees)[:, None]
    return _logistic(judge.value.take(answer + first).sum(axis=0))


def _logistic(score: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = 1 / (1 + np.exp(-score))
    return found


@cache
def _places(wanted: tuple[str, ...], names: tuple[str, ...]) -> NDArray[np.intp]:
    return np.array([names.index(name) for name in wanted], dtype=np.intp)


@cache
def _first_left() -> NDArray[np.intp]:
    """Return, for all sets of answers that are ruled out, the first answer that is not."""
    left = _ALL & ~np.arange(_ALL + 1)
    table: NDArray[np.intp] = np.log2(np.maximum(1, left & -left)).astype(np.intp)
    return table


def _answers(tree: Sequence[Sequence[float]], place: int) -> Iterator[float]:
    """Yield what the tree answers, what it says to those not above first."""
    node = tree[place]
    if len(node) == 1:
        yield node[0]
        return
    for below in node[2:]:
        yield from _answers(tree, int(below))


def _questions(tree: Sequence[Sequence[float]], place: int, before: int) -> Iterator[_Question]:
    """Yield the questions below a node; `before` answers come before its own."""
    node = tree[place]
    if len(node) == 1:
        return
    column, threshold, not_above, above = node
    low = sum(1 for _ in _answers(tree, int(not_above)))
    gone = ((1 << low) - 1) << before
    yield _Question(int(column), threshold, gone)
    yield from _questions(tree, int(not_above), before)
    yield from _questions(tree, int(above), before + low)
