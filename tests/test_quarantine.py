"""Inputs that failed are tried again as a batch of the archive, so that a rebuild agrees."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.archive import ArchiveWriter, archive_files
from pipeline.cli.app import app
from pipeline.config import ExtractSettings, PathSettings, Settings, SourceSettings
from pipeline.errors import ConfigError
from pipeline.records import Retry
from pipeline.service.limits import RunLimits
from pipeline.service.prune import prune
from pipeline.service.questions import list_quarantine, show_quarantined
from pipeline.service.run import ingest, rebuild, replay

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)

FERRY = (
    "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning. Fourteen people "
    "were taken to hospital, the harbour master said, and two are still there. The pier will stay "
    "closed until divers have looked at its piles, which may well take a week or more."
)
WHEAT = (
    "Wheat closed higher in Chicago on Tuesday as frost was forecast for the southern plains, and "
    "traders said export sales had been stronger than expected for the third week."
)
# Quotation marks take two bytes in JSON: as an entry this is larger than the feed it came in.
LORRIES = " ".join(
    f'"""Lorry {number}""" crossed the bridge at Osterhaven.' for number in range(200)
)


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


def settings_in(folder: Path, **limits: int) -> Settings:
    data = folder / "data"
    return Settings(
        paths=PathSettings(
            raw=data / "raw",
            state=data / "state.sqlite3",
            clusters=data / "clusters",
            runs=data / "runs",
        ),
        extract=ExtractSettings(**limits),
        sources=(SourceSettings(name="wire", path=folder / "in"),),
    )


def write_page(folder: Path, name: str, text: str, day: int = 2) -> None:
    (folder / "in" / f"{name}.html").write_text(
        f"<html lang=en><head><title>News of the {name}</title>"
        f'<meta property="article:published_time" content="2026-03-0{day}T10:00:00Z"></head>'
        f"<body><article><h1>News of the {name}</h1><p>{text}</p></article></body></html>"
    )


def write_feed(folder: Path, **entries: str) -> None:
    items = "".join(
        f"<item><title>News of the {name}</title><guid>{name}</guid>"
        f"<pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate>"
        f"<description>{text}</description></item>"
        for name, text in entries.items()
    )
    feed = f"<rss version='2.0'><channel><title>Wire</title>{items}</channel></rss>"
    (folder / "in" / "feed.xml").write_text(feed)


def strict(folder: Path) -> Settings:
    return settings_in(folder, min_words=40, max_bytes=(folder / "in" / "feed.xml").stat().st_size)


@pytest.fixture(scope="module")
def yesterday(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out a run whose limits refused a page and an entry of a feed."""
    folder = tmp_path_factory.mktemp("yesterday")
    (folder / "in").mkdir()
    write_page(folder, "ferry", FERRY)
    write_page(folder, "wheat", WHEAT, day=3)
    write_feed(folder, lorries=LORRIES, storm=FERRY.replace("ferry Lady Ismay", "storm Anselm"))
    report = ingest(strict(folder), RunLimits(now=MONDAY), quiet)
    assert (report.articles, report.quarantined) == (2, 2)
    return folder


@pytest.fixture
def folder(yesterday: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(yesterday, tmp_path, dirs_exist_ok=True))


def stories(folder: Path) -> dict[str, dict[str, Any]]:
    """Return all story records but for their provenance, which says which settings made them."""
    found = {}
    for path in sorted((folder / "data" / "clusters").glob("*/*.json")):
        record = json.loads(path.read_text("utf-8"))
        del record["provenance"]
        found[path.name] = record
    return found


def refused(folder: Path) -> list[str]:
    return [row["input"] for row in list_quarantine(settings_in(folder))]


def test_replay_brings_in_what_other_settings_had_refused(folder: Path) -> None:
    assert refused(folder) == ["file:feed.xml#lorries", "file:wheat.html"]
    report = replay(settings_in(folder), TUESDAY, quiet)
    assert (report.pages_seen, report.articles_new, report.articles) == (2, 2, 4)
    assert report.failures == ()
    assert refused(folder) == []


