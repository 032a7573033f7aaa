"""What a batch costs as the archive grows: looked up, given its place and stored in the state."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from pipeline.config import NearDuplicateSettings, PathSettings, Settings
from pipeline.identity import story_id
from pipeline.near_duplicates import Sketch
from pipeline.near_duplicates.shingles import ragged
from pipeline.near_duplicates.sketches import sketch_words
from pipeline.records import (
    Article,
    ArticleId,
    Closed,
    Membership,
    Opened,
    StoryChange,
    Timestamp,
)
from pipeline.service.placing import place_articles
from pipeline.service.stored import open_state, stored_relations
from pipeline.storage import BatchOutcome, State, StoredVersion
from pipeline.stories import OpenWindow

NEEDS: tuple[str, ...] = ()

_SMALL, _LARGE = 100_000, 1_000_000
_BATCH = 1000
_LOADED_AT_ONCE = 20_000
_REPEATS = 7
_WORDS = 400
_CLOCK = datetime(2031, 5, 1, tzinfo=UTC)
_OPEN = 2000  # articles in the open window
_PLACED = 200
_STORY_WORDS = 60
_VOCABULARY = 5000  # all of it is stemmed before anything is measured


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
            placed_before = _placing_cost(state, settings, numbers, _CLOCK + timedelta(days=20))
            _load(state, large - small, numbers)
            after = _cost(state, settings, numbers, size)
            placed_after = _placing_cost(state, settings, numbers, _CLOCK + timedelta(days=40))
    for name, (cpu, wall) in ((small, before), (large, after)):
        print(f"archive_growth: {size} more than {name}: {cpu:.3f} s CPU, {wall:.3f} s")
    print(f"archive_growth: stories of {_PLACED}: {placed_before:.3f} s, {placed_after:.3f} s CPU")
    return [
        Figure(name="CPU beside 100,000 over 1,000,000", value=before[0] / after[0], noise=0.05),
        Figure(name="time beside 100,000 over 1,000,000", value=before[1] / after[1], gated=False),
        Figure(
            name="stories, CPU beside 100,000 over 1,000,000",
            value=placed_before / placed_after,
            noise=0.05,
        ),
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


def _placing_cost(
    state: State, settings: Settings, numbers: Iterator[int], clock: datetime
) -> float:
    """Return the median seconds of CPU that finding and storing the stories of a batch takes.

    The window is the same each time: what was open before closes when the clock moves on.
    """
    _place(state, settings, _articles(_OPEN, numbers, clock), clock)
    costs = []
    for _ in range(_REPEATS):
        batch = _articles(_PLACED, numbers, clock)
        start = time.process_time()
        _place(state, settings, batch, clock)
        costs.append(time.process_time() - start)
    return statistics.median(costs)


def _place(state: State, settings: Settings, articles: Sequence[Article], clock: datetime) -> None:
    placed = place_articles(settings, state, articles, (), clock)
    _store(state, (), articles, placed.changes, placed.window)


def _articles(count: int, numbers: Iterator[int], clock: datetime) -> list[Article]:
    """Return articles of random words; every fourth tells what the one before told."""
    stamp = Timestamp(instant=clock, precision="minute", zone="stated", origin="input", raw="")
    found = []
    for number in [next(numbers) for _ in range(count)]:
        draw = np.random.default_rng(number - 1 if number % 4 == 3 else number)
        words = draw.integers(0, _VOCABULARY, _STORY_WORDS)
        extra = np.random.default_rng(number).integers(0, _VOCABULARY, _STORY_WORDS // 2)
        text = " ".join(f"w{word}" for word in (*words, *extra))
        article_id = ArticleId(f"a1-{number:020}")
        found.append(Article(article_id=article_id, text=text, published=stamp))
    return found


def _load(state: State, count: int, numbers: Iterator[int]) -> None:
    """Store sketches, and articles in stories that are closed."""
    for start in range(0, count, _LOADED_AT_ONCE):
        sketches = _invented(min(_LOADED_AT_ONCE, count - start), numbers)
        articles = [Article(article_id=one.article_id, text="Told.") for one in sketches]
        changes = [change for article in articles for change in _past(article)]
        _store(state, sketches, articles, changes)


def _past(article: Article) -> tuple[StoryChange, ...]:
    own = story_id(article.article_id)
    why = Membership(
        article_id=article.article_id, score=1.0, nearest=None, nearest_score=0.0, shared_terms=()
    )
    return Opened(story_id=own, at=_CLOCK, members=(why,)), Closed(story_id=own, at=_CLOCK)


def _store(
    state: State,
    sketches: Sequence[Sketch],
    articles: Sequence[Article] = (),
    changes: Sequence[StoryChange] = (),
    window: tuple[OpenWindow, OpenWindow] | None = None,
) -> None:
    state.apply(
        BatchOutcome(
            number=1,
            clock=_CLOCK,
            versions=[StoredVersion(digest="", article=article) for article in articles],
            current={article.article_id: "" for article in articles},
            sketches=sketches,
            relations=(),
            changes=changes,
            failures=(),
            window=window,
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
