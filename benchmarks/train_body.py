"""Makes the weights by which `pipeline.extract.body` tells the text of a page from the rest.

    python -m benchmarks.train_body

Needs the data sets and the ``bench`` extra; some minutes on one core. Learns on all pages but the
held-back tenth and writes ``pipeline/reference/body.json``. A figure on pages that were learned
from means nothing, so it also writes ``benchmarks/folds/body-<n>.json``, each learned without the
hosts of one fifth of the pages; `benchmarks.extraction` reads each page with the weights that
never saw its host.

A block counts as text when most of its word 4-shingles are in the gold text. Of pages with
snippets, only the blocks count that hold one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np
from numpy.typing import NDArray

from benchmarks import gold
from benchmarks.gold import GoldPage
from pipeline.errors import UnreadableError
from pipeline.extract.body import hear, hear_resiliparse, hear_trafilatura, parse
from pipeline.extract.body.features import Features
from pipeline.extract.body.judge import JudgeRow
from pipeline.extract.body.witnesses import trafilatura_text
from pipeline.extract.decoding import decode
from pipeline.extract.parts import take_apart
from pipeline.extract.trimming import without_code

_FOLD_FOLDER = Path(__file__).parent / "folds"
_SHIPPED = Path(__file__).parents[1] / "pipeline" / "reference" / "body.json"
# News counts double: there are fewer pages of it, and it is what the pipeline is for.
_SET_WEIGHTS = {"scrapinghub": 2.0, "fundus": 2.0, "fundus_eval": 2.0, "newspaper4k": 2.0,
                "wcxb_dev": 1.0, "trafilatura": 1.0}  # fmt: skip
_MAX_ELEMENTS = 100_000
_SHINGLE_WORDS = 4
_MOSTLY = 0.5
_LEAST_GOLD_WORDS = 50
_MOST_OF_PAGE = 0.25  # one block may not outweigh the rest of its page
_SNIPPET_WEIGHT = 0.12  # about that of two paragraphs
_SNIPPET_ROOM = 60  # characters beside a forbidden snippet, beyond which the block is about more
_NEIGHBOURS = 2
# Tried: 60 to 300 trees of 8 to 31 leaves; F1 is within .002 from here on.
_TREES: dict[str, Any] = {
    "n_estimators": 90,
    "learning_rate": 0.12,
    "num_leaves": 10,
    "max_depth": 6,
    "min_child_samples": 30,
    "reg_lambda": 5.0,
}
_WORD = re.compile(r"\w+")
_NO_WORD = re.compile(r"\W+")


class Lesson(NamedTuple):
    """The labelled blocks of one page: features for each of the judges, label, weight."""

    fold: int
    alone: Features
    quick: Features
    careful: Features
    is_text: NDArray[np.bool_]
    weight: NDArray[np.float64]


def lessons(folder: Path, limit: int | None = None) -> list[Lesson]:
    """Read and label all pages that may be learned from."""
    found = []
    for name, weight in _SET_WEIGHTS.items():
        for page in gold.first(gold.pages(folder, name), limit):
            if not gold.held_back(page.page_id):
                found += _lesson(page, weight)
    return found


def learn(taught: Sequence[Lesson]) -> dict[str, JudgeRow]:
    """Return all judges as JSON."""
    is_text = np.concatenate([lesson.is_text for lesson in taught])
    weight = np.concatenate([lesson.weight for lesson in taught])
    return {
        "alone": _trees([lesson.alone for lesson in taught], is_text, weight),
        "quick": _trees([lesson.quick for lesson in taught], is_text, weight),
        "careful": _trees([lesson.careful for lesson in taught], is_text, weight),
    }


def _lesson(page: GoldPage, set_weight: float) -> list[Lesson]:
    html = decode(without_code(gold.html(page)))
    try:
        parts = take_apart(parse(html, _MAX_ELEMENTS), page.page_id)
    except UnreadableError:
        return []
    hearing = hear(parts)
    if hearing is None:
        return []
    texts = hearing.outline.texts
    label, weight = label_by_text(texts, page.text) if page.text else label_by_snippets(texts, page)
    known = weight > 0
    if not known.any():
        return []
    quick = hear_resiliparse(hearing, html)
    careful = hear_trafilatura(hearing, quick, trafilatura_text(parts.tree))
    return [
        Lesson(
            fold=gold.fold(page),
            alone=_only(hearing.features, known),
            quick=_only(quick, known),
            careful=_only(careful, known),
            is_text=label[known],
            weight=weight[known] * set_weight,
        )
    ]


def _only(features: Features, known: NDArray[np.bool_]) -> Features:
    return Features(features.names, features.rows[:, known])


def label_by_text(texts: Sequence[str], text: str) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which blocks are in a gold text, and what each weighs: its share of the page."""
    words = [_WORD.findall(block.lower()) for block in texts]
    label = _in_gold(words, _WORD.findall(text.lower()))
    sizes = np.array([len(block.split()) + 2.0 for block in texts])
    return label, np.minimum(sizes / max(_LEAST_GOLD_WORDS, sizes[label].sum()), _MOST_OF_PAGE)