def test_a_rebuild_after_a_replay_gives_the_same_stories(folder: Path) -> None:
    settings = settings_in(folder)
    replay(settings, TUESDAY, quiet)
    write_page(folder, "tide", FERRY.replace("struck", "left").replace("Fourteen", "Nine"), day=4)
    ingest(settings, RunLimits(now=WEDNESDAY), quiet)
    before = stories(folder)
    batches = {change["batch"] for record in before.values() for change in record["changes"]}
    assert batches >= {1, 2}
    rebuild(settings, WEDNESDAY, quiet)
    assert stories(folder) == before
    assert refused(folder) == []


def test_a_replay_that_fails_again_is_reported_and_stays_in_quarantine(folder: Path) -> None:
    report = replay(strict(folder), TUESDAY, quiet)
    assert [failed.input for failed in report.failures] == refused(folder)
    assert replay(settings_in(folder), WEDNESDAY, quiet).articles == 4
    before = stories(folder)
    rebuild(settings_in(folder), WEDNESDAY, quiet)
    assert stories(folder) == before


def test_single_inputs_and_reasons_can_be_chosen(folder: Path) -> None:
    settings = settings_in(folder)
    assert replay(settings, TUESDAY, quiet, reason="timeout").pages_seen == 0
    assert replay(settings, TUESDAY, quiet, inputs=["file:feed.xml#lorries"]).articles_new == 1
    assert refused(folder) == ["file:wheat.html"]
    before = stories(folder)
    rebuild(strict(folder), WEDNESDAY, quiet)  # both fail as on the first day
    assert refused(folder) == ["file:feed.xml#lorries", "file:wheat.html"]
    assert len(before) - len(stories(folder)) == 1


def test_nothing_to_replay_writes_nothing(folder: Path) -> None:
    replay(settings_in(folder), TUESDAY, quiet)
    before = archive_files(settings_in(folder).paths.raw)
    report = replay(settings_in(folder), WEDNESDAY, quiet)
    assert (report.pages_seen, report.files_written) == (0, 0)
    assert archive_files(settings_in(folder).paths.raw) == before


def test_an_interrupted_replay_is_finished_by_the_next_run(folder: Path) -> None:
    settings = settings_in(folder)
    page = show_quarantined(settings, "file:wheat.html")[0]["pages"][0]
    place = {key: page[key] for key in ("source", "uri", "digest")}
    with ArchiveWriter(settings.paths.raw, TUESDAY) as archive:
        archive.write_retries([Retry(input="file:wheat.html", **place)], TUESDAY)
    assert ingest(settings, RunLimits(now=WEDNESDAY), quiet).articles_new == 1
    assert refused(folder) == ["file:feed.xml#lorries"]


def test_what_cannot_be_replayed_is_said(folder: Path) -> None:
    settings = settings_in(folder)
    with pytest.raises(ConfigError, match="not in quarantine"):
        replay(settings, TUESDAY, quiet, inputs=["file:ferry.html"])
    with pytest.raises(ConfigError, match="not in quarantine"):
        show_quarantined(settings, "file:ferry.html")
    prune(settings, TUESDAY, max_bytes=0, really=True)
    with pytest.raises(ConfigError, match="not in the archive"):
        replay(settings, TUESDAY, quiet, inputs=["file:wheat.html"])
    assert replay(settings, TUESDAY, quiet).pages_seen == 0


def test_list_and_show_say_why_and_where(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    listed = CliRunner().invoke(app, ["quarantine", "list", "--json"])
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(row["input"], row["reason"]) for row in rows] == [
        ("file:feed.xml#lorries", "too_large"),
        ("file:wheat.html", "too_short"),
    ]
    shown = CliRunner().invoke(app, ["quarantine", "show", "file:feed.xml#lorries"]).stdout
    assert "too_large" in shown
    assert f"archived in {archive_files(Path('data/raw'))[0].name} at byte" in shown
