"""Requests to servers, their answers, and what is remembered between runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.records.inputs import Failed, RawPage

__all__ = ["Fetched", "HostMemory", "ListedLink", "Listing", "UrlMemory", "Visit", "VisitOutcome"]


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
    ttl_minutes
        How long a listing says that it stays as it is, when it was last read.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_digest: str | None = None
    fetched_at: datetime | None = None
    not_before: datetime | None = None
    failures: int = 0
    ttl_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMemory:
    """What is remembered of a host between runs: its robots.txt, and the pause it needs.

    Parameters
    ----------
    domain
        Name with the port where that is unusual, such as ``feeds.bbci.co.uk``: hosts of one
        registered domain may have different rules. Their pauses hold for all of the domain.
    robots
        Text of its robots.txt; None where there is none.
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
    robots: str | None = None
    robots_status: int | None = None
    robots_until: datetime | None = None
    not_before: datetime | None = None
    failures: int = 0


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
