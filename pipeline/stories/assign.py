"""The fold: what a batch of articles changes in the stories that are open."""

from __future__ import annotations

import math
from collections import ChainMap, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, cast

import numpy as np

from pipeline.config import StorySettings
from pipeline.identity import story_id
from pipeline.records import Article, ArticleId, Closed, StoryAssignment, StoryChange
from pipeline.stories.changes import Touched, by_publication, changes_of, founder_of
from pipeline.stories.frequencies import Frequencies
from pipeline.stories.grouping import Evidence, group_articles, least_link
from pipeline.stories.meaning import Encoder
from pipeline.stories.membership import mean_similarity
from pipeline.stories.neighbours import compare, known_articles, pairs_among
from pipeline.stories.pair_score import (
    PairWeights,
    compared,
    link_values,
    scored,
    shift_of,
    shipped_weights,
)
from pipeline.stories.prior import ScoreCounts
from pipeline.stories.sagas import steps_of_sagas
from pipeline.stories.vectors import vectorize
from pipeline.stories.window import OpenWindow, after

__all__ = ["Folded", "assign", "cluster_stories"]

# News is taken in by the clock of the news, so that four weeks in one run go the way of four weeks
# in a hundred. Runs of a day, of six hours and of one, and one of all agree at .97 and above.
_SLICE_HOURS = 6


class Folded(NamedTuple):
    """What a batch changed, and what is open afterwards."""

    changes: list[StoryChange]
    window: OpenWindow


def assign(
    batch: Iterable[Article], window: OpenWindow, settings: StorySettings, now: datetime
) -> Folded:
    """Return what `batch` changes in the open stories.

    Whatever a new article is like is grouped anew with it, so a story takes the article, merges
    with another, or falls apart; stories that no new article is like stay as they are.

    Parameters
    ----------
    batch
        New articles, one representative of each duplicate group. An article that is a member
        of an open story already is passed over.
    window
        The stories that still take articles.
    settings
        Threshold and window.
    now
        Latest publication seen so far, aware: the clock of the data. Articles without a date
        count as published then.

    Returns
    -------
    Folded
        The changes, for each six hours of news: Split for each part that falls out of a story;
        then for each story, by id, Opened, or Extended and Merged (the oldest story survives);
        then Linked for each pair, by ids, that was not linked yet; then Closed for each story, by
        id, whose newest member is older than the window. The order of the inputs does not matter.
    """
    known = {member for story in window.stories for member in story.members}
    new = {a.article_id: a for a in batch if a.article_id not in known}
    # Only read: the first mapping is the one that may be written to.
    texts = ChainMap(new, cast("dict[ArticleId, Article]", window.texts))
    window = replace(window, texts=texts)
    changes: list[StoryChange] = []
    for part, at in _slices(new.values(), window.clock, now):
        found, window = _fold(part, window, settings, at)
        changes += found
    if not new:
        changes = _closed(window, settings, now)
        window = after(window, changes)
    return Folded(changes, window)


