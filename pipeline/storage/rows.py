"""What the state stores and returns, and how records become text and back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from pipeline.boilerplate import PageParagraphs
from pipeline.near_duplicates import Sketch
from pipeline.records import (
    Article,
    ArticleId,
    Failed,
    Linked,
    Membership,
    Merged,
    NearDuplicate,
    Retry,
    Split,
    StoryChange,
    StoryId,
)
from pipeline.stories import OpenWindow

__all__ = [
    "ARTICLE",
    "FAILED",
    "IN_LIST",
    "MEMBERSHIP",
    "RELATION",
    "BatchOutcome",
    "LoggedChange",
    "StoredVersion",
    "StoredWords",
    "ViewEntry",
    "change_from_json",
    "change_to_json",
    "dump",
    "in_list",
    "other_story",
]

ARTICLE = TypeAdapter(Article)
MEMBERSHIP = TypeAdapter(Membership)
RELATION = TypeAdapter(NearDuplicate)
FAILED = TypeAdapter(Failed)
_CHANGES: dict[str, TypeAdapter[StoryChange]] = {
    kind.__name__.lower(): TypeAdapter(kind) for kind in get_args(StoryChange)
}

IN_LIST = "IN (SELECT value FROM json_each(?))"  # one parameter, however long the list


def in_list(values: Iterable[str] | Iterable[int]) -> str:
    """Return the parameter of an `IN_LIST`."""
    return json.dumps(list(values))


def dump(adapter: TypeAdapter[Any], record: object) -> str:
    """Return a record as JSON text."""
    return adapter.dump_json(record).decode()


def change_to_json(change: StoryChange) -> str:
    """Return a change as JSON text that names its kind."""
    kind = type(change).__name__.lower()
    return json.dumps({"kind": kind} | _CHANGES[kind].dump_python(change, mode="json"))


def change_from_json(text: str) -> StoryChange:
    """Return the change that `change_to_json` wrote."""
    fields = json.loads(text)
    return _CHANGES[fields.pop("kind")].validate_python(fields)


def other_story(change: StoryChange) -> StoryId | None:
    """Return the second story that a change is part of the log of."""
    if isinstance(change, Merged):
        return change.absorbed
    if isinstance(change, Linked):
        return change.related
    return change.into if isinstance(change, Split) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One version of an article, with the digest that names it."""

    digest: str
    article: Article


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedChange:
    """A line of the change log."""

    batch: int
    change: StoryChange


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredWords:
    """What a `Sketch` is made of again: hash of the title, hashes of the words in order."""

    article_id: ArticleId
    title: int
    words: NDArray[np.uint32]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewEntry:
    """A file of the view: its path below the view's folder, its digest, its line in the index."""

    story_id: StoryId
    path: str
    digest: str
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """All that one batch changes, to be applied at once.

    Parameters
    ----------
    number
        The batch.
    clock
        Latest publication known after it; aware, UTC.
    versions
        New versions of articles.
    current
        For each article touched: the digest of its current version.
    sketches
        Sketches of the current versions that are new.
    relations
        All relations of the articles in `sketches`; older ones are forgotten.
    changes
        What happened to stories, in order.
    failures
        Inputs that could not be used.
    failing
        Where these are archived.
    tried
        Names of inputs that failed before and were tried again.
    sightings, addresses
        As in `pipeline.storage.sightings`.
    paragraphs
        Of the current versions that are new, to learn their hosts' boilerplate.
    window
        What the fold knew before, and what it knows now; None where no story was looked at.
    forget_before
        Sketches that came in when the news was older leave the index; None keeps all.
    """

    number: int
    clock: datetime
    versions: Sequence[StoredVersion]
    current: Mapping[ArticleId, str]
    sketches: Sequence[Sketch]
    relations: Sequence[NearDuplicate]
    changes: Sequence[StoryChange]
    failures: Sequence[Failed]
    failing: Collection[Retry] = ()
    tried: Collection[str] = ()
    sightings: Collection[tuple[str, str]] = ()
    addresses: Mapping[str, ArticleId] = field(default_factory=dict)
    paragraphs: Sequence[PageParagraphs] = ()
    window: tuple[OpenWindow, OpenWindow] | None = None
    forget_before: datetime | None = None
