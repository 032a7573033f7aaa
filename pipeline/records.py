"""The records that move between stages: frozen, without behaviour, in the order of the data flow.

In topic detection research a "story" is one article. Here an *Article* is one document and a
*Story* is the group of articles that cover one event.

Spans are half-open ``[start, end)`` offsets in Unicode code points into `Article.text`, which is
the text as extracted; nothing is ever cut out of it. What a reader should not see twice is listed
in `Article.removed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, NewType, TypeAlias

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
    "ListedLink",
    "Listing",
    "Membership",
    "Merged",
    "NearDuplicate",
    "OpenStory",
    "Opened",
    "Precision",
    "RawPage",
    "Relation",
    "RemovedSpan",
    "Retry",
    "SameStory",
    "SharedPassage",
    "Span",
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
    "Zone",
]

ArticleId = NewType("ArticleId", str)
StoryId = NewType("StoryId", str)

Precision: TypeAlias = Literal["second", "minute", "day"]
Zone: TypeAlias = Literal["stated", "guessed_from_outlet", "ambiguous", "missing"]
Relation: TypeAlias = Literal[
    "exact_copy", "near_copy", "contains", "contained_in", "version_of", "composite_of"
]
Verdict: TypeAlias = Literal[Relation, "same_story", "related", "new"]


class Span(NamedTuple):
    """Half-open range of code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """One input as it came in, before anything looked inside.

    Parameters
    ----------
    uri
        What the input is known by: a URL, or ``file:`` and the path below the source's folder.
        A member of a container adds its key as a fragment (``file:feed.xml#guid``).
    source
        Name of the configured source that delivered it.
    media_type
        MIME type without parameters. Entries of feeds and JSON Lines use
        ``application/x-samestory-entry+json``.
    body
        The bytes, decompressed.
    fetched_at
        When it came in, aware, UTC.
    via
        The URL that was asked for, where that led to `uri` by redirects; else empty.
    """

    uri: str
    source: str
    media_type: str
    body: bytes
    fetched_at: datetime
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPage:
    """Where a page lies in the archive, and enough to recognise it; `via` as in `RawPage`."""

    file: str
    offset: int
    uri: str
    source: str
    digest: str
    via: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchMark:
    """All pages before this record that no earlier mark covers are batch `number`."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """An input of an archived page that is extracted again, in the next batch that is marked.

    Parameters
    ----------
    input
        The `Failed.input`: the page's own `uri`, or that of a member of it.
    source, uri, digest
        The `ArchivedPage` it is in.
    """

    input: str
    source: str
    uri: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlMemory:
    """What is remembered of a URL between runs.

    Parameters
    ----------
    url
        As it was asked for.
    etag, last_modified
        Validators of the last answer, for conditional requests.
    body_digest
        Digest of the last body, for servers that send the same body as new.
    fetched_at
        When the last answer came; None where there was none yet.
    not_before
        Asked for again only from then on (Retry-After, max-age, back-off).
    failures
        Failures in a row.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    fetched_at: datetime | None = None
    not_before: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMemory:
    """What is remembered of a host between runs: its robots.txt, and the pause it needs.

    Parameters
    ----------
    domain
        Name with the port where that is unusual, such as ``feeds.bbci.co.uk``: hosts of one
        registered domain may have different rules. Their pauses hold for all of the domain.
    robots
        Body of its robots.txt; None where there is none.
    robots_status
        HTTP status of robots.txt; None before it was asked for.
    robots_until
        Asked for again from then on.
    not_before
        No request to its registered domain before.
    failures
        Failures in a row.
    """

    domain: str
    robots: bytes | None = None
    robots_status: int | None = None
    robots_until: datetime | None = None
    not_before: datetime | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One URL to fetch, for a source: its listing, or an article listed there."""

    url: str
    source: str
    purpose: Literal["listing", "article"]
    memory: UrlMemory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a server answered.

    Parameters
    ----------
    url, final_url
        As asked for, and after redirects.
    status
        HTTP status: 200, 203 or 304.
    headers, request_headers
        As received and sent; names may repeat.
    body
        Decoded bytes; empty with status 304.
    fetched_at
        Aware, UTC.
    redirects
        URLs gone through, `url` first, without `final_url`.
    unchanged
        Status 304, or a body whose digest is the one remembered.
    """

    url: str
    final_url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    request_headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: datetime
    redirects: tuple[str, ...]
    unchanged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitOutcome:
    """How a visit went; a `result` of None was put off to a later run."""

    visit: Visit
    result: Fetched | Failed | None
    url_memory: UrlMemory
    host_memory: HostMemory | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedLink:
    """An article that a listing points at.

    Parameters
    ----------
    url
        Absolute, http or https, without fragment, as listed otherwise.
    title
        Empty where the listing gives none.
    published, modified
        As stated, unread: a listing may say anything, the year 9999 too.
    outlet
        Who published it first, where the listing names that: RSS ``<source>``, Google News
        ``<news:name>``.
    lang
        As stated for this link.
    """

    url: str
    title: str = ""
    published: str | None = None
    modified: str | None = None
    outlet: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a feed, sitemap or list of URLs lists.

    Parameters
    ----------
    links
        Each URL once; in the order of the listing, of a sitemap the latest first.
    further
        Listings to read as well: sitemaps of an index, latest first; the next page of a feed
        (RFC 5005). Nothing keeps a hostile site from naming a new one each time.
    ttl_minutes
        How long the listing says that it stays as it is, at most a day.
    entries
        The entries of a feed as pages of their own, as far as the feed carries them.
    truncated
        There was more than is read of one listing.
    """

    links: tuple[ListedLink, ...] = ()
    further: tuple[str, ...] = ()
    ttl_minutes: int | None = None
    entries: tuple[RawPage, ...] = ()
    truncated: bool = False


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
        (21:24-05:00 is the next day in UTC); None where the zone is not known.
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
        ``repeated`` (the article says it earlier), or what the line is: ``title``, ``byline``,
        ``image_credit``.
    copy_of
        The earlier span this one repeats; None unless the reason is ``repeated``.
    similarity
        Share of words that agree with `copy_of`, 0-1; 1.0 for a copy word by word.
    """

    start: int
    end: int
    reason: str
    copy_of: Span | None = None
    similarity: float | None = None


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
    title_origin
        Where the title was found, such as ``json-ld`` or ``first-line``.
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
    title_origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One input that could not be used, kept in quarantine.

    Parameters
    ----------
    stage
        The stage that refused it, such as ``fetch`` or ``extract``.
    reason
        Stable code for counting, such as ``timeout`` or ``too_large``.
    input
        The `RawPage.uri` of the input.
    detail
        What was seen and what to do, for a person.
    when
        Aware, UTC.
    """

    stage: str
    reason: str
    input: str
    detail: str
    when: datetime


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
    """

    canonical: ArticleId
    members: tuple[ArticleId, ...]
    reason: Literal["complete", "earliest", "fullest", "first_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPassage:
    """Words that two texts share one after another, at least one shingle long."""

    in_a: Span
    in_b: Span


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
class Closed:
    """No article joined for the whole window; the story no longer takes new ones by similarity."""

    story_id: StoryId
    at: datetime


StoryChange: TypeAlias = Opened | Extended | Merged | Closed


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
    """

    story_id: StoryId
    status: Literal["open", "closed", "merged"]
    members: tuple[Membership, ...]
    redirect: StoryId | None = None
    absorbed: tuple[StoryId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStory:
    """A story that still takes new articles, with what is needed to compare them.

    Parameters
    ----------
    story_id
        Its name.
    opened
        When its founder was published, or came in where the founder has no date: the older of
        two stories survives a merge. Aware, UTC.
    members
        One representative of each duplicate group.
    """

    story_id: StoryId
    opened: datetime
    members: tuple[Article, ...]


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
    novel
        Sentences of the draft that no article of the story has.
    """

    verdict: Verdict
    story_id: StoryId | None
    confidence: float
    nearest: ArticleId | None
    shared: tuple[tuple[ArticleId, SharedPassage], ...]
    repeats: tuple[RemovedSpan, ...]
    novel: tuple[Span, ...]
