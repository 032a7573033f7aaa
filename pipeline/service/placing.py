"""Gives each new article its place: copies follow what they copy, the rest is assigned.

Forty copies of a wire report must count once, so stories are made of one article for each group of
duplicates; the others join the story of their group. A roundup belongs to no event: it gets a
story of its own, which takes no other article.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.config import Settings
from pipeline.embeddings import load_encoder
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
    StoryChange,
    StoryId,
)
from pipeline.service.stored import dated, neighbourhood
from pipeline.storage import State
from pipeline.stories import (
    Folded,
    Neighbours,
    OpenWindow,
    as_instant,
    assign,
    homes_after,
    terms_of,
    with_members,
    without,
)

__all__ = ["Placement", "place_articles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What follows from a batch.

    Parameters
    ----------
    relations
        All relations of its articles.
    changes
        The story changes, in order.
    window
        The open window before and after.
    """

    relations: Sequence[NearDuplicate]
    changes: Sequence[StoryChange]
    window: tuple[OpenWindow, OpenWindow]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The open stories, and what is left out of them: copies, as `followers` of members.

    `stored` is what the state holds, `open` what stories are made of.
    """

    stored: OpenWindow
    open: OpenWindow
    home: Mapping[ArticleId, StoryId]
    followers: Mapping[ArticleId, ArticleId]
    relations: Sequence[NearDuplicate]


class _StoredTexts(Mapping[ArticleId, Article]):
    """The articles in the state, each read when it is asked for."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, article_id: ArticleId) -> Article:
        return self._state.articles([article_id])[article_id]

    def __iter__(self) -> Iterator[ArticleId]:
        return iter(self._state.article_ids())

    def __len__(self) -> int:
        return len(self._state.article_ids())


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
    window = _window(settings, state, renewed, clock)

    def assigned(left_out: Collection[ArticleId]) -> Folded:
        founders = sorted(new - leaders.keys() - set(left_out))
        batch = [articles[i] for i in founders]
        changes, left = assign(batch, window.open, settings.stories, clock)
        return Folded(_with_copies(changes, window), left)

    # Whether an article made of passages is a roundup or one more report of the same event shows
    # when its sources have their stories.
    without = assigned(composites)
    home = _homes(without.changes, stories, leaders)
    roundups = sorted(i for i, parts in composites.items() if len({home.get(p) for p in parts}) > 1)
    found = without if len(roundups) == len(composites) else assigned(roundups)
    followers = {i: leaders[i] for i in sorted(new & leaders.keys())}
    return Placement(
        relations=reached,
        changes=[
            *_with_followers(found.changes, followers, stories, reached, clock),
            *(change for i in roundups for change in _alone(i, clock)),
        ],
        window=(window.stored, found.window),
    )


def _homes(
    changes: Sequence[StoryChange],
    stories: Mapping[ArticleId, StoryId],
    leaders: Mapping[ArticleId, ArticleId],
) -> dict[ArticleId, StoryId]:
    """Return the story of each article after the changes, copies with their leaders."""
    home = homes_after(changes, stories)
    return home | {i: home[leader] for i, leader in leaders.items() if i not in home}


def _window(
    settings: Settings, state: State, renewed: Sequence[Article], clock: datetime
) -> _Window:
    """Return the open stories, each with one article for every group of duplicates."""
    members = state.open_members()
    home = {i: story for story, ids in members.items() for i in ids}
    relations = neighbourhood(state, home)
    related = state.articles({i for r in relations for i in (r.a, r.b)})
    leaders = _leaders(group(related.values(), relations), home)
    wanted = home.keys() - leaders.keys()
    # A new version says something else, and an article that was a copy has no vector yet.
    held, told_anew = state.vectorized(), {a.article_id: a for a in renewed}
    absent = sorted(wanted - (held - told_anew.keys()))
    texts = {**state.articles(absent), **told_anew}
    stored = state.window(terms_of(texts.values()))
    stale = (held - wanted) | (held & told_anew.keys())
    open_ = replace(
        stored,
        neighbours=without(stored.neighbours, stale),
        texts=_StoredTexts(state),
        encode=load_encoder(settings.stories.embeddings),
    )
    if absent:
        arrivals = state.arrivals(absent)
        open_ = with_members(
            open_, [dated(texts[i], arrivals[i]) for i in absent], settings.stories, clock
        )
    return _Window(
        stored=stored,
        open=replace(open_, stories=_open_stories(state, members, leaders, open_.neighbours)),
        home=home,
        followers={i: leader for i, leader in leaders.items() if i in home},
        relations=relations,
    )


def _open_stories(
    state: State,
    members: Mapping[StoryId, Sequence[ArticleId]],
    leaders: Mapping[ArticleId, ArticleId],
    neighbours: Neighbours,
) -> list[OpenStory]:
    first = {vector.article_id: vector.first for vector in neighbours.vectors}
    links = state.open_links()
    found = []
    for story, ids in members.items():
        own = tuple(i for i in ids if i not in leaders)
        founder = leaders.get(ids[0], ids[0])
        # The members of a story of copies alone follow one in another story.
        hour = first.get(founder, min((first[i] for i in own), default=0.0))
        found.append(
            OpenStory(
                story_id=story,
                opened=as_instant(hour),
                members=own,
                founder=founder,
                related=links.get(story, frozenset()),
            )
        )
    return found


def _with_copies(changes: Sequence[StoryChange], window: _Window) -> list[StoryChange]:
    """Let the copies of what leaves a story leave with it."""
    home = {i: window.home[i] for i in window.followers}
    found: list[StoryChange] = []
    for change in changes:
        if isinstance(change, Split):
            leaving = {member.article_id for member in change.members}
            copies = [
                i
                for i, leader in sorted(window.followers.items())
                if leader in leaving and home[i] == change.story_id
            ]
            home |= dict.fromkeys(copies, change.into)
            own = (_follower(i, window.followers[i], window.relations) for i in copies)
            found.append(replace(change, members=(*change.members, *own)))
            continue
        if isinstance(change, Merged):
            moved = [i for i, story in home.items() if story == change.absorbed]
            home |= dict.fromkeys(moved, change.story_id)
        found.append(change)
    return found


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
    """Add each copy to the last change that places its leader, or extend the leader's story."""
    grown = list(changes)
    home = _homes(changes, stories, followers)
    place: dict[ArticleId, int] = {}
    growth: dict[StoryId, int] = {}
    for number, change in enumerate(grown):
        if isinstance(change, Opened | Extended | Split):
            place |= {member.article_id: number for member in change.members}
        if isinstance(change, Extended):
            growth[change.story_id] = number
    for follower, leader in followers.items():
        member, story = _follower(follower, leader, relations), home[follower]
        found = place.get(leader, growth.get(story))
        if found is None:
            growth[story] = len(grown)
            grown.append(Extended(story_id=story, at=clock, members=(member,)))
        else:
            grown[found] = _with_member(grown[found], member)
    return grown


def _with_member(change: StoryChange, member: Membership) -> StoryChange:
    if not isinstance(change, Opened | Extended | Split):
        raise TypeError(f"{type(change).__name__} places no articles")
    return replace(change, members=(*change.members, member))


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
