"""Reads other people's archives, such as CC-NEWS: WARC and ARC files of any origin."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from pipeline.archive.reading import is_page, media_type, page_of
from pipeline.errors import UnreadableError
from pipeline.records import Failed, RawPage

__all__ = ["Captured", "WarcStream", "foreign_pages"]

# What is read out of other people's archives; pictures, styles and scripts are passed over.
_READABLE = frozenset(
    {"text/html", "application/xhtml+xml", "text/plain", "application/x-samestory-entry+json"}
)


class WarcStream(Protocol):
    """What a WARC file is read from: a file on disk, or one that a server sends."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes; none at the end."""

    def tell(self) -> int:
        """Return how many bytes of the file lie before the next one read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A record of a WARC file, where it begins, and the page in it.

    Parameters
    ----------
    offset
        Bytes of the file before the record (of its gzip member, where it is packed).
    record_id
        The WARC-Record-ID; of ARC files, which have none, URL and date.
    content
        None where the record holds no page, or none that could be an article.
    """

    offset: int
    record_id: str
    content: RawPage | Failed | None


def foreign_pages(
    stream: WarcStream, name: str, source: str, max_bytes: int, now: datetime
) -> Iterator[Captured]:
    """Yield the records of a WARC or ARC file from where the stream stands.

    Pages are responses with status 200, and resources. Memory is bounded by the largest page.

    Parameters
    ----------
    stream
        Stands at the beginning of a record.
    name
        Of the file, for messages.
    max_bytes
        Larger pages become a `Failed`.
    now
        When what cannot be used was refused; aware.

    Raises
    ------
    UnreadableError
        ``broken_warc`` or ``unreadable``, after the records before the damage.
    """
    records = ArchiveIterator(stream, arc2warc=True)
    try:
        for record in records:
            yield Captured(
                offset=records.offset,
                record_id=_record_id(record),
                content=_content(record, source, max_bytes, now),
            )
    except OSError as error:
        raise UnreadableError("unreadable", f"{name}: {error}") from None
    except (ArchiveLoadFailed, EOFError, UnicodeError, ValueError, zlib.error) as error:
        raise UnreadableError("broken_warc", f"{name}: {' '.join(str(error).split())}") from None


def _record_id(record: ArcWarcRecord) -> str:
    headers = record.rec_headers
    stated = headers.get_header("WARC-Record-ID")
    if record.format == "arc" or not stated:  # warcio makes a new one up each time
        stated = f"{headers.get_header('WARC-Target-URI')} {headers.get_header('WARC-Date')}"
    return str(stated)


def _content(
    record: ArcWarcRecord, source: str, max_bytes: int, now: datetime
) -> RawPage | Failed | None:
    if not is_page(record) or media_type(record) not in _READABLE:
        return None
    uri = str(record.rec_headers.get_header("WARC-Target-URI") or "")
    try:
        page = page_of(record, source, max_bytes + 1)
    except (ValueError, TypeError) as error:  # its date is missing, or is none
        detail = f"WARC-Date: {error}"
        return Failed(stage="fetch", reason="broken_record", input=uri, detail=detail, when=now)
    if len(page.body) > max_bytes:
        detail = f"more than extract.max_bytes = {max_bytes} bytes; raise it to read this input"
        return Failed(stage="fetch", reason="too_large", input=uri, detail=detail, when=now)
    return page
