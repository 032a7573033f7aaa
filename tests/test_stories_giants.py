"""The alarm for a story that is too large to be one event."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import StoryId
from pipeline.stories import giant_stories


def sizes(*counts: int) -> dict[StoryId, int]:
    return {StoryId(f"s1-{n}"): count for n, count in enumerate(counts)}


def test_a_story_with_more_than_its_share_is_a_giant() -> None:
    assert giant_stories(sizes(100, 20, *[1] * 500), 0.1) == ["s1-0"]


def test_an_event_that_a_tenth_of_a_feed_is_not_about_is_no_giant() -> None:
    assert giant_stories(sizes(100, 20, *[1] * 900), 0.1) == []


def test_a_small_feed_with_one_subject_has_no_giant() -> None:
    assert giant_stories(sizes(49), 0.1) == []
    assert giant_stories(sizes(50), 0.1) == ["s1-0"]


def test_no_stories_have_no_giant() -> None:
    assert giant_stories({}, 0.0) == []


@given(st.lists(st.integers(1, 400), max_size=20), st.floats(0, 1))
def test_giants_come_largest_first_and_none_smaller_is_one(counts: list[int], share: float) -> None:
    every = sizes(*counts)
    giants = giant_stories(every, share)
    assert giants == sorted(giants, key=lambda story: (-every[story], story))
    rest = [every[story] for story in every if story not in giants]
    assert not giants or not rest or max(rest) < every[giants[-1]]
