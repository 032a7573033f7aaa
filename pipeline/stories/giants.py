"""The alarm for the failure that readers forgive least: one story that swallows a topic."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.records import StoryId

__all__ = ["giant_stories"]

# A guess, far above the largest story of a month of a mixed feed (June 2023: 12 of 2,844 articles).
_FEWEST_ARTICLES = 50


def giant_stories(sizes: Mapping[StoryId, int], share: float) -> list[StoryId]:
    """Return the stories that are too large to be one event, largest first.

    Parameters
    ----------
    sizes
        Articles of each open story, copies included.
    share
        Share of all these articles, 0-1, from which a story is a giant. One of fewer than 50
        articles never is, so that a small feed can have one subject.

    Examples
    --------
    >>> sizes = {StoryId("s1-flood"): 60, StoryId("s1-vote"): 12, StoryId("s1-rest"): 100}
    >>> giant_stories(sizes, 0.3)
    ['s1-rest', 's1-flood']
    """
    least = max(_FEWEST_ARTICLES, share * sum(sizes.values()))
    giants = (story for story, size in sizes.items() if size >= least)
    return sorted(giants, key=lambda story: (-sizes[story], story))
