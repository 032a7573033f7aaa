"""What the fetcher remembers between runs: all of the state that the archive cannot rebuild."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.records import HostMemory, UrlMemory, WarcPosition
from pipeline.storage.rows import IN_LIST, dump, in_list
from pipeline.storage.transaction import transaction

__all__ = ["SCHEMA", "FetchMemory", "Memories", "fetch_memory"]

SCHEMA = """
CREATE TABLE wanted (place INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, source TEXT NOT NULL);
CREATE TABLE url_memory (url TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE warc_positions (
    source TEXT NOT NULL, file TEXT NOT NULL, offset INTEGER NOT NULL, record_id TEXT NOT NULL,
    PRIMARY KEY (source, file)
) WITHOUT ROWID;
CREATE TABLE host_memory (domain TEXT PRIMARY KEY, record TEXT NOT NULL) WITHOUT ROWID;
"""

_URL_MEMORY = TypeAdapter(UrlMemory)
_HOST_MEMORY = TypeAdapter(HostMemory)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchMemory:
    """What the fetcher remembers: URLs, hosts, articles to ask for, places in WARC files."""

    urls: Sequence[UrlMemory]
    hosts: Sequence[HostMemory]
    wanted: Mapping[str, str]
    positions: Sequence[tuple[str, WarcPosition]]


class Memories:
    """The tables of the fetcher in an open state file."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def of_urls(self, urls: Iterable[str]) -> dict[str, UrlMemory]:
        """Return what is remembered of some URLs."""
        query = f"SELECT record FROM url_memory WHERE url {IN_LIST}"
        rows = self._db.execute(query, (in_list(urls),))
        found = (_URL_MEMORY.validate_json(record) for (record,) in rows)
        return {memory.url: memory for memory in found}

    def of_hosts(self) -> dict[str, HostMemory]:
        """Return what is remembered of all hosts, by `HostMemory.domain`."""
        rows = self._db.execute("SELECT record FROM host_memory")
        found = (_HOST_MEMORY.validate_json(record) for (record,) in rows)
        return {memory.domain: memory for memory in found}

    def wanted(self) -> dict[str, str]:
        """Return the articles that were listed but not fetched yet, with their source, in order."""
        return dict(self._db.execute("SELECT url, source FROM wanted ORDER BY place"))

    def keep(
        self,
        urls: Iterable[UrlMemory],
        hosts: Iterable[HostMemory],
        *,
        listed: Mapping[str, str] | None = None,
        again: Mapping[str, str] | None = None,
        settled: Iterable[str] = (),
    ) -> None:
        """Keep what the fetcher has learned; the latest word on a URL or host counts.

        Parameters
        ----------
        listed
            URLs to ask for, with the name of their source. Those asked for before are passed over.
        again
            URLs to ask for although they were asked for before, with the name of their source.
        settled
            URLs that need not be asked for any more.
        """
        with transaction(self._db):
            self._db.executemany(
                "INSERT OR REPLACE INTO url_memory VALUES (?, ?)",
                [(memory.url, dump(_URL_MEMORY, memory)) for memory in urls],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO host_memory VALUES (?, ?)",
                [(memory.domain, dump(_HOST_MEMORY, memory)) for memory in hosts],
            )
            self._db.executemany(
                """INSERT OR IGNORE INTO wanted (url, source) SELECT ?1, ?2
                   WHERE NOT EXISTS (SELECT 1 FROM url_memory WHERE url = ?1)""",
                list((listed or {}).items()),
            )
            self._db.executemany(
                "INSERT OR IGNORE INTO wanted (url, source) VALUES (?, ?)",
                list((again or {}).items()),
            )
            self._db.executemany("DELETE FROM wanted WHERE url = ?", [(url,) for url in settled])

    def position(self, source: str, file: str) -> WarcPosition | None:
        """Return how far a WARC file has been read for a source; None where it is new."""
        query = """SELECT file, offset, record_id FROM warc_positions
                   WHERE source = ? AND file = ?"""
        row = self._db.execute(query, (source, file)).fetchone()
        return None if row is None else _position(row)

    def keep_position(self, source: str, position: WarcPosition) -> None:
        """Keep how far a WARC file has been read; what was read is safe in the archive."""
        row = (source, position.file, position.offset, position.record_id)
        self._db.execute("INSERT OR REPLACE INTO warc_positions VALUES (?, ?, ?, ?)", row)


def _position(row: Sequence[Any]) -> WarcPosition:
    file, offset, record_id = row
    return WarcPosition(file=file, offset=offset, record_id=record_id)


def fetch_memory(path: Path) -> FetchMemory:
    """Return what a state file remembers of the web, whatever its header; nothing if unreadable.

    It cannot be rebuilt from the archive; without it the next run asks every server for all of it.
    """
    nothing = FetchMemory(urls=(), hosts=(), wanted={}, positions=())
    if not path.exists():
        return nothing
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            urls = db.execute("SELECT record FROM url_memory")
            hosts = db.execute("SELECT record FROM host_memory")
            return FetchMemory(
                urls=[_URL_MEMORY.validate_json(record) for (record,) in urls],
                hosts=[_HOST_MEMORY.validate_json(record) for (record,) in hosts],
                wanted=dict(db.execute("SELECT url, source FROM wanted ORDER BY place")),
                positions=[
                    (source, _position(row))
                    for source, *row in db.execute("SELECT * FROM warc_positions")
                ],
            )
    except (sqlite3.Error, ValidationError):
        return nothing
