"""The open window as it is stored: what is read is what was written, bit by bit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from sqlite3 import Connection

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_feed import MIDNIGHT, content, feed, published, stamp

from pipeline.config import PathSettings, RunSettings, Settings, SourceSettings, StorySettings
from pipeline.identity import article_id
from pipeline.records import Article, Closed
from pipeline.service import run
from pipeline.service.limits import RunLimits
from pipeline.service.run import ingest, rebuild
from pipeline.storage.windows import SCHEMA, read_window, replace_window
from pipeline.stories import OpenWindow, assign, terms_of, with_members, without

STORIES = StorySettings(window_hours=48)
TABLES = ("vectors", "neighbours", "frequencies", "documents", "window")


def rows(db: Connection, table: str) -> list[tuple[object, ...]]:
    query = f"SELECT * FROM {table} ORDER BY 1, 2"  # noqa: S608 (names of our own)
    found: list[tuple[object, ...]] = db.execute(query).fetchall()
    return found


def tables(db: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {table: rows(db, table) for table in TABLES}


def stored_anew() -> Connection:
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA)
    return db


@pytest.fixture
def db() -> Iterator[Connection]:
    with closing(stored_anew()) as connection:
        yield connection


def every_term(window: OpenWindow) -> Mapping[str, np.ndarray]:
    return {lang: known.terms for lang, known in window.frequencies.languages.items()}


def take(db: Connection, batch: Sequence[Article], window: OpenWindow) -> OpenWindow:
    """Assign a batch to what is stored, store what follows; `window` has the stories and texts."""
    stored = read_window(db, terms_of(batch))
    now = max([*map(published, batch), *([stored.clock] if stored.clock else [])])
    known = replace(stored, stories=window.stories, texts=window.texts)
    left = assign(batch, known, STORIES, now).window
    replace_window(db, stored, left)
    return left


def batches_of(articles: Sequence[Article], size: int) -> list[Sequence[Article]]:
    return [articles[start : start + size] for start in range(0, len(articles), size)]


def test_a_new_state_has_an_empty_window(db: Connection) -> None:
    assert content(read_window(db, {})) == content(OpenWindow())
    replace_window(db, OpenWindow(), OpenWindow())
    assert all(not found for found in tables(db).values())


@settings(max_examples=5)
@given(st.integers(0, 10**6), st.sampled_from([3, 8, 15]))
def test_what_is_stored_is_what_never_left_memory(seed: int, size: int) -> None:
    kept = left = OpenWindow()
    with closing(stored_anew()) as db:
        for batch in batches_of(feed(seed, size=30, hours=150), size):
            now = published(batch[-1])
            kept = assign(batch, kept, STORIES, now).window
            left = take(db, batch, left)
            read = replace(read_window(db, every_term(kept)), stories=left.stories)
            assert content(read) == content(kept)


def test_articles_of_closed_stories_are_not_kept(db: Connection) -> None:
    articles = feed(1, size=24, hours=200)
    window = OpenWindow()
    for batch in batches_of(articles, 6):
        window = take(db, batch, window)
        held = {member for story in window.stories for member in story.members}
        assert {row[1] for row in rows(db, "vectors")} == held
        assert len(rows(db, "neighbours")) == len(held)
        numbers = {row[0] for row in rows(db, "vectors")}
        named = b"".join(row[1] for row in rows(db, "neighbours"))  # type: ignore[misc]
        assert set(np.frombuffer(named, dtype="<i8").tolist()) <= numbers
    assert len(held) < len(articles)


def test_a_window_may_close_altogether(db: Connection) -> None:
    articles = feed(2, size=6, hours=10)
    window = take(db, articles, OpenWindow())
    stored = read_window(db, {})
    late = published(articles[-1]) + timedelta(hours=49)
    changes, left = assign([], replace(stored, stories=window.stories), STORIES, late)
    assert {type(change) for change in changes} == {Closed}
    replace_window(db, stored, left)
    assert rows(db, "vectors") == rows(db, "neighbours") == []
    assert rows(db, "frequencies")
    assert len(rows(db, "window")) == 1


def watched(db: Connection) -> None:
    """Have each row that is written noted."""
    db.executescript(
        """CREATE TEMP TABLE written (what TEXT, number INTEGER);
           CREATE TEMP TRIGGER note_vectors AFTER INSERT ON vectors
           BEGIN INSERT INTO written VALUES ('vectors', new.number); END;
           CREATE TEMP TRIGGER note_neighbours AFTER INSERT ON neighbours
           BEGIN INSERT INTO written VALUES ('neighbours', new.number); END;"""
    )


def test_rows_that_did_not_change_are_not_written_again(db: Connection) -> None:
    articles = feed(3, size=30, hours=20)
    window = take(db, articles[:-1], OpenWindow())
    before = {table: set(rows(db, table)) for table in ("vectors", "neighbours")}
    watched(db)
    take(db, articles[-1:], window)
    for table, known in before.items():
        numbers = [n for (n,) in db.execute("SELECT number FROM written WHERE what = ?", (table,))]
        changed = {row[0] for row in set(rows(db, table)) - known}
        assert sorted(numbers) == sorted(changed)
        assert len(changed) < len(known)
    assert len(db.execute("SELECT * FROM written WHERE what = 'vectors'").fetchall()) == 1


def test_storing_a_window_again_writes_nothing(db: Connection) -> None:
    take(db, feed(4, size=12, hours=20), OpenWindow())
    before = tables(db)
    watched(db)
    stored = read_window(db, {})
    replace_window(db, stored, stored)
    assert tables(db) == before
    assert db.execute("SELECT * FROM written").fetchall() == []


def test_counts_of_terms_that_a_batch_has_not_stay(db: Connection) -> None:
    articles = feed(5, size=12, hours=20)
    window = take(db, articles[:11], OpenWindow())
    before = {(lang, term): count for lang, term, count in rows(db, "frequencies")}
    take(db, articles[11:], window)
    own = set(terms_of(articles[11:])["en"].tolist())
    after = {(lang, term): count for lang, term, count in rows(db, "frequencies")}
    assert before.keys() <= after.keys()
    assert {term for (_, term), count in after.items() if before.get((_, term)) != count} == own


@pytest.mark.parametrize("place", range(5))
def test_an_article_with_a_new_vector_is_kept_and_still_known_to_its_neighbours(
    db: Connection, place: int
) -> None:
    # The last is like no other, and the one before is as like the others whatever its word weighs.
    texts = (
        "Aldern floods Sorrel",
        "Sorrel floods Aldern",
        "floods Sorrel Aldern",
        "Aldern ...",
        "Northern Cup",
    )
    one = replace(feed(6, size=1)[0], title="", outlet="")
    every = [replace(one, article_id=f"a{n}", text=text) for n, text in enumerate(texts)]
    take(db, every, OpenWindow())
    stored = read_window(db, {})
    left_out = replace(stored, neighbours=without(stored.neighbours, {every[place].article_id}))
    left = with_members(left_out, [every[place]], STORIES, published(one))
    replace_window(db, stored, left)
    assert content(read_window(db, {})) == content(replace(left, frequencies=stored.frequencies))


# A whole run


def settings_in(folder: Path, batch_pages: int = 20_000) -> Settings:
    data = folder / "data"
    return Settings(
        paths=PathSettings(
            raw=data / "raw",
            state=data / "state.sqlite3",
            clusters=data / "clusters",
            runs=data / "runs",
        ),
        sources=(SourceSettings(name="wire", path=folder / "in"),),
        stories=STORIES,
        run=RunSettings(batch_pages=batch_pages, n_jobs=1),
    )


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


def address(name: str) -> str:
    return f"https://courier.example/{name}"


def deliver(folder: Path, number: int, articles: Sequence[Article]) -> None:
    (folder / "in").mkdir(exist_ok=True)
    lines = [
        json.dumps(
            {
                "url": address(one.article_id),
                "title": one.title,
                "text": one.text,
                "published": published(one).isoformat(),
            }
        )
        for one in articles
    ]
    (folder / "in" / f"{number}.jsonl").write_text("".join(line + "\n" for line in lines))


def fold_of(own: Settings) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(own.paths.state)) as db:
        return tables(db) | {"changes": rows(db, "changes"), "members": rows(db, "members")}


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Ingest a feed of six days in three runs of several batches."""
    folder = tmp_path_factory.mktemp("week")
    own = settings_in(folder, batch_pages=7)
    for number, articles in enumerate(batches_of(feed(7, size=36, hours=140), 12)):
        deliver(folder, number, articles)
        ingest(own, RunLimits(now=MIDNIGHT + timedelta(days=2 * number + 2)), quiet)
    return own


