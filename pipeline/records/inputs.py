"""What comes in, where it is archived, and what could not be used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["ArchivedPage", "BatchMark", "Failed", "RawPage", "Retry", "WarcPosition"]


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
    is_listing
        It was asked for as a listing, whatever its media type says.
    """

    uri: str
    source: str
    media_type: str
    body: bytes
    fetched_at: datetime
    via: str = ""
    is_listing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedPage:
    """Where a page lies in the archive, and enough to recognise it; `via` as in `RawPage`.

    `status` and `etag` are those of the server's answer; None for what came from no server.
    """

    file: str
    offset: int
    uri: str
    source: str
    digest: str
    via: str = ""
    status: int | None = None
    etag: str | None = None


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
class WarcPosition:
    """How far a source's WARC file has been read.

    Parameters
    ----------
    file
        Its path or URL.
    offset, record_id
        Of the last record read; where another one is found there, the file is read anew.
    """

    file: str
    offset: int
    record_id: str


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
