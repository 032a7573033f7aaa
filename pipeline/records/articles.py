"""Articles: documents in one version.

Spans are half-open ``[start, end)`` offsets in Unicode code points into `Article.text`, which is
the text as extracted; nothing is ever cut out of it. What a reader should not see twice is listed
in `Article.removed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, NewType, TypeAlias

__all__ = [
    "Article",
    "ArticleId",
    "NearRepeat",
    "Precision",
    "RemovedSpan",
    "Span",
    "Timestamp",
    "WireCredit",
    "Zone",
]

ArticleId = NewType("ArticleId", str)

Precision: TypeAlias = Literal["second", "minute", "day"]
Zone: TypeAlias = Literal["stated", "guessed_from_outlet", "ambiguous", "missing"]


class Span(NamedTuple):
    """Half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """An instant as an article states it, with what is known about that statement.

    Parameters
    ----------
    instant
        Aware, UTC. With precision ``day`` it is that day's 00:00 UTC and only the date counts.
    precision
        Smallest unit that was stated.
    zone
        ``stated``: an offset or an unambiguous zone was given. ``guessed_from_outlet``: an
        ambiguous abbreviation (IST, BST, ...) was resolved by the outlet's country.
        ``ambiguous``: it could not be resolved. ``missing``: no zone was given. Instants of the
        last two are read as UTC.
    origin
        Where it was found, such as ``json-ld``, ``meta``, ``feed``, ``text`` or ``input``.
    raw
        The words it was read from.
    offset_minutes
        East of UTC, of the zone the statement was made in, so that its own day can be shown
        (21:24-05:00 is the next day in UTC); for a statement in UTC, of the outlet's own clock
        where that is known. None where the zone is not known.
    """

    instant: datetime
    precision: Precision
    zone: Zone
    origin: str
    raw: str
    offset_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedSpan:
    """A stretch of `Article.text` that is not counted as the article's own words.

    Parameters
    ----------
    start, end
        Code points into `Article.text`.
    reason
        ``repeated`` (the article says it earlier); ``boilerplate`` (its site says it in many
        articles); or what the line is: ``title``, ``byline``, ``dateline``, ``image_credit``,
        ``credit``, ``copyright``.
    copy_of
        The earlier span this one repeats; None unless the reason is ``repeated``.
    similarity
        Share of words that agree with `copy_of`, 0-1; 1.0 for a copy word by word.
    kind
        How it is repeated: ``doubled`` (the text is one thing twice), ``interleaved`` (each line
        twice), ``body`` (a stretch of the report), ``paragraph`` or ``standfirst``; None unless
        the reason is ``repeated``.
    """

    start: int
    end: int
    reason: str
    copy_of: Span | None = None
    similarity: float | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearRepeat:
    """A sentence that stays although the text says nearly the same earlier: a fact differs.

    Parameters
    ----------
    start, end
        Code points into the text.
    like
        The earlier span that it resembles.
    similarity
        Share of words that agree, 0-1.
    reason
        What differs: a ``date``, a ``figure`` (a number, or a word such as "not") or a ``name``.
    here, there
        The words that differ, in this sentence and in `like`; one may be empty.
    """

    start: int
    end: int
    like: Span
    similarity: float
    reason: Literal["date", "figure", "name"]
    here: tuple[str, ...]
    there: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WireCredit:
    """Who an article was first written by, where another outlet prints it.

    Parameters
    ----------
    name
        The agency or outlet.
    evidence
        What says so: the article's ``dateline`` or ``credit_line``, its ``byline``, the page's
        ``json-ld`` or ``meta`` elements, or the ``feed`` it came with.
    raw
        The words it was read from.
    """

    name: str
    evidence: Literal["dateline", "credit_line", "byline", "json-ld", "meta", "feed"]
    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One document in one version.

    Parameters
    ----------
    article_id
        Stable name, see `pipeline.identity.article_id`.
    text
        As extracted, paragraphs separated by newlines.
    title, url, outlet, authors, lang
        Empty or None where unknown. `url` is canonical; `lang` is a lower-case ISO 639-1 code.
    published, modified
        As stated by the article.
    removed
        Spans of `text` to skip, sorted by start, never overlapping.
    uri
        The `RawPage.uri` it was read from.
    section
        The part of the outlet it stands in, as the outlet names it.
    image
        Address of the picture shown with it.
    paywalled
        Whether the page says that only subscribers can read all of it; None where it says nothing.
    wire
        The agency or outlet that it was taken over from.
    origins
        Where each of `title`, `url`, `outlet`, `authors`, `lang`, `section`, `image` and
        `paywalled` was found, such as ``json-ld``, ``meta``, ``text`` or ``address``; dates and
        `wire` say so themselves.
    """

    article_id: ArticleId
    text: str
    title: str = ""
    url: str | None = None
    outlet: str | None = None
    authors: tuple[str, ...] = ()
    lang: str | None = None
    published: Timestamp | None = None
    modified: Timestamp | None = None
    removed: tuple[RemovedSpan, ...] = ()
    uri: str = ""
    section: str | None = None
    image: str | None = None
    paywalled: bool | None = None
    wire: WireCredit | None = None
    origins: Mapping[str, str] = field(default_factory=dict, hash=False)
