"""Long files on the web, such as the WARC files of CC-NEWS, read as they come.

A page has one deadline for all of it. A file of a gigabyte cannot; here each 64 KiB have one, so
that a server may be slow but can neither stall nor drip.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pipeline.config import FetchSettings
from pipeline.errors import ConfigError, UnreadableError
from pipeline.fetch.addresses import WebAddress, parse
from pipeline.fetch.http import (
    CHUNK_BYTES,
    Answer,
    Client,
    exchange,
    named_errors,
    request_headers,
    value_of,
)
from pipeline.fetch.visiting import (
    REDIRECTS,
    BusyError,
    Host,
    check_rules,
    redirect_target,
    refuse_busy,
)
from pipeline.fetch.wire import Stopwatch, tls_context
from pipeline.records import HostMemory

__all__ = ["BusyError", "RemoteFile", "open_remote"]

_OK, _PART, _OUT_OF_RANGE = 200, 206, 416
_WIRE_BYTES = 4 * CHUNK_BYTES  # what may come for a piece: chunk sizes and a buffer are beside it


class RemoteFile:
    """The rest of a file that a server sends, as a stream that knows its place."""

    def __init__(self, answer: Answer | None, settings: FetchSettings, offset: int) -> None:
        self._answer = answer
        self._settings = settings
        self._offset = offset
        self._buffer = b""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, or one piece as it came; none at the end."""
        if not self._buffer:
            self._buffer = self._next_piece()
        taken = self._buffer if size < 0 else self._buffer[:size]
        self._buffer = self._buffer[len(taken) :]
        self._offset += len(taken)
        return taken

    def tell(self) -> int:
        """Return how many bytes of the file lie before the next one read."""
        return self._offset

    def _next_piece(self) -> bytes:
        if self._answer is None:
            return b""
        self._answer.wire.go_on(Stopwatch(self._settings.deadline_seconds), _WIRE_BYTES)
        with named_errors():
            return next(self._answer.pieces, b"")


@contextmanager
def open_remote(url: str, offset: int, settings: FetchSettings) -> Iterator[RemoteFile]:
    """Ask for a file from an offset on (bytes); robots.txt, redirects and addresses as for pages.

    A server that does not send parts sends all, and what comes before is passed over. Where the
    file ends before the offset there is nothing to read.

    Raises
    ------
    UnreadableError
        With a reason of `pipeline.fetch.http`, also while reading.
    BusyError
        The server asks to be left alone for a while.
    ConfigError
        `ca_file` cannot be read.
    """
    try:
        client = Client(settings=settings, context=tls_context(settings))
    except OSError as error:
        raise ConfigError(f"fetch.ca_file {settings.ca_file}: {error}") from None
    address, passed = parse(url), tuple[str, ...]()
    while True:
        stopwatch = Stopwatch(settings.deadline_seconds)
        host = Host(HostMemory(domain=address.authority))
        check_rules(address, host, client, stopwatch)
        with exchange(client, address, _headers(address, offset, settings), stopwatch) as answer:
            if answer.status not in REDIRECTS:
                yield _opened(answer, offset, settings)
                return
            target = redirect_target(address, answer, passed, settings)
        address, passed = target, (*passed, address.url)


def _headers(address: WebAddress, offset: int, settings: FetchSettings) -> dict[str, str]:
    part = {"Range": f"bytes={offset}-"} if offset else {}
    return request_headers(address, settings) | {"Accept-Encoding": "identity"} | part


def _opened(answer: Answer, offset: int, settings: FetchSettings) -> RemoteFile:
    refuse_busy(answer, settings, datetime.now(UTC))
    if offset and answer.status == _OUT_OF_RANGE:
        return RemoteFile(None, settings, offset)
    if offset and answer.status == _PART:
        stated = value_of(answer.headers, "content-range")
        if not stated.startswith(f"bytes {offset}-"):
            raise UnreadableError("partial_content", f"Content-Range: {stated[:80]!r}")
        return RemoteFile(answer, settings, offset)
    if answer.status != _OK:
        raise UnreadableError(f"http_{answer.status}", f"the server answered {answer.status}")
    file = RemoteFile(answer, settings, 0)
    while file.tell() < offset and file.read(offset - file.tell()):
        pass
    return file
