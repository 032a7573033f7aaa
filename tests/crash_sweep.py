"""Breaks a small run at each system call that touches its files; the next run must heal it.

A process that has everything imported forks for each point, `strace` takes hold of the child and
kills it at the N-th call of a kind, or lets that call fail as a full or a broken disk would.
Extraction runs inside that child instead of in its own workers: workers touch none of these files,
and starting them would cost more than all the rest.

    python tests/crash_sweep.py            # a spread over all kinds: seconds
    python tests/crash_sweep.py --all      # every point: minutes
"""

from __future__ import annotations

import argparse
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from pipeline.archive import archive_files, scan
from pipeline.cli import app
from pipeline.config import Settings, load_settings
from pipeline.records import ArchivedPage, RawPage
from pipeline.service import ahead, contents, doctor

CALLS = ("rename", "renameat2", "write", "pwrite64", "fsync", "fdatasync", "openat")
FAULTS = {
    "KILL": "signal=KILL:when={}",
    "ENOSPC": "error=ENOSPC:when={}",
    "EIO": "error=EIO:when={}",
    "FULL": "error=ENOSPC:when={}+",  # and from then on
}
AT_LEAST = 60  # points of a spread, all scenarios together
_PR_SET_PTRACER = 0x59616D61
_PROVENANCE = re.compile(rb'"settings": "\w+"')  # of the settings a file was last written with

CONFIG = """
[run]
n_jobs = 1

[[sources]]
name = "wire"
path = "in"
"""
PAGES = {
    "ferry": (
        "Ferry hits Mercer Pier",
        "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning.",
        "Fourteen people were taken to hospital, the harbour master said, and two are still there.",
        "The pier will stay closed until divers have looked at its piles, which may take a week.",
    ),
    "wheat": (
        "Wheat closes higher as frost is forecast",
        "Wheat closed higher in Chicago on Tuesday as frost was forecast for the southern plains.",
        "Traders said export sales had been stronger than expected for the third week in a row.",
    ),
    "divers": (
        "Divers look at Mercer Pier after ferry crash",
        "Divers went down to the piles of Mercer Pier in Calder Haven that the Lady Ismay hit.",
        "The harbour master said two of fourteen people were still in hospital on Tuesday.",
    ),
    "bridge": (
        "Bridge at Osterhaven reopens",
        "The lifting bridge at Osterhaven has reopened to lorries after three weeks of repairs.",
        "Welders closed the cracks that inspectors had found in its steel in the autumn.",
    ),
}


class Point(NamedTuple):
    """Where a run is broken, and how."""

    scenario: str
    call: str
    number: int
    fault: str
    path: str


class Ended(NamedTuple):
    """How a run ended: its exit code, negative for a signal, and what it said."""

    code: int
    said: str


class Scenario(NamedTuple):
    """A folder before the run, and the command that is broken in it."""

    prepare: Callable[[Path], None]
    words: tuple[str, ...]


