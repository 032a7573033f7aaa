"""What is remembered of an article to find and verify its copies without its text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.kernels import compiled
from pipeline.near_duplicates.shingles import (
    Ragged,
    offsets_of,
    polynomials,
    random_odd,
    shingle_words,
    word_hashes,
)
from pipeline.near_duplicates.signatures import band_keys, permutations, sign
from pipeline.records import Article, ArticleId
from pipeline.text import kept_text

__all__ = ["Sketch", "sketch", "sketch_words", "title_hashes"]

_BATCH = 512  # articles whose kept texts are in memory at once; guess, flat from 128 on


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """An article's words as hashes, and what these are found by.

    Parameters
    ----------
    article_id
        The article.
    title
        Hash of the title's words, 0 without a title. Titles are no part of the other fields.
    words
        The kept text's word hashes in reading order.
    digest
        Hash of all words in order, 64 bits: the same for exact copies.
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
    digest: int
    signature: NDArray[np.uint32]
    bands: NDArray[np.uint64]
    sample: NDArray[np.uint32]


def sketch(articles: Iterable[Article], settings: NearDuplicateSettings) -> list[Sketch]:
    """Return the sketch of each article: of its kept text, without its title.

    The text alone, because outlets put titles of their own over the same wire report.
    """
    sketches: list[Sketch] = []
    for batch in _batches(articles, _BATCH):
        titles = title_hashes([article.title for article in batch])
        texts = [kept_text(a.text, a.removed) if a.removed else a.text for a in batch]
        start = 0
        for words in word_hashes(texts):
            end = start + words.offsets.size - 1
            ids = [article.article_id for article in batch[start:end]]
            sketches += sketch_words(ids, titles[start:end], words, settings)
            start = end
    return sketches


def sketch_words(
    ids: Sequence[ArticleId],
    titles: Sequence[int],
    words: Ragged,
    settings: NearDuplicateSettings,
) -> list[Sketch]:
    """Return the sketches of articles of which the hashes of title and words are known."""
    signatures, samples = _sign_and_sample(words, settings)
    columns = zip(
        ids,
        titles,
        words.rows(),
        polynomials(words).tolist(),
        signatures,
        band_keys(signatures, settings),
        samples.rows(),
        strict=True,
    )
    return [
        Sketch(
            article_id=article_id,
            title=title,
            words=row,
            digest=digest,
            signature=signature,
            bands=bands,
            sample=sample,
        )
        for article_id, title, row, digest, signature, bands, sample in columns
    ]


def _sign_and_sample(
    words: Ragged, settings: NearDuplicateSettings
) -> tuple[NDArray[np.uint32], Ragged]:
    if kernels := compiled():
        drawn = permutations(settings.num_perm, settings.seed)
        multipliers = random_odd(settings.shingle_size)
        signatures, samples = kernels.sketch_rows(words, multipliers, settings.sample_window, drawn)
        return signatures, samples
    shingles = shingle_words(words, settings.shingle_size)
    return sign(shingles, settings), _winnow(shingles, settings.sample_window)


def title_hashes(titles: Sequence[str]) -> list[int]:
    """Return a hash of each title's words; it fits a signed 64-bit column of a database."""
    return [h >> 1 for words in word_hashes(titles) for h in polynomials(words).tolist()]


def _winnow(shingles: Ragged, window: int) -> Ragged:
    """Return the minimum of every `window` neighbours, each once; of all, where there are fewer."""
    lengths = np.diff(shingles.offsets)
    minima = _sliding_minimum(shingles.values, window)
    for i in np.flatnonzero((lengths < window) & (lengths > 0)):
        start, end = shingles.offsets[i : i + 2]
        minima[start] = shingles.values[start:end].min()
    counts = np.where(lengths >= window, lengths - window + 1, np.minimum(lengths, 1))
    owners = np.repeat(np.arange(lengths.size, dtype=np.uint64), counts)
    places = np.arange(owners.size) + np.repeat(
        shingles.offsets[:-1] - offsets_of(counts)[:-1], counts
    )
    packed = owners << np.uint64(32) | minima[places]
    # Neighbouring windows mostly have the same minimum.
    packed = _once(np.sort(_once(packed)))
    found = np.bincount((packed >> np.uint64(32)).astype(np.int64), minlength=lengths.size)
    return Ragged(packed.astype(np.uint32), offsets_of(found))


def _once(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the values without those that equal the one before."""
    return values[np.concatenate(([True], values[1:] != values[:-1]))[: values.size]]


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
