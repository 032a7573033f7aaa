"""The story record: what an analyst reads, as plain JSON values.

Two records with the same facts have the same bytes: sorted members, fixed digits, UTC, and no
clock but the one of the news itself.

The rooms: `facts` (what it is made of), `record` (the whole, its path, its line in the index),
`members` (articles and their copies), `counts`, `log` (what happened to the story) and `fields`
(what the commands show as well).
"""

from __future__ import annotations

from pipeline.story_record.facts import Fields, StoryFacts
from pipeline.story_record.fields import (
    article_fields,
    instant_text,
    near_repeat_fields,
    passage_fields,
    related_fields,
    relation_fields,
    removal_fields,
    span_fields,
)
from pipeline.story_record.log import founder
from pipeline.story_record.record import (
    INDEX_SCHEMA,
    STORY_SCHEMA,
    index_line,
    story_path,
    story_record,
)

__all__ = [
    "INDEX_SCHEMA",
    "STORY_SCHEMA",
    "Fields",
    "StoryFacts",
    "article_fields",
    "founder",
    "index_line",
    "instant_text",
    "near_repeat_fields",
    "passage_fields",
    "related_fields",
    "relation_fields",
    "removal_fields",
    "span_fields",
    "story_path",
    "story_record",
]
