"""The log of a story as its record shows it."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.records import ArticleId, Closed, Linked, Merged, Opened, Split, StoryChange, StoryId
from pipeline.story_record.facts import Fields
from pipeline.story_record.fields import instant_text, rounded

__all__ = ["change_fields", "founder"]


def founder(changes: Sequence[tuple[int, StoryChange]]) -> ArticleId | None:
    """Return the article that a log begins with; None if it does not begin with a story's birth."""
    first = changes[0][1]
    return first.members[0].article_id if isinstance(first, Opened | Split) else None


def change_fields(batch: int, change: StoryChange, story_id: StoryId) -> Fields:
    """Return one line of the log of a story, as seen from there."""
    fields: Fields = {
        "change": type(change).__name__.lower(),
        "at": instant_text(change.at),
        "batch": batch,
    }
    if isinstance(change, Closed):
        return fields
    own = change.story_id == story_id
    if isinstance(change, Merged):
        other = {"absorbed": change.absorbed} if own else {"into": change.story_id}
        return fields | other | {"score": rounded(change.score)}
    if isinstance(change, Linked):
        other = {"related": change.related if own else change.story_id}
        return fields | other | {"score": rounded(change.score)}
    fields |= {"articles": [m.article_id for m in change.members]}
    if isinstance(change, Split):
        other = {"into": change.into} if own else {"from": change.story_id}
        return fields | other | {"score": rounded(change.score)}
    return fields
