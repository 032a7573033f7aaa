"""What a run leaves for its operator, and what it never puts into the view."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.config import PathSettings, RunSettings, Settings
from pipeline.errors import StateError
from pipeline.records import Failed
from pipeline.service.progress import Progress
from pipeline.service.report import RunReport, reported

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NAME = "20260302T120000000000Z.json"
REFUSED = Failed(
    stage="extract", reason="too_short", input="file:a.html", detail="3 words", when=NOON
)


def settings(folder: Path, **run: object) -> Settings:
    return Settings(paths=PathSettings(runs=folder / "runs"), run=RunSettings(**run))


def whole(*failures: Failed) -> RunReport:
    return RunReport(
        pages_seen=7,
        pages_new=2,
        articles_new=1,
        versions_new=0,
        changes=1,
        failures=failures,
        quarantined=len(failures),
        articles=5,
        stories=3,
        giant_stories=0,
        last_batch=4,
        files_written=2,
        files_removed=0,
    )


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


def work(progress: Progress) -> RunReport:
    progress("reading", 1, 0)
    progress("grouping", 0, 0)
    return whole(REFUSED)


def full_disk(_progress: Progress) -> RunReport:
    raise StateError("data/state.sqlite3: cannot be read or written (disk full)")


def read(folder: Path) -> dict[str, object]:
    return json.loads((folder / "runs" / NAME).read_text("utf-8"))


def test_a_report_holds_counts_failures_by_reason_and_the_seconds_of_each_step(
    tmp_path: Path,
) -> None:
    assert reported(settings(tmp_path), "ingest", NOON, quiet, work) == whole(REFUSED)
    report = read(tmp_path)
    assert report["command"] == "ingest"
    assert report["result"] == "failures"
    assert report["counts"]["pages_seen"] == 7
    assert report["counts"]["last_batch"] == 4
    assert report["failures_by_reason"] == {"too_short": 1}
    assert report["failures"][0]["input"] == "file:a.html"
    assert set(report["steps"]) == {"starting", "reading", "grouping"}
    assert report["seconds"] >= 0
    assert report["samestory"]
    assert report["settings"]


def test_progress_is_passed_on(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    reported(settings(tmp_path), "ingest", NOON, lambda *step: told.append(step), work)
    assert told == [("reading", 1, 0), ("grouping", 0, 0)]


def test_a_run_that_was_stopped_says_so_and_does_not_beat(tmp_path: Path) -> None:
    beat, figures = tmp_path / "beat", tmp_path / "run.prom"
    own = settings(tmp_path, heartbeat_file=str(beat), prometheus_file=str(figures))
    with pytest.raises(StateError, match="disk full"):
        reported(own, "ingest", NOON, quiet, full_disk)
    assert read(tmp_path)["result"] == "stopped"
    assert "disk full" in read(tmp_path)["error"]
    assert "samestory_run_stopped 1\n" in figures.read_text()
    assert not beat.exists()
    reported(own, "ingest", NOON, quiet, work)
    assert beat.exists()


def test_what_stopped_a_run_is_told_even_where_its_report_cannot_be_written(
    tmp_path: Path,
) -> None:
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(StateError, match="disk full"):
        reported(settings(tmp_path), "ingest", NOON, quiet, full_disk)


def test_only_so_many_reports_are_kept(tmp_path: Path) -> None:
    own = settings(tmp_path, reports_kept=3)
    for minutes in range(5):
        reported(own, "ingest", NOON + timedelta(minutes=minutes), quiet, work)
    kept = sorted(path.name for path in (tmp_path / "runs").iterdir())
    assert kept == [f"20260302T12{minutes:02}00000000Z.json" for minutes in (2, 3, 4)]


def test_figures_are_in_the_text_format_of_prometheus(tmp_path: Path) -> None:
    figures = tmp_path / "metrics" / "samestory.prom"
    reported(settings(tmp_path, prometheus_file=str(figures)), "ingest", NOON, quiet, work)
    lines = figures.read_text().splitlines()
    assert "samestory_run_pages_seen 7" in lines
    assert 'samestory_run_failures{reason="too_short"} 1' in lines
    assert f"samestory_run_started_timestamp_seconds {NOON.timestamp()}" in lines
    typed = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    samples = {line.partition(" ")[0].partition("{")[0] for line in lines if line[0] != "#"}
    assert samples <= typed
    assert not list(figures.parent.glob("*.partial"))
