"""Dot products of sparse unit vectors: all that reach a level, found through their rare terms."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["Similar", "mixed", "pair_products", "row_lengths", "search"]

_DIGITS = 6  # float32 has no more
# A term that more articles have tells few of them apart, yet costs most of a product. Candidates
# share enough of the others; in a feed of 100,000 articles that finds .97 of the pairs above .25
# of short texts (benchmark `increment`).
_COMMON_SHARE = 0.01
_COMMON_LEAST = 500
_CANDIDATE = 0.08
# A text of which less than this share of its length lies in rare terms is compared on all of them.
_RARE_LENGTH = 0.5
_GATHERED = 1_000_000  # entries of a block of pairs: some 40 MB
_PRODUCT_CELLS = 4_000_000  # cells of one block of the product: some 50 MB


class Similar(NamedTuple):
    """Pairs by row of the one and the other, and how alike the two are, 0-1."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    values: NDArray[np.float64]


class _Dense(NamedTuple):
    """The columns of which every row has an entry, as arrays: much quicker than sparse ones."""

    queries: NDArray[np.float32]
    among: NDArray[np.float32]


def search(
    queries: csr_array, among: csr_array, least: float, *, dense_from: int | None = None
) -> Similar:
    """Return the pairs of a row of `queries` and one of `among` with a product of at least `least`.

    Parameters
    ----------
    queries, among
        Unit vectors, shapes ``(n_queries, n_terms)`` and ``(n_among, n_terms)``, with sorted
        indices and no weight below 0 before `dense_from`.
    least
        Above 0. Exact where no term is common, else a pair is missed that has next to nothing but
        common terms in common.
    dense_from
        From this column on most rows have an entry in each; such columns count as rare. None where
        there are none.

    Returns
    -------
    Similar
        Sorted by row, then column.
    """
    every = _used(queries)
    used = every if dense_from is None else every[every < dense_from]
    dense = _dense(queries, among, every[len(used) :])
    wanted, held = _columns(queries, used), _columns(among, used)
    counts = np.bincount(held.indices, minlength=len(used))
    is_common = counts > max(_COMMON_LEAST, _COMMON_SHARE * among.shape[0])
    rare, common = np.flatnonzero(~is_common), np.flatnonzero(is_common)
    asked, exact = _columns(wanted, rare), least - 10.0**-_DIGITS
    is_plain = row_lengths(asked) < _RARE_LENGTH * row_lengths(wanted)
    if not len(common):
        is_plain[:] = True
    plain, special = np.flatnonzero(is_plain), np.flatnonzero(~is_plain)
    parts = [_blocks(wanted, held, plain, exact, dense)]
    if len(special):
        found = _blocks(asked, _columns(held, rare), special, min(exact, _CANDIDATE), dense)
        rest = _products(_columns(wanted, common), _columns(held, common), found[0], found[1])
        parts.append((found[0], found[1], found[2] + rest))
    rows, cols, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((cols, rows))
    if dense is not None:
        # The last bits of a dense product depend on the size of its block.
        rows, cols = rows[order], cols[order]
        values = _products(_columns(queries, every), _columns(among, every), rows, cols)
        order = np.arange(len(rows))
    values = np.round(values, _DIGITS)
    order = order[values[order] >= least]
    return Similar(rows[order], cols[order], values[order].clip(max=1.0))


