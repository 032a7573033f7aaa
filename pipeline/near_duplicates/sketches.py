"""What is remembered of an article to find and verify its copies without its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.shingles import (
    Ragged,
    distinct,
    offsets_of,
    ragged,
    shingle_words,
    word_hashes,
)
from pipeline.near_duplicates.signatures import band_keys, sign
from pipeline.records import Article, ArticleId
from pipeline.text import kept_text

__all__ = ["Sketch", "restore_sketches", "sketch"]

_BATCH = 512  # articles whose kept texts are in memory at once; guess, flat from 128 on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """An article's words as hashes. `restore_sketches` makes the rest of the first three again.

    Parameters
    ----------
    article_id
        The article.
    title
        Hash of the title's words, 0 without a title. Titles are no part of the other fields.
    words
        The kept text's word hashes in reading order.
    shingles
        Distinct shingle hashes, sorted.
    signature
        MinHash of the shingles, shape ``(num_perm,)``.
    bands
        LSH keys, shape ``(bands,)``.
    sample
        The smallest shingle hash of each `sample_window` neighbouring shingles, distinct and
        sorted (winnowing: Schleimer, Wilkerson and Aiken, 2003). Two texts that share a run of
        ``sample_window + shingle_size - 1`` words share at least one.
    """

    article_id: ArticleId
    title: int
    words: NDArray[np.uint32]
    shingles: NDArray[np.uint32]
    signature: NDArray[np.uint32]
    bands: NDArray[np.uint64]
    sample: NDArray[np.uint32]


def sketch(articles: Iterable[Article], settings: NearDuplicateSettings) -> list[Sketch]:
    """Return the sketch of each article: of its kept text, without its title.

    The text alone, because outlets put titles of their own over the same wire report.
    """
    sketches: list[Sketch] = []
    for batch in _batches(articles, _BATCH):
        titles = _titles([article.title for article in batch])
        texts = [kept_text(a.text, a.removed) if a.removed else a.text for a in batch]
        ids = [article.article_id for article in batch]
        start = 0
        for words in word_hashes(texts):
            end = start + words.offsets.size - 1
            sketches += _sketch_words(ids[start:end], titles[start:end], words, settings)
            start = end
    return sketches


def restore_sketches(
    article_ids: Sequence[ArticleId],
    titles: Sequence[int],
    words: Sequence[NDArray[np.uint32]],
    settings: NearDuplicateSettings,
) -> list[Sketch]:
    """Return the sketches whose `article_id`, `title` and `words` were stored, in this order."""
    return _sketch_words(article_ids, titles, ragged(words), settings)


def _sketch_words(
    article_ids: Sequence[ArticleId],
    titles: Sequence[int],
    words: Ragged,
    settings: NearDuplicateSettings,
) -> list[Sketch]:
    ordered = shingle_words(words, settings.shingle_size)
    shingles = [distinct(row) for row in ordered.rows()]
    signatures = sign(shingles, settings)
    bands = band_keys(signatures, settings)
    samples = [distinct(row) for row in _winnow(ordered, settings.sample_window).rows()]
    rows = words.rows()
    return [
        Sketch(
            article_id=article_id,
            title=titles[i],
            words=rows[i],
            shingles=shingles[i],
            signature=signatures[i],
            bands=bands[i],
            sample=samples[i],
        )
        for i, article_id in enumerate(article_ids)
    ]


def _titles(titles: Sequence[str]) -> list[int]:
    rows = [row for words in word_hashes(titles) for row in words.rows()]
    return [
        int.from_bytes(row.tobytes(), "little") % _TITLE_PRIME if row.size else 0 for row in rows
    ]


# A Mersenne prime, so that the title's hash fits a signed 64-bit column of a database.
_TITLE_PRIME = (1 << 61) - 1


def _winnow(shingles: Ragged, window: int) -> Ragged:
    """Return the minimum of every `window` neighbours; of all, where a text has fewer."""
    lengths = np.diff(shingles.offsets)
    minima = _sliding_minimum(shingles.values, window)
    within = np.arange(shingles.values.size) - np.repeat(shingles.offsets[:-1], lengths)
    left = np.repeat(lengths, lengths) - within
    for i in np.flatnonzero((lengths < window) & (lengths > 0)):
        start, end = shingles.offsets[i : i + 2]
        minima[start] = shingles.values[start:end].min()
    keep = (left >= window) | ((within == 0) & (left < window))
    counts = np.where(lengths >= window, lengths - window + 1, np.minimum(lengths, 1))
    return Ragged(minima[keep], offsets_of(counts))


def _sliding_minimum(values: NDArray[np.uint32], window: int) -> NDArray[np.uint32]:
    # A minimum over twice the width is that of two neighbours: log2(window) passes.
    minima, width = values.copy(), 1
    while width < window:
        step = min(width, window - width)
        minima[:-step] = np.minimum(minima[:-step], minima[step:])
        width += step
    return minima


def _batches(articles: Iterable[Article], size: int) -> Iterator[list[Article]]:
    remaining = iter(articles)
    while batch := list(islice(remaining, size)):
        yield batch
