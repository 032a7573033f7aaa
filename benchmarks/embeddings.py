"""What an embedding model adds to stories: each labelled set grouped with it and without.

    python -m benchmarks.embeddings FOLDER

Each set is judged by weights learned without it, as in `stories`. No task of `make bench`: the
model is nobody's but the user's, and reading ten thousand texts with it takes a quarter of an hour.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from benchmarks import gold, stories, train_pairs
from benchmarks.gold import GoldArticle
from benchmarks.stories import Quality
from pipeline.config import StorySettings
from pipeline.embeddings import load_encoder
from pipeline.stories import Encoder, cluster_stories


def grouped(name: str, rows: Sequence[GoldArticle], encode: Encoder | None) -> Quality:
    """Return the quality of the stories of one set."""
    weights = train_pairs.weights_without(name, with_meaning=encode is not None)
    articles = [row.article for row in rows]
    found = cluster_stories(articles, StorySettings(), weights, encode=encode)
    return stories.quality(rows, {placed.article_id: placed.story_id for placed in found})


def main() -> None:
    """Print B-Cubed and pairwise F1 of each set, and their means."""
    encode = load_encoder(" ".join(sys.argv[1:]))
    found: list[tuple[Quality, Quality]] = []
    print("| set | B-Cubed, words | with the model | pairwise, words | with the model |")
    print("|---|---|---|---|---|")
    for name in gold.STORY_SETS:
        rows = gold.stories(gold.data_folder(), name)
        found.append((grouped(name, rows, None), grouped(name, rows, encode)))
        _print_row(name, *found[-1])
    _print_row("mean", *(stories.mean(qualities) for qualities in zip(*found, strict=True)))


def _print_row(name: str, words: Quality, both: Quality) -> None:
    figures = (words.b_cubed, both.b_cubed, words.pairwise, both.pairwise)
    print(f"| {name} | {' | '.join(f'{figure:.4f}' for figure in figures)} |", flush=True)


if __name__ == "__main__":
    main()
