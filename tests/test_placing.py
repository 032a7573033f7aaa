"""Copies follow what they copy, whatever happens to its story in one batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import PathSettings, RunSettings, Settings, SourceSettings
from pipeline.identity import article_id, story_id
from pipeline.records import (
    ArticleId,
    Extended,
    Membership,
    Merged,
    Opened,
    Split,
    StoryChange,
    StoryId,
)
from pipeline.service import placing
from pipeline.service.limits import RunLimits
from pipeline.service.questions import show_story
from pipeline.service.run import ingest
from pipeline.stories import Folded, OpenWindow

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXTS = {
    "pier": "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning. Fourteen "
    "people were taken to hospital, the harbour master said.",
    "wheat": "Wheat closed higher in Chicago as frost was forecast for the southern plains, and "
    "traders said export sales had been stronger than expected.",
    "cup": "The Harriers beat Rovers 3-1 on Sunday to win the Northern Cup. Striker Tom Adeyo "
    "scored twice before half time.",
    "frost": "Frost killed blossom in the orchards of Valmere overnight, growers said, and apples "
    "will be dear this autumn unless imports fill the gap.",
    "bank": "The central bank of Norland left its key rate at 4.25 percent on Tuesday, as "
    "economists had expected. Governor Ilse Marn said inflation was easing.",
}


def address(name: str) -> str:
    return f"https://courier.example/{name}"


def article(name: str) -> ArticleId:
    return article_id(address(name), "", "")


def story(name: str) -> StoryId:
    return story_id(article(name))


def members(*names: str) -> tuple[Membership, ...]:
    return tuple(
        Membership(
            article_id=article(name), score=0.4, nearest=None, nearest_score=0.0, shared_terms=()
        )
        for name in names
    )


def opened(name: str) -> Opened:
    return Opened(story_id=story(name), at=MONDAY, members=members(name))


def extended(founder: str, *names: str) -> Extended:
    return Extended(story_id=story(founder), at=MONDAY, members=members(*names))


def merged(survivor: str, absorbed: str) -> Merged:
    return Merged(story_id=story(survivor), at=MONDAY, absorbed=story(absorbed), score=0.25)


def split(founder: str, *leaving: str) -> Split:
    into = story(leaving[0])
    return Split(
        story_id=story(founder), at=MONDAY, into=into, members=members(*leaving), score=0.1
    )


class Desk:
    """A folder in which the fold says what it is told to say."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        data = folder / "data"
        self.inbox = folder / "in"
        self.inbox.mkdir()
        self.patch = patch
        self.runs = 0
        self.settings = Settings(
            paths=PathSettings(
                raw=data / "raw",
                state=data / "state.sqlite3",
                clusters=data / "clusters",
                runs=data / "runs",
            ),
            sources=(SourceSettings(name="wire", path=self.inbox),),
            run=RunSettings(n_jobs=1),
        )

    def take(self, names: Sequence[str], changes: Sequence[StoryChange]) -> None:
        """Ingest articles; ``copy-of-x`` has the text of x."""
        lines = []
        for hour, name in enumerate(names):
            text = TEXTS[name.removeprefix("copy-of-")]
            published = (MONDAY + timedelta(hours=24 * self.runs + hour)).isoformat()
            row = {"url": address(name), "title": "", "text": text, "published": published}
            lines.append(json.dumps(row) + "\n")
        (self.inbox / f"{self.runs}.jsonl").write_text("".join(lines))
        self.runs += 1
        self.patch.setattr(placing, "assign", self._told(changes))
        ingest(self.settings, RunLimits(now=MONDAY + timedelta(days=self.runs)), quiet)

    def _told(self, changes: Sequence[StoryChange]) -> Callable[..., Folded]:
        def assign(_batch: object, window: OpenWindow, *_rest: object) -> Folded:
            return Folded(list(changes), window)

        return assign

    def holds(self, name: str) -> set[str]:
        record: dict[str, Any] = show_story(self.settings, story(name))
        return {one["url"].rsplit("/", 1)[1] for one in record["articles"]}

    def joined(self, name: str) -> list[tuple[str, set[str]]]:
        """Return each change in the log of a story, and which articles it moved."""
        record: dict[str, Any] = show_story(self.settings, story(name))
        known = {article(n): n for one in TEXTS for n in (one, f"copy-of-{one}")}
        return [
            (change["change"], {known[i] for i in change.get("articles", ())})
            for change in record["changes"]
        ]


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Ingest three stories, one of them with a copy."""
    one = Desk(tmp_path, monkeypatch)
    names = ["pier", "wheat", "cup"]
    one.take([*names, "copy-of-cup"], [opened(name) for name in names])
    assert one.holds("cup") == {"cup", "copy-of-cup"}
    return one


def test_a_copy_leaves_with_what_it_copies(desk: Desk) -> None:
    desk.take(["bank"], [merged("pier", "cup"), extended("pier", "bank")])
    assert desk.holds("pier") == {"pier", "cup", "copy-of-cup", "bank"}
    desk.take(["copy-of-pier"], [split("pier", "cup")])
    assert desk.holds("cup") == {"cup", "copy-of-cup"}
    assert desk.holds("pier") == {"pier", "copy-of-pier", "bank"}


def test_a_copy_leaves_though_its_story_was_merged_in_the_same_batch(desk: Desk) -> None:
    desk.take(["bank"], [merged("pier", "cup"), split("pier", "cup"), opened("bank")])
    assert desk.holds("cup") == {"cup", "copy-of-cup"}
    assert desk.holds("pier") == {"pier"}


def test_a_copy_leaves_twice_in_one_batch(desk: Desk) -> None:
    desk.take(["bank"], [merged("pier", "wheat"), merged("pier", "cup"), opened("bank")])
    desk.take(["copy-of-bank"], [split("pier", "wheat", "cup"), split("wheat", "cup")])
    assert desk.holds("cup") == {"cup", "copy-of-cup"}
    assert desk.holds("wheat") == {"wheat"}


def test_a_new_copy_joins_where_what_it_copies_joins(desk: Desk) -> None:
    log = [extended("pier", "bank"), split("pier", "bank")]
    desk.take(["bank", "copy-of-bank"], log)
    assert desk.holds("bank") == {"bank", "copy-of-bank"}
    assert desk.holds("pier") == {"pier"}


def test_a_new_copy_is_told_of_with_what_it_copies_not_before(desk: Desk) -> None:
    desk.take(["frost", "bank", "copy-of-bank"], [opened("frost"), extended("frost", "bank")])
    assert desk.joined("frost") == [
        ("opened", {"frost"}),
        ("extended", {"bank", "copy-of-bank"}),
    ]


def test_a_new_copy_goes_where_its_story_went(desk: Desk) -> None:
    desk.take(["bank", "copy-of-wheat"], [opened("bank"), merged("pier", "wheat")])
    assert desk.holds("pier") == {"pier", "wheat", "copy-of-wheat"}
    assert desk.holds("bank") == {"bank"}
