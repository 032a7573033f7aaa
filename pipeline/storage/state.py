"""The state: one SQLite file that the archive can rebuild at any time.

Every batch is applied in one transaction, so the file always holds whole batches. Records are
stored as JSON (never pickle), sets of hashes as little-endian arrays.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.boilerplate import PageParagraphs
from pipeline.errors import StateError
from pipeline.identity import canonical_url
from pipeline.near_duplicates import Postings, Sketch
from pipeline.records import (
    ArchivedPage,
    Article,
    ArticleId,
    BatchMark,
    Failed,
    Membership,
    NearDuplicate,
    Retry,
    Story,
    StoryId,
)
from pipeline.storage.boilerplate import SCHEMA as BOILERPLATE_SCHEMA
from pipeline.storage.boilerplate import paragraphs_of_hosts
from pipeline.storage.fold import apply, insert_failures, story_problems
from pipeline.storage.memories import SCHEMA as MEMORY_SCHEMA
from pipeline.storage.memories import Memories
from pipeline.storage.retries import SCHEMA as RETRY_SCHEMA
from pipeline.storage.retries import add_retry, failing_pages, later_retries, retries_of_batch
from pipeline.storage.rows import (
    ARTICLE,
    FAILED,
    IN_LIST,
    MEMBERSHIP,
    RELATION,
    BatchOutcome,
    LoggedChange,
    StoredVersion,
    StoredWords,
    ViewEntry,
    in_list,
)
from pipeline.storage.sightings import SCHEMA as SIGHTING_SCHEMA
from pipeline.storage.sightings import sightings_of
from pipeline.storage.sketches import SCHEMA as SKETCH_SCHEMA
from pipeline.storage.sketches import find_postings, read_words
from pipeline.storage.stories import logs_of_stories, open_links, open_members, stories_named
from pipeline.storage.transaction import transaction
from pipeline.storage.windows import SCHEMA as WINDOW_SCHEMA
from pipeline.storage.windows import read_window
from pipeline.stories import OpenWindow

__all__ = ["State"]

SCHEMA_VERSION = 7
SCHEMA = """
CREATE TABLE header (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE archive_files (file TEXT PRIMARY KEY) WITHOUT ROWID;
-- clock is NULL until the batch is applied
CREATE TABLE batches (number INTEGER PRIMARY KEY, clock TEXT);
CREATE TABLE pages (
    source TEXT NOT NULL, uri TEXT NOT NULL, digest TEXT NOT NULL,
    via TEXT NOT NULL, url TEXT, via_url TEXT,  -- canonical, of uri and via
    file TEXT NOT NULL, offset INTEGER NOT NULL, status INTEGER, etag TEXT, batch INTEGER,
    PRIMARY KEY (source, uri, digest)
) WITHOUT ROWID;
CREATE INDEX pages_by_url ON pages (url);
CREATE INDEX pages_by_via ON pages (via_url);
CREATE INDEX pages_of_batch ON pages (batch);
CREATE TABLE articles (
    article_id TEXT PRIMARY KEY, digest TEXT NOT NULL, arrived TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE versions (
    article_id TEXT NOT NULL, digest TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (article_id, digest)
) WITHOUT ROWID;
CREATE TABLE relations (
    a TEXT NOT NULL, b TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (a, b)
) WITHOUT ROWID;
CREATE INDEX relations_of_b ON relations (b);
CREATE TABLE stories (
    story_id TEXT PRIMARY KEY, status TEXT NOT NULL, redirect TEXT
) WITHOUT ROWID;
CREATE INDEX stories_by_status ON stories (status);
CREATE INDEX stories_by_redirect ON stories (redirect) WHERE redirect IS NOT NULL;
-- steps of one saga: the lesser id first, neither merged away
CREATE TABLE links (
    one TEXT NOT NULL, other TEXT NOT NULL, score REAL NOT NULL, PRIMARY KEY (one, other)
) WITHOUT ROWID;
CREATE INDEX links_of_other ON links (other);
CREATE TABLE members (
    article_id TEXT PRIMARY KEY, story_id TEXT NOT NULL, place INTEGER NOT NULL,
    record TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX members_of_story ON members (story_id);
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY, batch INTEGER NOT NULL,
    story_id TEXT NOT NULL, other TEXT,  -- absorbed, split off, or related
    record TEXT NOT NULL
);
CREATE INDEX changes_of_story ON changes (story_id);
CREATE INDEX changes_of_other ON changes (other) WHERE other IS NOT NULL;
CREATE TABLE quarantine (
    stage TEXT NOT NULL, reason TEXT NOT NULL, input TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (input, stage, reason)
) WITHOUT ROWID;
CREATE TABLE view (
    story_id TEXT PRIMARY KEY, path TEXT NOT NULL, digest TEXT NOT NULL, line TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE unrendered (story_id TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class State:
    """An open state file. Use as a context manager.

    Parameters
    ----------
    path
        The file; created where there is none.
    header
        What the stored numbers depend on (scheme, seed, shingle size, ...). A file made with
        another header is refused.

    Attributes
    ----------
    memories
        What the fetcher remembers between runs.

    Raises
    ------
    StateError
        The file cannot be opened, is no state file, or was made with another header.
    """

    def __init__(self, path: Path, header: Mapping[str, str]) -> None:
        self._path = path
        expected = dict(header) | {"schema_version": str(SCHEMA_VERSION)}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
            self.memories = Memories(self._db)
            # An entry of the index goes to a page of its own, so a batch writes as many pages as it
            # has entries: small ones, or its cost would grow with the archive.
            self._db.execute("PRAGMA page_size = 1024")
            self._db.execute("PRAGMA cache_size = -65536")  # KiB
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._create(expected)
            found = dict(self._db.execute("SELECT key, value FROM header"))
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"{path}: cannot be used as state ({error})") from None
        for key, value in sorted(expected.items()):
            if found.get(key) != value:
                raise StateError(
                    f"{path}: made with {key} = {found.get(key)}, the settings say {value}; "
                    "run `samestory rebuild` to make it anew from the archive"
                )

    def _create(self, header: Mapping[str, str]) -> None:
        if self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            return
        with transaction(self._db):
            schemas = (
                RETRY_SCHEMA,
                SIGHTING_SCHEMA,
                MEMORY_SCHEMA,
                BOILERPLATE_SCHEMA,
                WINDOW_SCHEMA,
            )
            for statement in "".join((SCHEMA, *schemas, SKETCH_SCHEMA)).split(";\n"):
                self._db.execute(statement)
            self._db.executemany("INSERT INTO header VALUES (?, ?)", sorted(header.items()))

    def __enter__(self) -> Self:
        """Return the state itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file; what SQLite could not do becomes a `StateError`."""
        try:
            self._db.close()
        except sqlite3.Error as closing:
            error = error or closing
        if isinstance(error, sqlite3.Error):
            raise StateError(
                f"{self._path}: cannot be read or written ({error}); nothing is lost, "
                "the next run goes on from here"
            ) from None

    def integrity_problems(self) -> list[str]:
        """Return what SQLite's own check finds wrong, and which stories cannot be; none is well."""
        found = [problem for (problem,) in self._db.execute("PRAGMA quick_check")]
        return ([] if found == ["ok"] else found) + story_problems(self._db)

    # The archive's index

    def indexed_files(self) -> set[str]:
        """Return the archive files whose content is known."""
        return {file for (file,) in self._db.execute("SELECT file FROM archive_files")}

    def index_file(self, file: str, content: Iterable[ArchivedPage | BatchMark | Retry]) -> None:
        """Record what an archive file holds; a mark claims all that no earlier mark claimed."""
        with transaction(self._db):
            for item in content:
                if isinstance(item, Retry):
                    add_retry(self._db, item)
                elif isinstance(item, BatchMark):
                    for table in ("pages", "retries"):
                        self._db.execute(
                            f"UPDATE {table} SET batch = ? WHERE batch IS NULL", (item.number,)
                        )
                    self._db.execute(
                        "INSERT OR IGNORE INTO batches VALUES (?, NULL)", (item.number,)
                    )
                else:
                    row = (item.source, item.uri, item.digest, item.via)
                    place = (
                        canonical_url(item.uri),
                        canonical_url(item.via),
                        item.file,
                        item.offset,
                        item.status,
                        item.etag,
                    )
                    self._db.execute(
                        "INSERT OR IGNORE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                        row + place,
                    )
            self._db.execute("INSERT INTO archive_files VALUES (?)", (file,))

    def page_count(self, file: str) -> int:
        """Return how many pages an archive file holds."""
        query = "SELECT count(*) FROM pages WHERE file = ?"
        return int(self._db.execute(query, (file,)).fetchone()[0])

    def knows_page(self, source: str, uri: str, digest: str) -> bool:
        """Say whether these bytes are archived under this name already."""
        query = "SELECT 1 FROM pages WHERE source = ? AND uri = ? AND digest = ?"
        return self._db.execute(query, (source, uri, digest)).fetchone() is not None

    def has_unmarked_pages(self) -> bool:
        """Say whether an interrupted run left pages, or retries, that belong to no batch."""
        query = """SELECT 1 FROM pages WHERE batch IS NULL
                   UNION SELECT 1 FROM retries WHERE batch IS NULL LIMIT 1"""
        return self._db.execute(query).fetchone() is not None

    def next_batch(self) -> int:
        """Return the number of the next batch, from 1."""
        (last,) = self._db.execute("SELECT coalesce(max(number), 0) FROM batches").fetchone()
        return int(last) + 1

    def batches_to_apply(self) -> list[int]:
        """Return the batches that are archived but not yet applied, in order."""
        query = "SELECT number FROM batches WHERE clock IS NULL ORDER BY number"
        return [number for (number,) in self._db.execute(query)]

    def pages_of_batch(self, number: int) -> list[ArchivedPage]:
        """Return the pages of a batch in an order that does not depend on arrival."""
        query = """SELECT source, uri, digest, via, file, offset FROM pages WHERE batch = ?
                   ORDER BY source, uri, digest"""
        fields = ("source", "uri", "digest", "via", "file", "offset")
        return [
            ArchivedPage(**dict(zip(fields, row, strict=True)))
            for row in self._db.execute(query, (number,))
        ]

    def has_page_of(self, url: str, up_to_batch: int) -> bool:
        """Say whether a page that was asked for or answered at this canonical URL is archived.

        Batches later than `up_to_batch` are not looked at, so that a replay sees what the run saw.
        """
        query = "SELECT 1 FROM pages WHERE (url = ?1 OR via_url = ?1) AND batch <= ?2 LIMIT 1"
        return self._db.execute(query, (url, up_to_batch)).fetchone() is not None

    def retries_of_batch(self, number: int) -> list[tuple[ArchivedPage, frozenset[str]]]:
        """Return the pages of which a batch tries inputs again, with these inputs."""
        return retries_of_batch(self._db, number)

    def later_retries(self, number: int) -> frozenset[Retry]:
        """Return what is tried again after a batch, and so is no part of it."""
        return later_retries(self._db, number)

    # Articles and their relations

    def clock(self) -> datetime | None:
        """Return the latest publication known, or None before the first batch."""
        (latest,) = self._db.execute("SELECT max(clock) FROM batches").fetchone()
        return datetime.fromisoformat(latest) if latest else None

    def versions(self, ids: Iterable[ArticleId]) -> list[StoredVersion]:
        """Return all stored versions of some articles, by id and digest."""
        query = f"""SELECT digest, record FROM versions WHERE article_id {IN_LIST}
                    ORDER BY article_id, digest"""
        return [
            StoredVersion(digest=digest, article=ARTICLE.validate_json(record))
            for digest, record in self._db.execute(query, (in_list(ids),))
        ]

    def version_counts(self, ids: Iterable[ArticleId]) -> dict[ArticleId, int]:
        """Return how many versions of each article are stored."""
        query = f"""SELECT article_id, count(*) FROM versions
                    WHERE article_id {IN_LIST} GROUP BY article_id"""
        rows = self._db.execute(query, (in_list(ids),))
        return {ArticleId(article_id): count for article_id, count in rows}

    def articles(self, ids: Iterable[ArticleId]) -> dict[ArticleId, Article]:
        """Return the current versions of some articles; unknown ids are left out."""
        query = f"""SELECT record FROM articles JOIN versions USING (article_id, digest)
                    WHERE article_id {IN_LIST} ORDER BY article_id"""
        found = (
            ARTICLE.validate_json(record) for (record,) in self._db.execute(query, (in_list(ids),))
        )
        return {article.article_id: article for article in found}

    def article_ids(self) -> list[ArticleId]:
        """Return the ids of all articles, sorted."""
        return [
            ArticleId(i) for (i,) in self._db.execute("SELECT article_id FROM articles ORDER BY 1")
        ]

    def articles_named(self, name: str) -> list[ArticleId]:
        """Return the articles whose id begins with a name, or whose URL or input it is."""
        query = """SELECT article_id FROM articles JOIN versions USING (article_id, digest)
                   WHERE article_id = ?1 OR article_id GLOB ?2
                      OR record ->> 'url' = ?1 OR record ->> 'uri' IN (?1, 'file:' || ?1)"""
        return [ArticleId(i) for (i,) in self._db.execute(query, (name, f"{name}*"))]

    def sightings(self, ids: Iterable[ArticleId]) -> dict[ArticleId, list[str]]:
        """Return the sources that listed or brought each article, sorted."""
        return sightings_of(self._db, ids)

    def arrivals(self, ids: Iterable[ArticleId]) -> dict[ArticleId, datetime]:
        """Return, for articles, the clock when they first arrived."""
        query = f"SELECT article_id, arrived FROM articles WHERE article_id {IN_LIST}"
        rows = self._db.execute(query, (in_list(ids),))
        return {ArticleId(i): datetime.fromisoformat(arrived) for i, arrived in rows}

    def postings(self, sketches: Sequence[Sketch], crowd: int) -> Postings:
        """Return what the index holds under the keys of these; see `find_postings`."""
        return find_postings(self._db, sketches, crowd)

    def words(self, ids: Iterable[ArticleId]) -> list[StoredWords]:
        """Return the hashed words of some articles, by id."""
        return read_words(self._db, ids)

    def paragraphs(self, hosts: Iterable[str]) -> list[PageParagraphs]:
        """Return the paragraphs of the latest articles of some hosts."""
        return paragraphs_of_hosts(self._db, hosts)

    def relations(self, ids: Iterable[ArticleId]) -> list[NearDuplicate]:
        """Return all relations in which one of these articles stands."""
        wanted = in_list(ids)
        query = f"SELECT record FROM relations WHERE a {IN_LIST} OR b {IN_LIST} ORDER BY a, b"
        return [RELATION.validate_json(r) for (r,) in self._db.execute(query, (wanted, wanted))]

    # Stories

    def open_stories(self) -> list[StoryId]:
        """Return the ids of the open stories, sorted."""
        query = "SELECT story_id FROM stories WHERE status = 'open' ORDER BY story_id"
        return [StoryId(i) for (i,) in self._db.execute(query)]

    def open_members(self) -> dict[StoryId, list[ArticleId]]:
        """Return the articles of each open story in the order they joined, by story."""
        return open_members(self._db)

    def open_links(self) -> dict[StoryId, frozenset[StoryId]]:
        """Return the stories that each open story is linked to."""
        return open_links(self._db)

    def vectorized(self) -> set[ArticleId]:
        """Return the articles that have a vector: members of open stories."""
        return {ArticleId(i) for (i,) in self._db.execute("SELECT article_id FROM vectors")}

    def window(self, terms: Mapping[str, NDArray[np.uint32]]) -> OpenWindow:
        """Return what the fold knows, but for stories and texts; see `read_window`."""
        return read_window(self._db, terms)

    def open_sizes(self) -> dict[StoryId, int]:
        """Return the number of articles of each open story."""
        query = """SELECT story_id, count(*) FROM stories JOIN members USING (story_id)
                   WHERE status = 'open' GROUP BY story_id"""
        return {StoryId(story): count for story, count in self._db.execute(query)}

    def story_ids(self) -> list[StoryId]:
        """Return the ids of all stories there ever were, sorted."""
        return [StoryId(i) for (i,) in self._db.execute("SELECT story_id FROM stories ORDER BY 1")]

    def story(self, story_id: StoryId) -> Story | None:
        """Return a story as the log leaves it; None where there is none of that id."""
        return self.stories([story_id]).get(story_id)

    def stories(self, ids: Collection[StoryId]) -> dict[StoryId, Story]:
        """Return stories as the log leaves them, by id; unknown ids are left out."""
        return stories_named(self._db, ids)

    def members(self, story_ids: Iterable[StoryId]) -> dict[ArticleId, Membership]:
        """Return the memberships of some stories, by article."""
        query = f"SELECT record FROM members WHERE story_id {IN_LIST} ORDER BY story_id, place"
        found = (
            MEMBERSHIP.validate_json(r) for (r,) in self._db.execute(query, (in_list(story_ids),))
        )
        return {member.article_id: member for member in found}

    def stories_of(self, ids: Iterable[ArticleId]) -> dict[ArticleId, StoryId]:
        """Return the story of each article that has one."""
        query = f"SELECT article_id, story_id FROM members WHERE article_id {IN_LIST}"
        rows = self._db.execute(query, (in_list(ids),))
        return {ArticleId(article): StoryId(story) for article, story in rows}

    def changes(self, story_id: StoryId) -> list[LoggedChange]:
        """Return the log of one story, oldest first, how it was absorbed or split off included."""
        return self.logs([story_id])[story_id]

    def logs(self, ids: Collection[StoryId]) -> dict[StoryId, list[LoggedChange]]:
        """Return the log of each story, as `changes` does."""
        return logs_of_stories(self._db, ids)

    def changed_since(self, batch: int) -> set[StoryId]:
        """Return the stories whose log grew after a batch, from either side of a change."""
        query = """
            SELECT story_id FROM changes WHERE batch > ?1
            UNION SELECT other FROM changes WHERE batch > ?1 AND other IS NOT NULL
        """
        return {StoryId(i) for (i,) in self._db.execute(query, (batch,))}

    def last_batch(self) -> int:
        """Return the number of the last batch applied; 0 before the first."""
        query = "SELECT coalesce(max(number), 0) FROM batches WHERE clock IS NOT NULL"
        return int(self._db.execute(query).fetchone()[0])

    # Quarantine

    def add_failures(self, failures: Iterable[Failed]) -> tuple[Failed, ...]:
        """Keep failed inputs; returns those that were not in quarantine before."""
        with transaction(self._db):
            return insert_failures(self._db, failures)

    def forget_failures(self, inputs: Iterable[str]) -> None:
        """Take inputs that could not be fetched, or not read as a listing, out of quarantine."""
        query = f"""DELETE FROM quarantine WHERE stage IN ('fetch', 'feeds') AND input {IN_LIST}"""
        self._db.execute(query, (in_list(sorted(inputs)),))

    def quarantine(self) -> list[Failed]:
        """Return all failed inputs, by input."""
        rows = self._db.execute("SELECT record FROM quarantine ORDER BY input, stage, reason")
        return [FAILED.validate_json(record) for (record,) in rows]

    def failing_pages(self, name: str) -> list[ArchivedPage]:
        """Return the archived pages in which an input failed; none where it never came in."""
        return failing_pages(self._db, name)

    # The fold

    def apply(self, outcome: BatchOutcome) -> tuple[Failed, ...]:
        """Apply a batch in one transaction; returns those of its failures that are new."""
        with transaction(self._db):
            return apply(self._db, outcome)

    # The view

    def unrendered(self) -> list[StoryId]:
        """Return the stories whose file is older than their state, sorted."""
        return [
            StoryId(i) for (i,) in self._db.execute("SELECT story_id FROM unrendered ORDER BY 1")
        ]

    def rendered(self, entries: Iterable[ViewEntry]) -> None:
        """Record what has been written for each story."""
        with transaction(self._db):
            for entry in entries:
                row = (entry.story_id, entry.path, entry.digest, entry.line)
                self._db.execute("INSERT OR REPLACE INTO view VALUES (?, ?, ?, ?)", row)
                self._db.execute("DELETE FROM unrendered WHERE story_id = ?", (entry.story_id,))

    def index_lines(self, ids: Iterable[StoryId]) -> dict[StoryId, str]:
        """Return the lines of some stories in the index of the view."""
        query = f"SELECT story_id, line FROM view WHERE story_id {IN_LIST}"
        rows = self._db.execute(query, (in_list(ids),))
        return {StoryId(story_id): line for story_id, line in rows}

    def view(self) -> list[ViewEntry]:
        """Return what the view should hold, by path."""
        query = "SELECT story_id, path, digest, line FROM view ORDER BY path"
        return [
            ViewEntry(story_id=StoryId(story_id), path=path, digest=digest, line=line)
            for story_id, path, digest, line in self._db.execute(query)
        ]
