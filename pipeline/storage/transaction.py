"""One transaction: all of it or nothing, also where the disk fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection

__all__ = ["transaction"]


@contextmanager
def transaction(db: Connection) -> Iterator[None]:
    """Commit what is done inside, or roll it back where it raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite has rolled back itself where the disk failed
            db.execute("ROLLBACK")
        raise
