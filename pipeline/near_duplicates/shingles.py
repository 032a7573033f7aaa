"""One pass over the bytes of a whole batch: word hashes, and shingle hashes of them.

The costly part of MinHash in Python is strings: tokens, joined shingles, one hash call each. Here
a batch becomes one array of UTF-8 bytes in which all that is no word is zero. Every word is a
polynomial hash of its bytes, every shingle a multilinear hash of its words. numpy does all of it;
where numba is installed the words are hashed by `compiled`, to the same bit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import ModuleType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.lookalikes import LOOKALIKES
from pipeline.near_duplicates.kernels import compiled
from pipeline.text import normalize

__all__ = [
    "TOKEN",
    "UNSPACED",
    "Ragged",
    "distinct",
    "is_figure",
    "offsets_of",
    "polynomials",
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
_GAP, _LETTER, _DIGIT, _LONE, _DROPPED, _LOOKALIKE = range(6)
_UNKNOWN = 255
_ASCII = 128
_LEADS = np.array([0xC0, 0xE0, 0xF0], dtype=np.uint8)  # of two, three and four bytes in UTF-8
# What a byte is beside its value: the first of a lone character, another one of it, the first of
# a digit that is not ASCII.
_LONE_FIRST, _LONE_REST, _DIGIT_FIRST = 1, 2, 4
_BASE = 0x9E3779B97F4A7C15  # 2^64 / golden ratio
_MASK = (1 << 64) - 1
_INVERSE = pow(_BASE, -1, 1 << 64)
_CHUNK_BYTES = 1 << 17  # 2 MiB of products and sums; flat from 2^16


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths in one array: row i is ``values[offsets[i]:offsets[i + 1]]``."""

    values: NDArray[np.uint32]
    offsets: NDArray[np.int64]

    def rows(self) -> list[NDArray[np.uint32]]:
        """Return a view of each row."""
        return [self.values[start:end] for start, end in pairwise(self.offsets.tolist())]

    def slice(self, start: int, end: int) -> Ragged:
        """Return some neighbouring rows."""
        first, last = self.offsets[start], self.offsets[end]
        return Ragged(self.values[first:last], self.offsets[start : end + 1] - first)


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
        row
        for words in word_hashes(texts)
        for row in distinct(shingle_words(words, settings.shingle_size)).rows()
    ]


def word_hashes(texts: Sequence[str]) -> Iterator[Ragged]:
    r"""Yield the word hashes of the texts in reading order, for as many texts at once as fit.

    Words are those of ``\w+`` in `pipeline.text.normalize`. The lowest bit of a hash says whether
    the word begins with a digit (see `is_figure`).
    """
    batch: list[str] = []
    folded: list[bytes] = []
    size = 0
    for text in texts:
        batch.append(text)
        folded.append(_folded(text))
        size += len(folded[-1]) + 1
        if size >= _CHUNK_BYTES:
            yield _hash_words(batch, folded)
            batch, folded, size = [], [], 0
    if batch:
        yield _hash_words(batch, folded)


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
    counts = np.where(lengths >= size, lengths - size + 1, np.minimum(lengths, 1))
    ends = offsets_of(counts)
    if kernels := compiled():
        hashes = np.empty(ends[-1], dtype=np.uint32)
        kernels.shingles(words.values, words.offsets, random_odd(size), hashes, ends)
        return Ragged(hashes, ends)
    sums = _shingle_sums(words, lengths, size)
    kept = np.ones(sums.size, dtype=bool)  # all but the last of a row, which run into the next
    long = lengths >= size
    kept[(words.offsets[1:][long, None] - np.arange(1, size)).ravel()] = False
    for i in np.flatnonzero(~long).tolist():
        kept[words.offsets[i] + 1 : words.offsets[i + 1]] = False
    return Ragged((sums[kept] >> np.uint64(32)).astype(np.uint32), ends)


def _shingle_sums(words: Ragged, lengths: NDArray[np.int64], size: int) -> NDArray[np.uint64]:
    multipliers = random_odd(size)
    wide = words.values.astype(np.uint64)
    sums: NDArray[np.uint64] = wide * multipliers[0]
    for k in range(1, size):
        sums[:-k] += wide[k:] * multipliers[k]
    for i in np.flatnonzero((lengths < size) & (lengths > 0)).tolist():
        start, end = words.offsets[i : i + 2]
        sums[start] = (wide[start:end] * multipliers[: end - start]).sum(dtype=np.uint64)
    return sums