def cluster_stories(
    articles: Iterable[Article],
    settings: StorySettings | None = None,
    weights: PairWeights | None = None,
    *,
    encode: Encoder | None = None,
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
    encode
        Embedding model: from n texts to an array of shape ``(n, n_dimensions)``, the same for a
        text whatever is beside it. None compares words alone.

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
    weights = weights or shipped_weights(with_meaning=encode is not None)
    vectors, _ = vectorize(unique.values(), Frequencies(), None, encode=encode)
    every, found = compare(known_articles(), vectors, known.window_hours)
    pairs = compared(every, found.near)
    scores = scored(pairs, weights)
    shift = shift_of(ScoreCounts().plus(scores), weights)

    evidence = Evidence(pairs, scores + shift, found.far)
    grouping = group_articles(every, range(len(vectors)), {}, [evidence], known)
    placed = []
    for group in grouping.groups:
        founder, *others = by_publication(every, [int(grouping.rows[i]) for i in group])
        name = story_id(vectors[founder].article_id)
        for row in (founder, *others):
            rest = [vectors[other] for other in (founder, *others) if other != row]
            score = 1.0 if row == founder else mean_similarity([vectors[row]], rest)
            member = vectors[row].article_id
            placed.append(StoryAssignment(article_id=member, story_id=name, score=score))
    return sorted(placed, key=lambda assignment: assignment.article_id)


def _slices(
    batch: Iterable[Article], clock: datetime | None, now: datetime
) -> Iterator[tuple[list[Article], datetime]]:
    """Yield a batch in pieces of six hours of news, and the latest publication by then.

    What is late comes first, and what has no date comes last: it came in with the latest.
    """
    pieces: dict[float, list[Article]] = defaultdict(list)
    for article in batch:
        published = article.published
        instant = min(published.instant, now) if published else now
        hour = max(instant, clock or instant).timestamp() / 3600
        pieces[hour // _SLICE_HOURS].append(article)
    at = clock
    for number, key in enumerate(sorted(pieces)):
        stated = [a.published.instant for a in pieces[key] if a.published]
        at = max([*stated, *([at] if at else [])], default=now)
        yield pieces[key], min(at, now) if number < len(pieces) - 1 else now


def _fold(
    batch: Sequence[Article], window: OpenWindow, settings: StorySettings, at: datetime
) -> Folded:
    vectors, frequencies = vectorize(batch, window.frequencies, at, encode=window.encode)
    weights = window.judge
    every, found = compare(window.neighbours, vectors, settings.window_hours)
    pairs = compared(every, found.near)
    scores = scored(pairs, weights)
    hours = (at - window.clock).total_seconds() / 3600 if window.clock else 0.0
    counts = window.scores.times(math.exp(-max(0.0, hours) / settings.window_hours)).plus(scores)
    shift = shift_of(counts, weights)
    fresh = Evidence(pairs, scores + shift, found.far)
    strong = link_values(fresh.log_odds) >= least_link(settings)
    row_of = {vector.article_id: row for row, vector in enumerate(every.vectors)}
    home = {row_of[m]: story for story in window.stories for m in story.members}
    names = {home[row].story_id for row in pairs.cols[strong].tolist() if row in home}
    touched = sorted(row for row, story in home.items() if story.story_id in names)
    own = pairs_among(every, np.array(touched, dtype=np.int64), settings.window_hours)
    stood = compared(every, own.near)
    known_before = Evidence(stood, scored(stood, weights) + shift, own.far)
    grouping = group_articles(
        every,
        [*touched, *range(len(window.neighbours.vectors), len(every.vectors))],
        {row: home[row].story_id for row in touched},
        [known_before, fresh],
        settings,
    )
    stories = [story for story in window.stories if story.story_id in names]
    known = Touched(
        every=every,
        home={row: home[row] for row in touched},
        founded={founder_of(every, story, row_of): story for story in stories},
        grouping=grouping,
        texts=window.texts,
        at=at,
    )
    changes = changes_of(known)
    grown = replace(window, neighbours=every, frequencies=frequencies, scores=counts, clock=at)
    grown = after(grown, changes)
    linked = steps_of_sagas(grown, row_of, found.near, changes, at)
    rest = [*linked, *_closed(grown, settings, at)]
    return Folded(changes + rest, after(grown, rest))


def _closed(window: OpenWindow, settings: StorySettings, now: datetime) -> list[StoryChange]:
    oldest_hour = now.timestamp() / 3600 - settings.window_hours
    every = window.neighbours
    rows = np.flatnonzero(every.hours[:, 1] < oldest_hour).tolist()
    old = {every.vectors[row].article_id for row in rows}
    return [
        Closed(story_id=story.story_id, at=now)
        for story in window.stories
        if old and story.members and old.issuperset(story.members)
    ]
