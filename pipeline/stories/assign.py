"""The fold: what a batch of articles changes in the stories that are open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.config import StorySettings
from pipeline.identity import story_id
from pipeline.records import (
    Article,
    ArticleId,
    Closed,
    Extended,
    Merged,
    Opened,
    OpenStory,
    StoryAssignment,
    StoryChange,
    StoryId,
)
from pipeline.stories.linkage import average_linkage
from pipeline.stories.membership import mean_similarity, memberships
from pipeline.stories.pair_score import PairWeights, link_threshold, links
from pipeline.stories.similarity import (
    TermVectors,
    outlet_codes,
    similar_pairs,
    time_ranges,
    vectorize,
)

__all__ = ["assign", "cluster_stories"]

_ANY_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)  # stands for no date where `None` cannot be sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grouped:
    """Articles in id order, their vectors, and the rows of each group."""

    articles: Sequence[Article]
    vectors: TermVectors
    groups: list[list[int]]


def assign(
    batch: Iterable[Article],
    open_stories: Sequence[OpenStory],
    settings: StorySettings,
    now: datetime,
) -> list[StoryChange]:
    """Return what `batch` changes in the open stories.

    Parameters
    ----------
    batch
        New articles, one representative of each duplicate group. An article that is a member
        of an open story already is passed over.
    open_stories
        The stories that still take articles. What they hold together stays together; two of
        them merge only around an article of the batch.
    settings
        Threshold and window.
    now
        Latest publication seen so far, aware: the clock of the data. Articles without a date
        count as published then.

    Returns
    -------
    list of StoryChange
        For each story, by id: Opened, or Extended and Merged (the oldest story survives); then
        Closed for each story, by id, whose newest member is older than the window. The order of
        the inputs does not matter.
    """
    home = {m.article_id: story for story in open_stories for m in story.members}
    old = [member for story in open_stories for member in story.members]
    new = {a.article_id: a for a in batch if a.article_id not in home}
    changes: list[StoryChange] = []
    if new:
        grouped = _group([*new.values(), *old], home, settings, undated_at=now)
        changes = [c for group in grouped.groups for c in _changes(grouped, group, home, now)]
        changes.sort(key=lambda change: change.story_id)
    standing = _standing(open_stories, changes, new)
    return changes + _closed(standing, settings, now)


def cluster_stories(
    articles: Iterable[Article],
    settings: StorySettings | None = None,
    weights: PairWeights | None = None,
) -> list[StoryAssignment]:
    """Group articles by the event they cover, once, without keeping anything.

    Parameters
    ----------
    articles
        Any articles; duplicates end up in one story. Articles without a date fit any time. Of
        two articles with the same id the last counts.
    settings
        Threshold and window; None takes the defaults.
    weights
        By which pairs are judged; None takes those of the package.

    Returns
    -------
    list of StoryAssignment
        One for each article, in id order. The order of the input does not matter.

    Examples
    --------
    >>> from pipeline.records import Article, ArticleId
    >>> texts = {
    ...     "a": "Floods in Aldern drove 300 people from their homes on Monday night.",
    ...     "b": "In Aldern 300 people left their homes as floods rose on Monday.",
    ...     "c": "The central bank of Norland left its key rate at 4.25 percent.",
    ... }
    >>> stories = cluster_stories(
    ...     Article(article_id=ArticleId(name), text=text) for name, text in texts.items()
    ... )
    >>> [story.story_id == stories[0].story_id for story in stories]
    [True, True, False]
    """
    unique = {article.article_id: article for article in articles}
    known = settings or StorySettings()
    grouped = _group(list(unique.values()), {}, known, undated_at=None, weights=weights)
    found = []
    for group in grouped.groups:
        rows = _by_publication(grouped.articles, group)
        name = story_id(grouped.articles[rows[0]].article_id)
        for row in rows:
            others = [other for other in rows if other != row]
            score = mean_similarity(grouped.vectors, [row], others) if row != rows[0] else 1.0
            member = grouped.articles[row].article_id
            found.append(StoryAssignment(article_id=member, story_id=name, score=score))
    return sorted(found, key=lambda assignment: assignment.article_id)


def _group(
    articles: Sequence[Article],
    home: dict[ArticleId, OpenStory],
    settings: StorySettings,
    *,
    undated_at: datetime | None,
    weights: PairWeights | None = None,
) -> _Grouped:
    ordered = sorted(articles, key=lambda article: article.article_id)
    names = [article.article_id for article in ordered]
    # Members of one open story start as one group, every other article as a group of its own.
    labels = [home[name].story_id if name in home else row for row, name in enumerate(names)]
    vectors = vectorize(ordered)
    hours, outlets = time_ranges(ordered, undated_at), outlet_codes(ordered)
    similar = similar_pairs(vectors, hours, settings.window_hours)
    fresh = [name not in home for name in names]
    least = link_threshold(settings.threshold)
    graph = links(similar, outlets, weights)
    groups = average_linkage(graph, labels, fresh, least)
    return _Grouped(articles=ordered, vectors=vectors, groups=groups)


def _changes(
    grouped: _Grouped, group: list[int], home: dict[ArticleId, OpenStory], now: datetime
) -> list[StoryChange]:
    """Return what one group of rows means for the stories in it."""
    articles, vectors = grouped.articles, grouped.vectors
    joining = _by_publication(articles, [r for r in group if articles[r].article_id not in home])
    if not joining:
        return []
    rows_of: dict[StoryId, list[int]] = {}
    for row in group:
        if story := home.get(articles[row].article_id):
            rows_of.setdefault(story.story_id, []).append(row)
    why = memberships(articles, vectors, group, joining, founded=not rows_of)
    if not rows_of:
        name = story_id(articles[joining[0]].article_id)
        return [Opened(story_id=name, at=now, members=why)]
    stories = {home[articles[rows[0]].article_id] for rows in rows_of.values()}
    oldest, *younger = sorted(stories, key=lambda story: (story.opened, story.story_id))
    return [
        Extended(story_id=oldest.story_id, at=now, members=why),
        *(
            Merged(
                story_id=oldest.story_id,
                at=now,
                absorbed=story.story_id,
                score=mean_similarity(vectors, rows_of[oldest.story_id], rows_of[story.story_id]),
            )
            for story in younger
        ),
    ]


def _by_publication(articles: Sequence[Article], rows: Iterable[int]) -> list[int]:
    """Sort rows by publication, undated last, then by id, which is the order of the rows."""

    def key(row: int) -> tuple[bool, datetime, int]:
        published = articles[row].published
        return published is None, published.instant if published else _ANY_INSTANT, row

    return sorted(rows, key=key)


def _standing(
    open_stories: Sequence[OpenStory],
    changes: Iterable[StoryChange],
    new: Mapping[ArticleId, Article],
) -> dict[StoryId, list[Article]]:
    """Return the articles of each story after the changes."""
    standing = {story.story_id: list(story.members) for story in open_stories}
    for change in changes:
        if isinstance(change, Opened | Extended):
            members = standing.setdefault(change.story_id, [])
            members += [new[member.article_id] for member in change.members]
        elif isinstance(change, Merged):
            standing[change.story_id] += standing.pop(change.absorbed)
    return standing


def _closed(
    standing: Mapping[StoryId, Sequence[Article]], settings: StorySettings, now: datetime
) -> list[StoryChange]:
    oldest_hour = now.timestamp() / 3600 - settings.window_hours
    return [
        Closed(story_id=name, at=now)
        for name, members in sorted(standing.items())
        if members and time_ranges(members, now)[:, 1].max() < oldest_hour
    ]
