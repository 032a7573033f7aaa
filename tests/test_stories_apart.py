"""A story that grew by a chain falls apart, and its parts are steps of one saga."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.checking import check_draft
from pipeline.config import PathSettings, Settings, SourceSettings, StorySettings
from pipeline.identity import article_id, story_id
from pipeline.records import (
    Article,
    ArticleId,
    Closed,
    Extended,
    Linked,
    Merged,
    Opened,
    OpenStory,
    Split,
    StoryChange,
    StoryId,
    Timestamp,
)
from pipeline.service.limits import RunLimits
from pipeline.service.questions import explain, show_story
from pipeline.service.run import ingest, rebuild
from pipeline.stories import OpenWindow, assign, open_window
from pipeline.stories.window import after

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SETTINGS = StorySettings()
REPORTS = {
    "crash": (
        "Ferry Lady Ismay hits Mercer Pier",
        (
            "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning in "
            "thick fog. Fourteen passengers were taken to hospital, harbour master Edda Roon "
            "said. Divers will look at the piles before the pier opens again."
        ),
        0,
    ),
    "bridge": (
        "Tired ferry crews threaten strike over rosters",
        (
            "Crews of the operator Northlink threatened to strike over rosters after the "
            "crash of the Lady Ismay at Mercer Pier. Union secretary Bram Tolle said they had "
            "warned of long shifts for months, and members would vote this week."
        ),
        8,
    ),
    "vote": (
        "Northlink ferry crews vote to strike over rosters",
        (
            "Ferry crews at Northlink voted to strike from Friday over rosters. Union "
            "secretary Bram Tolle said nine in ten members backed the walkout, and that "
            "shifts of fourteen hours must end before talks with the operator resume."
        ),
        26,
    ),
    "halt": (
        "Northlink strike to halt island ferries from Friday",
        (
            "Island ferries will stop from Friday as Northlink crews strike over rosters and "
            "long shifts. The operator said it was ready for talks, but union secretary Bram "
            "Tolle called its offer an insult to tired crews."
        ),
        28,
    ),
    "shops": (
        "Islands stock up before Northlink walkout",
        (
            "Shops on the islands are stocking up before crews at the operator Northlink walk "
            "out on Friday. Union secretary Bram Tolle said the strike over rosters would "
            "last until shifts are cut; members voted nine to one."
        ),
        30,
    ),
    "talks": (
        "Last talks on Northlink rosters fail",
        (
            "Talks between the operator Northlink and the union of its ferry crews broke up "
            "without a deal on rosters. Secretary Bram Tolle said the strike would begin on "
            "Friday and shifts of fourteen hours were a thing of the past."
        ),
        32,
    ),
    "bank": (
        "Norland keeps rate",
        (
            "The central bank of Norland left its key rate at 4.25 percent on Tuesday, as "
            "economists had expected. Governor Ilse Marn said inflation was easing."
        ),
        20,
    ),
}
BATCHES = (["crash", "bridge"], ["vote", "halt", "bank"], ["shops", "talks"])


def report(name: str) -> Article:
    title, text, hours = REPORTS[name]
    instant = NOON + timedelta(hours=hours)
    return Article(
        article_id=ArticleId(name),
        title=title,
        text=text,
        lang="en",
        published=Timestamp(
            instant=instant, precision="minute", zone="stated", origin="input", raw=str(instant)
        ),
    )


def named(founder: str) -> StoryId:
    return story_id(ArticleId(founder))


class Feed:
    """What the log of changes says, beside the window that goes from batch to batch."""

    def __init__(self) -> None:
        self.window = OpenWindow()
        self.open: dict[StoryId, list[ArticleId]] = {}
        self.home: dict[ArticleId, StoryId] = {}
        self.leads: dict[StoryId, StoryId] = {}  # ids that were merged away
        self.links: set[frozenset[StoryId]] = set()

    def take(self, batch: Sequence[Article], now: datetime) -> list[StoryChange]:
        changes, self.window = assign(batch, self.window, SETTINGS, now)
        for change in changes:
            self._apply(change)
        assert {s.story_id: sorted(s.members) for s in self.window.stories} == {
            story: sorted(members) for story, members in self.open.items()
        }
        held = sorted(member for members in self.open.values() for member in members)
        assert sorted(v.article_id for v in self.window.neighbours.vectors) == held
        for story in self.window.stories:
            pairs = (pair for pair in self.links if story.story_id in pair)
            assert story.related == {other for pair in pairs for other in pair - {story.story_id}}
        return changes

    def _apply(self, change: StoryChange) -> None:
        story = change.story_id
        if isinstance(change, Opened | Split):
            own = [m.article_id for m in change.members]
            into = change.into if isinstance(change, Split) else story
            assert into not in self.open
            assert into == story_id(own[0])
            if isinstance(change, Split):
                self.open[story] = [i for i in self.open[story] if i not in own]
                assert story in map(story_id, self.open[story]), "the founder stays"
            self.open[into] = own
            self.leads.pop(into, None)
            ids = set(map(story_id, own))
            self.leads |= dict.fromkeys(ids & self.leads.keys(), into)
            self.home |= dict.fromkeys(own, into)
        elif isinstance(change, Extended):
            joined = [m.article_id for m in change.members]
            self.open[story] += joined
            self.home |= dict.fromkeys(joined, story)
        elif isinstance(change, Merged):
            gone = self.open.pop(change.absorbed)
            self.open[story] += gone
            moved = [i for i, lead in self.leads.items() if lead == change.absorbed]
            self.leads |= dict.fromkeys([*moved, change.absorbed], story)
            self.home |= dict.fromkeys(gone, story)
            pairs = {frozenset(story if i == change.absorbed else i for i in p) for p in self.links}
            self.links = {pair for pair in pairs if len(pair) > 1}
        elif isinstance(change, Linked):
            pair = frozenset({story, change.related})
            assert pair not in self.links, "a link is logged once"
            assert change.story_id < change.related
            self.links.add(pair)
        else:
            assert isinstance(change, Closed)
            del self.open[story]


def kinds(changes: Sequence[StoryChange]) -> list[str]:
    return [type(change).__name__ for change in changes]


def test_a_later_article_makes_a_chain_fall_apart() -> None:
    feed = Feed()
    logs = [feed.take([report(name) for name in names], NOON) for names in BATCHES]
    assert kinds(logs[0]) == ["Opened"]
    assert sorted(kinds(logs[1])) == ["Extended", "Opened"]
    assert kinds(logs[2]) == ["Split", "Extended", "Linked"]
    split, grown, _ = logs[2]
    assert isinstance(split, Split)
    assert (split.story_id, split.into) == (named("crash"), named("bridge"))
    assert [m.article_id for m in split.members] == ["bridge", "vote", "halt"]
    assert isinstance(grown, Extended)
    assert grown.story_id == split.into
    assert [m.article_id for m in grown.members] == ["shops", "talks"]
    assert split.members[0].score == 1.0
    assert 0 < split.members[1].score <= 1
    assert 0 < split.score < 0.2
    assert feed.open[named("crash")] == ["crash"]


def test_the_parts_of_what_was_one_story_are_steps_of_one_saga() -> None:
    feed = Feed()
    *_, last = (feed.take([report(name) for name in names], NOON) for names in BATCHES)
    (link,) = (change for change in last if isinstance(change, Linked))
    assert {link.story_id, link.related} == {named("crash"), named("bridge")}
    assert feed.take([report("crash")], NOON) == []


def test_who_was_linked_to_a_story_is_linked_to_the_one_it_became_part_of() -> None:
    older, gone, third = (named(name) for name in ("crash", "bridge", "vote"))
    links = {older: frozenset[StoryId](), gone: frozenset({third}), third: frozenset({gone})}
    stories = [
        OpenStory(story_id=story, opened=NOON, members=(ArticleId(name),), related=links[story])
        for story, name in zip((older, gone, third), ("crash", "bridge", "vote"), strict=True)
    ]
    window = open_window(stories, map(report, ("crash", "bridge", "vote")), SETTINGS, NOON)
    left = after(window, [Merged(story_id=older, at=NOON, absorbed=gone, score=0.2)])
    assert {story.story_id: story.related for story in left.stories} == {
        older: frozenset({third}),
        third: frozenset({older}),
    }


@pytest.mark.parametrize("seed", range(5))
def test_a_split_does_not_depend_on_any_order(seed: int) -> None:
    feed = Feed()
    for names in BATCHES[:2]:
        feed.take([report(name) for name in names], NOON)
    batch = [report(name) for name in BATCHES[2]]
    expected = assign(batch, feed.window, SETTINGS, NOON).changes
    shuffle = random.Random(seed).shuffle
    turned = [replace(s, members=s.members[::-1]) for s in feed.window.stories]
    shuffle(turned)
    shuffle(batch)
    window = replace(feed.window, stories=turned)
    assert assign(batch, window, SETTINGS, NOON).changes == expected


def holding(names: Sequence[str], founder: str) -> OpenWindow:
    """Return a window with one story of some reports."""
    story = OpenStory(
        story_id=named(founder),
        opened=NOON,
        members=tuple(map(ArticleId, names)),
        founder=ArticleId(founder),
    )
    return open_window([story], map(report, names), SETTINGS, NOON)


def test_a_story_is_not_looked_at_without_a_new_article_of_its_own() -> None:
    window = holding([name for name in REPORTS if name != "bank"], "crash")
    assert kinds(assign([report("bank")], window, SETTINGS, NOON).changes) == ["Opened"]
    assert kinds(assign([report("bank"), report("crash")], window, SETTINGS, NOON).changes) == [
        "Opened"
    ]


def test_the_founder_decides_which_part_keeps_the_id() -> None:
    window = holding(["crash", "bridge", "vote", "halt"], "halt")
    split, *_ = assign(map(report, BATCHES[2]), window, SETTINGS, NOON).changes
    assert isinstance(split, Split)
    assert (split.story_id, split.into) == (named("halt"), named("crash"))


@pytest.mark.parametrize("name", ["shops", "crash"])
def test_a_draft_that_would_split_a_story_belongs_to_it(name: str) -> None:
    known = [report(each) for each in ("crash", "bridge", "vote", "halt", "talks")]
    draft = replace(report(name), article_id=ArticleId("draft"))
    if name == "crash":
        draft = replace(draft, text="Divers look at Mercer Pier. Edda Roon: the fog hid the ferry.")
    stories = dict.fromkeys([article.article_id for article in known], StoryId("s1-ferry"))
    answer = check_draft(draft, known, stories)
    assert (answer.verdict, answer.story_id) == ("same_story", "s1-ferry")


def test_what_splits_off_closes_by_its_own_newest_article() -> None:
    feed = Feed()
    for names in BATCHES[:2]:
        feed.take([report(name) for name in names], NOON)
    now = NOON + timedelta(hours=100)
    batch = [report(name) for name in BATCHES[2]]
    changes = feed.take(batch, now)
    assert Closed(story_id=named("crash"), at=now) in changes
    assert named("bridge") in feed.open


_WORDS = "ferry pier crew strike union roster shift fog bank rate Norland Tolle Roon"


def some_reports(chance: random.Random, prefix: str) -> list[Article]:
    """Make up a few short texts of few words, so that stories join, merge and split often."""
    made = []
    for n in range(chance.randint(0, 5)):
        stamp = report("bank").published
        assert stamp is not None
        instant = NOON + timedelta(hours=chance.randint(0, 60))
        made.append(
            Article(
                article_id=ArticleId(f"{prefix}-{n}"),
                text=" ".join(chance.choices(_WORDS.split(), k=chance.randint(1, 8))),
                lang="en",
                published=replace(stamp, instant=instant),
            )
        )
    return made


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_every_article_stays_in_one_story_and_every_id_leads_to_it_after_any_batches(
    seed: int,
) -> None:
    chance, feed, minted = random.Random(seed), Feed(), set()
    seen: dict[StoryId, ArticleId] = {}
    for number in range(5):
        batch = some_reports(chance, f"a{number}")
        changes = feed.take(batch, NOON + timedelta(hours=30 * number))
        minted |= {c.story_id for c in changes if isinstance(c, Opened)}
        minted |= {c.into for c in changes if isinstance(c, Split)}
        seen |= {story_id(a.article_id): a.article_id for a in batch}
        assert set(feed.home) == set(seen.values())
        held = [member for members in feed.open.values() for member in members]
        assert len(held) == len(set(held))
        for story in minted:
            assert feed.home[seen[story]] == feed.leads.get(story, story)


# A whole run


def address(name: str) -> str:
    return f"https://courier.example/{name}"


def founded_by(name: str) -> StoryId:
    return story_id(article_id(address(name), "", ""))


def settings_in(folder: Path) -> Settings:
    data = folder / "data"
    return Settings(
        paths=PathSettings(
            raw=data / "raw",
            state=data / "state.sqlite3",
            clusters=data / "clusters",
            runs=data / "runs",
        ),
        sources=(SourceSettings(name="wire", path=folder / "in"),),
    )


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


def row(name: str, *, copied: bool = False) -> dict[str, str]:
    title, text, hours = REPORTS[name]
    published = (NOON + timedelta(hours=hours + copied)).isoformat()
    url = address(f"copy-of-{name}" if copied else name)
    return {"url": url, "title": title, "text": text, "published": published}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Ingest the chain in three runs; one copy is late, one is older than the founder it copies."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "in").mkdir()
    settings_of_desk = settings_in(folder)
    copies = {0: ["crash", "bridge"], 1: [], 2: ["vote"]}
    earlier = row("crash") | {"url": address("earlier"), "published": "2026-03-02T11:00:00Z"}
    for number, names in enumerate(BATCHES):
        rows = [row(name) for name in names]
        rows += [row(name, copied=True) for name in copies[number]]
        rows += [earlier] if number == 1 else []
        lines = "".join(json.dumps(one) + "\n" for one in rows)
        (folder / "in" / f"{number}.jsonl").write_text(lines)
        ingest(settings_of_desk, RunLimits(now=NOON + timedelta(days=number)), quiet)
    return settings_of_desk


def addresses(record: dict[str, Any]) -> set[str]:
    return {article["url"].rsplit("/", 1)[1] for article in record["articles"]}


def view(desk: Settings) -> dict[str, bytes]:
    folder = desk.paths.clusters
    files_of_view = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_of_view}


def test_copies_leave_with_what_they_copy(desk: Settings) -> None:
    stayed: dict[str, Any] = show_story(desk, founded_by("crash"))
    left: dict[str, Any] = show_story(desk, founded_by("bridge"))
    assert addresses(stayed) == {"crash", "copy-of-crash", "earlier"}
    roles = {a["url"].rsplit("/", 1)[1]: a["role"] for a in stayed["articles"]}
    assert roles == {"crash": "copy", "copy-of-crash": "copy", "earlier": "report"}
    strike = {"bridge", "vote", "halt", "shops", "talks"}
    assert addresses(left) == strike | {"copy-of-bridge", "copy-of-vote"}
    assert left["counts"]["duplicates"] == 2
    assert [c["change"] for c in left["changes"]] == ["split", "extended", "linked"]
    kinds_of_stayed = ["opened", "extended", "extended", "split", "linked"]
    assert [c["change"] for c in stayed["changes"]] == kinds_of_stayed


def test_a_copy_joins_with_what_it_copies(desk: Settings) -> None:
    stayed: dict[str, Any] = show_story(desk, founded_by("crash"))
    url_of = {article_id(address(name), "", ""): name for name in (*REPORTS, "copy-of-bridge")}
    joined = [{url_of.get(i) for i in change.get("articles", ())} for change in stayed["changes"]]
    assert {"bridge", "copy-of-bridge"} <= joined[1]


def test_the_parts_are_shown_as_related(desk: Settings) -> None:
    stayed: dict[str, Any] = show_story(desk, founded_by("crash"))
    (related,) = stayed["related"]
    assert related["story_id"] == founded_by("bridge")
    assert related["title"] in {title for title, _, _ in REPORTS.values()}
    found = explain(desk, address("crash"), address("talks"))
    assert (found["same_story"], found["related"]) == (False, True)
    bank: dict[str, Any] = show_story(desk, founded_by("bank"))
    assert bank["related"] == []


def test_the_files_are_valid_and_lie_by_the_day_of_the_founder(desk: Settings) -> None:
    schema = json.loads(files("pipeline").joinpath("schemas/story-1.json").read_text("utf-8"))
    paths = [path for path in view(desk) if path.endswith(".json")]
    assert f"2026-03-02/{founded_by('bridge')}.json" in paths
    for path in paths:
        record = json.loads((desk.paths.clusters / path).read_text("utf-8"))
        jsonschema.Draft202012Validator(schema).validate(record)


def test_a_rebuild_splits_and_links_again_to_the_byte(desk: Settings) -> None:
    before = view(desk)
    rebuild(desk, NOON + timedelta(days=9), quiet)
    assert view(desk) == before
