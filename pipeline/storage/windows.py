"""The open window as tables: vectors of the articles in open stories, and running counts.

The tables of vectors hold the members of open stories and nothing else, so that what a batch reads
does not grow with the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from sqlite3 import Connection

import numpy as np
from numpy.typing import NDArray

from pipeline.records import ArticleId
from pipeline.storage.rows import IN_LIST, in_list
from pipeline.stories import (
    Counts,
    Frequencies,
    Neighbours,
    OpenWindow,
    ScoreCounts,
    TermVector,
    known_articles,
)

__all__ = ["SCHEMA", "read_window", "replace_window"]

SCHEMA = """
CREATE TABLE vectors (
    number INTEGER PRIMARY KEY, article_id TEXT NOT NULL UNIQUE,
    first REAL NOT NULL, last REAL NOT NULL, is_dated INTEGER NOT NULL, outlet TEXT,
    terms BLOB NOT NULL, weights BLOB NOT NULL
);
-- numbers of the nearest, how alike they are, length of the mixture, and the level of its series
CREATE TABLE neighbours (
    number INTEGER PRIMARY KEY, nearest BLOB NOT NULL, closeness BLOB NOT NULL,
    length REAL NOT NULL, series BLOB NOT NULL
);
CREATE TABLE frequencies (
    lang TEXT NOT NULL, term INTEGER NOT NULL, count REAL NOT NULL, PRIMARY KEY (lang, term)
) WITHOUT ROWID;
CREATE TABLE documents (lang TEXT PRIMARY KEY, count REAL NOT NULL) WITHOUT ROWID;
-- one row, from the first article on
CREATE TABLE window (since REAL NOT NULL, clock TEXT NOT NULL, scores BLOB NOT NULL);
"""


def read_window(db: Connection, terms: Mapping[str, NDArray[np.uint32]]) -> OpenWindow:
    """Return the stored window without its stories and texts.

    Parameters
    ----------
    terms
        For each language the terms of which the frequencies are wanted.
    """
    found = db.execute("SELECT since, clock, scores FROM window").fetchone()
    since, clock, scores = found or (None, None, None)
    return OpenWindow(
        neighbours=_read_neighbours(db),
        frequencies=Frequencies(
            since=since,
            languages={lang: _read_counts(db, lang, terms[lang]) for lang in sorted(terms)},
        ),
        scores=ScoreCounts(np.frombuffer(scores, dtype="<f8")) if scores else ScoreCounts(),
        clock=datetime.fromisoformat(clock) if clock else None,
    )


def _read_counts(db: Connection, lang: str, terms: NDArray[np.uint32]) -> Counts:
    (documents,) = db.execute(
        "SELECT coalesce(max(count), 0) FROM documents WHERE lang = ?", (lang,)
    ).fetchone()
    query = f"SELECT term, count FROM frequencies WHERE lang = ? AND term {IN_LIST} ORDER BY term"
    rows = db.execute(query, (lang, in_list(terms.tolist()))).fetchall()
    return Counts(
        documents,
        np.array([term for term, _ in rows], dtype=np.uint32),
        np.array([count for _, count in rows], dtype=np.float64),
    )


def _read_neighbours(db: Connection) -> Neighbours:
    query = """SELECT number, article_id, first, last, is_dated, outlet, terms, weights,
                      nearest, closeness, length, series
               FROM vectors JOIN neighbours USING (number) ORDER BY number"""
    rows = db.execute(query).fetchall()
    every = known_articles(
        [
            TermVector(
                article_id=ArticleId(article_id),
                first=first,
                last=last,
                is_dated=bool(is_dated),
                outlet=outlet,
                terms=np.frombuffer(terms, dtype="<u4"),
                weights=np.frombuffer(weights, dtype="<f4"),
            )
            for _, article_id, first, last, is_dated, outlet, terms, weights, *_ in rows
        ]
    )
    if not rows:
        return every
    numbers = np.array([row[0] for row in rows])
    named = _stacked([row[8] for row in rows], "<i8").astype(np.int64)
    places = np.searchsorted(numbers, named).clip(max=len(numbers) - 1)
    # A neighbour whose story has closed is none any more.
    is_here = numbers[places] == named
    closeness = np.where(is_here, _stacked([row[9] for row in rows], "<f8"), 0.0)
    return replace(
        every,
        nearest=np.where(closeness > 0, places, np.arange(len(rows))[:, None]),
        closeness=closeness,
        lengths=np.array([row[10] for row in rows]),
        series=_stacked([row[11] for row in rows], "<f8"),
    )


def _stacked(blobs: Sequence[bytes], dtype: str) -> NDArray[np.float64]:
    return np.frombuffer(b"".join(blobs), dtype=dtype).reshape(len(blobs), -1)


def replace_window(db: Connection, before: OpenWindow, window: OpenWindow) -> None:
    """Write what differs between two windows, the first of which is the stored one."""
    old = {vector.article_id: row for row, vector in enumerate(before.neighbours.vectors)}
    every = window.neighbours
    here = {vector.article_id for vector in every.vectors}
    _remove(db, [article_id for article_id in old if article_id not in here])
    number_of = dict(db.execute("SELECT article_id, number FROM vectors"))
    last = max(number_of.values(), default=0)
    # An article with a new vector keeps its number, by which its neighbours know it.
    added = [v for v in every.vectors if not _is_stored(v, before.neighbours, old)]
    for vector in added:
        if vector.article_id not in number_of:
            number_of[vector.article_id] = last = last + 1
    db.executemany(
        "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                number_of[one.article_id],
                one.article_id,
                one.first,
                one.last,
                one.is_dated,
                one.outlet,
                one.terms.astype("<u4").tobytes(),
                one.weights.astype("<f4").tobytes(),
            )
            for one in added
        ],
    )
    _write_neighbours(db, before.neighbours, old, every, number_of)
    if window.frequencies.since != before.frequencies.since:
        db.execute("DELETE FROM frequencies")
        db.execute("DELETE FROM documents")
    _write_counts(db, window.frequencies)
    if window.clock is not None:
        db.execute("DELETE FROM window")
        scores = window.scores.counts.astype("<f8").tobytes()
        row = (window.frequencies.since, window.clock.isoformat(), scores)
        db.execute("INSERT INTO window VALUES (?, ?, ?)", row)


def _is_stored(vector: TermVector, before: Neighbours, old: Mapping[ArticleId, int]) -> bool:
    row = old.get(vector.article_id)
    return row is not None and before.vectors[row] is vector


def _remove(db: Connection, ids: Iterable[ArticleId]) -> None:
    names = in_list(ids)
    own = f"SELECT number FROM vectors WHERE article_id {IN_LIST}"
    db.execute(f"DELETE FROM neighbours WHERE number IN ({own})", (names,))
    db.execute(f"DELETE FROM vectors WHERE article_id {IN_LIST}", (names,))


def _write_neighbours(
    db: Connection,
    before: Neighbours,
    old: Mapping[ArticleId, int],
    every: Neighbours,
    number_of: Mapping[ArticleId, int],
) -> None:
    numbers = np.array([number_of[v.article_id] for v in every.vectors], dtype=np.int64)
    rows = np.array(
        [old[v.article_id] if _is_stored(v, before, old) else -1 for v in every.vectors],
        dtype=np.int64,
    )
    changed = rows < 0
    stored = np.flatnonzero(~changed)
    if len(stored):
        known = rows[stored]
        changed[stored] = (
            (every.closeness[stored] != before.closeness[known]).any(axis=1)
            | (every.series[stored] != before.series[known]).any(axis=1)
            | (every.lengths[stored] != before.lengths[known])
            | (_names(every, stored) != _names(before, known)).any(axis=1)
        )
    db.executemany(
        "INSERT OR REPLACE INTO neighbours VALUES (?, ?, ?, ?, ?)",
        [
            (
                int(numbers[row]),
                numbers[every.nearest[row]].astype("<i8").tobytes(),
                every.closeness[row].astype("<f8").tobytes(),
                float(every.lengths[row]),
                every.series[row].astype("<f8").tobytes(),
            )
            for row in np.flatnonzero(changed).tolist()
        ],
    )


def _names(every: Neighbours, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    names = np.array([vector.article_id for vector in every.vectors], dtype=object)
    found: NDArray[np.object_] = names[every.nearest[rows]]
    return found


def _write_counts(db: Connection, frequencies: Frequencies) -> None:
    for lang, counts in frequencies.languages.items():
        db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (lang, counts.documents))
        db.executemany(
            "INSERT OR REPLACE INTO frequencies VALUES (?, ?, ?)",
            (
                (lang, term, count)
                for term, count in zip(counts.terms.tolist(), counts.counts.tolist(), strict=True)
            ),
        )
