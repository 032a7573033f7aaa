"""The log of a story as its record shows it."""

from __future__ import annotations

from pipeline.records import Closed, Merged, StoryChange
from pipeline.story_record.facts import Fields
from pipeline.story_record.fields import instant_text, rounded

__all__ = ["change_fields"]


def change_fields(batch: int, change: StoryChange) -> Fields:
    """Return one line of the log."""
    fields: Fields = {
        "change": type(change).__name__.lower(),
        "at": instant_text(change.at),
        "batch": batch,
    }
    if isinstance(change, Merged):
        return fields | {"absorbed": change.absorbed, "score": rounded(change.score)}
    if isinstance(change, Closed):
        return fields
    return fields | {"articles": [m.article_id for m in change.members]}
