"""Appends what came in to the archive, and completes what a crash left open."""

from __future__ import annotations

import io
import json
import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.archive.layout import (
    BATCH_URI,
    LISTING_HEADER,
    OPEN,
    RETRY_URI,
    SOURCE_HEADER,
    STAMP,
    VIA_HEADER,
    page_digest,
)
from pipeline.errors import StateError
from pipeline.records import ArchivedPage, Fetched, RawPage, Retry, Visit

__all__ = ["ArchiveWriter", "recover"]

# The body is archived decoded; headers that describe the bytes on the wire would be lies.
_WIRE_HEADERS = frozenset({"content-encoding", "content-length", "transfer-encoding"})
_ROTATE_BYTES = 1 << 30  # CC-NEWS rotates at 1 GiB too; larger files are awkward to move.


class ArchiveWriter:
    """Appends pages to a new file of the archive; the file appears with the first page.

    Parameters
    ----------
    folder
        The archive.
    now
        Names the file; aware, UTC.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._stem = f"samestory-{now.astimezone(UTC):{STAMP}}"
        self._parts = 0
        self._file: io.BufferedWriter | None = None
        self._name = ""

    def __enter__(self) -> Self:
        """Nothing is opened before there is something to write."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete the file; after an error `recover` has to look first what of it is whole."""
        if error is None:
            self._complete()
        elif self._file is not None:
            with suppress(OSError):  # the error that brought us here is the one to tell
                self._file.close()

    def write(self, page: RawPage) -> ArchivedPage:
        """Append one page."""
        file = self._writable()
        offset = file.tell()
        headers = {SOURCE_HEADER: page.source, "WARC-Date": _warc_date(page.fetched_at)}
        self._append("resource", page.uri, page.body, page.media_type, headers)
        return ArchivedPage(
            file=self._name,
            offset=offset,
            uri=page.uri,
            source=page.source,
            digest=page_digest(page.body),
        )

    def write_response(self, fetched: Fetched, visit: Visit) -> ArchivedPage:
        """Append what a server sent, with the request's headers beside it."""
        file = self._writable()
        offset = file.tell()
        headers = {SOURCE_HEADER: visit.source, "WARC-Date": _warc_date(fetched.fetched_at)}
        if visit.purpose == "listing":
            headers[LISTING_HEADER] = "yes"
        via = fetched.url if fetched.url != fetched.final_url else ""
        if via:
            headers[VIA_HEADER] = via
        received = [h for h in fetched.headers if h[0].lower() not in _WIRE_HEADERS]
        response = _builder().create_warc_record(
            fetched.final_url,
            "response",
            payload=io.BytesIO(fetched.body),
            length=len(fetched.body),
            http_headers=StatusAndHeaders(
                f"{fetched.status} {HTTPStatus(fetched.status).phrase}",
                [*received, ("Content-Length", str(len(fetched.body)))],
                protocol="HTTP/1.1",
            ),
            warc_headers_dict=headers,
        )
        self._put(response)
        asked = "".join(f"{name}: {value}\r\n" for name, value in fetched.request_headers)
        beside = {"WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID")}
        self._append(
            "metadata",
            fetched.final_url,
            asked.encode(),
            "application/warc-fields",
            headers | beside,
        )
        return ArchivedPage(
            file=self._name,
            offset=offset,
            uri=fetched.final_url,
            source=visit.source,
            digest=page_digest(fetched.body),
            via=via,
            status=fetched.status,
            etag=response.http_headers.get_header("ETag"),
        )

    def mark_batch(self, number: int, now: datetime) -> None:
        """Append the mark that makes all pages since the last mark one batch, and sync."""
        file = self._writable()
        content = json.dumps({"batch": number}).encode()
        headers = {"WARC-Date": _warc_date(now)}
        self._append("metadata", f"{BATCH_URI}{number}", content, "application/json", headers)
        os.fsync(file.fileno())

    def sync(self) -> None:
        """Wait until the disk has all that was written, before anything else rests on it."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def write_retries(self, retries: Iterable[Retry], now: datetime) -> None:
        """Append which inputs of archived pages the next batch tries again."""
        self._writable()
        content = json.dumps([asdict(retry) for retry in retries], sort_keys=True).encode()
        headers = {"WARC-Date": _warc_date(now)}
        self._append("metadata", RETRY_URI, content, "application/json", headers)

    def _writable(self) -> io.BufferedWriter:
        if self._file is not None and self._file.tell() >= _ROTATE_BYTES:
            self._complete()
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._name = f"{self._stem}-{self._parts:03d}.warc.gz"
            self._parts += 1
            self._file = (self._folder / (self._name + OPEN)).open("xb")
            about = {"software": "samestory", "format": "WARC File Format 1.1"}
            record = _builder().create_warcinfo_record(self._name, about)
            self._put(record)
        return self._file

    def _append(
        self, kind: str, uri: str, content: bytes, media_type: str, headers: dict[str, str]
    ) -> None:
        record = _builder().create_warc_record(
            uri,
            kind,
            payload=io.BytesIO(content),
            length=len(content),  # known, so warcio need not copy it to a temporary file
            warc_content_type=media_type,
            warc_headers_dict=headers,
        )
        self._put(record)

    def _put(self, record: ArcWarcRecord) -> None:
        """Write a record with one call, so that a crash tears at most this one."""
        if self._file is None:
            raise StateError("the archive file is not open")
        whole = io.BytesIO()
        WARCWriter(whole, gzip=True, warc_version="WARC/1.1").write_record(record)
        self._file.write(whole.getvalue())
        self._file.flush()

    def _complete(self) -> None:
        if self._file is None:
            return
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        _publish(self._folder / (self._name + OPEN))


def _builder() -> WARCWriter:
    return WARCWriter(io.BytesIO(), gzip=False, warc_version="WARC/1.1")


def _warc_date(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _publish(path: Path) -> None:
    """Give a whole file its final name, durably."""
    path.rename(path.with_name(path.name.removesuffix(OPEN)))
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def recover(folder: Path) -> list[str]:
    """Complete files that a crash left open, cut back to their last whole record.

    Returns
    -------
    list of str
        Names of the files completed; a file without one whole record is removed.
    """
    completed = []
    for path in sorted(folder.glob(f"*.warc.gz{OPEN}")):
        whole = _whole_bytes(path)
        if whole == 0:
            path.unlink()
            continue
        with path.open("r+b") as file:
            file.truncate(whole)
            os.fsync(file.fileno())
        _publish(path)
        completed.append(path.name.removesuffix(OPEN))
    return completed


def _whole_bytes(path: Path) -> int:
    """Return the length of the leading gzip members that are complete."""
    whole = 0
    with path.open("rb") as file:
        member, position = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
        while chunk := file.read(1 << 20):
            position += len(chunk)
            while chunk:
                try:
                    member.decompress(chunk)
                except zlib.error:
                    return whole
                if not member.eof:
                    break
                chunk = member.unused_data
                whole = position - len(chunk)
                member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    return whole
