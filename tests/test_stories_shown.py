"""What files, index and commands say of stories that were merged, split or linked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from pipeline.cli.app import app
from pipeline.config import PathSettings, Settings, SourceSettings
from pipeline.identity import article_id, story_id
from pipeline.records import ArticleId, Linked, Membership, Merged, Split, StoryChange, StoryId
from pipeline.service.limits import RunLimits
from pipeline.service.questions import explain, list_stories, show_story
from pipeline.service.run import ingest
from pipeline.service.stored import open_state
from pipeline.service.view import refresh_view
from pipeline.storage import BatchOutcome

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEXTS = {
    "pier": "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning. Fourteen "
    "people were taken to hospital, the harbour master said.",
    "wheat": "Wheat closed higher in Chicago as frost was forecast for the southern plains, and "
    "traders said export sales had been stronger than expected.",
    "cup": "The Harriers beat Rovers 3-1 on Sunday to win the Northern Cup. Striker Tom Adeyo "
    "scored twice before half time.",
}


def address(name: str) -> str:
    return f"https://courier.example/{name}"


def article(name: str) -> ArticleId:
    return article_id(address(name), "", "")


def story(name: str) -> StoryId:
    return story_id(article(name))


def member(name: str) -> Membership:
    return Membership(
        article_id=article(name), score=0.4, nearest=None, nearest_score=0.0, shared_terms=()
    )


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


class Desk:
    """A folder with ingested stories, in which anything may happen to them next."""

    def __init__(self, folder: Path) -> None:
        data = folder / "data"
        self.file = folder / "news.toml"
        self.settings = Settings(
            paths=PathSettings(
                raw=data / "raw",
                state=data / "state.sqlite3",
                clusters=data / "clusters",
                runs=data / "runs",
            ),
            sources=(SourceSettings(name="wire", path=folder / "in"),),
        )
        paths = "\n".join(f'{k} = "{v}"' for k, v in self.settings.paths)
        self.file.write_text(f"[paths]\n{paths}\n")
        (folder / "in").mkdir()
        rows = [
            {
                "url": address(name),
                "title": f"News of the {name}",
                "text": text,
                "published": f"2026-03-02T{8 + hour:02}:00:00Z",
            }
            for hour, (name, text) in enumerate(TEXTS.items())
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "in" / "wire.jsonl").write_text(lines)
        ingest(self.settings, RunLimits(now=MONDAY), quiet)
        self.batch = 1

    def happen(self, *changes: StoryChange) -> None:
        self.batch += 1
        with open_state(self.settings) as state:
            state.apply(
                BatchOutcome(
                    number=self.batch,
                    clock=MONDAY,
                    versions=(),
                    current={},
                    sketches=(),
                    relations=(),
                    changes=changes,
                    failures=(),
                )
            )
            refresh_view(self.settings, state)

    def show(self, name: str) -> dict[str, Any]:
        return show_story(self.settings, story(name))

    def file_of(self, name: str) -> dict[str, Any]:
        (path,) = self.settings.paths.clusters.glob(f"*/{story(name)}.json")
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return found

    def command(self, *words: str) -> str:
        result = CliRunner().invoke(app, [*words, "--config", str(self.file)])
        assert result.exit_code == 0, result.output
        return result.stdout


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    one = Desk(tmp_path)
    yield one
    assert_valid(one)


def assert_valid(desk: Desk) -> None:
    """Hold every file against its schema, and the index against the files."""
    schemas = {
        kind: json.loads(files("pipeline").joinpath(f"schemas/{kind}-1.json").read_text("utf-8"))
        for kind in ("story", "index")
    }
    folder = desk.settings.paths.clusters
    shown = [json.loads(p.read_text("utf-8")) for p in sorted(folder.glob("*/*.json"))]
    index = [json.loads(line) for line in (folder / "index.jsonl").read_text("utf-8").splitlines()]
    assert {line["id"] for line in index} == {record["id"] for record in shown}
    for kind, rows in (("story", shown), ("index", index)):
        for row in rows:
            jsonschema.Draft202012Validator(schemas[kind]).validate(row)


def merge(survivor: str, absorbed: str) -> Merged:
    return Merged(story_id=story(survivor), at=MONDAY, absorbed=story(absorbed), score=0.25)


def split(founder: str, *leaving: str) -> Split:
    return Split(
        story_id=story(founder),
        at=MONDAY,
        into=story(leaving[0]),
        members=tuple(map(member, leaving)),
        score=0.0625,
    )


def link(one: str, other: str, score: float) -> Linked:
    low, high = sorted([story(one), story(other)])
    return Linked(story_id=low, at=MONDAY, related=high, score=score)


def log(record: dict[str, Any]) -> Sequence[dict[str, Any]]:
    return [
        {k: v for k, v in change.items() if k not in {"at", "batch"}}
        for change in record["changes"]
    ]


def test_an_old_id_is_followed_after_a_merge_and_lives_again_after_a_split(desk: Desk) -> None:
    desk.happen(merge("pier", "wheat"), merge("pier", "cup"))
    assert desk.show("wheat")["id"] == desk.show("cup")["id"] == story("pier")
    assert desk.file_of("wheat")["redirect"] == story("pier")
    desk.happen(split("pier", "wheat", "cup"))
    assert desk.show("pier")["counts"]["articles"] == 1
    assert desk.show("wheat")["id"] == story("wheat")
    assert [a["id"] for a in desk.show("wheat")["articles"]] == [article("wheat"), article("cup")]
    assert desk.show("cup")["id"] == story("wheat"), "an id leads to where its founder is"
    assert desk.file_of("cup")["redirect"] == story("wheat")
    assert desk.file_of("wheat")["redirected_from"] == [story("cup")]


def test_both_logs_tell_of_a_merge_and_a_split_each_from_its_own_side(desk: Desk) -> None:
    desk.happen(merge("pier", "wheat"))
    desk.happen(split("pier", "wheat"))
    opened = {"change": "opened"}
    left = {"change": "split", "articles": [article("wheat")], "score": 0.0625}
    assert log(desk.file_of("pier")) == [
        opened | {"articles": [article("pier")]},
        {"change": "merged", "absorbed": story("wheat"), "score": 0.25},
        left | {"into": story("wheat")},
    ]
    assert log(desk.file_of("wheat")) == [
        opened | {"articles": [article("wheat")]},
        {"change": "merged", "into": story("pier"), "score": 0.25},
        left | {"from": story("pier")},
    ]


def test_show_and_stories_say_what_was_split_off(desk: Desk) -> None:
    desk.happen(merge("pier", "wheat"), merge("pier", "cup"))
    desk.happen(split("pier", "cup"))
    page = desk.command("show", story("cup"))
    assert f"split 1 articles from {story('pier')}" in page
    assert f"split 1 articles into {story('cup')}" in desk.command("show", story("pier"))
    changed = {line["id"] for line in list_stories(desk.settings, "2")}
    assert changed == {story("pier"), story("cup")}


def test_the_file_of_a_story_that_lives_again_lies_where_it_lay(desk: Desk) -> None:
    desk.happen(merge("pier", "cup"), merge("pier", "wheat"))
    before = sorted(path.name for path in desk.settings.paths.clusters.glob("2026-03-02/*"))
    desk.happen(split("pier", "wheat", "cup"))
    assert sorted(p.name for p in desk.settings.paths.clusters.glob("2026-03-02/*")) == before


def test_related_stories_are_shown_with_score_title_and_in_the_log(desk: Desk) -> None:
    desk.happen(link("pier", "wheat", 0.125), link("pier", "cup", 0.375))
    assert desk.file_of("pier")["related"] == [
        {"story_id": story("cup"), "score": 0.375},
        {"story_id": story("wheat"), "score": 0.125},
    ]
    assert desk.show("cup")["related"] == [
        {"story_id": story("pier"), "score": 0.375, "title": "News of the pier"}
    ]
    assert log(desk.file_of("cup"))[1:] == [
        {"change": "linked", "related": story("pier"), "score": 0.375}
    ]
    page = desk.command("show", story("cup"))
    assert f"related: News of the pier  {story('pier')} (score 0.38)" in page
    assert f"linked to {story('pier')}" in page
    lines = {line["id"]: line["related"] for line in list_stories(desk.settings)}
    assert lines[story("pier")] == [story("cup"), story("wheat")]


def test_a_related_story_that_is_merged_away_is_shown_as_its_survivor(desk: Desk) -> None:
    desk.happen(link("wheat", "cup", 0.25))
    desk.happen(merge("pier", "wheat"))
    assert [one["story_id"] for one in desk.file_of("cup")["related"]] == [story("pier")]
    desk.happen(merge("pier", "cup"))
    assert desk.file_of("pier")["related"] == []


def test_explain_says_that_two_articles_are_of_related_stories(desk: Desk) -> None:
    apart = explain(desk.settings, address("pier"), address("wheat"))
    assert (apart["same_story"], apart["related"], apart["related_score"]) == (False, False, None)
    desk.happen(link("pier", "wheat", 0.125))
    found = explain(desk.settings, address("pier"), address("wheat"))
    assert (found["same_story"], found["related"], found["related_score"]) == (False, True, 0.125)
    page = desk.command("explain", address("pier"), address("wheat"))
    assert "related stories (score 0.12)" in page
