"""Dot products of sparse unit vectors: all that reach a level, found through their rare terms."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["Index", "Similar", "indexed", "mixed", "pair_products", "row_lengths", "search"]

_DIGITS = 6  # float32 has no more
# A term that more articles have tells few of them apart, yet costs most of a product. Candidates
# share enough of the others; in a feed of 100,000 articles that finds .97 of the pairs above .25
# of short texts (benchmark `increment`).
_COMMON_SHARE = 0.01
_COMMON_LEAST = 500
_CANDIDATE = 0.08
# A text of which less than this share of its length lies in rare terms is compared on all of them.
_RARE_LENGTH = 0.5
_SORTED_ENTRIES = 300_000  # up to here, sorting is quicker than a table of all columns
_GATHERED = 1_000_000  # entries of a block of pairs: some 40 MB
_PRODUCT_CELLS = 4_000_000  # cells of one block of the product: some 50 MB


class Similar(NamedTuple):
    """Pairs by row of the one and the other, and how alike the two are, 0-1."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Index:
    """Vectors to search among, by term: made once, asked often.

    Parameters
    ----------
    vectors
        The vectors themselves, shape ``(n_vectors, n_columns)``.
    dense_from
        How many of the columns are terms.
    terms
        Which terms they have, sorted, shape ``(n_used,)``: few of the millions that there may be.
    postings
        The vectors that have each of these, shape ``(n_used, n_vectors)``.
    is_common
        Whether each of these is common, shape ``(n_used,)``.
    common
        The vectors without their rare terms, shape ``(n_vectors, n_used)``.
    dense
        The other columns, of which every row has an entry, shape ``(n_vectors, n_dense)``: much
        quicker as an array. None where there are none.
    """

    vectors: csr_array
    dense_from: int
    terms: NDArray[np.int64]
    postings: csr_array
    is_common: NDArray[np.bool_]
    common: csr_array
    dense: NDArray[np.float32] | None


class _Dense(NamedTuple):
    """The columns of which every row has an entry."""

    queries: NDArray[np.float32]
    among: NDArray[np.float32]


def indexed(vectors: csr_array, *, dense_from: int | None = None) -> Index:
    """Return an index of unit vectors, shape ``(n_vectors, n_terms)``, with sorted indices.

    Parameters
    ----------
    vectors
        No weight is below 0 before `dense_from`.
    dense_from
        From this column on most rows have an entry in each; such columns count as rare. None where
        there are none.
    """
    start = vectors.shape[1] if dense_from is None else dense_from
    words, meaning = _parted(vectors, start)
    terms, places = _used(words)
    shape = (vectors.shape[0], len(terms))
    words = csr_array((words.data, places, words.indptr), shape=shape)
    postings = words.T.tocsr()
    counts = np.diff(postings.indptr)
    is_common = counts > max(_COMMON_LEAST, _COMMON_SHARE * vectors.shape[0])
    return Index(
        vectors=vectors,
        dense_from=start,
        terms=terms,
        postings=postings,
        is_common=is_common,
        common=_entries(words, is_common[words.indices]),
        dense=meaning.toarray() if meaning.nnz else None,
    )


def search(queries: csr_array, among: Index, least: float) -> Similar:
    """Return the pairs of a row of `queries` and one of `among` with a product of at least `least`.

    Parameters
    ----------
    queries
        Unit vectors like those of the index, shape ``(n_queries, n_terms)``.
    among
        What they are compared with.
    least
        Above 0. Exact where no term is common, else a pair is missed that has next to nothing but
        common terms in common.

    Returns
    -------
    Similar
        Sorted by row, then column.
    """
    words, meaning = _parted(queries, among.dense_from)
    lengths = row_lengths(words)
    words = _known(words, among.terms)
    is_common = among.is_common[words.indices]
    rare, common = _entries(words, ~is_common), _entries(words, is_common)
    dense = None if among.dense is None else _Dense(meaning.toarray(), among.dense)
    exact = least - 10.0**-_DIGITS
    # What no vector has is rare, too.
    is_plain = lengths**2 - row_lengths(common) ** 2 < (_RARE_LENGTH * lengths) ** 2
    is_plain |= np.diff(common.indptr) == 0
    plain, special = np.flatnonzero(is_plain), np.flatnonzero(~is_plain)
    found = _blocks(rare, among.postings, special, min(exact, _CANDIDATE), dense)
    rest = _products(common, among.common, found[0], found[1])
    parts = [
        _blocks(words, among.postings, plain, exact, dense),
        (found[0], found[1], found[2] + rest),
    ]
    rows, cols, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((cols, rows))
    if dense is not None:
        # The last bits of a dense product depend on the size of its block.
        rows, cols = rows[order], cols[order]
        values = _products(queries, among.vectors, rows, cols)
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
    used, places = _used(matrix)
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


def _parted(matrix: csr_array, start: int) -> tuple[csr_array, csr_array]:
    """Return the columns before one, and those from there on."""
    size, width = matrix.shape
    is_first = matrix.indices < start
    first, rest = matrix, csr_array(matrix.shape, dtype=matrix.dtype)
    if not is_first.all():
        first, rest = _entries(matrix, is_first), _entries(matrix, ~is_first)
    return (
        csr_array((first.data, first.indices, first.indptr), shape=(size, start)),
        csr_array((rest.data, rest.indices - start, rest.indptr), shape=(size, width - start)),
    )


def _used(matrix: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the columns that have an entry, sorted, and the place among them of each entry."""
    if len(matrix.indices) < _SORTED_ENTRIES:
        columns, places = np.unique(matrix.indices, return_inverse=True)
        return columns.astype(np.int64), places.astype(np.int32)
    seen = np.zeros(matrix.shape[1], dtype=np.bool_)
    seen[matrix.indices] = True
    columns = np.flatnonzero(seen)
    place = np.empty(matrix.shape[1], dtype=np.int32)
    place[columns] = np.arange(len(columns), dtype=np.int32)
    return columns, place[matrix.indices]


def _known(matrix: csr_array, terms: NDArray[np.int64]) -> csr_array:
    """Return the entries of some columns, which become all there are, in their order."""
    places = np.searchsorted(terms, matrix.indices).astype(np.int32)
    places[places == len(terms)] = 0
    shape = (matrix.shape[0], len(terms))
    kept = terms[places] == matrix.indices if len(terms) else np.zeros(len(places), np.bool_)
    return _entries(csr_array((matrix.data, places, matrix.indptr), shape=shape), kept)


def _entries(matrix: csr_array, kept: NDArray[np.bool_]) -> csr_array:
    """Return a matrix with some of its entries."""
    ends = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr].astype(np.int32)
    return csr_array((matrix.data[kept], matrix.indices[kept], ends), shape=matrix.shape)


def _blocks(
    queries: csr_array,
    postings: csr_array,
    rows: NDArray[np.int64],
    least: float,
    dense: _Dense | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the products of some rows that reach a level, by row."""
    nothing = np.empty(0, dtype=np.int64)
    found = [(nothing, nothing, np.empty(0))]
    step = max(1, _PRODUCT_CELLS // max(1, postings.shape[1]))
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
