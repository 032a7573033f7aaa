"""`samestory dedup` on whole files: spilled or not, in any order, JSON Lines or Parquet."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pipeline.near_duplicates.relations
import pipeline.spill
from pipeline.config import NearDuplicateSettings
from pipeline.errors import ConfigError, StateError
from pipeline.near_duplicates import find_duplicates
from pipeline.records import Article, ArticleId, Failed
from pipeline.service.corpus import dedup_rows
from pipeline.service.rows import read_parquet, read_rows
from pipeline.spill import Partitions, Rows
from pipeline.story_record import relation_fields

SETTINGS = NearDuplicateSettings()
DAM = (
    "The dam above Arnholt held through the night, the water board said on Sunday, after two days "
    "of rain had filled the lake to within a hand of its rim. Some 2,400 people spent the night in "
    "two schools and a sports hall on the hill. Engineers found a crack of 14 metres in the "
    "eastern wall on Friday evening and opened both gates."
)
FERRY = (
    "Ferry crews on the northern islands will stop work for 48 hours from Thursday over a roster "
    "that their union calls unsafe. The company cancelled 31 crossings and offered refunds. Union "
    "secretary Per Lind said crews had slept five hours between shifts all summer."
)


def corpus(seed: int, count: int) -> list[Article]:
    """Return copies, cuts, roundups and articles that are alone."""
    draw = random.Random(seed)
    words = [f"{draw.choice('bdfgklmnprst')}{i}a" for i in range(900)]
    originals = [" ".join(draw.choices(words, k=draw.randint(30, 90))) for _ in range(count)]
    texts = []
    for original in originals:
        texts += [original, original.upper(), original[: len(original) // 2]][: draw.randint(1, 3)]
    texts += [f"{originals[0]} {originals[1]}", *["the same short notice again"] * 4, "", ""]
    draw.shuffle(texts)
    return [
        Article(article_id=ArticleId(f"n{i:03}"), text=text, title=text[:20])
        for i, text in enumerate(texts)
    ]


def deduped(articles: Iterable[Article | Failed], *, groups: bool = False) -> list[object]:
    return list(dedup_rows(articles, SETTINGS, lambda *_: None, groups=groups))


@pytest.fixture
def spilling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make everything go to files and be settled a few relations at a time."""
    monkeypatch.setattr(pipeline.spill, "_IN_MEMORY_BYTES", 100)
    monkeypatch.setattr(pipeline.near_duplicates.relations, "_SETTLED_AT_ONCE", 5)


def test_pairs_are_those_of_the_library() -> None:
    articles = corpus(3, 60)
    wanted = [relation_fields(one) for one in find_duplicates(articles, SETTINGS)]
    assert len(wanted) > 50
    assert deduped(articles) == wanted


@pytest.mark.usefixtures("spilling")
def test_what_goes_to_disk_comes_back() -> None:
    articles = corpus(5, 60)
    wanted = [relation_fields(one) for one in find_duplicates(articles, SETTINGS)]
    assert sorted(map(str, deduped(articles))) == sorted(map(str, wanted))


@pytest.mark.usefixtures("spilling")
def test_groups_are_the_same_from_disk_and_in_any_order() -> None:
    articles = corpus(7, 40)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.spill, "_IN_MEMORY_BYTES", 2**30)
        patch.setattr(pipeline.near_duplicates.relations, "_SETTLED_AT_ONCE", 2**30)
        wanted = deduped(articles, groups=True)
    assert deduped(articles, groups=True) == wanted
    mixed = articles[:]
    random.Random(1).shuffle(mixed)
    assert sorted(map(str, deduped(mixed, groups=True))) == sorted(map(str, wanted))


def test_of_two_rows_with_one_id_the_first_counts() -> None:
    def article(name: str, text: str) -> Article:
        return Article(article_id=ArticleId(name), text=text)

    rows = [article("a", DAM), article("b", FERRY), article("a", FERRY), article("c", DAM)]
    failed, *pairs = deduped(rows)
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.input) == ("repeated_id", "a")
    assert [(one["a"], one["b"]) for one in pairs] == [("a", "c")]
    assert [one["id"] for one in deduped(rows, groups=True)[1:]] == ["a", "b", "c"]


def test_no_articles_have_no_pairs() -> None:
    assert deduped([]) == []
    assert deduped([], groups=True) == []


def test_parquet_gives_what_json_lines_give(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    from pyarrow import parquet  # noqa: PLC0415

    rows = [
        {"id": "a", "title": "Dam holds", "text": DAM, "published": "2031-05-01T10:00:00Z"},
        {"id": "b", "title": None, "text": DAM, "published": None},
        {"id": "c", "title": "", "text": None, "published": None},
    ]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    lines = [{k: v for k, v in row.items() if v is not None} for row in rows]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")

    def shown(articles: Iterator[Article | Failed]) -> list[object]:
        return [(a.detail if isinstance(a, Failed) else a) for a in articles]

    with (tmp_path / "rows.jsonl").open("rb") as file:
        wanted = shown(read_rows(file, "rows"))
    assert shown(read_parquet(tmp_path / "rows.parquet")) == wanted
    assert wanted[2] == "text: Field required"


def test_what_is_no_parquet_is_refused_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    (tmp_path / "rows.parquet").write_bytes(b"no parquet at all")
    with pytest.raises(ConfigError, match="cannot be read after 0 rows"):
        list(read_parquet(tmp_path / "rows.parquet"))


def test_a_full_disk_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline.spill, "_IN_MEMORY_BYTES", 1)
    rows = Rows(Path("/dev/full"), np.uint32)
    with pytest.raises(StateError, match="set TMPDIR to a folder with more room"):
        rows.append([np.arange(9, dtype=np.uint32)])
    rows.close()


NUMBERS = st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=20), max_size=12)


@settings(deadline=None)
@given(NUMBERS, st.integers(1, 500))
def test_numbers_come_back_whether_they_went_to_disk_or_not(
    batches: list[list[int]], memory: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr(pipeline.spill, "_IN_MEMORY_BYTES", memory)
        rows, parts = Rows(Path(folder) / "rows", np.uint64), Partitions(Path(folder) / "p", 3)
        for batch in batches:
            rows.append([np.array(batch, dtype=np.uint64)])
            parts.append(np.array(batch, dtype=np.uint64))
        found = [rows.read(*bounds).tolist() for bounds in pairwise(rows.offsets().tolist())]
        rows.close()
        assert found == batches
        read = [part.tolist() for part in parts.parts()]
        assert sorted(chain(*read)) == sorted(chain(*batches))
        places = [{n >> 3 for n in part} for part in read]
        assert sum(map(len, places)) == len(set().union(*places))
