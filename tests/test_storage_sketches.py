"""The index of copies: what is stored is found; what is replaced or expired is not."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import pipeline.storage.sketches
from pipeline.config import NearDuplicateSettings, PathSettings, Settings
from pipeline.near_duplicates import Sketch, find_candidates, relate, sketch
from pipeline.records import Article, ArticleId, NearDuplicate
from pipeline.service.stored import open_state, stored_relations
from pipeline.storage import BatchOutcome, State

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEAR = NearDuplicateSettings()
WORDS = [f"{letter}{number}a" for letter in "bdfgklmn" for number in range(60)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=PathSettings(state=tmp_path / "state.sqlite3"))


@pytest.fixture
def state(settings: Settings) -> Iterator[State]:
    with open_state(settings) as opened:
        yield opened


def told(seed: int, count: int = 60) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=count))


def articles(texts: dict[str, str]) -> list[Article]:
    return [Article(article_id=ArticleId(name), text=text) for name, text in texts.items()]


def store(
    state: State, sketches: Sequence[Sketch], number: int = 1, before: datetime | None = None
) -> None:
    state.apply(
        BatchOutcome(
            number=number,
            clock=NOON + timedelta(days=number),
            versions=(),
            current={},
            sketches=sketches,
            relations=(),
            changes=(),
            failures=(),
            forget_before=before,
        )
    )


def in_batches(
    state: State, settings: Settings, batches: Sequence[Sequence[Article]]
) -> dict[frozenset[str], NearDuplicate]:
    found: dict[frozenset[str], NearDuplicate] = {}
    for number, batch in enumerate(batches, start=1):
        sketches = sketch(batch, NEAR)
        for one in stored_relations(state, sketches, settings):
            found[frozenset((one.a, one.b))] = one
        store(state, sketches, number)
    return found


def test_batches_find_what_one_batch_finds(state: State, settings: Settings) -> None:
    draw = random.Random(4)
    texts = {f"o{i:02}": told(i) for i in range(30)}
    texts |= {f"c{i:02}": f"{told(i)} and more" for i in range(0, 30, 3)}
    texts |= {f"p{i:02}": told(i)[:150] for i in range(0, 30, 4)}
    texts |= {f"e{i:02}": told(7) for i in range(3)} | {"z": "", "y": ""}
    every = articles(texts)
    draw.shuffle(every)
    found = in_batches(state, settings, [every[start::4] for start in range(4)])
    assert list(found.values()) != []
    wanted = {frozenset((one.a, one.b)): one for one in relate(every, NEAR)}
    assert found == wanted


def test_merged_or_recent_entries_are_found_replaced_and_expired(
    state: State, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline.storage.sketches, "_RECENT", 3)
    every = articles({f"a{i}": told(i % 4) for i in range(10)})
    found = in_batches(state, settings, [[one] for one in every])
    assert found == {frozenset((one.a, one.b)): one for one in relate(every, NEAR)}
    (copy,) = sketch(articles({"b": told(1)}), NEAR)
    assert list(state.postings([copy], NEAR.crowd).ids) == ["a1", "a5", "a9"]
    (renewed,) = sketch(articles({"a1": told(8)}), NEAR)
    store(state, [renewed], 11)
    assert list(state.postings([copy], NEAR.crowd).ids) == ["a5", "a9"]
    store(state, [], 12, before=NOON + timedelta(days=7))
    assert list(state.postings([copy], NEAR.crowd).ids) == ["a9"]


def test_a_roundup_that_came_before_its_reports_is_found(state: State, settings: Settings) -> None:
    texts = {"a": told(1, 200), "b": told(2, 200)}
    texts["z"] = " ".join(["Good morning"] + [" ".join(texts[i].split()[:90]) for i in "ab"])
    one, other, roundup = articles(texts)
    found = in_batches(state, settings, [[roundup], [one], [other]])
    assert {(r.a, r.b, r.relation) for r in found.values()} == {
        ("z", "a", "composite_of"),
        ("z", "b", "composite_of"),
    }


def test_a_new_version_takes_the_place_of_the_old_one(state: State, settings: Settings) -> None:
    first, second, copy = sketch(articles({"a": told(1), "b": told(2), "c": told(1)}), NEAR)
    store(state, [first])
    (renewed,) = sketch(articles({"a": told(2)}), NEAR)
    store(state, [renewed], 2)
    assert find_candidates([copy], state.postings([copy], NEAR.crowd), NEAR) == []
    assert stored_relations(state, [second], settings)[0].relation == "exact_copy"


def test_what_expired_is_found_no_more(state: State) -> None:
    early, late, copy = sketch(articles({"a": told(1), "b": told(1), "c": told(1)}), NEAR)
    store(state, [early], 1)
    store(state, [late], 9, before=NOON + timedelta(days=5))
    assert list(state.postings([copy], NEAR.crowd).ids) == ["b"]
    assert [row.article_id for row in state.words(map(ArticleId, "abc"))] == ["b"]


def test_of_a_crowd_no_more_is_read_than_a_crowd(state: State) -> None:
    crowd = sketch(articles({f"a{i:03}": f"{told(1)} {i}" for i in range(50)}), NEAR)
    store(state, crowd)
    (copy,) = sketch(articles({"b": told(1)}), NEAR)
    found = state.postings([copy], 10)
    assert 10 < len(found.ids) < 30
    near = NearDuplicateSettings(crowd=10)
    pairs = find_candidates([copy], found, near)
    assert pairs, "a member of the crowd is a near neighbour"


def test_an_article_without_words_is_nobodys_copy(state: State) -> None:
    empty, other = sketch(articles({"a": "", "b": "…"}), NEAR)
    store(state, [empty])
    assert find_candidates([other], state.postings([other], NEAR.crowd), NEAR) == []
