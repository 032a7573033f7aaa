"""The records that move between stages: frozen, without behaviour; one module a step of the flow.

In topic detection research a "story" is one article. Here an *Article* is one document and a
*Story* is the group of articles that cover one event.
"""

from __future__ import annotations

from pipeline.records.articles import (
    Article,
    ArticleId,
    NearRepeat,
    Precision,
    RemovedSpan,
    Span,
    Timestamp,
    WireCredit,
    Zone,
)
from pipeline.records.inputs import ArchivedPage, BatchMark, Failed, RawPage, Retry, WarcPosition
from pipeline.records.relations import DuplicateGroup, NearDuplicate, Relation, SharedPassage
from pipeline.records.stories import (
    Closed,
    Extended,
    Linked,
    Membership,
    Merged,
    Opened,
    OpenStory,
    RelatedStory,
    SameStory,
    Split,
    Story,
    StoryAssignment,
    StoryChange,
    StoryId,
    SummarySentence,
    Verdict,
)
from pipeline.records.visits import (
    Fetched,
    HostMemory,
    ListedLink,
    Listing,
    UrlMemory,
    Visit,
    VisitOutcome,
)

__all__ = [
    "ArchivedPage",
    "Article",
    "ArticleId",
    "BatchMark",
    "Closed",
    "DuplicateGroup",
    "Extended",
    "Failed",
    "Fetched",
    "HostMemory",
    "Linked",
    "ListedLink",
    "Listing",
    "Membership",
    "Merged",
    "NearDuplicate",
    "NearRepeat",
    "OpenStory",
    "Opened",
    "Precision",
    "RawPage",
    "RelatedStory",
    "Relation",
    "RemovedSpan",
    "Retry",
    "SameStory",
    "SharedPassage",
    "Span",
    "Split",
    "Story",
    "StoryAssignment",
    "StoryChange",
    "StoryId",
    "SummarySentence",
    "Timestamp",
    "UrlMemory",
    "Verdict",
    "Visit",
    "VisitOutcome",
    "WarcPosition",
    "WireCredit",
    "Zone",
]
