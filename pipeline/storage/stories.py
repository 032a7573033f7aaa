"""Stories and their logs as the state has them, many at once: a query costs more than a row."""

from __future__ import annotations

from collections.abc import Collection
from sqlite3 import Connection

from pipeline.records import ArticleId, Membership, RelatedStory, Story, StoryId
from pipeline.storage.rows import IN_LIST, MEMBERSHIP, LoggedChange, change_from_json, in_list

__all__ = ["logs_of_stories", "open_links", "open_members", "stories_named"]


def stories_named(db: Connection, ids: Collection[StoryId]) -> dict[StoryId, Story]:
    """Return stories as the log leaves them, by id; unknown ids are left out."""
    members, absorbed, related = _members(db, ids), _absorbed(db, ids), _related(db, ids)
    query = f"""SELECT story_id, status, redirect FROM stories
                WHERE story_id {IN_LIST} ORDER BY story_id"""
    return {
        story_id: Story(
            story_id=story_id,
            status=status,
            redirect=redirect,
            members=tuple(members.get(story_id, ())),
            absorbed=tuple(absorbed.get(story_id, ())),
            related=tuple(related.get(story_id, ())),
        )
        for story_id, status, redirect in db.execute(query, (in_list(ids),))
    }


def logs_of_stories(db: Connection, ids: Collection[StoryId]) -> dict[StoryId, list[LoggedChange]]:
    """Return the log of each story, oldest first; a change stands in the logs of both its sides."""
    query = f"""
        SELECT seq, story_id, batch, record FROM changes WHERE story_id {IN_LIST}
        UNION ALL
        SELECT seq, other, batch, record FROM changes WHERE other {IN_LIST} ORDER BY seq"""
    wanted = in_list(ids)
    logs: dict[StoryId, list[LoggedChange]] = {story_id: [] for story_id in ids}
    for _, story_id, batch, record in db.execute(query, (wanted, wanted)):
        logs[story_id].append(LoggedChange(batch=batch, change=change_from_json(record)))
    return logs


def open_members(db: Connection) -> dict[StoryId, list[ArticleId]]:
    """Return the articles of each open story in the order they joined, by story."""
    query = """SELECT story_id, article_id FROM stories JOIN members USING (story_id)
               WHERE status = 'open' ORDER BY story_id, place"""
    found: dict[StoryId, list[ArticleId]] = {}
    for story, article in db.execute(query):
        found.setdefault(StoryId(story), []).append(ArticleId(article))
    return found


def open_links(db: Connection) -> dict[StoryId, frozenset[StoryId]]:
    """Return the stories that each open story is linked to."""
    query = """SELECT story_id, other FROM stories JOIN links ON one = story_id
               WHERE status = 'open' UNION ALL
               SELECT story_id, one FROM stories JOIN links ON other = story_id
               WHERE status = 'open'"""
    found: dict[StoryId, set[StoryId]] = {}
    for story, other in db.execute(query):
        found.setdefault(StoryId(story), set()).add(StoryId(other))
    return {story: frozenset(others) for story, others in found.items()}


def _members(db: Connection, ids: Collection[StoryId]) -> dict[StoryId, list[Membership]]:
    query = f"SELECT story_id, record FROM members WHERE story_id {IN_LIST} ORDER BY place"
    found: dict[StoryId, list[Membership]] = {}
    for story_id, record in db.execute(query, (in_list(ids),)):
        found.setdefault(story_id, []).append(MEMBERSHIP.validate_json(record))
    return found


def _absorbed(db: Connection, ids: Collection[StoryId]) -> dict[StoryId, list[StoryId]]:
    query = f"SELECT redirect, story_id FROM stories WHERE redirect {IN_LIST} ORDER BY story_id"
    found: dict[StoryId, list[StoryId]] = {}
    for target, story_id in db.execute(query, (in_list(ids),)):
        found.setdefault(target, []).append(story_id)
    return found


def _related(db: Connection, ids: Collection[StoryId]) -> dict[StoryId, list[RelatedStory]]:
    query = f"""SELECT one AS own, other AS id, score FROM links WHERE one {IN_LIST}
                UNION ALL SELECT other, one, score FROM links WHERE other {IN_LIST}
                ORDER BY score DESC, id"""
    wanted = in_list(ids)
    found: dict[StoryId, list[RelatedStory]] = {}
    for own, other, score in db.execute(query, (wanted, wanted)):
        found.setdefault(own, []).append(RelatedStory(other, score))
    return found
