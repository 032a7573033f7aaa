"""Collections of invented articles of any size: ``python -m benchmarks.invented 1000000 > file``.

Words are drawn from a vocabulary by Zipf's law. A fifth of the articles are copies of earlier ones:
with some words changed, a third of them cut in half.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import numpy as np

_VOCABULARY = 60_000
_WORDS = 400  # mean of an article
_MEMORY = 5000  # earlier articles that may be copied
_COPIES = 0.2
_CHANGED = 0.02  # of the words of a copy
_LETTERS = "abcdefghijklmnoprstuvwz"


def articles(count: int, seed: int = 1) -> Iterator[dict[str, str]]:
    """Yield rows with `id`, `title` and `text`, always the same for a seed."""
    draw = np.random.default_rng(seed)
    letters = np.array(list(_LETTERS))
    words = ["".join(draw.choice(letters, size)) for size in draw.integers(2, 10, _VOCABULARY)]
    weights = 1 / np.arange(10, _VOCABULARY + 10)
    cumulative = np.cumsum(weights / weights.sum())
    earlier: list[list[int]] = []
    for number in range(count):
        if earlier and draw.random() < _COPIES:
            chosen = _copy(earlier[draw.integers(len(earlier))], draw)
        else:
            size = int(draw.gamma(4, _WORDS / 4)) + 20
            chosen = np.searchsorted(cumulative, draw.random(size)).tolist()
            if len(earlier) < _MEMORY:
                earlier.append(chosen)
            else:
                earlier[draw.integers(_MEMORY)] = chosen
        text = " ".join([words[min(place, _VOCABULARY - 1)] for place in chosen])
        yield {"id": f"n{number:08}", "title": text[:40], "text": text}


def _copy(original: list[int], draw: np.random.Generator) -> list[int]:
    """Return a copy with some words changed; every third one is cut."""
    copy = list(original)
    for place in draw.integers(len(copy), size=int(_CHANGED * len(copy))).tolist():
        copy[place] = int(draw.integers(_VOCABULARY))
    return copy[: len(copy) // 2] if draw.random() < 1 / 3 else copy


if __name__ == "__main__":
    for row in articles(int(sys.argv[1])):
        sys.stdout.write(json.dumps(row) + "\n")
