"""The compiled loops give what numpy gives, to the bit; without numba all goes on with numpy."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates import load_compiled, relate, shingle, sketch
from pipeline.records import Article, ArticleId

MODULE = "pipeline.near_duplicates.compiled"
LETTERS = "ab Zé1_-.’“ﬁßİΣς\u0301\u200b\u00ad\x00\x07\n\t½東は０٣ไท๙\ud800𝟜🙂\u0430\u043eвα"
TEXTS = st.lists(st.text(st.sampled_from(LETTERS), max_size=80), min_size=1, max_size=6)
WORD = st.sampled_from(["dam", "lake", "gate", "14", "metres", "held", "night", "crack"])
WORDS = st.lists(WORD, max_size=60)


@pytest.fixture(scope="module", autouse=True)
def _numpy_again() -> object:
    pytest.importorskip("numba", reason="the extra `fast` is not installed")
    yield
    sys.modules.pop(MODULE, None)


def both_ways(articles: list[Article], settings: NearDuplicateSettings) -> list[object]:
    sys.modules.pop(MODULE, None)
    found = [(seen(articles, settings), relate(articles, settings))]
    assert load_compiled()
    return [*found, (seen(articles, settings), relate(articles, settings))]


def seen(articles: list[Article], settings: NearDuplicateSettings) -> list[object]:
    fields = ("words", "signature", "bands", "sample")
    return [
        (one.title, one.digest, [getattr(one, field).tolist() for field in fields])
        for one in sketch(articles, settings)
    ]


def articles_of(texts: list[str]) -> list[Article]:
    return [
        Article(article_id=ArticleId(str(i)), text=text, title=text[:9])
        for i, text in enumerate(texts)
    ]


@given(TEXTS)
def test_characters_of_all_kinds_make_the_same_sketches(texts: list[str]) -> None:
    numpy, compiled = both_ways(articles_of(texts), NearDuplicateSettings(shingle_size=2))
    assert numpy == compiled


@given(st.lists(WORDS.map(" ".join), min_size=2, max_size=6), st.integers(1, 6))
def test_reports_have_the_same_relations(texts: list[str], size: int) -> None:
    near = NearDuplicateSettings(shingle_size=size, sample_window=3)
    numpy, compiled = both_ways(articles_of(texts), near)
    assert numpy == compiled


def test_a_word_of_any_length_has_the_same_hash() -> None:
    texts = ["a" * n for n in (1, 255, 256, 257, 5000, 300_000)]
    sys.modules.pop(MODULE, None)
    numpy = [row.tolist() for row in shingle(texts, NearDuplicateSettings())]
    load_compiled()
    assert [row.tolist() for row in shingle(texts, NearDuplicateSettings())] == numpy


def test_without_numba_numpy_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)  # as if it were not installed
    assert not load_compiled()
    assert len(relate(articles_of(["the dam held all night", "The dam held all night."]))) == 1
