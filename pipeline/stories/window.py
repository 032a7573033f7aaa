"""What the fold knows: the stories that are open, their articles as vectors, and running counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.config import StorySettings
from pipeline.records import (
    Article,
    ArticleId,
    Closed,
    Extended,
    Linked,
    Membership,
    Merged,
    Opened,
    OpenStory,
    Split,
    StoryChange,
    StoryId,
)
from pipeline.stories.frequencies import Frequencies
from pipeline.stories.meaning import Encoder
from pipeline.stories.neighbours import Neighbours, compare, known_articles, without
from pipeline.stories.pair_score import PairWeights, compared, scored, shipped_weights
from pipeline.stories.prior import ScoreCounts
from pipeline.stories.vectors import as_instant, vectorize

__all__ = ["OpenWindow", "after", "open_window", "with_members"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenWindow:
    """The open stories with all that is needed to compare new articles with them.

    Parameters
    ----------
    stories
        The stories that still take articles.
    neighbours
        Their members.
    frequencies
        How common each term is, over all articles so far.
    scores
        How alike the articles of late were to those before them.
    clock
        Latest publication when the last article came in, aware; None before the first.
    texts
        The members' texts, which are read only where a story falls apart.
    encode
        Embedding model of all its vectors; None for words alone.
    weights
        By which pairs are judged; None takes those of the package.
    """

    stories: Sequence[OpenStory] = ()
    neighbours: Neighbours = field(default_factory=known_articles)
    frequencies: Frequencies = field(default_factory=Frequencies)
    scores: ScoreCounts = field(default_factory=ScoreCounts)
    clock: datetime | None = None
    texts: Mapping[ArticleId, Article] = field(default_factory=dict)
    encode: Encoder | None = None
    weights: PairWeights | None = None

    @property
    def judge(self) -> PairWeights:
        """Return the weights by which pairs are judged."""
        return self.weights or shipped_weights(with_meaning=self.encode is not None)


def open_window(
    stories: Iterable[OpenStory],
    articles: Iterable[Article],
    settings: StorySettings,
    now: datetime,
    *,
    encode: Encoder | None = None,
) -> OpenWindow:
    """Return a window of some stories, their articles compared here and now.

    Parameters
    ----------
    stories
        Any; their members must be among the articles.
    articles
        The order does not matter.
    settings
        The window.
    now
        Latest publication known, aware.
    encode
        Embedding model, as for `vectorize`; the articles that the window takes later get it too.
    """
    texts = {article.article_id: article for article in articles}
    vectors, frequencies = vectorize(texts.values(), Frequencies(), now, encode=encode)
    every, found = compare(known_articles(), vectors, settings.window_hours)
    weights = shipped_weights(with_meaning=encode is not None)
    return OpenWindow(
        stories=tuple(sorted(stories, key=lambda story: story.story_id)),
        neighbours=every,
        frequencies=frequencies,
        scores=ScoreCounts().plus(scored(compared(every, found.near), weights)),
        clock=now,
        texts=texts,
        encode=encode,
    )


def with_members(
    window: OpenWindow, articles: Iterable[Article], settings: StorySettings, now: datetime
) -> OpenWindow:
    """Return a window in which some more articles have a vector: members that had none.

    They are no news, so they count for nothing in the frequencies and the scores.
    """
    vectors, _ = vectorize(articles, window.frequencies, now, encode=window.encode)
    every, _ = compare(window.neighbours, vectors, settings.window_hours)
    return replace(window, neighbours=every)


def after(window: OpenWindow, changes: Sequence[StoryChange]) -> OpenWindow:
    """Return the window after some changes; what closed is left out."""
    wanted = {m.article_id for c in changes for m in _joining(c)}
    first = {v.article_id: v.first for v in window.neighbours.vectors if v.article_id in wanted}
    standing = {story.story_id: story for story in window.stories}
    gone: set[ArticleId] = set()
    for change in changes:
        if isinstance(change, Closed):
            gone.update(standing[change.story_id].members)
        _apply(standing, change, first)
    return replace(
        window,
        stories=tuple(standing[name] for name in sorted(standing)),
        neighbours=without(window.neighbours, gone),
    )


def _joining(change: StoryChange) -> tuple[Membership, ...]:
    return change.members if isinstance(change, Opened | Extended | Split) else ()


def _apply(
    standing: dict[StoryId, OpenStory], change: StoryChange, first: Mapping[ArticleId, float]
) -> None:
    name = change.story_id
    if isinstance(change, Closed):
        del standing[name]
    elif isinstance(change, Extended):
        joined = tuple(member.article_id for member in change.members)
        standing[name] = replace(standing[name], members=standing[name].members + joined)
    elif isinstance(change, Merged):
        gone = standing.pop(change.absorbed)
        kept = standing[name]
        related = (kept.related | gone.related) - {name, gone.story_id}
        standing[name] = replace(kept, members=kept.members + gone.members, related=related)
        for other in (gone.related - {name}) & standing.keys():
            story = standing[other]
            others = (story.related - {gone.story_id}) | {name}
            standing[other] = replace(story, related=others)
    elif isinstance(change, Linked):
        for one, other in ((name, change.related), (change.related, name)):
            story = standing[one]
            standing[one] = replace(story, related=story.related | {other})
    else:
        members = tuple(member.article_id for member in change.members)
        if isinstance(change, Split):
            left = set(members)
            stayed = tuple(m for m in standing[name].members if m not in left)
            standing[name] = replace(standing[name], members=stayed)
        new = change.into if isinstance(change, Split) else change.story_id
        opened = as_instant(first[members[0]])
        standing[new] = OpenStory(story_id=new, opened=opened, members=members, founder=members[0])