def distinct(rows: Ragged) -> Ragged:
    """Return the values of each row sorted, each once."""
    # Sorting row by row: all at once, with the row in the upper half, takes three times as long.
    ordered = rows.values.copy()
    for start, end in pairwise(rows.offsets.tolist()):
        ordered[start:end].sort()
    first = np.ones(ordered.size, dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    starts = rows.offsets[:-1]
    first[starts[starts < ordered.size]] = True
    kept = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(first, dtype=np.int64)))
    return Ragged(ordered[first], kept[rows.offsets])


def polynomials(rows: Ragged) -> NDArray[np.uint64]:
    """Return a hash of each row as a sequence; that of an empty row is 0."""
    sums = np.zeros(rows.values.size + 1, dtype=np.uint64)
    np.cumsum(rows.values * _powers(_BASE, rows.values.size), out=sums[1:])
    starts = rows.offsets[:-1]
    hashes = sums[rows.offsets[1:]] - sums[starts]
    return _mix(hashes * _powers(_INVERSE, rows.values.size + 1)[starts])


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


class _Hashed(NamedTuple):
    """Words of several texts, where each begins, where texts end, and if letters may be masked."""

    words: NDArray[np.uint32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    lookalikes: bool


def _folded(text: str) -> bytes:
    # As pipeline.text.normalize, but for quotes, which are no part of a word, and for what the
    # bytes tell just as well: ASCII in lower case, and what is dropped. A 0 ends a text.
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).casefold()
    return text.encode("utf-8", "surrogatepass").replace(b"\0", b"")


def _hash_words(texts: list[str], folded: list[bytes]) -> Ragged:
    kernels = compiled()
    hashed = _hash_compiled(kernels, folded) if kernels else _hash_plainly(folded)
    if hashed.lookalikes and (plain := list(map(_normal, texts, folded))) != folded:
        hashed = _hash_compiled(kernels, plain) if kernels else _hash_plainly(plain)
    return Ragged(hashed.words, np.concatenate(([0], np.searchsorted(hashed.starts, hashed.ends))))


def _normal(text: str, folded: bytes) -> bytes:
    # Of the text itself: "ß" is folded to "ss", whose second letter takes up an accent behind it
    # when it is normalised again.
    return folded if text.isascii() else normalize(text).encode("utf-8", "surrogatepass")


def _hash_compiled(kernels: ModuleType, texts: list[bytes]) -> _Hashed:
    codes, ends = _joined(texts)
    folding = np.frombuffer(_ascii_folding()[0], dtype=np.uint8).copy()
    folding[np.frombuffer(_ascii_folding()[1], dtype=np.uint8)] = 0xFF
    folding[0] = 0  # between two texts
    kinds = _kind_table()
    while True:
        words, starts, unknown, lookalikes = kernels.hash_words(codes, folding, kinds)
        if unknown < 0:
            return _Hashed(words, starts, ends, lookalikes)
        block = unknown & ~0xFF
        kinds[block : block + 256] = [_kind(chr(code)) for code in range(block, block + 256)]


def _hash_plainly(texts: list[bytes]) -> _Hashed:
    folding, dropped = _ascii_folding()
    codes, ends = _joined([text.translate(folding, dropped) for text in texts])
    marks, lookalikes = None, False
    if codes.max(initial=0) >= _ASCII:
        codes, ends, marks, lookalikes = _classify(codes, ends)
    return _Hashed(*_hash_codes(codes, marks), ends, lookalikes)


