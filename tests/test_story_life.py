"""What becomes of story ids: growth, merge, split, closing, and the log that tells it all."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.identity import story_id
from pipeline.records import (
    ArticleId,
    Closed,
    Extended,
    Linked,
    Membership,
    Merged,
    Opened,
    Split,
    Story,
    StoryChange,
    StoryId,
)
from pipeline.storage import BatchOutcome, State
from pipeline.storage.rows import change_from_json

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def named(founder: str) -> StoryId:
    return story_id(ArticleId(founder))


def members(*names: str) -> tuple[Membership, ...]:
    return tuple(
        Membership(
            article_id=ArticleId(name),
            score=1.0,
            nearest=None,
            nearest_score=0.0,
            shared_terms=("quay",),
        )
        for name in names
    )


def opened(*names: str) -> Opened:
    return Opened(story_id=named(names[0]), at=NOON, members=members(*names))


def extended(founder: str, *names: str) -> Extended:
    return Extended(story_id=named(founder), at=NOON, members=members(*names))


def merged(survivor: str, absorbed: str) -> Merged:
    return Merged(story_id=named(survivor), at=NOON, absorbed=named(absorbed), score=0.5)


def split(founder: str, *leaving: str) -> Split:
    return Split(
        story_id=named(founder),
        at=NOON,
        into=named(leaving[0]),
        members=members(*leaving),
        score=0.1,
    )


def linked(one: str, other: str, score: float = 0.25) -> Linked:
    low, high = sorted([named(one), named(other)])
    return Linked(story_id=low, at=NOON, related=high, score=score)


def closed(founder: str) -> Closed:
    return Closed(story_id=named(founder), at=NOON)


def outcome(number: int, changes: Iterable[StoryChange]) -> BatchOutcome:
    return BatchOutcome(
        number=number,
        clock=NOON,
        versions=(),
        current={},
        sketches=(),
        relations=(),
        changes=list(changes),
        failures=(),
    )


@pytest.fixture
def state(tmp_path: Path) -> Iterable[State]:
    with State(tmp_path / "state.sqlite3", {}) as one:
        yield one


def applied(state: State, *batches: Sequence[StoryChange]) -> None:
    for number, changes in enumerate(batches, start=1):
        state.apply(outcome(number, changes))


def told(state: State, founder: str) -> Story:
    story = state.story(named(founder))
    assert story is not None
    return story


def names(story: Story) -> list[str]:
    return [member.article_id for member in story.members]


def test_a_split_keeps_the_id_where_the_founding_article_stays(state: State) -> None:
    applied(state, [opened("a", "b", "c", "d")], [split("a", "c", "b")])
    assert names(told(state, "a")) == ["a", "d"]
    assert names(told(state, "c")) == ["c", "b"]
    assert (told(state, "c").status, told(state, "c").redirect) == ("open", None)


def test_a_new_article_may_come_straight_into_what_splits_off(state: State) -> None:
    applied(state, [opened("a", "b")], [split("a", "b", "new")])
    assert names(told(state, "b")) == ["b", "new"]


def test_a_story_that_was_merged_away_lives_again_when_its_founder_leaves(state: State) -> None:
    applied(state, [opened("a"), opened("b", "c")], [merged("a", "b")], [split("a", "b", "c")])
    assert names(told(state, "a")) == ["a"]
    assert told(state, "a").absorbed == ()
    assert (told(state, "b").status, told(state, "b").redirect) == ("open", None)
    assert names(told(state, "b")) == ["b", "c"]
    kinds = [type(logged.change) for logged in state.changes(named("b"))]
    assert kinds == [Opened, Merged, Split]


def test_an_old_id_leads_to_where_its_founding_article_is(state: State) -> None:
    applied(
        state,
        [opened("a"), opened("b"), opened("c"), opened("d")],
        [merged("c", "d"), merged("a", "b"), merged("a", "c")],
        [split("a", "c", "d")],
    )
    assert told(state, "b").redirect == named("a")
    assert told(state, "d").redirect == named("c")
    assert told(state, "a").absorbed == (named("b"),)
    assert told(state, "c").absorbed == (named("d"),)


def test_an_id_that_stands_is_never_given_to_what_splits_off(state: State) -> None:
    applied(state, [opened("a", "b"), opened("c")])
    with pytest.raises(sqlite3.IntegrityError):
        state.apply(outcome(2, [split("a", "c", "b")]))
    assert names(told(state, "a")) == ["a", "b"]


def test_both_sides_of_a_split_have_changed_and_are_shown_anew(state: State) -> None:
    applied(state, [opened("a", "b", "x"), opened("c")], [merged("a", "c")])
    state.apply(outcome(3, [split("a", "b", "c")]))
    assert state.changed_since(2) == {named("a"), named("b")}
    assert set(state.unrendered()) == {named("a"), named("b"), named("c")}
    assert [type(logged.change) for logged in state.changes(named("b"))] == [Split]


def related(state: State, founder: str) -> dict[str, float]:
    return {one.story_id: one.score for one in told(state, founder).related}


def test_a_link_stands_in_both_stories_and_outlives_them(state: State) -> None:
    applied(state, [opened("a"), opened("b")], [linked("a", "b")], [closed("a"), closed("b")])
    assert related(state, "a") == {named("b"): 0.25}
    assert related(state, "b") == {named("a"): 0.25}
    assert state.changed_since(1) == {named("a"), named("b")}


def test_related_stories_stand_by_score_then_by_id(state: State) -> None:
    links = [linked("a", "b", 0.1), linked("a", "c", 0.3), linked("a", "d", 0.1)]
    applied(state, [opened(name) for name in "abcd"], links)
    ids = [one.story_id for one in told(state, "a").related]
    assert ids == [named("c"), *sorted([named("b"), named("d")])]


def test_a_merge_carries_links_on_and_none_leads_to_itself(state: State) -> None:
    links = [linked("a", "b", 0.2), linked("b", "c", 0.3), linked("a", "c", 0.1)]
    applied(state, [opened("a"), opened("b"), opened("c")], links)
    state.apply(outcome(3, [merged("a", "b")]))
    assert related(state, "a") == {named("c"): 0.3}
    assert related(state, "b") == {}
    assert related(state, "c") == {named("a"): 0.3}
    assert named("c") in state.unrendered()


def test_links_stay_with_the_id_that_keeps_the_founder(state: State) -> None:
    applied(state, [opened("a", "b"), opened("c")], [linked("a", "c")], [split("a", "b")])
    assert related(state, "a") == {named("c"): 0.25}
    assert related(state, "b") == {}


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM stories WHERE story_id = :a", "redirects to no story that stands"),
        ("DELETE FROM members WHERE story_id = :a", "holds no article"),
        ("UPDATE stories SET status = 'merged' WHERE story_id = :a", "though it is no story"),
        ("DELETE FROM stories WHERE story_id = :c", "is linked to no story that stands"),
    ],
)
def test_stories_that_no_log_can_lead_to_are_named(tmp_path: Path, damage: str, found: str) -> None:
    with State(tmp_path / "damaged", {}) as state:
        applied(
            state, [opened("a"), opened("b"), opened("c")], [merged("a", "b"), linked("a", "c")]
        )
        assert state.integrity_problems() == []
        with sqlite3.connect(tmp_path / "damaged") as db:
            db.execute(damage, {name: named(name) for name in "abc"})
        assert any(found in problem for problem in state.integrity_problems())


# Any life whatsoever


@dataclass
class Life:
    """A slow and obvious model of the fold, which also makes up what happens next."""

    open: dict[str, list[str]] = field(default_factory=dict)  # founder to members
    shut: dict[str, list[str]] = field(default_factory=dict)
    minted: set[str] = field(default_factory=set)
    links: set[frozenset[str]] = field(default_factory=set)
    articles: int = 0

    def new(self, draw: st.DrawFn) -> list[str]:
        count = draw(st.integers(1, 3))
        self.articles += count
        return [f"n{self.articles - n}" for n in range(count)]

    def step(self, draw: st.DrawFn) -> StoryChange:
        kinds = ["open"]
        kinds += ["extend", "close"] if self.open else []
        kinds += ["merge", "merge", "link"] if len(self.open) > 1 else []
        large = sorted(f for f, own in self.open.items() if len(own) > 1)
        kinds += ["split"] * 2 if large else []
        kind = draw(st.sampled_from(kinds))
        if kind == "open":
            own = self.new(draw)
            self.open[own[0]] = own
            self.minted.add(own[0])
            return opened(*own)
        if kind in {"merge", "link"}:
            one, other = draw(st.permutations(sorted(self.open)))[:2]
            if kind == "link":
                self.links.add(frozenset({one, other}))
                return linked(one, other)
            self.open[one] += self.open.pop(other)
            moved = {frozenset(one if f == other else f for f in link) for link in self.links}
            self.links = {link for link in moved if len(link) > 1}
            return merged(one, other)
        if kind == "split":
            return self.split(draw, draw(st.sampled_from(large)))
        one = draw(st.sampled_from(sorted(self.open)))
        if kind == "extend":
            own = self.new(draw)
            self.open[one] += own
            return extended(one, *own)
        self.shut[one] = self.open.pop(one)
        return closed(one)

    def split(self, draw: st.DrawFn, founder: str) -> Split:
        rest = [name for name in self.open[founder] if name != founder]
        leaving = draw(st.lists(st.sampled_from(rest), min_size=1, unique=True))
        fresh = self.new(draw) if draw(st.booleans()) else []
        self.open[founder] = [n for n in self.open[founder] if n not in leaving]
        self.open[leaving[0]] = leaving + fresh
        self.minted.add(leaving[0])
        return split(founder, *leaving, *fresh)


@st.composite
def _lives(draw: st.DrawFn) -> tuple[Life, list[list[StoryChange]]]:
    life = Life()
    sizes = draw(st.lists(st.integers(0, 5), max_size=5))
    return life, [[life.step(draw) for _ in range(size)] for size in sizes]


@settings(max_examples=30)
@given(_lives())
def test_after_any_life_every_id_leads_to_its_founder_and_the_log_tells_it_again(
    lived: tuple[Life, list[list[StoryChange]]],
) -> None:
    life, batches = lived
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("lived", "replayed")]
        with State(paths[0], {}) as state, State(paths[1], {}) as replayed:
            applied(state, *batches)
            applied(replayed, *_logged(paths[0], len(batches)))
            stories = [state.story(i) for i in state.story_ids()]
            assert [replayed.story(i) for i in replayed.story_ids()] == stories
            expected = life.open | life.shut
            assert {named(f) for f in life.minted} == set(state.story_ids())
            held = {s.story_id: names(s) for s in stories if s and s.members}
            assert held == {named(f): own for f, own in expected.items()}
            assert state.integrity_problems() == []
            links = {frozenset({s.story_id, r.story_id}) for s in stories if s for r in s.related}
            assert links == {frozenset(map(named, link)) for link in life.links}
            placed = [article for own in held.values() for article in own]
            assert len(placed) == len(set(placed)) == life.articles
            for founder in life.minted:
                story = told(state, founder)
                lead = told_by(state, story.redirect) if story.redirect else story
                assert lead.status != "merged"
                assert founder in names(lead)
                assert founder in {m.article_id for m in _born(state, founder).members}


def told_by(state: State, story: StoryId) -> Story:
    found = state.story(story)
    assert found is not None
    return found


def _born(state: State, founder: str) -> Opened | Split:
    first = state.changes(named(founder))[0].change
    assert isinstance(first, Opened | Split)
    return first


def _logged(path: Path, batches: int) -> list[list[StoryChange]]:
    """Read the whole log as it lies in the file."""
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT batch, record FROM changes ORDER BY seq").fetchall()
    return [[change_from_json(r) for n, r in rows if n == b] for b in range(1, batches + 1)]
