"""The state: whole batches, replay, refusal of what it does not fit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import StateError
from pipeline.records import (
    ArchivedPage,
    Article,
    ArticleId,
    BatchMark,
    Closed,
    Extended,
    Failed,
    Linked,
    Membership,
    Merged,
    Opened,
    Split,
    StoryChange,
    StoryId,
)
from pipeline.storage import BatchOutcome, State, StoredVersion
from pipeline.storage.view import json_bytes, remove_strangers, write_file

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HEADER = {"scheme": "affine32"}


def member(name: str) -> Membership:
    return Membership(
        article_id=ArticleId(name),
        score=1.0,
        nearest=None,
        nearest_score=0.0,
        shared_terms=("ferry",),
    )


def opened(story: str, *names: str) -> Opened:
    return Opened(story_id=StoryId(story), at=NOON, members=tuple(map(member, names)))


def outcome(
    number: int, changes: Iterable[StoryChange] = (), texts: dict[str, str] | None = None
) -> BatchOutcome:
    articles = [Article(article_id=ArticleId(k), text=v) for k, v in (texts or {}).items()]
    return BatchOutcome(
        number=number,
        clock=NOON + timedelta(hours=number),
        versions=[StoredVersion(digest=f"d-{a.text}", article=a) for a in articles],
        current={a.article_id: f"d-{a.text}" for a in articles},
        sketches=(),
        relations=(),
        changes=list(changes),
        failures=(),
    )


def page(name: str) -> ArchivedPage:
    return ArchivedPage(file="f", offset=0, uri=name, source="s", digest=name)


@pytest.fixture
def state(tmp_path: Path) -> Iterable[State]:
    with State(tmp_path / "state.sqlite3", HEADER) as opened_state:
        yield opened_state


def test_a_merge_keeps_the_oldest_id_and_every_redirect_is_one_step(state: State) -> None:
    state.apply(outcome(1, [opened("s1-a", "1"), opened("s1-b", "2"), opened("s1-c", "3")]))
    state.apply(
        outcome(
            2,
            [
                Merged(story_id=StoryId("s1-b"), at=NOON, absorbed=StoryId("s1-c"), score=0.5),
                Merged(story_id=StoryId("s1-a"), at=NOON, absorbed=StoryId("s1-b"), score=0.4),
            ],
        )
    )
    survivor = state.story(StoryId("s1-a"))
    assert survivor is not None
    assert [m.article_id for m in survivor.members] == ["1", "2", "3"]
    assert survivor.absorbed == ("s1-b", "s1-c")
    for old in ("s1-b", "s1-c"):
        redirected = state.story(StoryId(old))
        assert redirected is not None
        assert (redirected.status, redirected.redirect, redirected.members) == (
            "merged",
            "s1-a",
            (),
        )


def test_the_log_of_a_story_is_read_back_as_it_was_written(state: State) -> None:
    changes: list[StoryChange] = [
        opened("s1-a", "1"),
        Extended(story_id=StoryId("s1-a"), at=NOON, members=(member("2"),)),
        Closed(story_id=StoryId("s1-a"), at=NOON),
    ]
    for number, change in enumerate(changes, start=1):
        state.apply(outcome(number, [change]))
    logged = state.changes(StoryId("s1-a"))
    assert [entry.change for entry in logged] == changes
    assert [entry.batch for entry in logged] == [1, 2, 3]
    assert state.open_stories() == []


def test_stories_that_grew_or_were_absorbed_after_a_batch_are_found(state: State) -> None:
    assert state.last_batch() == 0
    log: list[list[StoryChange]] = [
        [opened("s1-a", "1"), opened("s1-b", "2"), opened("s1-c", "3")],
        [Merged(story_id=StoryId("s1-a"), at=NOON, absorbed=StoryId("s1-b"), score=0.5)],
        [Closed(story_id=StoryId("s1-c"), at=NOON)],
    ]
    for number, changes in enumerate(log, start=1):
        state.apply(outcome(number, changes))
    assert state.changed_since(0) == {"s1-a", "s1-b", "s1-c"}
    assert state.changed_since(1) == {"s1-a", "s1-b", "s1-c"}
    assert state.changed_since(2) == {"s1-c"}
    assert state.changed_since(3) == set()


def test_replaying_the_log_gives_the_same_stories(state: State, tmp_path: Path) -> None:
    log = [
        [opened("s1-a", "1"), opened("s1-b", "2")],
        [Extended(story_id=StoryId("s1-b"), at=NOON, members=(member("3"),))],
        [Merged(story_id=StoryId("s1-a"), at=NOON, absorbed=StoryId("s1-b"), score=0.5)],
        [Closed(story_id=StoryId("s1-a"), at=NOON)],
    ]
    with State(tmp_path / "replayed.sqlite3", HEADER) as replayed:
        for number, changes in enumerate(log, start=1):
            state.apply(outcome(number, changes))
        every = [(i, e) for i in state.story_ids() for e in state.changes(i)]
        kept = [(e.batch, e.change) for i, e in every if e.change.story_id == i]
        for number in range(1, len(log) + 1):
            replayed.apply(outcome(number, [c for batch, c in kept if batch == number]))
        ids = state.story_ids()
        assert [replayed.story(i) for i in ids] == [state.story(i) for i in ids]


def test_stories_are_the_same_asked_for_together_or_one_by_one(state: State) -> None:
    one, two, three, four = (StoryId(f"s1-{name}") for name in "abcd")
    log: list[list[StoryChange]] = [
        [opened(one, "9", "1"), opened(two, "2"), opened(three, "3")],
        [Linked(story_id=one, at=NOON, related=three, score=0.3)],
        [Merged(story_id=one, at=NOON, absorbed=two, score=0.5)],
        [Split(story_id=one, at=NOON, into=four, members=(member("1"),), score=0.2)],
        [Linked(story_id=four, at=NOON, related=three, score=0.6)],
    ]
    for number, changes in enumerate(log, start=1):
        state.apply(outcome(number, changes))
    ids = state.story_ids()
    assert ids == [one, two, three, four]
    found = state.stories([*reversed(ids), StoryId("s1-z")])
    assert found == {i: state.story(i) for i in ids}
    assert [related.story_id for related in found[three].related] == [four, one]
    assert [m.article_id for m in found[one].members] == ["9", "2"]
    assert state.logs(ids) == {i: state.changes(i) for i in ids}
    kinds = {i: [type(logged.change) for logged in log] for i, log in state.logs(ids).items()}
    assert kinds == {
        one: [Opened, Linked, Merged, Split],
        two: [Opened, Merged],
        three: [Opened, Linked, Linked],
        four: [Split, Linked],
    }


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(record=st.dictionaries(st.text(), VALUES))
def test_a_file_of_the_view_is_what_json_itself_would_write(record: dict[str, object]) -> None:
    expected = json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True)
    assert json_bytes(record) == f"{expected}\n".encode("utf-8", "replace")


def test_what_is_no_json_is_refused() -> None:
    for value in (float("nan"), float("inf"), {1, 2}):
        with pytest.raises((ValueError, TypeError)):
            json_bytes({"value": [value]})


def test_a_batch_that_fails_half_way_leaves_nothing(state: State) -> None:
    state.apply(outcome(1, [opened("s1-a", "1")], {"1": "one"}))
    with pytest.raises(sqlite3.IntegrityError):
        state.apply(outcome(2, [opened("s1-b", "2"), opened("s1-b", "2")], {"2": "two"}))
    assert state.story_ids() == ["s1-a"]
    assert state.article_ids() == ["1"]


def test_a_mark_claims_the_pages_that_no_earlier_mark_claimed(state: State) -> None:
    state.index_file("f1", [page("a"), BatchMark(number=1), page("b")])
    assert (state.has_unmarked_pages(), state.next_batch()) == (True, 2)
    state.index_file("f2", [page("c"), BatchMark(number=2)])
    assert [p.uri for p in state.pages_of_batch(1)] == ["a"]
    assert [p.uri for p in state.pages_of_batch(2)] == ["b", "c"]
    assert state.batches_to_apply() == [1, 2]
    state.apply(outcome(1))
    assert state.batches_to_apply() == [2]


def test_articles_are_found_by_beginning_of_id_url_and_input(state: State) -> None:
    article = Article(
        article_id=ArticleId("a1-77"),
        text="x",
        url="https://h.example/1",
        uri="file:pages/1.html",
    )
    stored = StoredVersion(digest="d", article=article)
    batch = outcome(1)
    state.apply(
        BatchOutcome(
            **{name: getattr(batch, name) for name in batch.__slots__}
            | {"versions": [stored], "current": {article.article_id: "d"}}
        )
    )
    for name in ("a1-77", "a1-7", "https://h.example/1", "pages/1.html", "file:pages/1.html"):
        assert state.articles_named(name) == ["a1-77"]
    assert state.articles_named("a1-8") == []


def test_the_same_failure_is_new_only_once(state: State) -> None:
    failed = Failed(stage="extract", reason="empty", input="file:a.html", detail="x", when=NOON)
    assert state.add_failures([failed]) == (failed,)
    assert state.add_failures([failed]) == ()
    assert state.quarantine() == [failed]


def test_another_header_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with State(tmp_path / "s", HEADER):
        pass
    with pytest.raises(StateError, match=r"scheme = affine32.*legacy.*samestory rebuild"):
        State(tmp_path / "s", {"scheme": "legacy"})


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(b"these are tide tables" * 100)
    with pytest.raises(StateError, match="cannot be used as state"):
        State(tmp_path / "s", HEADER)


def test_a_file_of_the_view_is_written_only_when_its_bytes_change(tmp_path: Path) -> None:
    path = tmp_path / "2026-03-02" / "s1-a.json"
    assert write_file(path, b"{}\n")
    assert not write_file(path, b"{}\n")
    assert write_file(path, b"[]\n")
    assert [p.name for p in path.parent.iterdir()] == ["s1-a.json"]


def test_strangers_in_the_view_go_but_nothing_the_view_did_not_write(tmp_path: Path) -> None:
    for name in ("2026-03-02/s1-a.json", "2026-03-03/s1-old.json", "2026-03-02/s1-a.json.partial"):
        write_file(tmp_path / name, b"{}")
    (tmp_path / "notes.txt").write_text("mine")
    assert remove_strangers(tmp_path, ["2026-03-02/s1-a.json"]) == 2
    left = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"2026-03-02/s1-a.json", "notes.txt"}
    assert not (tmp_path / "2026-03-03").exists()
