"""What articles mean beside their words: one more channel, of a sentence embedding model.

The model itself is an argument, a function from texts to rows of numbers; who has none gives none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.records import Article
from pipeline.stories.hashing import hashed_numbers
from pipeline.text import kept_text

__all__ = ["DIMENSIONS", "Encoder", "meanings"]

DIMENSIONS = 1024  # of what comes out, whatever the model has; a product is off by some .03
# Models call any two reports on one subject half alike; the cube of a cosine leaves next to nothing
# of .3 and half of .8. Mean B-Cubed of four labelled sets, with all-MiniLM-L6-v2: .926 for the
# cosine itself, .943 for its cube, .941 for the fourth power, .942 for words alone.
_POWER = 3
# Texts to embeddings, shape ``(n_texts, n_numbers)``: the same for a text whatever is beside it.
Encoder: TypeAlias = Callable[[Sequence[str]], NDArray[np.float32]]


def meanings(articles: Sequence[Article], encode: Encoder) -> NDArray[np.float64]:
    """Return a unit vector for each article, shape ``(n_articles, DIMENSIONS)``.

    The product of two is about the cube of the cosine of their embeddings. The model is given title
    and kept text, of which it reads as much as it takes; all 0 where it has no answer.

    Raises
    ------
    ConfigError
        The model does not answer with one row of finite numbers for each text.

    References
    ----------
    Pham and Pagh, "Fast and scalable polynomial kernels via explicit feature maps", KDD 2013.
    """
    texts = [f"{one.title}\n{kept_text(one.text, one.removed)}".strip() for one in articles]
    if not texts:
        return np.empty((0, DIMENSIONS))
    found = np.asarray(encode(texts), dtype=np.float64)
    if found.ndim != 2 or len(found) != len(texts):  # noqa: PLR2004 - rows and columns
        raise ConfigError(
            f"the embedding model answers {len(texts)} texts with an array of shape {found.shape}; "
            "set stories.embeddings to a sentence embedding model"
        )
    if not np.isfinite(found).all():
        raise ConfigError(
            "the embedding model gives numbers that are not finite; "
            "set stories.embeddings to another model"
        )
    return np.stack([_unit(_powered(_unit(row))) for row in found])


def _unit(row: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.sqrt((row**2).sum()))
    return row / length if length > 0 else row


def _powered(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sketch of a vector's tensor power, by itself: a batch could differ in a bit."""
    product: NDArray[np.complex128] = np.ones(DIMENSIONS // 2 + 1, dtype=np.complex128)
    for places, signs in _hashes(len(row)):
        product *= np.fft.rfft(np.bincount(places, row * signs, minlength=DIMENSIONS))
    found: NDArray[np.float64] = np.fft.irfft(product, DIMENSIONS)
    return found


@cache
def _hashes(size: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return for each factor where each number of an embedding goes, and its sign."""
    numbers = np.arange(size, dtype=np.int32)
    return [
        (
            hashed_numbers(numbers, 2 * factor) % DIMENSIONS,
            1 - 2 * (hashed_numbers(numbers, 2 * factor + 1) % 2),
        )
        for factor in range(_POWER)
    ]
