"""One pass over the characters of a whole batch: word hashes, and shingle hashes of them.

The costly part of MinHash in Python is strings: tokens, joined shingles, one hash call each. Here
a batch becomes one array of code points, every word a polynomial hash of its code points and every
shingle a multilinear hash of its words, all with numpy.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings

__all__ = [
    "TOKEN",
    "UNSPACED",
    "Ragged",
    "distinct",
    "is_figure",
    "offsets_of",
    "ragged",
    "random_odd",
    "shingle",
    "shingle_words",
    "word_hashes",
]

# Scripts written without spaces, where each character counts as a word: kana, Han, Thai, Lao,
# Tibetan, Myanmar, Khmer. Hangul has spaces.
UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
TOKEN = re.compile(rf"[^\W{UNSPACED}]+|(?=\w)[{UNSPACED}]")
_UNSPACED_CHAR = re.compile(f"[{UNSPACED}]")

# Kinds of characters. A `_LONE` character is a word by itself.
_GAP, _LETTER, _DIGIT, _LONE, _DROPPED = range(5)
_ASCII_SIZE = 128
_BASE = 0x9E3779B97F4A7C15  # 2^64 / golden ratio
_LONGEST_WORD = 1 << 12  # characters; guess, no language has longer ones
_MASK = (1 << 64) - 1
_CHUNK_CHARS = 1 << 18  # 2 MiB of products; flat from 2^16 to 2^18


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths in one array: row i is ``values[offsets[i]:offsets[i + 1]]``."""

    values: NDArray[np.uint32]
    offsets: NDArray[np.int64]

    def rows(self) -> list[NDArray[np.uint32]]:
        """Return a view of each row."""
        return [self.values[start:end] for start, end in pairwise(self.offsets.tolist())]


def shingle(texts: Sequence[str], settings: NearDuplicateSettings) -> list[NDArray[np.uint32]]:
    """Return the distinct shingle hashes of each text, sorted.

    A shingle is `shingle_size` neighbouring words of the normalised text. In scripts without
    spaces each character is a word. A text of fewer words has one shingle of all its words, a text
    without words none.

    Examples
    --------
    >>> a, b = shingle(["The dam has held.", "“THE dam\u200b has  held”"], NearDuplicateSettings())
    >>> len(a), bool((a == b).all())
    (1, True)
    """
    return [
        distinct(row)
        for words in word_hashes(texts)
        for row in shingle_words(words, settings.shingle_size).rows()
    ]


def word_hashes(texts: Sequence[str]) -> Iterator[Ragged]:
    r"""Yield the word hashes of the texts in reading order, for as many texts at once as fit.

    Words are those of ``\w+`` in `pipeline.text.normalize`. The lowest bit of a hash says whether
    the word begins with a digit (see `is_figure`).
    """
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(_fold(text))
        size += len(batch[-1]) + 1
        if size >= _CHUNK_CHARS:
            yield _hash_words(batch)
            batch, size = [], 0
    if batch:
        yield _hash_words(batch)