def test_a_rebuild_gives_the_same_window_to_the_byte(week: Settings) -> None:
    before = fold_of(week)
    assert len(before["vectors"]) < 36
    rebuild(week, MIDNIGHT + timedelta(days=9), quiet)
    assert fold_of(week) == before


@pytest.mark.parametrize("done", [1, 3])
def test_a_run_that_is_killed_between_batches_leaves_what_the_next_goes_on_from(
    week: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    own = settings_in(tmp_path, batch_pages=7)
    apply = run.apply_batch

    def killed(settings_: Settings, state: object, number: int, *rest: object) -> object:
        if number > done:
            raise KeyboardInterrupt
        return apply(settings_, state, number, *rest)  # type: ignore[arg-type]

    for number, path in enumerate(sorted((week.paths.raw.parent.parent / "in").iterdir())):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / path.name).write_bytes(path.read_bytes())
        limits = RunLimits(now=MIDNIGHT + timedelta(days=2 * number + 2))
        with monkeypatch.context() as patch:
            patch.setattr(run, "apply_batch", killed)
            with suppress(KeyboardInterrupt):
                ingest(own, limits, quiet)
        ingest(own, limits, quiet)
    assert fold_of(own) == fold_of(week)


def test_a_new_version_has_a_new_vector_and_stays_in_its_story(tmp_path: Path) -> None:
    own = settings_in(tmp_path)
    articles = feed(8, size=14, hours=30)
    deliver(tmp_path, 0, articles)
    ingest(own, RunLimits(now=MIDNIGHT + timedelta(days=2)), quiet)
    first = articles[0]
    name = article_id(address(first.article_id), "", "")

    def vector() -> tuple[object, ...]:
        (found,) = (row for row in fold_of(own)["vectors"] if row[1] == name)
        return found

    def home() -> object:
        (found,) = (row[1] for row in fold_of(own)["members"] if row[0] == name)
        return found

    old, story, count = vector(), home(), len(fold_of(own)["vectors"])
    update = "A second victim was named by the prosecutor Ilka Sommerfeldt in Thurau overnight."
    later = replace(first, published=stamp(published(articles[-1]) + timedelta(hours=1)))
    deliver(tmp_path, 1, [replace(later, text=f"{first.text} {update}")])
    report = ingest(own, RunLimits(now=MIDNIGHT + timedelta(days=3)), quiet)
    assert (report.articles_new, report.versions_new) == (0, 1)
    assert home() == story
    assert vector()[-2:] != old[-2:]
    assert len(fold_of(own)["vectors"]) == count
