"""Retention: the oldest files of the archive go when asked, articles and stories stay."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.archive import ArchiveWriter, archive_files, written_at
from pipeline.config import PathSettings, Settings, SourceSettings
from pipeline.errors import ConfigError, StateError
from pipeline.records import Retry
from pipeline.service.doctor import examine
from pipeline.service.limits import RunLimits
from pipeline.service.prune import prune
from pipeline.service.run import ingest, rebuild
from pipeline.storage.pruned import lost_files, read_pruned

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)
REPORTS = {
    "ferry": "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning, and "
    "fourteen people were taken to hospital, the harbour master said, of whom two are still there.",
    "wheat": "Wheat closed higher in Chicago on Tuesday as frost was forecast for the southern "
    "plains, and traders said export sales had been stronger than expected for the third week.",
    "bridge": "The lifting bridge at Osterhaven has reopened to lorries after three weeks in which "
    "welders closed the cracks that inspectors had found in its steel when the leaves fell.",
}


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


def ingest_report(settings: Settings, name: str, when: datetime) -> None:
    (source,) = settings.sources
    page = (
        f"<html lang=en><head><title>News of the {name}</title>"
        f'<meta property="article:published_time" content="{when.isoformat()}"></head>'
        f"<body><article><h1>News of the {name}</h1><p>{REPORTS[name]}</p></article></body></html>"
    )
    (source.path / f"{name}.html").write_text(page)
    assert ingest(settings, RunLimits(now=when), quiet).articles_new == 1


@pytest.fixture(scope="module")
def three_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("three_days")
    (folder / "in").mkdir()
    for day, name in enumerate(REPORTS):
        ingest_report(settings_in(folder), name, MONDAY + timedelta(days=day))
    return folder


@pytest.fixture
def settings(three_days: Path, tmp_path: Path) -> Settings:
    shutil.copytree(three_days, tmp_path, dirs_exist_ok=True)
    return settings_in(tmp_path)


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


def view(settings: Settings) -> dict[str, bytes]:
    files = sorted(settings.paths.clusters.rglob("*.json*"))
    return {path.name: path.read_bytes() for path in files}


def names(files: Sequence[Path]) -> list[str]:
    return [path.name for path in files]


def test_the_age_of_a_file_is_in_its_name(settings: Settings) -> None:
    found = [written_at(path) for path in archive_files(settings.paths.raw)]
    assert found == [MONDAY + timedelta(days=day) for day in range(3)]


def test_without_really_nothing_is_removed(settings: Settings) -> None:
    before = archive_files(settings.paths.raw)
    going = prune(settings, MONDAY, max_bytes=0)
    assert [one.file for one in going] == names(before)
    assert [one.pages for one in going] == [1, 1, 1]
    assert archive_files(settings.paths.raw) == before


def test_files_older_than_the_limit_go_and_all_else_stays(settings: Settings) -> None:
    before, shown = archive_files(settings.paths.raw), view(settings)
    now = MONDAY + timedelta(days=11, hours=1)
    going = prune(settings, now, older_than_days=10, really=True)
    assert [one.file for one in going] == names(before)[:2]
    assert archive_files(settings.paths.raw) == before[2:]
    assert ingest(settings, RunLimits(now=now), quiet).pages_new == 0
    assert view(settings) == shown


def test_the_oldest_files_go_until_the_rest_fits(settings: Settings) -> None:
    sizes = [path.stat().st_size for path in archive_files(settings.paths.raw)]
    before = archive_files(settings.paths.raw)
    prune(settings, MONDAY, max_bytes=sum(sizes) - 1, really=True)
    assert archive_files(settings.paths.raw) == before[1:]
    prune(settings, MONDAY, max_bytes=sizes[2], really=True)
    assert archive_files(settings.paths.raw) == before[2:]
    assert [one.file for one in read_pruned(settings.paths.raw)] == names(before)[:2]
    assert prune(settings, MONDAY, max_bytes=sum(sizes), really=True) == []


def test_doctor_calls_a_pruned_file_pruned_and_another_lost_one_broken(settings: Settings) -> None:
    files = archive_files(settings.paths.raw)
    prune(settings, MONDAY + timedelta(days=1), older_than_days=0.5, really=True)
    (note,) = [f for f in examine(settings) if f.result != "ok"]
    assert note.result == "note"
    assert "1 files with 1 pages were pruned" in note.detail
    files[2].unlink()
    assert [f.detail for f in examine(settings) if f.result == "broken"] == [
        f"{files[2].name} is gone; restore it from a copy"
    ]


def test_rebuild_refuses_to_lose_stories_unless_told_to(settings: Settings) -> None:
    shown = view(settings)
    prune(settings, MONDAY + timedelta(days=1), older_than_days=0.5, really=True)
    with pytest.raises(StateError, match="--accept-loss"):
        rebuild(settings, MONDAY, quiet)
    assert view(settings) == shown
    report = rebuild(settings, MONDAY, quiet, accept_loss=True)
    assert (report.articles, report.stories) == (2, 2)
    assert lost_files(settings.paths.raw) == []
    assert rebuild(settings, MONDAY, quiet).stories == 2


def test_an_ingest_without_its_state_refuses_to_lose_stories(settings: Settings) -> None:
    prune(settings, MONDAY, max_bytes=0, really=True)
    settings.paths.state.unlink()
    shown = view(settings)
    with pytest.raises(StateError, match="--accept-loss"):
        ingest(settings, MONDAY, quiet)
    assert view(settings) == shown


def test_an_interrupted_removal_is_finished_by_the_next(settings: Settings) -> None:
    first, *rest = archive_files(settings.paths.raw)
    content = first.read_bytes()
    prune(settings, MONDAY + timedelta(days=1), older_than_days=0.5, really=True)
    first.write_bytes(content)  # as if the list had been written, and then the power had failed
    assert lost_files(settings.paths.raw) == []
    assert {f.result for f in examine(settings)} == {"ok"}
    prune(settings, MONDAY + timedelta(days=1), older_than_days=0.5, really=True)
    assert archive_files(settings.paths.raw) == rest
    assert len(read_pruned(settings.paths.raw)) == 1


def test_pages_that_wait_for_their_batch_are_never_pruned(settings: Settings) -> None:
    retry = Retry(input="file:a.html", source="wire", uri="file:a.html", digest="0")
    with ArchiveWriter(settings.paths.raw, MONDAY + timedelta(days=9)) as archive:
        archive.write_retries([retry], MONDAY)  # and no mark: the run was killed
    with pytest.raises(StateError, match="run `samestory ingest` first"):
        prune(settings, MONDAY, max_bytes=0, really=True)
    assert len(archive_files(settings.paths.raw)) == 4


def test_no_limit_at_all_is_wrong_usage(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="--older-than"):
        prune(settings, MONDAY, really=True)


def test_a_list_of_removed_files_that_is_damaged_is_named(settings: Settings) -> None:
    (settings.paths.raw / "pruned.json").write_text("{}")
    with pytest.raises(StateError, match=r"pruned\.json"):
        rebuild(settings, MONDAY, quiet)
