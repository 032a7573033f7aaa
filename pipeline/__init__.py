r"""samestory: one record for one news story, however often it was told.

This module is the whole public interface; everything it names is documented where it lives. Names
are imported on first use, so that ``import pipeline`` stays quick.

Examples
--------
>>> import pipeline
>>> told = "The ferry struck the pier at Calder Haven on Monday and injured fourteen people."
>>> text = f"{told}\nDivers will look at the piles.\n{told}\nDivers will look at the piles."
>>> [(span.start, span.copy_of.start) for span in pipeline.find_repeats(text)]
[(112, 0), (193, 81)]
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.checking import check_draft
    from pipeline.near_duplicates import find_duplicates
    from pipeline.records import (
        Article,
        NearDuplicate,
        RemovedSpan,
        SameStory,
        SharedPassage,
        Span,
        StoryAssignment,
        Timestamp,
    )
    from pipeline.repetition import find_repeats
    from pipeline.stories import cluster_stories

__version__ = "0.1.0"

__all__ = [
    "Article",
    "NearDuplicate",
    "RemovedSpan",
    "SameStory",
    "SharedPassage",
    "Span",
    "StoryAssignment",
    "Timestamp",
    "check_draft",
    "cluster_stories",
    "find_duplicates",
    "find_repeats",
]

_HOMES = {
    "check_draft": "checking",
    "cluster_stories": "stories",
    "find_duplicates": "near_duplicates",
    "find_repeats": "repetition",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'pipeline' has no public name {name!r}")
    return getattr(import_module(f"pipeline.{_HOMES.get(name, 'records')}"), name)