def main() -> int:
    """Sweep and say what was found; 1 if a point did not heal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--all", action="store_true", help="every point, not a spread")
    wanted = parser.parse_args()
    _warm_up()
    with tempfile.TemporaryDirectory() as folder:
        points = [p for name in SCENARIOS for p in find_points(Path(folder), name)]
        chosen = points if wanted.all else spread(points, AT_LEAST)
        problems = [found for found in sweep(Path(folder), chosen) if found]
    for problem in problems:
        print(problem)
    counts = Counter(f"{point.call} {point.fault}" for point in chosen)
    print(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
    print(f"{len(chosen)} of {len(points)} points, {len(problems)} not healed")
    return 1 if problems else 0


def spread(points: list[Point], at_least: int) -> list[Point]:
    """Choose points evenly from each scenario, call and fault."""
    kinds: dict[tuple[str, str, str], list[Point]] = {}
    for point in points:
        kinds.setdefault((point.scenario, point.call, point.fault), []).append(point)
    each = -(-at_least // len(kinds))
    chosen = []
    for group in kinds.values():
        step = max(len(group) / each, 1.0)
        chosen += [group[int(n * step)] for n in range(min(each, len(group)))]
    return chosen


def find_points(folder: Path, name: str) -> list[Point]:
    """Run once under a mere trace and list the calls that touch the data."""
    place = _prepared(folder, name)
    log = folder / "trace"
    traced = f"trace={','.join(CALLS)}"
    ended = start(place, SCENARIOS[name].words, ["-f", "-y", "-o", str(log), "-e", traced])
    if ended.code:
        raise RuntimeError(f"{name}: the undisturbed run failed: {ended.said}")
    return [
        Point(name, call, number, fault, path)
        for call, number, path in _calls_on(place / "data", log.read_text("utf-8", "replace"))
        for fault in FAULTS
        if (call, fault) != ("write", "FULL")  # the line that says so could not be written either
    ]


def _calls_on(data: Path, log: str) -> Iterator[tuple[str, int, str]]:
    numbers: Counter[str] = Counter()
    for line in log.splitlines():
        found = re.match(r"\d+ +(\w+)\((.*)", line)
        if found is None or found[1] not in CALLS:
            continue
        numbers[found[1]] += 1
        path = re.search(rf'{re.escape(str(data))}/([^">]*)|"data/([^"]*)', found[2])
        if path:
            yield found[1], numbers[found[1]], path[1] or path[2]


def sweep(folder: Path, points: Iterable[Point]) -> Iterator[str]:
    """Break a run at each point and let the next one heal it; yields what is wrong, or nothing."""
    whole: dict[str, object] = {}
    for point in points:
        if point.scenario not in whole:
            place = _prepared(folder, point.scenario)
            start(place, SCENARIOS[point.scenario].words)
            whole[point.scenario] = outcome(place)
        place = _prepared(folder, point.scenario)
        problems = _break_and_heal(place, point, whole[point.scenario])
        yield f"{point}: {'; '.join(problems)}" if problems else ""


def _break_and_heal(place: Path, point: Point, whole: object) -> list[str]:
    inject = f"inject={point.call}:{FAULTS[point.fault].format(point.number)}"
    words = SCENARIOS[point.scenario].words
    options = ["-f", "-o", os.devnull, "-e", f"trace={point.call}", "-e", inject]
    broken = start(place, words, options)
    problems = list(_bad_endings(point.fault, broken))
    healed = start(place, words)
    if healed.code:
        problems.append(f"the next run ended with {healed.code}: {_last_line(healed)}")
    if outcome(place) != whole:
        problems.append("the outcome differs from that of an uninterrupted run")
    problems += [f"left {p}" for pattern in ("*.open", "*.partial") for p in place.rglob(pattern)]
    return problems


def _bad_endings(fault: str, ended: Ended) -> Iterator[str]:
    if fault == "KILL":
        if ended.code != -9:
            yield f"was not killed, ended with {ended.code}: {_last_line(ended)}"
    elif ended.code not in {0, 3}:
        yield f"ended with {ended.code}: {_last_line(ended)}"
    elif ended.code == 3 and (ended.said.count("\n") != 1 or "samestory: " not in ended.said):
        yield f"did not say in one line what happened: {ended.said}"


def _last_line(ended: Ended) -> str:
    return (ended.said.splitlines() or [""])[-1]


def outcome(place: Path) -> object:
    """Return all that must not depend on interruptions: view, archive, what doctor finds."""
    settings = load_settings(place / "news.toml", {}).settings
    view = {
        path.relative_to(place): _PROVENANCE.sub(b"", path.read_bytes())
        for path in sorted((place / "data" / "clusters").rglob("*"))
        if path.is_file()
    }
    raw = place / "data" / "raw"
    contents = [item for file in archive_files(raw) for item in scan(raw, file.name)]
    archived = sorted(
        (item.source, item.uri, item.digest) for item in contents if isinstance(item, ArchivedPage)
    )
    with chdir(place):
        findings = [f for f in doctor.examine(settings) if f.result != "ok"]
    return view, archived, findings


def start(place: Path, words: Iterable[str], strace: list[str] | None = None) -> Ended:
    """Run a command in a forked process, under `strace` if wanted."""
    said = place / "said"
    go_out, go_in = os.pipe()
    with said.open("wb") as errors, Path(os.devnull).open("wb") as nothing:
        child = os.fork()
        if child == 0:
            os.close(go_in)
            os.dup2(errors.fileno(), 2)
            os.dup2(nothing.fileno(), 1)
            _be_a_command(place, words, go_out)
    os.close(go_out)
    tracer = _attached(child, strace) if strace else None
    os.write(go_in, b"!")
    os.close(go_in)
    _, status = os.waitpid(child, 0)
    if tracer:
        tracer.communicate()
    return Ended(os.waitstatus_to_exitcode(status), said.read_text("utf-8", "replace"))


def _be_a_command(place: Path, words: Iterable[str], go: int) -> NoReturn:
    """Become the command, once told to. Until then no call is made that could be a point."""
    code = 1
    try:
        # Where only ancestors may trace a process, let our sibling do it too.
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1))
        os.chdir(place)
        os.read(go, 1)
        code = _command(words)
    except BaseException:  # noqa: BLE001 - what an interpreter would do
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _command(words: Iterable[str]) -> int:
    sys.argv = ["samestory", *words, "--config", "news.toml"]
    try:
        app.main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


def _attached(child: int, options: list[str]) -> subprocess.Popen[str]:
    tracer = subprocess.Popen(
        ["strace", *options, "-p", str(child)], stderr=subprocess.PIPE, text=True
    )
    first = tracer.stderr.readline() if tracer.stderr else ""
    if "attached" not in first:
        raise RuntimeError(f"strace cannot take hold of a process: {first}")
    return tracer


def _warm_up() -> None:
    """Import and load, once, all that a run needs: what a child still opens is data."""

    def extract_here(
        pages: Iterable[RawPage], settings: Settings, work: Callable[[RawPage, Settings], Any]
    ) -> Iterator[Any]:
        return (work(page, settings) for page in pages)

    ahead.extract_pages = contents.extract_pages = extract_here
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        _lay_out(Path(folder), "ferry", "wheat")
        if _command(["ingest"]):
            raise RuntimeError("a run without any disturbance failed")


def _prepared(folder: Path, name: str) -> Path:
    """Return a folder laid out for a scenario, anew each time, always under the same path."""
    template, place = folder / f"{name}.template", folder / name
    if not template.exists():
        template.mkdir()
        SCENARIOS[name].prepare(template)
    shutil.rmtree(place, ignore_errors=True)
    return Path(shutil.copytree(template, place))


def _lay_out(place: Path, *names: str) -> None:
    """Write the settings and some pages, all dated: undated ones would show when they came in."""
    (place / "news.toml").write_text(CONFIG, encoding="utf-8")
    (place / "in").mkdir(exist_ok=True)
    for name in names:
        title, *paragraphs = PAGES[name]
        body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
        (place / "in" / f"{name}.html").write_text(
            f"<html lang=en><head><title>{title}</title>"
            '<meta property="article:published_time" content="2026-03-02T10:00:00Z"></head>'
            f"<body><article><h1>{title}</h1>{body}</article></body></html>",
            encoding="utf-8",
        )


def _first(place: Path) -> None:
    _lay_out(place, "ferry", "wheat")


def _later(place: Path) -> None:
    """Lay out a second run: one story grows, another is new."""
    _first(place)
    _undisturbed(place, "ingest")
    _lay_out(place, "divers", "bridge")


def _failed(place: Path) -> None:
    """Lay out a page that was too short for the settings of yesterday."""
    _first(place)
    (place / "news.toml").write_text(f"{CONFIG}[extract]\nmin_words = 40\n", encoding="utf-8")
    if start(place, ("ingest",)).code != 1:
        raise RuntimeError("the short page did not fail")
    _first(place)


def _two_runs(place: Path) -> None:
    _later(place)
    _undisturbed(place, "ingest")


def _undisturbed(place: Path, *words: str) -> None:
    ended = start(place, words)
    if ended.code:
        raise RuntimeError(f"{' '.join(words)} failed without any disturbance: {ended.said}")


SCENARIOS = {
    "first": Scenario(_first, ("ingest",)),
    "later": Scenario(_later, ("ingest",)),
    "replay": Scenario(_failed, ("quarantine", "replay")),
    "prune": Scenario(_two_runs, ("prune", "--max-bytes", "0", "--yes")),
}

if __name__ == "__main__":
    sys.exit(main())