def _joined(texts: list[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return all bytes with a 0 between two texts, and where each text ends."""
    ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    return np.frombuffer(b"\0".join(texts), dtype=np.uint8), ends


@lru_cache(maxsize=1)
def _ascii_folding() -> tuple[bytes, bytes]:
    """Return what each byte becomes, 0 where it is in no word, and those that are dropped."""
    chars = [chr(code) for code in range(_ASCII)]
    folded = [ord(c.lower()) if _kind(c) in {_LETTER, _DIGIT} else 0 for c in chars]
    dropped = bytes(ord(c) for c in chars if _kind(c) == _DROPPED)
    return bytes([*folded, *range(_ASCII, 256)]), dropped


def _hash_codes(
    codes: NDArray[np.uint8], marks: NDArray[np.uint8] | None
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return the hash of each word, and where it begins."""
    inside = codes != 0
    begins = inside.copy()
    begins[1:] &= ~inside[:-1]
    if marks is not None:
        begins |= marks == _LONE_FIRST
        begins[1:] |= inside[1:] & (marks[1:] != _LONE_REST) & ((marks[:-1] & 3) != 0)
    starts = np.flatnonzero(begins)
    if starts.size == 0:
        return np.zeros(0, dtype=np.uint32), starts
    # A word's sum is that up to the next word: what lies between them adds nothing.
    sums = np.cumsum(codes * _powers(_BASE, codes.size))
    hashes = np.diff(sums[np.append(starts[1:], codes.size) - 1], prepend=np.uint64(0))
    hashes = _mix(hashes * _powers(_INVERSE, codes.size)[starts])
    words = (hashes >> np.uint64(32)).astype(np.uint32) & ~np.uint32(1)
    words |= (codes[starts] >= ord("0")) & (codes[starts] <= ord("9"))
    if marks is not None:
        words |= marks[starts] == _DIGIT_FIRST
    return words, starts


def _classify(
    codes: NDArray[np.uint8], ends: NDArray[np.int64]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8] | None, bool]:
    """Make zero what is no word outside ASCII, drop what normalisation drops, mark the rest."""
    codes = codes.copy()
    firsts = np.flatnonzero(codes >= _LEADS[0])
    widths = 1 + np.searchsorted(_LEADS, codes[firsts], side="right")
    kinds = _kinds(_code_points(codes, firsts, widths))
    marks = np.zeros(codes.size, dtype=np.uint8)
    marks[firsts[kinds == _LONE]] = _LONE_FIRST
    marks[firsts[kinds == _DIGIT]] = _DIGIT_FIRST
    dropped = np.zeros(codes.size, dtype=bool)
    for k in range(4):
        places, of = firsts[widths > k] + k, kinds[widths > k]
        codes[places[of == _GAP]] = 0
        dropped[places[of == _DROPPED]] = True
        if k:
            marks[places[of == _LONE]] = _LONE_REST
    if dropped.any():
        ends = ends - np.concatenate(([0], np.cumsum(dropped)))[ends]
        codes, marks = codes[~dropped], marks[~dropped]
    return codes, ends, marks if marks.any() else None, bool((kinds == _LOOKALIKE).any())


def _code_points(
    codes: NDArray[np.uint8], firsts: NDArray[np.int64], widths: NDArray[np.int64]
) -> NDArray[np.int64]:
    masks = np.array([0, 0, 0x1F, 0x0F, 0x07], dtype=np.uint8)
    points = (codes[firsts] & masks[widths]).astype(np.int64)
    for k in range(1, 4):
        more = widths > k
        points[more] = points[more] << 6 | codes[firsts[more] + k] & 0x3F
    return points


def _kinds(points: NDArray[np.int64]) -> NDArray[np.uint8]:
    table = _kind_table()
    kinds = table[points]
    for code in np.unique(points[kinds == _UNKNOWN]).tolist():
        table[code] = _kind(chr(code))
    return table[points]


@lru_cache(maxsize=1)
def _kind_table() -> NDArray[np.uint8]:
    """Return the kinds of all code points; `_kinds` fills in those that it meets."""
    return np.full(0x110000, _UNKNOWN, dtype=np.uint8)


def _kind(char: str) -> int:
    if char.isdecimal():
        return _DIGIT
    if char.isalnum() or char == "_":
        if _UNSPACED_CHAR.match(char):
            return _LONE
        return _LOOKALIKE if LOOKALIKES[0] <= char <= LOOKALIKES[1] else _LETTER
    if char not in "\n\t\r" and unicodedata.category(char) in {"Cf", "Cc"}:
        return _DROPPED
    return _GAP


def _powers(base: int, count: int) -> NDArray[np.uint64]:
    """Return the first `count` powers of the base modulo 2^64."""
    if count > _CHUNK_BYTES * 2:  # a single very long text
        return _powers_upto.__wrapped__(base, count)
    return _powers_upto(base, _CHUNK_BYTES * 2)[:count]


@lru_cache(maxsize=2)
def _powers_upto(base: int, count: int) -> NDArray[np.uint64]:
    factors = np.full(count, base, dtype=np.uint64)
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
