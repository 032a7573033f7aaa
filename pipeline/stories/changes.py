"""What groups mean for the stories that were open: which grow, merge or fall apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pipeline.identity import story_id
from pipeline.records import (
    Article,
    ArticleId,
    Extended,
    Membership,
    Merged,
    Opened,
    OpenStory,
    Split,
    StoryChange,
    StoryId,
)
from pipeline.stories.grouping import Grouping
from pipeline.stories.membership import mean_similarity, memberships
from pipeline.stories.neighbours import Neighbours
from pipeline.stories.vectors import TermVector

__all__ = ["Touched", "by_publication", "changes_of", "founder_of", "homes_after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """New articles and the stories that they are like, grouped anew.

    Parameters
    ----------
    every
        All articles at hand.
    home
        The old story of each row that has one.
    founded
        The same for the rows that stand for founding articles.
    grouping
        Of the rows that are touched.
    texts
        Of all articles at hand.
    at
        When it is, by the clock of the news.
    """

    every: Neighbours
    home: Mapping[int, OpenStory]
    founded: Mapping[int, OpenStory]
    grouping: Grouping
    texts: Mapping[ArticleId, Article]
    at: datetime


class _Part(NamedTuple):
    """An old story, or what fell out of one: when it began, its name, its rows."""

    opened: float
    name: StoryId
    rows: Sequence[int]


class _Group(NamedTuple):
    """A group of rows by publication, and what it is made of.

    Parameters
    ----------
    name
        The story it is from now on: the oldest of its parts, or a new one.
    rows
        All of it.
    parts
        Old stories and what fell out of others, oldest first.
    left
        For each part that fell out, by its name, the story it left.
    fresh
        What is new.
    """

    name: StoryId
    rows: Sequence[int]
    parts: Sequence[_Part]
    left: Mapping[StoryId, StoryId]
    fresh: Sequence[int]


def changes_of(known: Touched) -> list[StoryChange]:
    """Return what follows from a grouping; see `assign` for the order."""
    groups = [
        _group(known, [int(known.grouping.rows[i]) for i in g]) for g in known.grouping.groups
    ]
    stayed = {part.name: part.rows for group in groups for part in group.parts}
    splits = [
        _split(known, group, part, stayed[group.left[part.name]])
        for group in groups
        for part in group.parts
        if part.name in group.left
    ]
    splits.sort(key=lambda split: (split.story_id, split.into))
    grown = [
        change
        for group in sorted(groups, key=lambda group: group.name)
        for change in _growth(known, group)
    ]
    return [*splits, *grown]


def homes_after(
    changes: Iterable[StoryChange], homes: Mapping[ArticleId, StoryId]
) -> dict[ArticleId, StoryId]:
    """Return the story of each article after some changes, from its story before them."""
    found = dict(homes)
    for change in changes:
        if isinstance(change, Opened | Extended):
            found |= {m.article_id: change.story_id for m in change.members}
        elif isinstance(change, Split):
            found |= {m.article_id: change.into for m in change.members}
        elif isinstance(change, Merged):
            absorbed = [i for i, story in found.items() if story == change.absorbed]
            found |= dict.fromkeys(absorbed, change.story_id)
    return found


def founder_of(every: Neighbours, story: OpenStory, row_of: Mapping[ArticleId, int]) -> int:
    """Return the row that stands for the founding article of a story."""
    if story.founder in story.members:
        return row_of[story.founder]
    return by_publication(every, [row_of[member] for member in story.members])[0]


def by_publication(every: Neighbours, rows: Iterable[int]) -> list[int]:
    """Sort rows by publication, undated last, then by id."""
    vectors = every.vectors

    def key(row: int) -> tuple[bool, float, ArticleId]:
        return not vectors[row].is_dated, vectors[row].first, vectors[row].article_id

    return sorted(rows, key=key)


def _group(known: Touched, members: Sequence[int]) -> _Group:
    rows, vectors = by_publication(known.every, members), known.every.vectors
    rows_of: dict[StoryId, list[int]] = defaultdict(list)
    for row in rows:
        if row in known.home:
            rows_of[known.home[row].story_id].append(row)
    kept = {known.founded[row].story_id: known.founded[row] for row in rows if row in known.founded}
    parts, left = [], {}
    for name, own in rows_of.items():
        if name in kept:
            parts.append(_Part(kept[name].opened.timestamp() / 3600, name, own))
        else:
            into = story_id(vectors[own[0]].article_id)
            left[into] = name
            parts.append(_Part(vectors[own[0]].first, into, own))
    parts.sort(key=lambda part: part[:2])
    name = parts[0].name if parts else story_id(vectors[rows[0]].article_id)
    return _Group(name, rows, parts, left, [row for row in rows if row not in known.home])


def _split(known: Touched, group: _Group, part: _Part, stayed: Sequence[int]) -> Split:
    """Return that a part became a story, without the founder of the one it left."""
    founder = part.rows[0] if part.name == group.name else None
    return Split(
        story_id=group.left[part.name],
        at=known.at,
        into=part.name,
        members=_memberships(known, group, part.rows, founder),
        score=mean_similarity(_vectors(known, stayed), _vectors(known, part.rows)),
    )


def _growth(known: Touched, group: _Group) -> list[StoryChange]:
    """Return the articles that a story gains, and the stories that it absorbs."""
    found: list[StoryChange] = []
    founder = None if group.parts else group.rows[0]
    if group.fresh:
        why = _memberships(known, group, group.fresh, founder)
        kind = Extended if group.parts else Opened
        found.append(kind(story_id=group.name, at=known.at, members=why))
    for part in group.parts[1:]:
        score = mean_similarity(_vectors(known, group.parts[0].rows), _vectors(known, part.rows))
        found.append(Merged(story_id=group.name, at=known.at, absorbed=part.name, score=score))
    return found


def _memberships(
    known: Touched, group: _Group, rows: Sequence[int], founder: int | None
) -> tuple[Membership, ...]:
    vectors = known.every.vectors
    members = [(vectors[row], known.texts[vectors[row].article_id]) for row in rows]
    name = None if founder is None else vectors[founder].article_id
    return memberships(members, _vectors(known, group.rows), name)


def _vectors(known: Touched, rows: Iterable[int]) -> list[TermVector]:
    return [known.every.vectors[row] for row in rows]
