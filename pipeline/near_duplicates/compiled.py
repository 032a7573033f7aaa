"""The loops that numpy cannot do in one pass, compiled by numba; `kernels` loads them.

Each gives to the bit what its counterpart in numpy gives: `shingles._hash_codes` and
`shingle_words`, `sketches._sign_and_sample`, `overlaps._count_shared`,
`composites._choose_covering`. numba keeps the machine code in ``__pycache__``.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.near_duplicates.shingles import Ragged

__all__ = ["choose_covering", "count_shared", "hash_words", "shingles", "sketch_rows"]

_BASE = np.uint64(0x9E3779B97F4A7C15)
_ROOM = 8  # places for each value; guess


def hash_words(
    codes: NDArray[np.uint8], folding: NDArray[np.uint8], kinds: NDArray[np.uint8]
) -> tuple[NDArray[np.uint32], NDArray[np.int64], int, bool]:
    """Return hashes and beginnings of words, an unknown code point or -1, and if any looks Latin.

    Parameters
    ----------
    codes
        UTF-8 of texts with a 0 between two.
    folding
        For each byte below 128 its lower case, 0 for a gap, 255 for what is dropped.
    kinds
        For each code point its kind, as in `shingles`.
    """
    sums = np.empty(codes.size // 2 + 2, dtype=np.uint64)
    starts = np.empty(sums.size, dtype=np.int64)
    count, unknown, lookalikes = _sum_words(codes, folding, kinds, sums, starts)
    words = np.empty(count, dtype=np.uint32)
    _finish(codes, kinds, sums, starts, words)
    return words, starts[:count], unknown, lookalikes


@njit(cache=True, nogil=True)
def _sum_words(codes, folding, kinds, sums, starts):
    # Unsigned, so that numba need not ask whether an index counts from the end.
    one, size = np.uint64(1), np.uint64(codes.size)
    count, start, i = np.uint64(0), np.uint64(0), np.uint64(0)
    total, power = np.uint64(0), np.uint64(1)
    before, lookalikes = np.uint8(0), False
    while i < size:
        code = codes[i]
        if code < 0x80:
            code = folding[code]
            if code == 0xFF:
                i += one
                continue
            # Without a branch: where words end cannot be foretold, and each wrong guess costs as
            # much as the letters of a word.
            gap = code == 0
            start = i if before == 0 else start
            total += np.uint64(code) * power
            power = np.uint64(1) if gap else power * _BASE
            sums[count] = total
            starts[count] = start
            count += np.uint64(gap and before != 0)
            total = np.uint64(0) if gap else total
            before = code
            i += one
            continue
        width, point = _decode(codes, np.int64(i))
        kind = kinds[point]
        lookalikes = lookalikes or kind == 5
        if kind == 255:
            return np.int64(count), point, False
        if kind == 0 or kind == 3:  # a gap, or a word by itself
            count += np.uint64(before != 0)
            total, power, before = np.uint64(0), np.uint64(1), np.uint8(0)
        if kind != 0 and kind != 4:  # not dropped either
            start = i if before == 0 else start
            for k in range(width):
                total += np.uint64(codes[i + np.uint64(k)]) * power
                power *= _BASE
            sums[count] = total
            starts[count] = start
            before = code
        if kind == 3:
            count += one
            total, power, before = np.uint64(0), np.uint64(1), np.uint8(0)
        i += np.uint64(width)
    return np.int64(count) + (before != 0), -1, lookalikes


@njit(cache=True, nogil=True)
def _decode(codes, i):
    """Return how many bytes the character at `i` has, and its code point."""
    lead = np.int64(codes[i])
    width = 2 + (lead >= 0xE0) + (lead >= 0xF0)
    point = lead & (0x7F >> width)
    for k in range(1, width):
        point = point << 6 | (np.int64(codes[i + k]) & 0x3F)
    return width, point


@njit(cache=True, nogil=True)
def _finish(codes, kinds, sums, starts, words):
    for i in range(words.size):
        x = sums[i]
        x = (x ^ x >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
        x = (x ^ x >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
        x ^= x >> np.uint64(33)
        code = codes[starts[i]]
        figure = code >= ord("0") and code <= ord("9")
        if code >= 0x80:
            figure = kinds[_decode(codes, starts[i])[1]] == 2
        words[i] = np.uint32((x >> np.uint64(32)) & np.uint64(0xFFFFFFFE)) | np.uint32(figure)


def sketch_rows(
    words: Ragged,
    multipliers: NDArray[np.uint64],
    window: int,
    permutations: tuple[NDArray[np.uint32], NDArray[np.uint32]],
) -> tuple[NDArray[np.uint32], Ragged]:
    """Return the signature of each row's shingles, and their sample."""
    count = words.offsets.size - 1
    longest = int(np.diff(words.offsets).max(initial=0))
    signatures = np.full((count, permutations[0].size), 0xFFFFFFFF, dtype=np.uint32)
    samples = np.empty(words.values.size, dtype=np.uint32)
    ends = np.zeros(count + 1, dtype=np.int64)
    # Two buffers: of rows of one array numba would not know that they lie close together.
    room = np.empty(longest, dtype=np.uint32), np.empty(longest, dtype=np.uint32)
    columns = words.values, words.offsets, multipliers, window
    _sketch_rows(*columns, *permutations, *room, signatures, samples, ends)
    return signatures, Ragged(samples[: ends[-1]].copy(), ends)


