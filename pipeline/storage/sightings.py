"""Which sources listed or brought which address, and which article is known by it.

An article that five feeds list is one article with five sightings, whatever redirects and
canonical links lie between the address listed and the article's own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from sqlite3 import Connection

from pipeline.records import ArticleId
from pipeline.storage.rows import IN_LIST, in_list

__all__ = ["SCHEMA", "add_sightings", "sightings_of"]

SCHEMA = """
CREATE TABLE sightings (
    address TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (address, source)
) WITHOUT ROWID;
CREATE TABLE addresses (address TEXT PRIMARY KEY, article_id TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX addresses_of_article ON addresses (article_id);
"""


def add_sightings(
    db: Connection, sightings: Collection[tuple[str, str]], addresses: Mapping[str, ArticleId]
) -> set[ArticleId]:
    """Note what was seen where; returns the articles of which more is known now.

    Parameters
    ----------
    sightings
        Addresses, each with the name of a source.
    addresses
        The article that is known by each of some addresses.
    """
    changed = set[str]()
    for address, article_id in sorted(addresses.items()):
        query = "INSERT OR IGNORE INTO addresses VALUES (?, ?)"
        if db.execute(query, (address, article_id)).rowcount:
            changed.add(address)
    for row in sorted(sightings):
        if db.execute("INSERT OR IGNORE INTO sightings VALUES (?, ?)", row).rowcount:
            changed.add(row[0])
    query = f"SELECT DISTINCT article_id FROM addresses WHERE address {IN_LIST}"
    return {ArticleId(i) for (i,) in db.execute(query, (in_list(sorted(changed)),))}


def sightings_of(db: Connection, ids: Iterable[ArticleId]) -> dict[ArticleId, list[str]]:
    """Return the sources of each article, sorted."""
    query = f"""SELECT DISTINCT article_id, source FROM addresses JOIN sightings USING (address)
                WHERE article_id {IN_LIST} ORDER BY article_id, source"""
    found: dict[ArticleId, list[str]] = {}
    for article_id, source in db.execute(query, (in_list(ids),)):
        found.setdefault(ArticleId(article_id), []).append(source)
    return found
