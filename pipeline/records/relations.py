"""What two articles are to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pipeline.records.articles import ArticleId, Span

__all__ = ["DuplicateGroup", "NearDuplicate", "Relation", "SharedPassage"]

Relation: TypeAlias = Literal[
    "exact_copy", "near_copy", "contains", "contained_in", "version_of", "composite_of"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate:
    """A verified relation of two articles.

    Parameters
    ----------
    a, b
        The articles in id order; with ``composite_of``, `a` is the roundup.
    relation
        What `a` is to `b`: with ``contains``, `b` is (nearly) inside `a`.
    jaccard
        Shingles in both over shingles in either, exact, 0-1.
    in_a, in_b
        Containment: the shared shingles over all shingles of `a` (of `b`), exact, 0-1.
    """

    a: ArticleId
    b: ArticleId
    relation: Relation
    jaccard: float
    in_a: float
    in_b: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateGroup:
    """Copies of one article, whole or cut.

    Parameters
    ----------
    canonical
        The member to show for all: the earliest complete one.
    members
        Two or more, in id order.
    reason
        What decided for `canonical`: it alone is ``complete``; of the complete ones it is the
        ``earliest``; of those it is the ``fullest``; or all are equal and it is the ``first_id``.
    origin
        Who had it first: the member that came out before all others that say when they did, as
        exactly as they say it; None where that is not sure.
    """

    canonical: ArticleId
    members: tuple[ArticleId, ...]
    reason: Literal["complete", "earliest", "fullest", "first_id"]
    origin: ArticleId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPassage:
    """Words that two texts share one after another, at least one shingle long."""

    in_a: Span
    in_b: Span
