"""Stories, how they change, and answers about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, NewType, TypeAlias

from pipeline.records.articles import ArticleId, NearRepeat, RemovedSpan, Span
from pipeline.records.relations import Relation, SharedPassage

__all__ = [
    "Closed",
    "Extended",
    "Linked",
    "Membership",
    "Merged",
    "OpenStory",
    "Opened",
    "RelatedStory",
    "SameStory",
    "Split",
    "Story",
    "StoryAssignment",
    "StoryChange",
    "StoryId",
    "SummarySentence",
    "Verdict",
]

StoryId = NewType("StoryId", str)

Verdict: TypeAlias = Literal[Relation, "same_story", "related", "new"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Why an article is in its story.

    Parameters
    ----------
    article_id
        The article.
    score
        Mean similarity to the rest of the story when it joined, 0-1; 1.0 for the founder.
    nearest
        The most similar article of the story at that moment; None for a lone founder.
    nearest_score
        Similarity to `nearest`, 0-1.
    shared_terms
        The terms that weigh most in that similarity, heaviest first.
    """

    article_id: ArticleId
    score: float
    nearest: ArticleId | None
    nearest_score: float
    shared_terms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A new story. `members` holds the founder first."""

    story_id: StoryId
    at: datetime
    members: tuple[Membership, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """An open story gained articles."""

    story_id: StoryId
    at: datetime
    members: tuple[Membership, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """`absorbed` became part of `story_id`, the older of the two, and redirects there."""

    story_id: StoryId
    at: datetime
    absorbed: StoryId
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A part of `story_id` became a story of its own, while the founding article stayed.

    Parameters
    ----------
    into
        The new story, named after the first of `members`. Where that article founded a story
        before, which was merged away, the old id lives again.
    members
        What left, its founder first; new articles that join them are a change of their own.
    score
        Mean similarity between this part and the other, 0-1.

    Notes
    -----
    Ids that redirect to `story_id` lead to `into` from now on if their own founding article is
    among `members`: every id that was ever minted leads to the story that has its founder.
    """

    story_id: StoryId
    at: datetime
    into: StoryId
    members: tuple[Membership, ...]
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """`story_id` and `related` are steps of one saga; said once of each two, by the lesser id.

    `score` is the cosine of their mean vectors, 0-1, when this was found.
    """

    story_id: StoryId
    at: datetime
    related: StoryId
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """No article joined for the whole window; the story no longer takes new ones by similarity."""

    story_id: StoryId
    at: datetime


StoryChange: TypeAlias = Opened | Extended | Merged | Split | Linked | Closed


class RelatedStory(NamedTuple):
    """Another step of a story's saga; `score` as in `Linked`."""

    story_id: StoryId
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The group of articles that cover one event, as the log of changes leaves it.

    Parameters
    ----------
    story_id
        Minted once, never reused, see `pipeline.identity.story_id`.
    status
        ``open``, ``closed``, or ``merged``: absorbed by `redirect`.
    members
        In the order they joined.
    redirect
        The story that absorbed this one.
    absorbed
        Stories that redirect here, oldest first.
    related
        Other steps of its saga, highest score first, then by id; none of them was merged away.
    """

    story_id: StoryId
    status: Literal["open", "closed", "merged"]
    members: tuple[Membership, ...]
    redirect: StoryId | None = None
    absorbed: tuple[StoryId, ...] = ()
    related: tuple[RelatedStory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStory:
    """A story that still takes new articles.

    Parameters
    ----------
    story_id
        Its name.
    opened
        When its founder was published, or came in where the founder has no date: the older of
        two stories survives a merge. Aware, UTC.
    members
        One representative of each duplicate group.
    founder
        The member that stands for the founding article, whose part keeps the id in a split; None
        where the earliest does.
    related
        The stories that it is linked to already.
    """

    story_id: StoryId
    opened: datetime
    members: tuple[ArticleId, ...]
    founder: ArticleId | None = None
    related: frozenset[StoryId] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryAssignment:
    """The story of one article, where articles are clustered once and nothing is kept.

    Parameters
    ----------
    article_id
        The article.
    story_id
        Its story.
    score
        Mean similarity to the rest of the story, 0-1; 1.0 for the founder.
    """

    article_id: ArticleId
    story_id: StoryId
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SummarySentence:
    """A sentence of an article that stands for its story: `span` of `Article.text`."""

    article_id: ArticleId
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class SameStory:
    """The answer to "is this the same story?" for a draft; one record for every surface.

    Parameters
    ----------
    verdict
        A `Relation` where the draft copies an article, else ``same_story``, ``related`` or
        ``new``.
    story_id
        The story meant; None when the verdict is ``new``.
    confidence
        0-1: the similarity the verdict rests on.
    nearest
        The article meant; None when nothing is stored.
    shared
        Passages shared word by word, longest first: the article and where in draft and article.
    repeats
        What the draft says twice.
    near_repeats
        Sentences of the draft that an earlier one contradicts in a figure or name.
    novel
        Sentences of the draft that no article of the story has.
    """

    verdict: Verdict
    story_id: StoryId | None
    confidence: float
    nearest: ArticleId | None
    shared: tuple[tuple[ArticleId, SharedPassage], ...]
    repeats: tuple[RemovedSpan, ...]
    near_repeats: tuple[NearRepeat, ...]
    novel: tuple[Span, ...]
