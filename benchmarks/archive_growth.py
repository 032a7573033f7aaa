"""What a batch costs as the archive grows: sketches looked up and stored in the state."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from pipeline.config import NearDuplicateSettings, PathSettings, Settings
from pipeline.near_duplicates import Sketch
from pipeline.near_duplicates.shingles import ragged
from pipeline.near_duplicates.sketches import sketch_words
from pipeline.records import ArticleId
from pipeline.service.stored import open_state, stored_relations
from pipeline.storage import BatchOutcome, State

NEEDS: tuple[str, ...] = ()

_SMALL, _LARGE = 100_000, 1_000_000
_BATCH = 1000
_LOADED_AT_ONCE = 20_000
_REPEATS = 7
_WORDS = 400
_CLOCK = datetime(2031, 5, 1, tzinfo=UTC)


def measure(folder: Path, limit: int | None = None, jobs: int = 1) -> list[Figure]:
    """Compare what 1,000 articles cost beside 100,000 and beside 1,000,000 stored ones."""
    del folder, jobs
    small, large = (_SMALL, _LARGE) if limit is None else (limit, 10 * limit)
    size = min(_BATCH, small)
    with tempfile.TemporaryDirectory() as place:
        settings = Settings(paths=PathSettings(state=Path(place) / "state.sqlite3"))
        with open_state(settings) as state:
            numbers = iter(range(10**9))
            _load(state, small, numbers)
            before = _cost(state, settings, numbers, size)
            _load(state, large - small, numbers)
            after = _cost(state, settings, numbers, size)
    for name, (cpu, wall) in ((small, before), (large, after)):
        print(f"archive_growth: {size} more than {name}: {cpu:.3f} s CPU, {wall:.3f} s")
    return [
        Figure(name="CPU beside 100,000 over 1,000,000", value=before[0] / after[0], noise=0.05),
        Figure(name="time beside 100,000 over 1,000,000", value=before[1] / after[1], gated=False),
    ]


def _cost(
    state: State, settings: Settings, numbers: Iterator[int], size: int
) -> tuple[float, float]:
    """Return the median seconds of CPU and of time that a batch takes."""
    costs = []
    for _ in range(_REPEATS):
        batch = _invented(size, numbers)
        cpu, wall = time.process_time(), time.perf_counter()
        stored_relations(state, batch, settings)
        _store(state, batch)
        costs.append((time.process_time() - cpu, time.perf_counter() - wall))
    return statistics.median(c for c, _ in costs), statistics.median(w for _, w in costs)


def _load(state: State, count: int, numbers: Iterator[int]) -> None:
    for start in range(0, count, _LOADED_AT_ONCE):
        _store(state, _invented(min(_LOADED_AT_ONCE, count - start), numbers))


def _store(state: State, sketches: list[Sketch]) -> None:
    state.apply(
        BatchOutcome(
            number=1,
            clock=_CLOCK,
            versions=(),
            current={},
            sketches=sketches,
            relations=(),
            changes=(),
            failures=(),
        )
    )


def _invented(count: int, numbers: Iterator[int]) -> list[Sketch]:
    """Return sketches of articles of random words; every tenth is a copy of the one before."""
    chosen = [next(numbers) for _ in range(count)]
    rows = []
    for number in chosen:
        original = number - 1 if number % 10 == 9 else number
        draw = np.random.default_rng(original)
        rows.append(draw.integers(0, 2**32, _WORDS, dtype=np.uint32))
    ids = [ArticleId(f"a1-{number:020}") for number in chosen]
    return sketch_words(ids, [0] * count, ragged(rows), NearDuplicateSettings())