@njit(cache=True, nogil=True)
def _sketch_rows(
    values,
    offsets,
    multipliers,
    window,
    a,
    b,
    room,
    more_room,
    signatures,
    samples,
    ends,
):
    for i in range(offsets.size - 1):
        words = values[offsets[i] : offsets[i + 1]]
        ends[i + 1] = ends[i]
        if words.size == 0:
            continue
        size = min(multipliers.size, words.size)
        shingles = room[: words.size - size + 1]
        mixed = more_room[: shingles.size]
        for j in range(shingles.size):
            total = np.uint64(0)
            for k in range(size):
                total += np.uint64(words[j + k]) * multipliers[k]
            shingles[j] = np.uint32(total >> np.uint64(32))
        _premix(shingles, mixed)
        _minima(mixed, a, b, signatures[i])
        ends[i + 1] += _winnow(shingles, window, mixed, samples[ends[i] :])


@njit(cache=True, nogil=True)
def _premix(hashes, out):
    for j in range(hashes.size):
        x = hashes[j]
        x = np.uint32(np.uint32(x ^ x >> np.uint32(16)) * np.uint32(0x85EBCA6B))
        x = np.uint32(np.uint32(x ^ x >> np.uint32(13)) * np.uint32(0xC2B2AE35))
        out[j] = x ^ x >> np.uint32(16)


@njit(cache=True, nogil=True)
def _minima(hashes, a, b, out):
    for k in range(a.size):
        multiplier, summand, least = a[k], b[k], np.uint32(0xFFFFFFFF)
        for j in range(hashes.size):  # by index: over the values numba makes no vector code
            value = np.uint32(np.uint32(multiplier * hashes[j]) + summand)
            least = min(least, value)
        out[k] = least


@njit(cache=True, nogil=True)
def _winnow(shingles, window, other, out):
    """Write the minimum of each window to `out`, sorted and each once; return how many.

    Overwrites `shingles` and `other`, an array of the same size.
    """
    width, most = 1, min(window, shingles.size)
    while width < most:
        step = min(width, most - width)
        _pairwise_minima(shingles, step, other)
        shingles, other = other, shingles
        width += step
    count, before = 0, np.int64(-1)
    for j in range(shingles.size - most + 1):
        if shingles[j] != before:
            before = np.int64(shingles[j])
            count = _insert(out, count, shingles[j])
    return count


@njit(cache=True, nogil=True)
def _pairwise_minima(values, step, out):
    for j in range(values.size - step):
        one, other = values[j], values[j + step]
        out[j] = min(one, other)


@njit(cache=True, nogil=True)
def _insert(out, count, value):
    """Put a value into the sorted beginning of `out`, unless it is there; return its new length."""
    place = count
    while place > 0 and out[place - 1] > value:
        place -= 1
    if place > 0 and out[place - 1] == value:
        return count
    for j in range(count, place, -1):
        out[j] = out[j - 1]
    out[place] = value
    return count + 1


@njit(cache=True, nogil=True)
def shingles(values, offsets, multipliers, out, ends):
    """Write the shingles of each row to ``out[ends[row]:ends[row + 1]]``."""
    for i in range(offsets.size - 1):
        words = values[offsets[i] : offsets[i + 1]]
        size = min(multipliers.size, words.size)
        row = out[ends[i] : ends[i + 1]]
        for j in range(row.size):
            total = np.uint64(0)
            for k in range(size):
                total += np.uint64(words[j + k]) * multipliers[k]
            row[j] = np.uint32(total >> np.uint64(32))


