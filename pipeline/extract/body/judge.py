"""How likely a block belongs to the text: boosted decision trees, read from JSON.

The trees come from `benchmarks/train_body.py`. Each asks a few of the features one after another;
what it ends with is added up over all trees, and the logistic function of the sum is the
probability (Friedman, "Greedy function approximation: a gradient boosting machine", 2001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

__all__ = ["Judge", "JudgeRow", "probabilities", "read_judge"]


class JudgeRow(TypedDict):
    """A judge as JSON.

    ``features`` names the columns. A tree is a list of nodes, its root first: a question
    ``[column, threshold, node if not above, node if above]``, or an answer ``[value]``.
    """

    features: list[str]
    trees: list[list[list[float]]]


@dataclass(frozen=True, slots=True)
class Judge:
    """Trees as tables of shape ``(n_nodes_of_all_trees,)``; an answer asks nothing and stays.

    `next` has two places for each node: where to go if above the threshold, and if not.
    """

    features: tuple[str, ...]
    roots: NDArray[np.intp]
    column: NDArray[np.intp]
    threshold: NDArray[np.float64]
    next: NDArray[np.intp]
    value: NDArray[np.float64]
    depth: int


def read_judge(row: JudgeRow) -> Judge:
    """Lay the trees out one after another."""
    trees = row["trees"]
    roots = np.cumsum([0, *(len(tree) for tree in trees[:-1])])
    nodes = [
        _node(node, int(root), place)
        for root, tree in zip(roots, trees, strict=True)
        for place, node in enumerate(tree)
    ]
    column, threshold, below, above, value = zip(*nodes, strict=True)
    return Judge(
        features=tuple(row["features"]),
        roots=roots,
        column=np.array(column),
        threshold=np.array(threshold),
        next=np.column_stack([above, below]).ravel(),
        value=np.array(value),
        depth=max(_depth(tree, 0) for tree in trees),
    )


def probabilities(judge: Judge, columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the probability for each row, 0-1.

    Parameters
    ----------
    judge
        From `read_judge`.
    columns
        At least the judge's features, each of shape ``(n_rows,)``.
    """
    rows = np.column_stack([columns[name] for name in judge.features])
    at = np.broadcast_to(judge.roots, (len(rows), len(judge.roots)))
    # Flat tables and `take` are twice as fast as indices in two dimensions.
    numbers, first = rows.ravel(), (np.arange(len(rows)) * rows.shape[1])[:, None]
    for _ in range(judge.depth):
        low = numbers.take(first + judge.column.take(at)) <= judge.threshold.take(at)
        at = judge.next.take(2 * at + low)
    score: NDArray[np.float64] = judge.value.take(at).sum(axis=1)
    return 1 / (1 + np.exp(-score))


def _node(node: Sequence[float], root: int, place: int) -> tuple[int, float, int, int, float]:
    if len(node) == 1:
        return 0, 0.0, root + place, root + place, node[0]
    column, threshold, below, above = node
    return int(column), threshold, root + int(below), root + int(above), 0.0


def _depth(tree: Sequence[Sequence[float]], place: int) -> int:
    node = tree[place]
    if len(node) == 1:
        return 0
    return 1 + max(_depth(tree, int(node[2])), _depth(tree, int(node[3])))
