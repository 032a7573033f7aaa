"""Run the benchmarks: ``python -m benchmarks.run [task ...]``; see README.md beside this file."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import (
    archive_growth,
    environment,
    extraction,
    gold,
    increment,
    near_duplicates,
    repetition,
    stories,
)
from benchmarks.figures import (
    HERE,
    Figure,
    as_json,
    broken_floors,
    load_floors,
    raise_floors,
    save_floors,
    table,
)

FLOORS = HERE / "floors.json"
RESULTS = HERE / "results"


class Task(NamedTuple):
    """The files below the data folder that a task reads, and the function that measures it."""

    needs: tuple[str, ...]
    measure: Callable[[Path, int | None, int], list[Figure]]


TASKS = {
    "extraction": Task(extraction.NEEDS, extraction.measure),
    "repetition": Task(repetition.NEEDS, repetition.measure),
    "near_duplicates": Task(near_duplicates.NEEDS, near_duplicates.measure),
    "archive_growth": Task(archive_growth.NEEDS, archive_growth.measure),
    "stories": Task(stories.NEEDS, stories.measure),
    "increment": Task(increment.NEEDS, increment.measure),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write results; return 1 if a floor is broken."""
    options = _options(arguments)
    broken = []
    for name in options.tasks or TASKS:
        figures = _measured(name, options.limit, options.jobs)
        if figures is None or options.limit is not None:
            continue
        floors = load_floors(FLOORS, name)
        if options.update_floors:
            floors = raise_floors(figures, floors, allow_lower=options.allow_lower)
            save_floors(FLOORS, name, floors)
        broken += [f"{name}: {line}" for line in broken_floors(figures, floors)]
    for line in broken:
        print(line, file=sys.stderr)
    return 1 if broken else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="task", help=f"of {', '.join(TASKS)}; all")
    parser.add_argument("--limit", type=int, help="rows of each set; floors are not checked then")
    parser.add_argument("--jobs", type=int, default=2, help="processes that extract pages")
    parser.add_argument("--update-floors", action="store_true", help="raise floors to what we see")
    parser.add_argument("--allow-lower", action="store_true", help="... and lower them too")
    options = parser.parse_args(arguments)
    unknown = set(options.tasks) - set(TASKS)
    if unknown:
        parser.error(f"no task {min(unknown)!r}; there are {', '.join(TASKS)}")
    if options.update_floors and options.limit is not None:
        parser.error("floors come from whole sets: --update-floors goes without --limit")
    if options.allow_lower and not options.update_floors:
        parser.error("--allow-lower goes with --update-floors")
    return options


def _measured(name: str, limit: int | None, jobs: int) -> list[Figure] | None:
    """Run one task, print its table and write its results; None if its data is not there."""
    task, folder = TASKS[name], gold.data_folder()
    absent = [path for path in task.needs if not (folder / path).exists()]
    if absent:
        print(f"{name}: skipped, {folder} has no {', '.join(absent)}\n")
        return None
    start = time.perf_counter()
    figures = task.measure(folder, limit, jobs)
    seconds = time.perf_counter() - start
    print(f"{table(name, figures, load_floors(FLOORS, name))}\n\n{name}: {seconds:.0f} s\n")
    result = {
        "task": name,
        "limit": limit,
        "data": {path: gold.digest(folder / path) for path in task.needs},
        **environment.describe(),
        "figures": as_json(figures),
    }
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    return figures


if __name__ == "__main__":
    sys.exit(main())
