"""Shingles, MinHash signatures, bands and sketches."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates import (
    band_keys,
    shingle,
    sign,
    sketch,
)
from pipeline.near_duplicates.exchange import to_datasketch, to_datasketch_index
from pipeline.near_duplicates.shingles import is_figure, ragged, word_hashes
from pipeline.records import Article, ArticleId, RemovedSpan
from pipeline.text import normalize

SETTINGS = NearDuplicateSettings()
REPORT = (
    "The dam above Arnholt held through the night, the water board said on Sunday. "
    "Some 2,400 people spent it in two schools and a sports hall on the hill.\n"
    "Engineers will lower the lake by 3.5 metres before they look at the crack."
)
WORD = re.compile(r"\w+")
# Letters, figures, marks, quotes and characters that normalisation drops or changes in length.
TEXTS = st.text(st.sampled_from("ab Zé1_-.’“ﬁßİΣς\u0301\u200b\u00ad\x07\n\t½"), max_size=60)


def string_shingles(text: str, size: int = 5) -> set[tuple[str, ...]]:
    words = WORD.findall(normalize(text))
    return {tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1))} - {()}


def articles_of(texts: list[str]) -> list[Article]:
    return [Article(article_id=ArticleId(str(i)), text=text) for i, text in enumerate(texts)]


def jaccard(a: AbstractSet[object], b: AbstractSet[object]) -> float:
    return len(a & b) / max(1, len(a | b))


def test_a_text_has_a_shingle_for_each_five_neighbouring_words() -> None:
    (row,) = shingle([REPORT], SETTINGS)
    assert row.dtype == np.uint32
    assert len(row) == len(string_shingles(REPORT))
    assert all(a < b for a, b in pairwise(row.tolist()))


def test_a_text_shorter_than_a_shingle_has_one_and_no_text_has_none() -> None:
    assert [len(row) for row in shingle(["Dam holds", "", " … ", "Dam"], SETTINGS)] == [1, 0, 0, 1]


def test_a_short_text_is_not_the_beginning_of_the_next_one() -> None:
    alone, other = shingle(["dam holds", "dam"], SETTINGS)
    together = shingle(["dam holds", "dam holds", "dam"], SETTINGS)
    assert [row.tolist() for row in together] == [alone.tolist(), alone.tolist(), other.tolist()]


@given(st.lists(TEXTS, max_size=5))
@example(["1.Σ.ß\u03011.1.1"])  # a look-alike beside a letter that becomes two
def test_shingle_hashes_are_as_many_as_string_shingles(texts: list[str]) -> None:
    assert [len(row) for row in shingle(texts, SETTINGS)] == [
        len(string_shingles(text)) for text in texts
    ]


@given(TEXTS, TEXTS)
def test_jaccard_on_hashes_is_jaccard_on_strings(a: str, b: str) -> None:
    rows = [set(row.tolist()) for row in shingle([a, b], SETTINGS)]
    assert jaccard(*rows) == jaccard(string_shingles(a), string_shingles(b))


@pytest.mark.parametrize(
    "copy",
    [
        REPORT.upper(),
        REPORT.replace(" ", "  \r\n"),
        "“" + REPORT + "”",
        "\u200b".join(REPORT),
        REPORT.replace("fi", "ﬁ"),
        REPORT.replace("h", "ｈ"),
    ],
    ids=["case", "line ends", "quotes", "zero-width characters", "ligatures", "full width"],
)
def test_how_words_are_written_changes_no_shingle(copy: str) -> None:
    a, b = shingle([REPORT, copy], SETTINGS)
    assert a.tolist() == b.tolist()


def test_scripts_without_spaces_have_shingles_of_characters() -> None:
    tokyo = "東京都知事選挙は日曜日に行われる"
    (row,) = shingle([tokyo], SETTINGS)
    assert len(row) == len(tokyo) - 4
    (longer,) = shingle([f"昨日、{tokyo}"], SETTINGS)
    assert set(row.tolist()) <= set(longer.tolist())


def test_a_lone_surrogate_is_no_reason_to_stop() -> None:
    assert len(shingle(["dam \ud800 holds"], SETTINGS)[0]) == 1


def test_the_lowest_bit_of_a_word_says_that_it_is_a_figure() -> None:
    (words,) = word_hashes(["On 3 May 4th and B52 at 5pm"])
    assert is_figure(words.values).tolist() == [False, True, False, True, False, False, False, True]


def test_a_batch_gives_what_each_text_gives_alone() -> None:
    texts = [REPORT, "", "Dam holds", REPORT[40:]]
    alone = [shingle([text], SETTINGS)[0].tolist() for text in texts]
    assert [row.tolist() for row in shingle(texts, SETTINGS)] == alone


@pytest.mark.parametrize(("num_perm", "seed"), [(128, 1), (64, 7)])
def test_signatures_are_those_of_datasketch(num_perm: int, seed: int) -> None:
    settings = NearDuplicateSettings(num_perm=num_perm, seed=seed, bands=8, rows=4)
    articles = articles_of([REPORT, "", "Dam holds", REPORT * 90])
    for one in sketch(articles, settings):
        theirs = MinHash(num_perm=num_perm, seed=seed, scheme="affine32", hashfunc=int)
        (row,) = shingle([articles[int(one.article_id)].text], settings)
        theirs.update_batch(row.tolist())
        assert one.signature.tolist() == theirs.hashvalues.tolist()
        assert to_datasketch(one, settings) == theirs


def test_bands_are_those_that_datasketch_chooses_where_a_missed_pair_weighs_most() -> None:
    chosen = MinHashLSH(threshold=0.7, num_perm=SETTINGS.num_perm, weights=(0.01, 0.99))
    assert (chosen.b, chosen.r) == (SETTINGS.bands, SETTINGS.rows)


def test_an_index_of_datasketch_comes_loaded() -> None:
    articles = articles_of([REPORT, REPORT.upper(), "Dam holds", "", ""])
    sketches = sketch(articles, SETTINGS)
    index = to_datasketch_index(sketches, SETTINGS)
    found = sorted(index.query(to_datasketch(sketches[0], SETTINGS)))
    assert (index.b, index.r, found) == (25, 5, ["0", "1"])
    assert len(index.keys) == 3


@given(st.sets(st.integers(0, 400), min_size=1), st.sets(st.integers(0, 400), min_size=1))
def test_the_estimate_of_minhash_is_within_its_bound(a: set[int], b: set[int]) -> None:
    hashes = np.random.default_rng(5).integers(0, 2**32, 401, dtype=np.uint32)
    rows = [np.sort(hashes[sorted(numbers)]) for numbers in (a, b)]
    first, second = sign(ragged(rows), SETTINGS)
    # Five standard deviations of a mean of 128 draws at the worst case of one half.
    assert abs((first == second).mean() - jaccard(a, b)) <= 5 * 0.5 / 128**0.5


def test_bands_agree_exactly_where_rows_do() -> None:
    signatures = np.arange(256, dtype=np.uint32).reshape(2, 128)
    signatures[1, 5:10] = signatures[0, 5:10]
    first, second = band_keys(signatures, SETTINGS)
    assert first.shape == (25,)
    assert np.flatnonzero(first == second).tolist() == [1]


def test_equal_rows_of_two_bands_have_two_keys() -> None:
    signature = np.tile(np.arange(5, dtype=np.uint32), 26)[None, :128]
    assert len(set(band_keys(signature, SETTINGS)[0].tolist())) == 25


def test_a_sketch_is_of_the_kept_text() -> None:
    end = len(REPORT)
    doubled = Article(
        article_id=ArticleId("a"),
        text=f"{REPORT}\n{REPORT}",
        removed=(RemovedSpan(start=end, end=2 * end + 1, reason="repeated"),),
    )
    once = Article(article_id=ArticleId("b"), text=REPORT)
    a, b = sketch([doubled, once], SETTINGS)
    assert a.words.tolist() == b.words.tolist()


@given(st.integers(0, 60), st.integers(0, 60))
def test_two_texts_that_share_enough_words_in_a_row_share_a_sample(before: int, after: int) -> None:
    run = [f"word{i}" for i in range(SETTINGS.sample_window + SETTINGS.shingle_size - 1)]
    texts = (
        " ".join(run),
        " ".join([f"b{i}" for i in range(before)] + run + [f"a{i}" for i in range(after)]),
    )
    articles = [Article(article_id=ArticleId(str(i)), text=t) for i, t in enumerate(texts)]
    a, b = sketch(articles, SETTINGS)
    assert set(a.sample.tolist()) & set(b.sample.tolist())


def test_a_short_text_has_a_sample() -> None:
    (short,) = sketch([Article(article_id=ArticleId("a"), text="Dam holds")], SETTINGS)
    assert short.sample.tolist() == shingle(["Dam holds"], SETTINGS)[0].tolist()
