"""Applies one batch to the state. The caller holds the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from sqlite3 import Connection

from pipeline.identity import story_id
from pipeline.records import (
    ArticleId,
    Closed,
    Extended,
    Failed,
    Linked,
    Membership,
    Merged,
    Opened,
    Split,
    StoryChange,
    StoryId,
)
from pipeline.storage.boilerplate import store_paragraphs
from pipeline.storage.retries import replace_failing
from pipeline.storage.rows import (
    ARTICLE,
    FAILED,
    IN_LIST,
    MEMBERSHIP,
    RELATION,
    BatchOutcome,
    change_to_json,
    dump,
    in_list,
    other_story,
)
from pipeline.storage.sightings import add_sightings
from pipeline.storage.sketches import expire_sketches, replace_sketches
from pipeline.storage.windows import replace_window

__all__ = ["apply", "insert_failures", "story_problems"]

# What no change can bring about, as queries for the stories of which it is true.
_IMPOSSIBLE = {
    "redirects to no story that stands": """
        SELECT story_id FROM stories WHERE (status = 'merged') IS NOT (redirect IS NOT NULL)
        UNION SELECT old.story_id FROM stories AS old LEFT JOIN stories AS new
        ON new.story_id = old.redirect
        WHERE old.redirect IS NOT NULL AND coalesce(new.status, 'merged') = 'merged'""",
    "holds no article": """
        SELECT story_id FROM stories WHERE status != 'merged'
        AND story_id NOT IN (SELECT story_id FROM members)""",
    "holds articles though it is no story that stands": """
        SELECT story_id FROM members
        WHERE story_id NOT IN (SELECT story_id FROM stories WHERE status != 'merged')""",
    "is linked to no story that stands": """
        SELECT one FROM links
        WHERE other NOT IN (SELECT story_id FROM stories WHERE status != 'merged')
        UNION SELECT other FROM links
        WHERE one NOT IN (SELECT story_id FROM stories WHERE status != 'merged')""",
}


def apply(db: Connection, outcome: BatchOutcome) -> tuple[Failed, ...]:
    """Write all that a batch changes; returns those of its failures that are new."""
    _store_articles(db, outcome)
    replace_sketches(db, outcome.sketches, outcome.clock)
    if outcome.forget_before is not None:
        expire_sketches(db, outcome.forget_before)
    _store_relations(db, outcome)
    store_paragraphs(db, outcome.number, outcome.paragraphs)
    for change in outcome.changes:
        _store_change(db, outcome.number, change)
    if outcome.window is not None:
        replace_window(db, *outcome.window)
    clock = outcome.clock.isoformat()
    db.execute("UPDATE batches SET clock = ? WHERE number = ?", (clock, outcome.number))
    _mark_unrendered(db, add_sightings(db, outcome.sightings, outcome.addresses))
    replace_failing(db, outcome.tried, outcome.failing)
    return insert_failures(db, outcome.failures)


def story_problems(db: Connection) -> list[str]:
    """Return which stories are in a state that no change can have brought about."""
    return [
        f"story {story} {what}"
        for what, query in _IMPOSSIBLE.items()
        for (story,) in db.execute(f"SELECT DISTINCT * FROM ({query}) ORDER BY 1")
    ]


def insert_failures(db: Connection, failures: Iterable[Failed]) -> tuple[Failed, ...]:
    """Put inputs in quarantine; returns those that were not there before."""
    insert = "INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?)"
    return tuple(
        failed
        for failed in failures
        if db.execute(
            insert, (failed.stage, failed.reason, failed.input, dump(FAILED, failed))
        ).rowcount
    )


def _store_articles(db: Connection, outcome: BatchOutcome) -> None:
    db.executemany(
        "INSERT OR IGNORE INTO versions VALUES (?, ?, ?)",
        [
            (version.article.article_id, version.digest, dump(ARTICLE, version.article))
            for version in outcome.versions
        ],
    )
    db.executemany(
        """INSERT INTO articles VALUES (?, ?, ?)
           ON CONFLICT (article_id) DO UPDATE SET digest = excluded.digest""",
        [
            (article_id, digest, outcome.clock.isoformat())
            for article_id, digest in sorted(outcome.current.items())
        ],
    )
    _mark_unrendered(db, outcome.current)  # a story's file shows its articles' versions


def _store_relations(db: Connection, outcome: BatchOutcome) -> None:
    ids = in_list(sketch.article_id for sketch in outcome.sketches)
    db.execute(f"DELETE FROM relations WHERE a {IN_LIST} OR b {IN_LIST}", (ids, ids))
    # A stored relation may come back turned round, when one of its articles proves a roundup.
    db.executemany(
        "DELETE FROM relations WHERE a = ? AND b = ?", [(r.b, r.a) for r in outcome.relations]
    )
    db.executemany(
        "INSERT OR REPLACE INTO relations VALUES (?, ?, ?)",
        [(r.a, r.b, dump(RELATION, r)) for r in outcome.relations],
    )
    touched = {i for relation in outcome.relations for i in (relation.a, relation.b)}
    _mark_unrendered(db, touched)


def _store_change(db: Connection, batch: int, change: StoryChange) -> None:
    db.execute(
        "INSERT INTO changes (batch, story_id, other, record) VALUES (?, ?, ?, ?)",
        (batch, change.story_id, other_story(change), change_to_json(change)),
    )
    db.execute("INSERT OR IGNORE INTO unrendered VALUES (?)", (change.story_id,))
    if isinstance(change, Opened):
        db.execute("INSERT INTO stories VALUES (?, 'open', NULL)", (change.story_id,))
    if isinstance(change, Opened | Extended):
        _add_members(db, change.story_id, change.members)
    elif isinstance(change, Closed):
        db.execute("UPDATE stories SET status = 'closed' WHERE story_id = ?", (change.story_id,))
    elif isinstance(change, Split):
        _split(db, change)
    elif isinstance(change, Linked):
        _link(db, change.story_id, change.related, change.score)
    else:
        _merge(db, change)


def _add_members(db: Connection, story: StoryId, members: Sequence[Membership]) -> None:
    place = _next_place(db, story)
    db.executemany(
        "INSERT INTO members VALUES (?, ?, ?, ?)",
        [
            (member.article_id, story, place + i, dump(MEMBERSHIP, member))
            for i, member in enumerate(members)
        ],
    )


def _merge(db: Connection, change: Merged) -> None:
    """Move members and links; redirects to the absorbed story are carried on: none is a chain."""
    db.execute(
        "UPDATE members SET story_id = ?, place = place + ? WHERE story_id = ?",
        (change.story_id, _next_place(db, change.story_id), change.absorbed),
    )
    db.execute(
        "UPDATE stories SET status = 'merged', redirect = ? WHERE story_id = ? OR redirect = ?",
        (change.story_id, change.absorbed, change.absorbed),
    )
    _mark_redirects(db, change.story_id)
    links = "SELECT one, other, score FROM links WHERE one = ?1 OR other = ?1"
    for one, other, score in db.execute(links, (change.absorbed,)).fetchall():
        _link(db, change.story_id, other if one == change.absorbed else one, score)
    db.execute("DELETE FROM links WHERE one = ?1 OR other = ?1", (change.absorbed,))


def _link(db: Connection, story: StoryId, related: StoryId, score: float) -> None:
    """Link two stories once, with the highest score that either was linked to the other for."""
    if story == related:
        return
    db.execute(
        """INSERT INTO links VALUES (?, ?, ?)
           ON CONFLICT (one, other) DO UPDATE SET score = max(score, excluded.score)""",
        (min(story, related), max(story, related), score),
    )
    db.executemany("INSERT OR IGNORE INTO unrendered VALUES (?)", [(story,), (related,)])


def _split(db: Connection, change: Split) -> None:
    """Move the members; an id that redirects here follows its own founding article.

    Links stay with the id: they were found for the story around its founding article.
    """
    # A story that was merged away lives again. Any other that stands already is an error.
    revived = db.execute(
        "UPDATE stories SET status = 'open', redirect = NULL WHERE story_id = ? AND redirect = ?",
        (change.into, change.story_id),
    )
    if not revived.rowcount:
        db.execute("INSERT INTO stories VALUES (?, 'open', NULL)", (change.into,))
    ids = [member.article_id for member in change.members]
    db.execute(
        f"DELETE FROM members WHERE story_id = ? AND article_id {IN_LIST}",
        (change.story_id, in_list(ids)),
    )
    _add_members(db, change.into, change.members)
    db.execute(
        f"UPDATE stories SET redirect = ? WHERE redirect = ? AND story_id {IN_LIST}",
        (change.into, change.story_id, in_list(story_id(article) for article in ids)),
    )
    db.execute("INSERT OR IGNORE INTO unrendered VALUES (?)", (change.into,))
    _mark_redirects(db, change.into)


def _mark_redirects(db: Connection, target: StoryId) -> None:
    """Have the files of the stories that redirect to a story written again."""
    db.execute(
        "INSERT OR IGNORE INTO unrendered SELECT story_id FROM stories WHERE redirect = ?",
        (target,),
    )


def _next_place(db: Connection, story: StoryId) -> int:
    query = "SELECT coalesce(max(place) + 1, 0) FROM members WHERE story_id = ?"
    return int(db.execute(query, (story,)).fetchone()[0])


def _mark_unrendered(db: Connection, ids: Iterable[ArticleId]) -> None:
    db.execute(
        f"INSERT OR IGNORE INTO unrendered SELECT story_id FROM members WHERE article_id {IN_LIST}",
        (in_list(ids),),
    )
