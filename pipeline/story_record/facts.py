"""What a story record is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.records import (
    Article,
    ArticleId,
    DuplicateGroup,
    NearDuplicate,
    Story,
    StoryChange,
    SummarySentence,
)

__all__ = ["Fields", "StoryFacts"]

Fields = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFacts:
    """All that a story record is made of.

    Parameters
    ----------
    story
        The story as the log leaves it.
    articles
        The current version of each member, of the founder, and of roundups that hold a member.
    versions
        How many versions of each article are stored.
    sightings
        The sources that listed or brought each article, sorted.
    relations
        All relations in which a member stands.
    groups
        Duplicate groups among the members.
    changes
        The log, oldest first: number of the batch and what happened. It begins with the opening,
        or with the split that the story came from.
    key_terms
        Terms with weights 0-1, heaviest first.
    summary
        Sentences in reading order.
    title_from
        The article whose title is the story's.
    families
        Publisher family of each outlet that belongs to one.
    provenance
        Versions and hashes of what made the record.
    """

    story: Story
    articles: Mapping[ArticleId, Article]
    versions: Mapping[ArticleId, int]
    sightings: Mapping[ArticleId, Sequence[str]]
    relations: Sequence[NearDuplicate]
    groups: Sequence[DuplicateGroup]
    changes: Sequence[tuple[int, StoryChange]]
    key_terms: Sequence[tuple[str, float]]
    summary: Sequence[SummarySentence]
    title_from: ArticleId | None
    families: Mapping[str, str]
    provenance: Mapping[str, str]