def pair_products(
    left: csr_array, right: csr_array, rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the dot product of each row of `left` with the row of `right` beside it, rounded.

    Parameters
    ----------
    left, right
        Shapes ``(n_left, n_terms)`` and ``(n_right, n_terms)``.
    rows, cols
        The pairs, sorted by row.
    """
    return np.round(_products(left, right, rows, cols), _DIGITS)


def mixed(weights: csr_array, matrix: csr_array) -> csr_array:
    """Return the product of two sparse matrices, of which the second has very many columns."""
    # Room for a whole row is cleared for each product, so columns without an entry are left out.
    used, places = np.unique(matrix.indices, return_inverse=True)
    shape = (matrix.shape[0], len(used))
    found = weights @ csr_array((matrix.data, places, matrix.indptr), shape=shape)
    shape = (weights.shape[0], matrix.shape[1])
    return csr_array((found.data, used[found.indices], found.indptr), shape=shape)


def _products(
    left: csr_array, right: csr_array, rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> NDArray[np.float64]:
    found = np.empty(len(rows))
    dense = np.zeros(left.shape[1])
    ends = np.cumsum(np.diff(right.indptr)[cols], dtype=np.int64)
    start = 0
    while start < len(rows):
        done = ends[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(ends, done + _GATHERED, "right")))
        one, other = rows[start:end], cols[start:end]
        found[start:end] = _gathered(left, right, one, other, dense)
        start = end
    return found


def _gathered(
    left: csr_array,
    right: csr_array,
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    dense: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return products through one dense row of `left` at a time; `dense` comes and goes as 0."""
    counts = (right.indptr[cols + 1] - right.indptr[cols]).astype(np.int64)
    ends = np.cumsum(counts)
    entries = np.repeat(right.indptr[cols] - (ends - counts), counts) + np.arange(ends[-1])
    columns, values = right.indices[entries], right.data[entries].astype(np.float64)
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    places = [0, *ends[starts[1:] - 1].tolist(), len(entries)]
    for row, (first, last) in zip(rows[starts].tolist(), pairwise(places), strict=True):
        own = slice(left.indptr[row], left.indptr[row + 1])
        dense[left.indices[own]] = left.data[own]
        values[first:last] *= dense[columns[first:last]]
        dense[left.indices[own]] = 0.0
    # Of an empty row the sum is that of the next: it is set right.
    sums = np.add.reduceat(np.append(values, 0.0), ends - counts)
    return np.where(counts > 0, sums, 0.0)


def _used(matrix: csr_array) -> NDArray[np.int64]:
    """Return the columns that have an entry, sorted."""
    seen = np.zeros(matrix.shape[1], dtype=np.bool_)
    seen[matrix.indices] = True
    return np.flatnonzero(seen)


def _columns(matrix: csr_array, columns: NDArray[np.int64]) -> csr_array:
    """Return some columns of a matrix, sorted, in their order."""
    # Counted from 1: of zeros, the system hands out only the pages that are written to.
    place = np.zeros(matrix.shape[1], dtype=np.int32)
    place[columns] = np.arange(1, len(columns) + 1, dtype=np.int32)
    found = place[matrix.indices]
    kept = found > 0
    ends = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr].astype(np.int32)
    shape = (matrix.shape[0], len(columns))
    return csr_array((matrix.data[kept], found[kept] - 1, ends), shape=shape)


def _dense(queries: csr_array, among: csr_array, columns: NDArray[np.int64]) -> _Dense | None:
    if not len(columns):
        return None
    return _Dense(*(_columns(matrix, columns).toarray() for matrix in (queries, among)))


def _blocks(
    queries: csr_array,
    among: csr_array,
    rows: NDArray[np.int64],
    least: float,
    dense: _Dense | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the products of some rows that reach a level, by row."""
    nothing = np.empty(0, dtype=np.int64)
    found = [(nothing, nothing, np.empty(0))]
    postings = among.T.tocsr() if len(rows) else among.T
    step = max(1, _PRODUCT_CELLS // max(1, among.shape[0]))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        block = (queries[part] @ postings).tocoo()
        if dense is not None:
            whole = dense.queries[part] @ dense.among.T
            whole[block.row, block.col] += block.data
            row, col = np.nonzero(whole >= least)
            found.append((part[row], col, whole[row, col].astype(np.float64)))
            continue
        kept = block.data >= least
        values = block.data[kept].astype(np.float64)
        found.append((part[block.row[kept]], block.col[kept].astype(np.int64), values))
    one, other, products = (np.concatenate(part) for part in zip(*found, strict=True))
    return one, other, products


def row_lengths(matrix: csr_array) -> NDArray[np.float64]:
    """Return the length of each row."""
    ends = np.concatenate([[0.0], np.cumsum(matrix.data.astype(np.float64) ** 2)])[matrix.indptr]
    lengths: NDArray[np.float64] = np.sqrt(np.diff(ends).clip(min=0.0))
    return lengths
