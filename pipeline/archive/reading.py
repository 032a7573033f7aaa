"""Reads the archive back: what each file holds, and single pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord

from pipeline.archive.layout import (
    BATCH_URI,
    LISTING_HEADER,
    RETRY_URI,
    SOURCE_HEADER,
    VIA_HEADER,
    page_digest,
)
from pipeline.errors import StateError
from pipeline.records import ArchivedPage, BatchMark, RawPage, Retry

__all__ = ["is_page", "media_type", "page_of", "read_page", "scan"]


def scan(folder: Path, name: str) -> Iterator[ArchivedPage | BatchMark | Retry]:
    """Yield what one file of the archive holds, in order, without keeping bodies."""
    with (folder / name).open("rb") as file:
        records = ArchiveIterator(file)
        for record in records:
            uri = record.rec_headers.get_header("WARC-Target-URI") or ""
            content = record.content_stream().read()
            offset = records.get_record_offset()  # skips what is left of the record
            if record.rec_type == "metadata" and uri.startswith(BATCH_URI):
                yield BatchMark(number=int(uri.removeprefix(BATCH_URI)))
            elif record.rec_type == "metadata" and uri == RETRY_URI:
                yield from (Retry(**fields) for fields in json.loads(content))
            elif is_page(record):
                yield ArchivedPage(
                    file=name,
                    offset=offset,
                    uri=uri,
                    source=record.rec_headers.get_header(SOURCE_HEADER) or "",
                    digest=page_digest(content),
                    via=record.rec_headers.get_header(VIA_HEADER) or "",
                    status=_status(record),
                    etag=record.http_headers and record.http_headers.get_header("ETag"),
                )


def read_page(folder: Path, where: ArchivedPage) -> RawPage:
    """Read one page back.

    Raises
    ------
    StateError
        The file is missing or holds another record there.
    """
    try:
        with (folder / where.file).open("rb") as file:
            file.seek(where.offset)
            record = next(iter(ArchiveIterator(file)))
            page = page_of(record, where.source)
    except (OSError, StopIteration) as error:
        raise StateError(
            f"{folder / where.file}: {where.uri} is not at offset {where.offset} ({error}); "
            "restore the file, or run `samestory rebuild` to do without it"
        ) from None
    if page.uri != where.uri:
        raise StateError(
            f"{folder / where.file}: found {page.uri} where {where.uri} was archived; "
            "run `samestory rebuild`"
        )
    return page


def is_page(record: ArcWarcRecord) -> bool:
    """Say whether a record holds a page: a response with status 200, or a resource."""
    if record.rec_type == "response" and record.http_headers is not None:
        return bool(record.http_headers.get_statuscode() == "200")
    return bool(record.rec_type == "resource")


def _status(record: ArcWarcRecord) -> int | None:
    return int(record.http_headers.get_statuscode()) if record.http_headers else None


def page_of(record: ArcWarcRecord, source: str, max_bytes: int | None = None) -> RawPage:
    """Return the page in a record, with at most `max_bytes` of its body.

    Raises
    ------
    ValueError, TypeError
        The WARC-Date is no date, or is missing.
    """
    fetched_at = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date"))
    return RawPage(
        uri=record.rec_headers.get_header("WARC-Target-URI") or "",
        source=source,
        media_type=media_type(record),
        body=record.content_stream().read(max_bytes),
        fetched_at=fetched_at if fetched_at.tzinfo else fetched_at.replace(tzinfo=UTC),
        via=record.rec_headers.get_header(VIA_HEADER) or "",
        is_listing=record.rec_headers.get_header(LISTING_HEADER) is not None,
    )


def media_type(record: ArcWarcRecord) -> str:
    """Return the media type of what is in a record, without parameters."""
    headers = record.http_headers or record.rec_headers
    stated = headers.get_header("Content-Type") or "application/octet-stream"
    return str(stated).partition(";")[0].strip().lower()
