"""What a run leaves for its operator: a report, and where wanted metrics and a heartbeat.

These hold the machine's time. Story files never do.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline import __version__
from pipeline.config import Settings, outcome_digest
from pipeline.errors import StateError
from pipeline.records import Failed
from pipeline.service.progress import Progress
from pipeline.storage.view import json_bytes, write_file

__all__ = ["RunReport", "reported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """What a run did, and what there is after it.

    Parameters
    ----------
    pages_seen, pages_new
        Inputs that the sources offered; those of them the archive did not have.
    postponed
        Requests that a server or a deadline put off to a later run.
    listings_cut
        Listings that have more than this run took.
    articles_new, versions_new
        Articles first seen; new bodies of articles known before.
    changes
        Stories opened, extended, merged, split, linked or closed.
    failures
        Inputs that failed for the first time, and addresses that failed in this run.
    quarantined, articles, stories
        What the state holds after the run; merged stories are not counted.
    giant_stories
        Open stories too large to be one event, see `pipeline.stories.giant_stories`.
    last_batch
        Number of the last batch applied, from 1; `list_stories` can start after it.
    files_written, files_removed
        Files of the view that changed.
    """

    articles_new: int
    versions_new: int
    changes: int
    failures: tuple[Failed, ...]
    quarantined: int
    articles: int
    stories: int
    giant_stories: int
    last_batch: int
    files_written: int
    files_removed: int
    pages_seen: int = 0
    pages_new: int = 0
    postponed: int = 0
    listings_cut: int = 0


def reported(
    settings: Settings,
    command: str,
    started: datetime,
    progress: Progress,
    work: Callable[[Progress], RunReport],
) -> RunReport:
    """Do the work of a run and write down how it went, also where it was stopped.

    The report is ``<started>.json`` in ``paths.runs``; the oldest beyond ``run.reports_kept`` are
    removed. ``run.prometheus_file`` is written in the format of node-exporter's textfile
    collector. ``run.heartbeat_file`` is touched only by a run that came to its end.

    Parameters
    ----------
    command
        What was run, such as ``ingest``.
    started
        Names the report; aware.
    work
        Takes the progress to tell its steps to. The caller holds the run lock.
    """
    steps = _Steps(progress)
    try:
        report = work(steps)
    except (StateError, OSError) as error:
        with suppress(OSError):  # what stopped the run may stop its report too; say the first
            _leave(settings, started, _record(settings, command, started, steps, error=str(error)))
        raise
    _leave(settings, started, _record(settings, command, started, steps, report=report))
    if settings.run.heartbeat_file:
        heartbeat = Path(settings.run.heartbeat_file)
        heartbeat.parent.mkdir(parents=True, exist_ok=True)
        heartbeat.touch()
    return report


class _Steps:
    """Passes progress on, and adds up how long each step took (seconds)."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._step = "starting"
        self._begun = self._since = time.monotonic()
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def __call__(self, step: str, done: int, total: int) -> None:
        self._stop()
        self._step = step
        self._progress(step, done, total)

    def _stop(self) -> None:
        now = time.monotonic()
        self._seconds[self._step] += now - self._since
        self._since = now

    def seconds(self) -> tuple[float, dict[str, float]]:
        """Return the whole time, and that of each step."""
        self._stop()
        steps = {step: round(seconds, 3) for step, seconds in self._seconds.items()}
        return round(self._since - self._begun, 3), steps


def _record(
    settings: Settings,
    command: str,
    started: datetime,
    steps: _Steps,
    *,
    report: RunReport | None = None,
    error: str | None = None,
) -> dict[str, Any]:
    seconds, each = steps.seconds()
    fields = asdict(report) if report else {}
    failures = report.failures if report else ()
    result = "done" if report and not failures else "failures" if report else "stopped"
    return {
        "command": command,
        "counts": {name: value for name, value in fields.items() if isinstance(value, int)},
        "error": error,
        "failures": [{**asdict(failed), "when": failed.when.isoformat()} for failed in failures],
        "failures_by_reason": dict(Counter(failed.reason for failed in failures)),
        "result": result,
        "samestory": __version__,
        "seconds": seconds,
        "settings": outcome_digest(settings),
        "started": started.astimezone(UTC).isoformat(),
        "steps": each,
    }


def _leave(settings: Settings, started: datetime, record: Mapping[str, Any]) -> None:
    folder = settings.paths.runs
    write_file(folder / f"{started.astimezone(UTC):%Y%m%dT%H%M%S%fZ}.json", json_bytes(record))
    for partial in folder.glob("*.partial"):
        partial.unlink()
    for old in sorted(folder.glob("*.json"))[: -settings.run.reports_kept]:
        old.unlink()
    if settings.run.prometheus_file:
        write_file(Path(settings.run.prometheus_file), _metrics(record, started).encode())


def _metrics(record: Mapping[str, Any], started: datetime) -> str:
    """Return the figures of a run as gauges in Prometheus' text format."""
    single = {
        "started_timestamp_seconds": started.timestamp(),
        "seconds": record["seconds"],
        "stopped": int(record["result"] == "stopped"),
        **record["counts"],
    }
    labelled = {
        "step_seconds": ("step", record["steps"]),
        "failures": ("reason", record["failures_by_reason"]),
    }
    lines = []
    for name, value in single.items():
        lines += [f"# TYPE samestory_run_{name} gauge", f"samestory_run_{name} {value}"]
    for name, (label, values) in labelled.items():
        lines.append(f"# TYPE samestory_run_{name} gauge")
        lines += [
            f"samestory_run_{name}{{{label}={json.dumps(key)}}} {value}"
            for key, value in sorted(values.items())
        ]
    return "\n".join(lines) + "\n"
