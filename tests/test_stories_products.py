"""Sparse products against dense ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipeline.stories import products
from pipeline.stories.products import Similar, indexed, mixed, pair_products, search

TERMS = 30
LAST_DIGIT = 2e-6


class Sizes(NamedTuple):
    one: int
    other: int
    seed: int


sizes = st.builds(Sizes, st.integers(0, 9), st.integers(0, 9), st.integers(0, 10**6))


def drawn(random: np.random.Generator, rows: int, share: float = 0.4) -> csr_array:
    """Return unit vectors of which some have no term at all."""
    dense = random.random((rows, TERMS)) * (random.random((rows, TERMS)) < share)
    dense[random.random(rows) < 0.2] = 0
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    return csr_array((dense / np.where(lengths, lengths, 1)).astype(np.float32))


def two(given_sizes: Sizes) -> tuple[csr_array, csr_array]:
    random = np.random.default_rng(given_sizes.seed)
    return drawn(random, given_sizes.one), drawn(random, given_sizes.other)


def dense_product(one: csr_array, other: csr_array) -> np.ndarray:
    found: np.ndarray = one.toarray().astype(np.float64) @ other.toarray().astype(np.float64).T
    return found


def as_dense(found: Similar, shape: tuple[int, int]) -> np.ndarray:
    dense = np.zeros(shape)
    dense[found.rows, found.cols] = found.values
    return dense


def assert_all_are_found(found: Similar, wanted: np.ndarray, least: float) -> None:
    """Hold pairs against all products; those at the level itself may be in or out."""
    dense = as_dense(found, wanted.shape)
    assert len(found.rows) == np.count_nonzero(dense), "each pair once"
    assert (found.values >= least).all()
    assert found.values == pytest.approx(wanted[found.rows, found.cols], abs=LAST_DIGIT)
    assert (dense[wanted > least + LAST_DIGIT] > 0).all()
    order = np.lexsort((found.cols, found.rows))
    assert (order == np.arange(len(order))).all()


levels = st.sampled_from([0.05, 0.07, 0.3, 0.6])


@given(sizes, levels)
def test_all_pairs_that_reach_a_level_are_found(given_sizes: Sizes, least: float) -> None:
    one, other = two(given_sizes)
    assert_all_are_found(search(one, indexed(other), least), dense_product(one, other), least)


@given(sizes, levels, st.sampled_from([1, 7, 20]))
def test_a_product_in_blocks_finds_the_same(given_sizes: Sizes, least: float, cells: int) -> None:
    one, other = two(given_sizes)
    whole = search(one, indexed(other), least)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_PRODUCT_CELLS", cells)
        patch.setattr(products, "_GATHERED", cells)
        parts = search(one, indexed(other), least)
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))


@given(sizes, levels, st.sampled_from([0, 2, 4]), st.sampled_from([1, 5, 1_000_000]))
def test_pairs_with_enough_rare_terms_are_found_where_others_are_common(
    given_sizes: Sizes, least: float, common: int, gathered: int
) -> None:
    one, other = two(given_sizes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_COMMON_LEAST", common)
        patch.setattr(products, "_GATHERED", gathered)
        found = search(one, indexed(other), least)
    wanted, rare = dense_product(one, other), other.toarray().astype(bool).sum(axis=0) <= common
    by_rare = one.toarray()[:, rare] @ other.toarray()[:, rare].T
    dense = as_dense(found, wanted.shape)
    # What is found is right to the last digit; what may be missed shares only common terms.
    assert (found.values >= least).all()
    assert found.values == pytest.approx(wanted[found.rows, found.cols], abs=LAST_DIGIT)
    reached = (wanted > least + LAST_DIGIT) & (by_rare > min(least, 0.08) + LAST_DIGIT)
    assert (dense[reached] > 0).all()


def with_meaning(random: np.random.Generator, rows: int) -> csr_array:
    """Return unit vectors whose last five columns are full, of numbers on both sides of 0."""
    words = drawn(random, rows).toarray()
    meaning = random.normal(size=(rows, 5)) * random.choice([0.01, 0.2], (rows, 1))
    dense = np.hstack([words, meaning])
    return csr_array((dense / np.linalg.norm(dense, axis=1, keepdims=True)).astype(np.float32))


@given(sizes, levels, st.sampled_from([0, 500]), st.sampled_from([1, 7, 1_000_000]))
def test_pairs_that_are_alike_in_full_columns_alone_are_found(
    given_sizes: Sizes, least: float, common: int, cells: int
) -> None:
    random = np.random.default_rng(given_sizes.seed)
    one, other = (with_meaning(random, rows) for rows in given_sizes[:2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_COMMON_LEAST", common)
        patch.setattr(products, "_PRODUCT_CELLS", cells)
        found = search(one, indexed(other, dense_from=TERMS), least)
    wanted = dense_product(one, other)
    dense = as_dense(found, wanted.shape)
    assert (found.values >= least).all()
    assert found.values == pytest.approx(wanted[found.rows, found.cols], abs=LAST_DIGIT)
    by_meaning = one.toarray()[:, TERMS:] @ other.toarray()[:, TERMS:].T
    reached = wanted > least + LAST_DIGIT
    if common == 0:
        reached &= by_meaning > 0.08 + LAST_DIGIT
    assert (dense[reached] > 0).all()


@given(sizes)
def test_a_product_over_full_columns_has_the_same_bytes_in_any_block(given_sizes: Sizes) -> None:
    random = np.random.default_rng(given_sizes.seed)
    one, other = (with_meaning(random, rows) for rows in given_sizes[:2])
    whole = as_dense(
        search(one, indexed(other, dense_from=TERMS), 0.07), (one.shape[0], other.shape[0])
    )
    for row in range(one.shape[0]):
        single = search(one[[row]], indexed(other, dense_from=TERMS), 0.07)
        assert np.array_equal(as_dense(single, (1, other.shape[0]))[0], whole[row])


def test_the_same_text_is_found_though_all_of_its_terms_are_common() -> None:
    # Six hundred copies of a notice: no term of it is rare, and yet they are copies.
    text = csr_array(np.full((600, 4), 0.5, dtype=np.float32))
    found = search(text[:1], indexed(text), 0.07)
    assert len(found.rows) == 600


def test_a_similarity_is_never_above_1() -> None:
    one = drawn(np.random.default_rng(0), 50)
    assert search(one, indexed(one), 0.07).values.max() == 1.0


@given(sizes, st.integers(0, 20), st.sampled_from([1, 5, 1_000_000]))
def test_products_of_pairs_are_those_of_the_dense_rows(
    given_sizes: Sizes, count: int, gathered: int
) -> None:
    one, other = two(given_sizes)
    count *= bool(given_sizes.one and given_sizes.other)
    random = np.random.default_rng(given_sizes.seed + 1)
    rows = np.sort(random.integers(0, max(1, given_sizes.one), count))
    cols = random.integers(0, max(1, given_sizes.other), count)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_GATHERED", gathered)
        found = pair_products(one, other, rows, cols)
    assert found == pytest.approx(dense_product(one, other)[rows, cols], abs=LAST_DIGIT)


@given(sizes)
def test_a_mixture_is_the_product_with_weights(given_sizes: Sizes) -> None:
    random = np.random.default_rng(given_sizes.seed)
    matrix = drawn(random, given_sizes.one)
    shape = (given_sizes.other, given_sizes.one)
    weights = random.random(shape) * (random.random(shape) < 0.5)
    found = mixed(csr_array(weights), matrix)
    assert found.shape == (given_sizes.other, TERMS)
    assert found.toarray() == pytest.approx(weights @ matrix.toarray(), abs=LAST_DIGIT)
