"""Gives each new article its place: copies follow what they copy, the rest is assigned.

Forty copies of a wire report must count once, so stories are made of one article for each group of
duplicates; the others join the story of their group. A roundup belongs to no event: it gets a
story of its own, which takes no other article.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeGuard

from pipeline.config import Settings
from pipeline.identity import story_id
from pipeline.near_duplicates import find_composites, group, mark_composites
from pipeline.records import (
    Article,
    ArticleId,
    Closed,
    DuplicateGroup,
    Extended,
    Membership,
    Merged,
    NearDuplicate,
    Opened,
    OpenStory,
    Split,
    Story,
    StoryChange,
    StoryId,
)
from pipeline.service.stored import dated, neighbourhood, news_time
from pipeline.storage import State
from pipeline.stories import assign

__all__ = ["Placement", "place_articles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What follows from a batch: all relations of its articles, and the story changes in order."""

    relations: Sequence[NearDuplicate]
    changes: Sequence[StoryChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The open stories, and what is left out of them: copies, as `followers` of members."""

    stories: Sequence[OpenStory]
    home: Mapping[ArticleId, StoryId]
    followers: Mapping[ArticleId, ArticleId]
    relations: Sequence[NearDuplicate]


def place_articles(
    settings: Settings,
    state: State,
    renewed: Sequence[Article],
    relations: Sequence[NearDuplicate],
    clock: datetime,
) -> Placement:
    """Find the story of each article that has none.

    Parameters
    ----------
    renewed
        Articles that are new or have a new current version.
    relations
        All verified relations of these, with each other and with stored articles.
    clock
        Latest publication known.
    """
    ids = {article.article_id for article in renewed}
    reached = mark_composites(neighbourhood(state, ids, relations, renewed=ids))
    articles = state.articles(i for r in reached for i in (r.a, r.b))
    articles |= {article.article_id: article for article in renewed}
    stories = state.stories_of(articles)
    new = ids - stories.keys()
    leaders = _leaders(group(articles.values(), reached), stories)
    composites = {i: set(parts) for i, parts in find_composites(reached).items() if i in new}
    window = _window(state)

    def assigned(left_out: Collection[ArticleId]) -> list[StoryChange]:
        founders = sorted(new - leaders.keys() - set(left_out))
        batch = [articles[i] for i in founders]
        changes = assign(batch, window.stories, settings.stories, clock)
        return [_with_copies(c, window) if isinstance(c, Split) else c for c in changes]

    # Whether an article made of passages is a roundup or one more report of the same event shows
    # when its sources have their stories.
    without = assigned(composites)
    home = _homes(without, stories, leaders)
    roundups = sorted(i for i, parts in composites.items() if len({home.get(p) for p in parts}) > 1)
    changes = without if len(roundups) == len(composites) else assigned(roundups)
    followers = {i: leaders[i] for i in sorted(new & leaders.keys())}
    return Placement(
        relations=reached,
        changes=[
            *_with_followers(changes, followers, stories, reached, clock),
            *(change for i in roundups for change in _alone(i, clock)),
        ],
    )


def _homes(
    changes: Sequence[StoryChange],
    stories: Mapping[ArticleId, StoryId],
    leaders: Mapping[ArticleId, ArticleId],
) -> dict[ArticleId, StoryId]:
    """Return the story of each article after the changes, copies with their leaders."""
    home = dict(stories)
    for change in changes:
        if isinstance(change, Opened | Extended):
            home |= {m.article_id: change.story_id for m in change.members}
        elif isinstance(change, Split):
            home |= {m.article_id: change.into for m in change.members}
        elif isinstance(change, Merged):
            absorbed = [i for i, story in home.items() if story == change.absorbed]
            home |= dict.fromkeys(absorbed, change.story_id)
    return home | {i: home[leader] for i, leader in leaders.items() if i not in home}


def _window(state: State) -> _Window:
    """Return the open stories, each with one article for every group of duplicates."""
    stories = [story for i in state.open_stories() if (story := state.story(i))]
    home = {m.article_id: s.story_id for s in stories for m in s.members}
    relations = neighbourhood(state, home)
    articles = state.articles({*home, *(i for r in relations for i in (r.a, r.b))})
    arrivals = state.arrivals(home)
    leaders = _leaders(group(articles.values(), relations), home)

    def opened(story: Story) -> OpenStory:
        first = story.members[0].article_id
        return OpenStory(
            story_id=story.story_id,
            opened=news_time(articles[first], arrivals),
            members=tuple(
                dated(articles[m.article_id], arrivals[m.article_id])
                for m in story.members
                if m.article_id not in leaders
            ),
            founder=leaders.get(first, first),
            related=frozenset(one.story_id for one in story.related),
        )

    return _Window(
        stories=[opened(story) for story in stories],
        home=home,
        followers={i: leader for i, leader in leaders.items() if i in home},
        relations=relations,
    )


def _with_copies(split: Split, window: _Window) -> Split:
    """Let the copies of what leaves a story leave with it."""
    leaving = {member.article_id for member in split.members}
    copies = tuple(
        _follower(i, leader, window.relations)
        for i, leader in sorted(window.followers.items())
        if leader in leaving and window.home[i] == split.story_id
    )
    return replace(split, members=(*split.members, *copies))


def _leaders(
    groups: Iterable[DuplicateGroup], stories: Mapping[ArticleId, StoryId]
) -> dict[ArticleId, ArticleId]:
    """Map each copy to the article that it follows: one that has a story, else the canonical."""
    leaders: dict[ArticleId, ArticleId] = {}
    for one in groups:
        placed = [i for i in sorted(one.members) if i in stories]
        first = one.canonical if one.canonical in placed or not placed else placed[0]
        leaders |= {i: first for i in one.members if i != first}
    return leaders


def _with_followers(
    changes: Sequence[StoryChange],
    followers: Mapping[ArticleId, ArticleId],
    stories: Mapping[ArticleId, StoryId],
    relations: Sequence[NearDuplicate],
    clock: datetime,
) -> list[StoryChange]:
    """Add each copy to the change that places its leader, or extend the story the leader is in."""
    grown = list(changes)
    home = _homes(changes, stories, followers)
    for follower, leader in followers.items():
        target = home[follower]
        member = _follower(follower, leader, relations)
        for n, change in enumerate(grown):
            if _takes(change, target):
                grown[n] = replace(change, members=(*change.members, member))
                break
        else:
            grown.append(Extended(story_id=target, at=clock, members=(member,)))
    return grown


def _takes(change: StoryChange, story: StoryId) -> TypeGuard[Opened | Extended | Split]:
    """Say whether the articles of a change become members of a story."""
    if isinstance(change, Split):
        return change.into == story
    return isinstance(change, Opened | Extended) and change.story_id == story


def _follower(
    article: ArticleId, leader: ArticleId, relations: Sequence[NearDuplicate]
) -> Membership:
    """Return the membership of a copy: it rests on its relation, not on similar words."""
    own = [r for r in relations if article in (r.a, r.b)]
    best = max(own, key=lambda r: (leader in (r.a, r.b), r.jaccard, r.a, r.b))
    score = max(best.jaccard, best.in_a if best.a == article else best.in_b)
    return Membership(
        article_id=article,
        score=score,
        nearest=best.b if best.a == article else best.a,
        nearest_score=score,
        shared_terms=(),
    )


def _alone(roundup: ArticleId, clock: datetime) -> tuple[Opened, Closed]:
    own = story_id(roundup)
    member = Membership(
        article_id=roundup, score=1.0, nearest=None, nearest_score=0.0, shared_terms=()
    )
    return Opened(story_id=own, at=clock, members=(member,)), Closed(story_id=own, at=clock)
