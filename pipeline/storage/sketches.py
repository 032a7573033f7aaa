"""Sketches and the index by which copies are found, as tables that grow with the archive.

An entry of the index is one integer: 36 bits of a key and 28 of the article's number, so that a
table of nothing but its primary key holds it in half of the bytes of a row with columns, and the
owners of a key lie side by side. What a batch reads and writes depends on its own keys: of a key
that very many articles have, no more than a crowd is read; and new entries go to small tables,
because each of them touches a page of its own in a large one. When these have grown they are
merged into the large ones, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from sqlite3 import Connection

import numpy as np
from numpy.typing import NDArray

from pipeline.near_duplicates import Postings, Sketch
from pipeline.near_duplicates.candidates import NUMBER_BITS, Entries, band_entries, sample_entries
from pipeline.records import ArticleId
from pipeline.storage.rows import IN_LIST, StoredWords, in_list

__all__ = [
    "SCHEMA",
    "expire_sketches",
    "find_postings",
    "read_words",
    "replace_sketches",
]

SCHEMA = """
CREATE TABLE sketches (
    number INTEGER PRIMARY KEY, article_id TEXT NOT NULL UNIQUE, arrived TEXT NOT NULL,
    title INTEGER NOT NULL, digest INTEGER NOT NULL, sample_size INTEGER NOT NULL,
    signature BLOB NOT NULL, bands BLOB NOT NULL, sample BLOB NOT NULL, words BLOB NOT NULL
);
CREATE INDEX sketches_by_digest ON sketches (digest, number);
CREATE TABLE bands (entry INTEGER PRIMARY KEY);
CREATE TABLE samples (entry INTEGER PRIMARY KEY);
CREATE TABLE recent_bands (entry INTEGER PRIMARY KEY);
CREATE TABLE recent_samples (entry INTEGER PRIMARY KEY);
-- the number of the last article whose entries are in the large tables
CREATE TABLE merged (up_to INTEGER PRIMARY KEY);
"""

_OWNERS = (1 << NUMBER_BITS) - 1
_OWNER = np.uint64(_OWNERS)
_AT_ONCE = 1000  # sketches removed together
# Articles between two merges. A merge writes all pages of the large tables, some seconds for a
# million articles; what is not merged is searched twice.
_RECENT = 50_000


def find_postings(db: Connection, sketches: Sequence[Sketch], crowd: int) -> Postings:
    """Return the stored articles that have a key in common with these, and are none of them."""
    own = in_list(one.article_id for one in sketches)
    query = f"SELECT number FROM sketches WHERE article_id {IN_LIST}"
    renewed = np.array([n for (n,) in db.execute(query, (own,))], dtype=np.uint64)
    worded = [one for one in sketches if one.words.size]
    wanted = band_entries([one.bands for one in worded])
    bands = _entries_like(db, "bands", wanted, crowd, renewed)
    wanted = sample_entries([one.sample for one in worded])
    samples = _entries_like(db, "samples", wanted, crowd, renewed)
    query = "SELECT number FROM sketches WHERE digest = ? ORDER BY number LIMIT ?"
    alike = [
        number
        for digest in sorted({_signed(one.digest) for one in worded})
        for (number,) in db.execute(query, (digest, crowd + 1))
    ]
    same = np.setdiff1d(np.array(alike, dtype=np.uint64), renewed)
    numbers = np.unique(np.concatenate((bands & _OWNER, samples & _OWNER, same)))
    query = f"""SELECT article_id, digest, sample_size FROM sketches
                WHERE number {IN_LIST} ORDER BY number"""
    rows = db.execute(query, (in_list(numbers.tolist()),)).fetchall()

    def signatures(places: NDArray[np.int64]) -> NDArray[np.uint32]:
        query = "SELECT signature FROM sketches WHERE number = ?"
        found = (db.execute(query, (n,)).fetchone() for n in numbers[places].tolist())
        return np.stack([np.frombuffer(blob, dtype="<u4") for (blob,) in found])

    return Postings(
        ids=[ArticleId(article_id) for article_id, _, _ in rows],
        digests=np.array([digest for _, digest, _ in rows], dtype=np.int64).view(np.uint64),
        sample_sizes=np.array([size for _, _, size in rows], dtype=np.int64),
        bands=_renumbered(bands, numbers),
        samples=_renumbered(samples, numbers),
        signatures=signatures,
    )


def read_words(db: Connection, ids: Iterable[ArticleId]) -> list[StoredWords]:
    """Return the hashed words of some articles, by id."""
    query = f"""SELECT article_id, title, words FROM sketches
                WHERE article_id {IN_LIST} ORDER BY article_id"""
    return [
        StoredWords(
            article_id=ArticleId(article_id), title=title, words=np.frombuffer(words, dtype="<u4")
        )
        for article_id, title, words in db.execute(query, (in_list(ids),))
    ]


def replace_sketches(db: Connection, sketches: Sequence[Sketch], clock: datetime) -> None:
    """Store sketches in place of those of the same articles."""
    _remove(db, f"article_id {IN_LIST}", in_list(s.article_id for s in sketches))
    (last,) = db.execute("SELECT coalesce(max(number), 0) FROM sketches").fetchone()
    db.executemany(
        "INSERT INTO sketches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                number,
                one.article_id,
                clock.isoformat(),
                one.title,
                _signed(one.digest),
                one.sample.size,
                one.signature.astype("<u4").tobytes(),
                one.bands.astype("<u8").tobytes(),
                one.sample.astype("<u4").tobytes(),
                one.words.astype("<u4").tobytes(),
            )
            for number, one in enumerate(sketches, start=last + 1)
        ],
    )
    # Of articles without words, all of which would be copies of each other, there is no entry.
    bands = band_entries(
        [one.bands if one.words.size else one.bands[:0] for one in sketches], last + 1
    )
    _each(db, "INSERT OR IGNORE INTO recent_bands VALUES (?)", bands)
    samples = sample_entries([one.sample for one in sketches], last + 1)
    _each(db, "INSERT OR IGNORE INTO recent_samples VALUES (?)", samples)
    _merge(db, last + len(sketches))


def expire_sketches(db: Connection, before: datetime) -> int:
    """Forget the sketches that were stored when the news was older than `before`; say how many."""
    query = "SELECT number FROM sketches WHERE arrived >= ? ORDER BY number LIMIT 1"
    # Sketches are numbered as they come in, and the clock of the news never goes back.
    kept = db.execute(query, (before.isoformat(),)).fetchone()
    first, forgotten = (kept[0] if kept else _OWNERS), 0
    query = "SELECT number FROM sketches WHERE number < ? ORDER BY number LIMIT ?"
    while numbers := [n for (n,) in db.execute(query, (first, _AT_ONCE))]:
        _remove(db, f"number {IN_LIST}", in_list(numbers))
        forgotten += len(numbers)
    return forgotten


def _remove(db: Connection, condition: str, parameter: str) -> None:
    query = f"SELECT number, bands, sample FROM sketches WHERE {condition}"
    rows = db.execute(query, (parameter,)).fetchall()
    bands = [band_entries([np.frombuffer(keys, "<u8")], number) for number, keys, _ in rows]
    samples = [sample_entries([np.frombuffer(keys, "<u4")], number) for number, _, keys in rows]
    for table, entries in (("bands", bands), ("samples", samples)):
        for one in (table, f"recent_{table}"):
            every = np.concatenate([np.zeros(0, dtype=np.uint64), *entries])
            _each(db, f"DELETE FROM {one} WHERE entry = ?", every)
    db.execute(f"DELETE FROM sketches WHERE {condition}", (parameter,))


def _merge(db: Connection, last: int) -> None:
    """Put the recent entries to the others when there are many."""
    (merged,) = db.execute("SELECT coalesce(max(up_to), 0) FROM merged").fetchone()
    if last - merged < _RECENT:
        return
    for table in ("bands", "samples"):
        db.execute(f"INSERT OR IGNORE INTO {table} SELECT entry FROM recent_{table} ORDER BY entry")
        db.execute(f"DELETE FROM recent_{table}")
    db.execute("INSERT OR REPLACE INTO merged VALUES (?)", (last,))


def _entries_like(
    db: Connection, table: str, entries: Entries, crowd: int, renewed: NDArray[np.uint64]
) -> Entries:
    """Return the stored entries of the same keys, of a crowded one some, without renewed owners."""
    firsts = np.unique(entries & ~_OWNER).view(np.int64).tolist()
    found = [
        entry
        for one in (table, f"recent_{table}")
        for first in _present(db, one, firsts)
        for (entry,) in db.execute(
            f"SELECT entry FROM {one} WHERE entry BETWEEN ? AND ? LIMIT ?",
            (first, first + _OWNERS, crowd + 1),
        )
    ]
    stored = np.array(found, dtype=np.int64).view(np.uint64)
    return stored[~np.isin(stored & _OWNER, renewed)]


def _present(db: Connection, table: str, firsts: Sequence[int]) -> list[int]:
    """Return those of the keys, each as its first possible entry, that anything is stored under."""
    query = f"""SELECT value FROM json_each(?) WHERE EXISTS
                (SELECT 1 FROM {table} WHERE entry BETWEEN value AND value + {_OWNERS})"""
    return [first for (first,) in db.execute(query, (in_list(firsts),))]


def _each(db: Connection, statement: str, entries: Entries) -> None:
    """Run a statement for each entry in the order of the table: any other touches more pages."""
    db.executemany(statement, ((entry,) for entry in np.sort(entries.view(np.int64)).tolist()))


def _renumbered(entries: Entries, numbers: NDArray[np.uint64]) -> Entries:
    places = np.searchsorted(numbers, entries & _OWNER).astype(np.uint64)
    return entries & ~_OWNER | places


def _signed(value: int) -> int:
    """Return the same 64 bits read with a sign, as SQLite has them."""
    return value - (1 << 64) if value >> 63 else value