def count_shared(
    rows: Ragged, first: NDArray[np.int64], second: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many distinct values each pair of rows shares, and how many each row has."""
    longest = int(np.diff(rows.offsets).max(initial=1))
    # A table that is nearly empty, so that the first look mostly tells; the values are hashes
    # already. 0 stands for a free place, so whether a row has the value 0 is noted aside.
    table = np.zeros(1 << (_ROOM * longest).bit_length(), dtype=np.uint32)
    values, sizes = rows.values.copy(), np.zeros(rows.offsets.size - 1, dtype=np.int64)
    _make_distinct(values, rows.offsets, sizes, table)
    shared = np.zeros(first.size, dtype=np.int64)
    _count_shared(values, rows.offsets, sizes, first, second, table, shared)
    return shared, sizes


@njit(cache=True, nogil=True)
def _make_distinct(values, offsets, sizes, table):
    """Bring the distinct values of each row to its front."""
    for i in range(sizes.size):
        row = values[offsets[i] : offsets[i + 1]]
        mask, count, zero = _mask(table, row.size), 0, False
        for j in range(row.size):
            value = row[j]
            if value == 0:
                new = not zero
                zero = True
            else:
                new = _put(table, mask, value)
            row[count] = value
            count += new
        sizes[i] = count
        table[: np.int64(mask) + 1] = 0


@njit(cache=True, nogil=True)
def _count_shared(values, offsets, sizes, first, second, table, shared):
    start = 0
    while start < first.size:  # pairs of the same first row are neighbours; others cost more time
        a = first[start]
        row = values[offsets[a] : offsets[a] + sizes[a]]
        mask, zero = _mask(table, row.size), False
        for j in range(row.size):
            if row[j] == 0:
                zero = True
            else:
                _put(table, mask, row[j])
        end = start
        while end < first.size and first[end] == a:
            b = second[end]
            count = 0
            for j in range(offsets[b], offsets[b] + sizes[b]):
                value = values[j]
                place = np.uint64(value) & mask
                found = table[place]
                count += found == value
                if found != 0 and found != value:
                    count += _has(table, mask, place, value)
                if value == 0:
                    count += zero - 1
            shared[end] = count
            end += 1
        table[: np.int64(mask) + 1] = 0
        start = end


def choose_covering(
    rows: Ragged,
    wholes: NDArray[np.int64],
    parts: NDArray[np.int64],
    excerpt: float,
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    """Return which parts add so much to what covers their whole, how much is left, and its size.

    Parts of one whole are neighbours, the first one comes first; the last two are for each part's
    whole.
    """
    longest = int(np.diff(rows.offsets).max(initial=1))
    table = np.zeros(1 << (_ROOM * longest).bit_length(), dtype=np.uint32)
    chosen = np.zeros(wholes.size, dtype=np.bool_)
    left, sizes = np.zeros(wholes.size, dtype=np.int64), np.zeros(wholes.size, dtype=np.int64)
    seen = np.zeros(table.size, dtype=np.int64)
    columns = rows.values, rows.offsets, wholes, parts
    _choose_covering(*columns, excerpt, table, seen, chosen, left, sizes)
    return chosen, left, sizes


@njit(cache=True, nogil=True)
def _choose_covering(values, offsets, wholes, parts, excerpt, table, seen, chosen, left, sizes):
    start = 0
    while start < wholes.size:
        whole = values[offsets[wholes[start]] : offsets[wholes[start] + 1]]
        mask, size = _mask(table, whole.size), 0
        for value in whole:
            size += _put(table, mask, value + np.uint32(value == 0))  # 0 is a free place
        seen[: np.int64(mask) + 1] = -1
        end, rest = start, size
        while end < wholes.size and wholes[end] == wholes[start]:
            part = values[offsets[parts[end]] : offsets[parts[end] + 1]]
            new = _mark(part, table, mask, seen, end, -2)
            if new >= excerpt * size:
                chosen[end] = True
                rest -= _mark(part, table, mask, seen, -2, -2)
            end += 1
        left[start:end], sizes[start:end] = rest, size
        table[: np.int64(mask) + 1] = 0
        start = end


@njit(cache=True, nogil=True)
def _mark(part, table, mask, seen, mark, taken):
    """Mark the values of a part that are in the table and not taken; return how many."""
    count = 0
    for value in part:
        sought = value + np.uint32(value == 0)
        place = np.uint64(sought) & mask
        while table[place] != 0 and table[place] != sought:
            place = (place + np.uint64(1)) & mask
        if table[place] == sought and seen[place] != taken and seen[place] != mark:
            seen[place] = mark
            count += 1
    return count


@njit(cache=True, nogil=True)
def _mask(table, count):
    size = 2
    while size < _ROOM * count:
        size *= 2
    return np.uint64(min(size, table.size) - 1)


@njit(cache=True, nogil=True)
def _has(table, mask, place, value):
    while table[place] != 0 and table[place] != value:
        place = (place + np.uint64(1)) & mask
    return table[place] == value


@njit(cache=True, nogil=True)
def _put(table, mask, value):
    """Put a value into the table; say whether it was not there."""
    place = np.uint64(value) & mask
    while table[place] != 0:
        if table[place] == value:
            return False
        place = (place + np.uint64(1)) & mask
    table[place] = value
    return True