def is_figure(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which of the word hashes are figures: words that begin with a digit."""
    return (words & np.uint32(1)).astype(bool)


def shingle_words(words: Ragged, size: int) -> Ragged:
    """Return the hashes of every `size` neighbouring words, in reading order.

    The hash is multilinear, the upper half of ``sum(m[k] * word[k]) mod 2^64`` with odd random
    ``m``: two different shingles collide with odds of about 2^-32 (Lemire and Kaser, "Strongly
    universal string hashing is fast", 2014).
    """
    lengths = np.diff(words.offsets)
    sums = np.zeros(words.values.size, dtype=np.uint64)
    wide = words.values.astype(np.uint64)
    within = np.arange(words.values.size) - np.repeat(words.offsets[:-1], lengths)
    left = np.repeat(lengths, lengths) - within  # words from here to the end of the text
    for k, multiplier in enumerate(random_odd(size)):
        # A text shorter than a shingle has fewer words to add; no other text reaches its end.
        if k == 0:
            sums += wide * multiplier
            continue
        sums[:-k] += np.where(left[:-k] > k, wide[k:], np.uint64(0)) * multiplier
    keep = (left >= size) | ((within == 0) & (left < size))
    counts = np.where(lengths >= size, lengths - size + 1, np.minimum(lengths, 1))
    return Ragged((sums[keep] >> np.uint64(32)).astype(np.uint32), offsets_of(counts))


def distinct(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the values sorted, each once."""
    # `np.unique` takes ten times as long on a row as short as an article. Sorting all rows of a
    # batch at once, with the row in the upper half, takes three times as long.
    ordered = np.sort(values)
    first = np.ones(ordered.size, dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


@lru_cache(maxsize=32)
def random_odd(count: int) -> NDArray[np.uint64]:
    """Return `count` odd 64-bit multipliers, always the same (SplitMix64; Steele et al., 2014)."""
    numbers = []
    for step in range(1, count + 1):
        x = step * _BASE & _MASK
        x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        x = (x ^ x >> 27) * 0x94D049BB133111EB & _MASK
        numbers.append((x ^ x >> 31) | 1)
    return np.array(numbers, dtype=np.uint64)


def _fold(text: str) -> str:
    # As pipeline.text.normalize, without the two steps that are cheaper on the whole batch (what
    # is dropped) or change no word (quotes).
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).casefold()


def _hash_words(texts: list[str]) -> Ragged:
    joined = "\n".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    kinds = _kinds(codes)
    dropped = kinds == _DROPPED
    if dropped.any():
        ends -= np.concatenate(([0], np.cumsum(dropped)))[ends]
        codes, kinds = codes[~dropped], kinds[~dropped]
    starts = _word_starts(kinds)
    if starts.size == 0:
        return Ragged(np.zeros(0, dtype=np.uint32), np.zeros(len(texts) + 1, dtype=np.int64))
    within = np.arange(starts[0], codes.size)
    within -= np.repeat(starts, np.diff(starts, append=codes.size))
    # Behind a word's last letter come gaps up to the next word; they count nothing.
    letters = np.where(kinds == _GAP, np.uint32(0), codes)[starts[0] :]
    terms = letters * _powers()[within % _LONGEST_WORD]
    hashes = np.add.reduceat(terms, starts - starts[0])
    words = (_mix(hashes) >> np.uint64(32)).astype(np.uint32) & ~np.uint32(1)
    words |= kinds[starts] == _DIGIT
    offsets = np.concatenate(([0], np.searchsorted(starts, ends)))
    return Ragged(words, offsets.astype(np.int64))


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    kinds = _ascii_kinds()[np.minimum(codes, _ASCII_SIZE)]
    rest = np.flatnonzero(codes >= _ASCII_SIZE)
    if rest.size:
        seen, where = np.unique(codes[rest], return_inverse=True)
        table = np.array([_kind(chr(code)) for code in seen.tolist()], dtype=np.uint8)
        kinds[rest] = table[where]
    return kinds


@lru_cache(maxsize=1)
def _ascii_kinds() -> NDArray[np.uint8]:
    # One more entry than ASCII has, for whatever comes after it.
    return np.array([_kind(chr(code)) for code in range(_ASCII_SIZE + 1)], dtype=np.uint8)


def _kind(char: str) -> int:
    if char.isdecimal():
        return _DIGIT
    if char.isalnum() or char == "_":
        return _LONE if _UNSPACED_CHAR.match(char) else _LETTER
    if char not in "\n\t\r" and unicodedata.category(char) in {"Cf", "Cc"}:
        return _DROPPED
    return _GAP


def _word_starts(kinds: NDArray[np.uint8]) -> NDArray[np.int64]:
    inside = (kinds == _LETTER) | (kinds == _DIGIT)
    begins = inside.copy()
    begins[1:] &= ~inside[:-1]
    return np.flatnonzero(begins | (kinds == _LONE))


@lru_cache(maxsize=1)
def _powers() -> NDArray[np.uint64]:
    """Return the powers of the base modulo 2^64; of longer words the order wraps around."""
    factors = np.full(_LONGEST_WORD, _BASE, dtype=np.uint64)
    factors[0] = 1
    return np.multiply.accumulate(factors)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    # Finaliser of MurmurHash3, 64 bits (Appleby, public domain).
    x = (x ^ x >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    x = (x ^ x >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
    return x ^ x >> np.uint64(33)


def ragged(rows: Sequence[NDArray[np.uint32]]) -> Ragged:
    """Put rows into one array."""
    lengths = np.array([row.size for row in rows], dtype=np.int64)
    return Ragged(np.concatenate([np.zeros(0, dtype=np.uint32), *rows]), offsets_of(lengths))


def offsets_of(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each row of these lengths begins, and the end of the last."""
    return np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(lengths, dtype=np.int64)))
