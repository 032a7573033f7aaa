"""The paragraphs of each host's latest articles, from which its boilerplate is learned."""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection

import numpy as np

from pipeline.boilerplate import PageParagraphs
from pipeline.records import ArticleId
from pipeline.storage.rows import IN_LIST, in_list

__all__ = ["SCHEMA", "paragraphs_of_hosts", "store_paragraphs"]

SCHEMA = """
-- keys: little-endian 64-bit hashes. Bounded: only the latest articles of a host are kept.
CREATE TABLE page_paragraphs (
    host TEXT NOT NULL, article_id TEXT NOT NULL, batch INTEGER NOT NULL, keys BLOB NOT NULL,
    title BLOB NOT NULL,
    PRIMARY KEY (host, article_id)
) WITHOUT ROWID;
"""

_MOST_ARTICLES = 200  # of a host: enough to tell a share of a fifth; 60 kB (guess)


def paragraphs_of_hosts(db: Connection, hosts: Iterable[str]) -> list[PageParagraphs]:
    """Return what is known of the latest articles of some hosts, by host and id."""
    query = f"""SELECT host, article_id, keys, title FROM page_paragraphs WHERE host {IN_LIST}
                ORDER BY host, article_id"""
    return [
        PageParagraphs(
            host=host,
            article_id=ArticleId(article_id),
            keys=tuple(np.frombuffer(keys, dtype="<u8").tolist()),
            title=int.from_bytes(title, "little"),
        )
        for host, article_id, keys, title in db.execute(query, (in_list(hosts),))
    ]


def store_paragraphs(db: Connection, batch: int, pages: Iterable[PageParagraphs]) -> None:
    """Keep the paragraphs of a batch's articles, and forget the oldest of their hosts."""
    listed = list(pages)
    db.executemany(
        "INSERT OR REPLACE INTO page_paragraphs VALUES (?, ?, ?, ?, ?)",
        [
            (
                page.host,
                page.article_id,
                batch,
                np.array(page.keys, dtype="<u8").tobytes(),
                page.title.to_bytes(8, "little"),
            )
            for page in listed
        ],
    )
    db.executemany(
        """DELETE FROM page_paragraphs WHERE host = ?1 AND article_id NOT IN (
               SELECT article_id FROM page_paragraphs WHERE host = ?1
               ORDER BY batch DESC, article_id LIMIT ?2)""",
        [(host, _MOST_ARTICLES) for host in sorted({page.host for page in listed})],
    )