def _in_gold(blocks: Sequence[Sequence[str]], gold_words: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which blocks are in the gold text; short ones only where a longer one near by is."""
    known = set(_shingles(gold_words))
    line = f" {' '.join(gold_words)} "
    long = np.array([len(words) >= _SHINGLE_WORDS for words in blocks])
    held = np.array([_share(words, known) >= _MOSTLY for words in blocks]) & long
    near = np.convolve(held, np.ones(2 * _NEIGHBOURS + 1), "same")[: len(held)] > 0
    short = np.array([bool(words) and f" {' '.join(words)} " in line for words in blocks]) & ~long
    found: NDArray[np.bool_] = held | (short & near)
    return found


def _shingles(words: Sequence[str]) -> list[tuple[str, ...]]:
    return list(zip(*(words[start:] for start in range(_SHINGLE_WORDS)), strict=False))


def _share(words: Sequence[str], known: set[tuple[str, ...]]) -> float:
    own = _shingles(words)
    return sum(shingle in known for shingle in own) / len(own) if own else 0.0


def label_by_snippets(
    texts: Sequence[str], page: GoldPage
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which blocks hold a required snippet; those without any snippet weigh nothing."""
    plain = [_plain(text) for text in texts]
    label, weight = np.zeros(len(texts), dtype=bool), np.zeros(len(texts))
    for snippet in map(_plain, page.forbidden):
        for place, text in enumerate(plain):
            if snippet in text and len(text) < len(snippet) + _SNIPPET_ROOM:
                weight[place] = _SNIPPET_WEIGHT
    for snippet in map(_plain, page.required):
        for first in [place for place, text in enumerate(plain) if snippet in text][:1]:
            label[first], weight[first] = True, _SNIPPET_WEIGHT
    return label, weight


def _plain(text: str) -> str:
    return _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _trees(
    pages: Sequence[Features],
    is_text: NDArray[np.bool_],
    weight: NDArray[np.float64],
) -> JudgeRow:
    order = np.argsort(pages[0].names)  # the learner breaks ties by it
    names = [pages[0].names[place] for place in order]
    rows = np.concatenate([page.rows[order] for page in pages], axis=1).T
    model = lightgbm.LGBMClassifier(
        **_TREES, n_jobs=1, random_state=0, deterministic=True, force_row_wise=True, verbose=-1
    )
    model.fit(rows, is_text, sample_weight=weight / weight.mean())
    dumped = [tree["tree_structure"] for tree in model.booster_.dump_model()["tree_info"]]
    used = sorted({column for tree in dumped for column in _columns(tree)})
    places = {column: place for place, column in enumerate(used)}
    return {"features": [names[c] for c in used], "trees": [_nodes(t, places) for t in dumped]}


def _columns(node: Mapping[str, Any]) -> set[int]:
    if "leaf_value" in node:
        return set()
    below, above = _columns(node["left_child"]), _columns(node["right_child"])
    return {node["split_feature"]} | below | above


def _nodes(root: Mapping[str, Any], places: Mapping[int, int]) -> list[list[float]]:
    """Write a tree as a list of nodes, each after the one that leads to it."""
    nodes: list[list[float]] = []

    def write(node: Mapping[str, Any]) -> int:
        place = len(nodes)
        if "leaf_value" in node:
            nodes.append([_short(node["leaf_value"])])
            return place
        nodes.append([])
        column, threshold = places[node["split_feature"]], _short(node["threshold"])
        nodes[place] = [column, threshold, write(node["left_child"]), write(node["right_child"])]
        return place

    write(root)
    return nodes


def _short(value: float) -> float:
    return float(f"{value:.6g}")


def _write(path: Path, rows: Mapping[str, JudgeRow]) -> None:
    """One tree a line, so that a difference can be read."""
    parts = []
    for name, row in rows.items():
        trees = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in row["trees"])
        features = json.dumps(row["features"])
        parts.append(f'"{name}": {{"features": {features},\n"trees": [\n{trees}\n]}}')
    path.parent.mkdir(exist_ok=True)
    path.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")


def main() -> None:
    """Learn from all folds, and from all but each one."""
    taught = lessons(gold.data_folder())
    _write(_SHIPPED, learn(taught))
    for fold in range(gold.FOLDS):
        others = [lesson for lesson in taught if lesson.fold != fold]
        _write(_FOLD_FOLDER / f"body-{fold}.json", learn(others))


if __name__ == "__main__":
    main()
