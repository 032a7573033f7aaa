"""The same news in one run or in many: how often a run is started changes nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented_feed import content, feed, published

from pipeline.config import StorySettings
from pipeline.records import Article, ArticleId, Closed, Merged, Split, StoryChange
from pipeline.stories import OpenWindow, assign

SETTINGS = StorySettings(window_hours=48)


def run(batches: Sequence[Sequence[Article]]) -> tuple[list[StoryChange], OpenWindow]:
    """Take in batches one after the other, each at the time of its latest article."""
    window, log = OpenWindow(), list[StoryChange]()
    for batch in batches:
        now = max([*map(published, batch), *([window.clock] if window.clock else [])])
        changes, window = assign(batch, window, SETTINGS, now)
        log += changes
    return log, window


def cut(articles: Sequence[Article], hours: int) -> list[list[Article]]:
    """Cut a feed, sorted by publication, at each so many hours."""

    def place(article: Article) -> int:
        return int(published(article).timestamp() // (3600 * hours))

    return [list(part) for _, part in groupby(articles, key=place)]


@settings(max_examples=6)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_four_days_in_one_run_are_four_days_in_daily_and_in_six_hourly_runs(
    seed: int, chance: random.Random
) -> None:
    articles = feed(seed)
    shuffled = articles.copy()
    chance.shuffle(shuffled)
    log, window = run([shuffled])
    for hours in (24, 6):
        same_log, same_window = run(cut(articles, hours))
        assert same_log == log
        assert content(same_window) == content(window)


def test_a_feed_of_these_has_all_kinds_of_changes() -> None:
    """Hold what the test above is made of against what it is meant to try."""
    found = {type(change) for seed in range(3) for change in run([feed(seed)])[0]}
    assert {Merged, Split, Closed} <= found


def test_an_article_taken_in_again_in_any_later_run_changes_nothing() -> None:
    articles = feed(1, size=12, hours=24)
    window = run([articles])[1]
    assert window.clock is not None
    changes, left = assign(articles, window, SETTINGS, window.clock)
    assert changes == []
    assert content(left) == content(window)


@pytest.mark.parametrize("seed", range(3))
def test_a_run_without_news_closes_what_the_next_would_close(seed: int) -> None:
    *first, last = cut(feed(seed), 6)
    window = run(first)[1]
    now = published(last[-1])
    one = assign(last, window, SETTINGS, now)
    between = assign([], window, SETTINGS, published(first[-1][-1]))
    assert between.changes == []
    other = assign(last, between.window, SETTINGS, now)
    assert (one.changes, content(one.window)) == (other.changes, content(other.window))


def test_what_is_late_joins_the_story_of_its_event() -> None:
    articles = [replace(one, outlet="") for one in feed(2, hours=24)]
    late = articles.pop(5)
    window = run([articles])[1]
    assert window.clock is not None
    grown = assign([late], window, SETTINGS, window.clock).window
    whole = run([[*articles, late]])[1]

    def company(found: OpenWindow) -> set[str]:
        (own,) = (set(s.members) for s in found.stories if late.article_id in s.members)
        return own - {late.article_id}

    assert company(grown) & company(whole)


def test_the_clock_never_goes_back() -> None:
    articles = feed(3, hours=24)
    window = run([articles])[1]
    assert window.clock == published(articles[-1])
    earlier = replace(articles[0], article_id=ArticleId("late"))
    assert window.clock is not None
    assert assign([earlier], window, SETTINGS, window.clock).window.clock == window.clock
