"""Inputs that failed, the pages they are in, and the batches that try them again.

A retry is a record of the archive. It moves an input to the batch that tries it again: earlier
batches leave the input out, so that a rebuild with a better extractor, or other limits, gives
what happened and not what would have happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from sqlite3 import Connection

from pipeline.records import ArchivedPage, Retry

__all__ = [
    "SCHEMA",
    "add_retry",
    "failing_pages",
    "later_retries",
    "replace_failing",
    "retries_of_batch",
]

SCHEMA = """
CREATE TABLE failing_pages (
    input TEXT NOT NULL, source TEXT NOT NULL, uri TEXT NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (input, source, uri, digest)
) WITHOUT ROWID;
-- only the latest retry of an input counts; batch is NULL until a mark claims it
CREATE TABLE retries (
    input TEXT NOT NULL, source TEXT NOT NULL, uri TEXT NOT NULL, digest TEXT NOT NULL,
    batch INTEGER, PRIMARY KEY (input, source, uri, digest)
) WITHOUT ROWID;
CREATE INDEX retries_of_batch ON retries (batch);
"""

_PAGE = "source, uri, digest, via, file, offset"


def add_retry(db: Connection, retry: Retry) -> None:
    """Note that an input is tried again in the batch now being collected."""
    row = (retry.input, retry.source, retry.uri, retry.digest)
    db.execute("INSERT OR REPLACE INTO retries VALUES (?, ?, ?, ?, NULL)", row)


def retries_of_batch(db: Connection, number: int) -> list[tuple[ArchivedPage, frozenset[str]]]:
    """Return the pages of which a batch tries inputs again, with these inputs."""
    query = f"""SELECT {_PAGE}, input FROM retries JOIN pages USING (source, uri, digest)
                WHERE retries.batch = ? ORDER BY source, uri, digest, input"""
    found: dict[ArchivedPage, set[str]] = defaultdict(set)
    for *page, name in db.execute(query, (number,)):
        found[_page(page)].add(name)
    return [(page, frozenset(names)) for page, names in found.items()]


def later_retries(db: Connection, number: int) -> frozenset[Retry]:
    """Return what is tried again after a batch, and so is no part of it."""
    query = """SELECT input, source, uri, digest FROM retries WHERE batch IS NULL OR batch > ?"""
    return frozenset(
        Retry(input=name, source=source, uri=uri, digest=digest)
        for name, source, uri, digest in db.execute(query, (number,))
    )


def failing_pages(db: Connection, name: str) -> list[ArchivedPage]:
    """Return the archived pages in which an input failed."""
    query = f"""SELECT {_PAGE} FROM failing_pages JOIN pages USING (source, uri, digest)
                WHERE input = ? ORDER BY source, uri, digest"""
    return [_page(row) for row in db.execute(query, (name,))]


def replace_failing(db: Connection, tried: Iterable[str], failing: Iterable[Retry]) -> None:
    """Forget the failures of inputs that were tried again, and note where inputs failed now."""
    for name in tried:
        db.execute("DELETE FROM quarantine WHERE input = ? AND stage != 'fetch'", (name,))
        db.execute("DELETE FROM failing_pages WHERE input = ?", (name,))
    db.executemany(
        "INSERT OR IGNORE INTO failing_pages VALUES (?, ?, ?, ?)",
        [(one.input, one.source, one.uri, one.digest) for one in failing],
    )


def _page(row: Iterable[object]) -> ArchivedPage:
    fields = ("source", "uri", "digest", "via", "file", "offset")
    return ArchivedPage(**dict(zip(fields, row, strict=True)))  # type: ignore[arg-type]
