"""The fold: what a batch of articles changes in the stories that are open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scipy.sparse import csr_array

from pipeline.config import StorySettings
from pipeline.identity import story_id
from pipeline.records import (
    Article,
    ArticleId,
    Closed,
    Extended,
    Linked,
    Merged,
    Opened,
    OpenStory,
    Split,
    StoryAssignment,
    StoryChange,
    StoryId,
)
from pipeline.stories.linkage import average_linkage
from pipeline.stories.membership import mean_similarity, memberships
from pipeline.stories.pair_score import PairWeights, link_threshold, links
from pipeline.stories.repair import split_groups
from pipeline.stories.sagas import related_groups
from pipeline.stories.similarity import (
    TermVectors,
    across_outlets,
    outlet_codes,
    similar_pairs,
    time_ranges,
    vectorize,
)

__all__ = ["assign", "cluster_stories"]

# Below this share of the probability that joins, parts of a story fall apart. Two labelled feeds in
# batches of 1 to 12 hours: mean pairwise F1 .820 without splits, .828, .830, .820, .814 at
# shares of .4, .5, .6 and .7. Of 46 splits in a month, in batches of 6 hours, one is merged again.
_SPLIT_SHARE = 0.5
# From this share on, two stories are steps of one saga. Of the pairs in two labelled feeds and
# ecbplus 16 are, 19 are halves of one story and 13 neither (.25: 17, 24, 20; .4: 15, 11, 9). Of 40
# read of a month at .4 38 are right, of 22 more at .25 18.
_RELATED_SHARE = 0.3
_ANY_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)  # stands for no date where `None` cannot be sorted


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grouped:
    """Articles in id order, what is known of them, old stories by founder's row, and groups."""

    articles: Sequence[Article]
    vectors: TermVectors
    links: csr_array
    fresh: Sequence[bool]
    founded: Mapping[int, OpenStory]
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
        The stories that still take articles. Only around an article of the batch does one fall
        apart, do two of them merge, or are they found to be related.
    settings
        Threshold and window.
    now
        Latest publication seen so far, aware: the clock of the data. Articles without a date
        count as published then.

    Returns
    -------
    list of StoryChange
        For each story, by id: Opened, or Extended, Merged (the oldest story survives) and Split;
        then Linked for each pair, by ids, that was not linked yet; then Closed for each story, by
        id, whose newest member is older than the window. The order of the inputs does not matter.
    """
    home = {m.article_id: story for story in open_stories for m in story.members}
    old = [member for story in open_stories for member in story.members]
    new = {a.article_id: a for a in batch if a.article_id not in home}
    changes: list[StoryChange] = []
    if new:
        grouped = _group([*new.values(), *old], home, settings, undated_at=now)
        changes = [c for group in grouped.groups for c in _changes(grouped, group, home, now)]
        changes.sort(key=lambda change: change.story_id)
        changes += _linked(grouped, changes, settings, now)
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
    graph = links(similar.near, outlets, weights)
    far = across_outlets(similar.far, outlets)
    joined = average_linkage(graph, labels, fresh, least, far)
    founded = _founded(ordered, home)
    apart = link_threshold(settings.threshold * _SPLIT_SHARE)
    return _Grouped(
        articles=ordered,
        vectors=vectors,
        links=graph,
        fresh=fresh,
        founded=founded,
        groups=split_groups(graph, joined, founded, fresh, apart, far=far),
    )


def _founded(
    articles: Sequence[Article], home: Mapping[ArticleId, OpenStory]
) -> dict[int, OpenStory]:
    """Return each open story by the row that stands for its founding article."""
    rows_of: dict[StoryId, list[int]] = {}
    for row, article in enumerate(articles):
        if story := home.get(article.article_id):
            rows_of.setdefault(story.story_id, []).append(row)
    found = {}
    for rows in rows_of.values():
        story = home[articles[rows[0]].article_id]
        named = [row for row in rows if articles[row].article_id == story.founder]
        found[(named or _by_publication(articles, rows))[0]] = story
    return found


def _kept(grouped: _Grouped, group: Iterable[int]) -> list[OpenStory]:
    """Return the old stories whose founder is in a group, oldest first."""
    stories = [grouped.founded[row] for row in group if row in grouped.founded]
    return sorted(stories, key=lambda story: (story.opened, story.story_id))


def _name(grouped: _Grouped, group: Sequence[int]) -> StoryId:
    """Return the id of the story that a group is: its oldest, or a new one."""
    if kept := _kept(grouped, group):
        return kept[0].story_id
    founder = _by_publication(grouped.articles, group)[0]
    return story_id(grouped.articles[founder].article_id)


def _changes(
    grouped: _Grouped, group: list[int], home: dict[ArticleId, OpenStory], now: datetime
) -> list[StoryChange]:
    """Return what one group of rows means for the stories in it."""
    articles, vectors = grouped.articles, grouped.vectors
    joining = _by_publication(articles, [row for row in group if grouped.fresh[row]])
    kept = _kept(grouped, group)
    if kept and not joining:
        return []
    rows_of: dict[StoryId, list[int]] = {}
    for row in group:
        if story := home.get(articles[row].article_id):
            rows_of.setdefault(story.story_id, []).append(row)
    if rows_of and not kept:
        (left,) = rows_of
        return [_split(grouped, left, group, now)]
    why = memberships(articles, vectors, group, joining, founded=not rows_of)
    if not kept:
        return [Opened(story_id=_name(grouped, group), at=now, members=why)]
    oldest, *younger = kept
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


def _split(grouped: _Grouped, left: StoryId, group: list[int], now: datetime) -> Split:
    """Return that a group became a story of its own, without the founder of the one it left."""
    (founder,) = (row for row, story in grouped.founded.items() if story.story_id == left)
    (stayed,) = (other for other in grouped.groups if founder in other)
    rows = _by_publication(grouped.articles, group)
    return Split(
        story_id=left,
        at=now,
        into=_name(grouped, group),
        members=memberships(grouped.articles, grouped.vectors, group, rows, founded=True),
        score=mean_similarity(grouped.vectors, stayed, group),
    )


def _linked(
    grouped: _Grouped, changes: Sequence[StoryChange], settings: StorySettings, now: datetime
) -> list[Linked]:
    """Return which stories are found to be steps of one saga, each two once."""
    names = [_name(grouped, group) for group in grouped.groups]
    standing = {
        story.story_id: name
        for name, group in zip(names, grouped.groups, strict=True)
        for story in _kept(grouped, group)
    }
    known = {
        frozenset({standing[story.story_id], standing.get(other, other)})
        for story in grouped.founded.values()
        for other in story.related
    }
    least = link_threshold(settings.threshold * _RELATED_SHARE)
    alike = related_groups(grouped.links, grouped.groups, grouped.fresh, least)
    # What was one story for a while is one saga: 12 of the first 14 splits of a month were.
    splits = [(names.index(c.story_id), names.index(c.into)) for c in changes if type(c) is Split]
    found = []
    for pair in {(one, other) for one, other, _ in alike} | {(min(s), max(s)) for s in splits}:
        low, high = sorted(pair, key=names.__getitem__)
        if frozenset({names[low], names[high]}) not in known:
            score = mean_similarity(grouped.vectors, grouped.groups[low], grouped.groups[high])
            link = Linked(story_id=names[low], at=now, related=names[high], score=score)
            found.append(link)
    return sorted(found, key=lambda link: (link.story_id, link.related))


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
        elif isinstance(change, Split):
            left = {member.article_id for member in change.members}
            old = standing[change.story_id]
            standing[change.story_id] = [a for a in old if a.article_id not in left]
            standing[change.into] = [a for a in old if a.article_id in left]
            standing[change.into] += [new[i] for i in sorted(left & new.keys())]
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
