"""Connections that cannot outlive their deadline nor bring more bytes than asked for."""

from __future__ import annotations

import io
import ssl
import time
from dataclasses import dataclass, field
from socket import create_connection, socket
from typing import TypeAlias

from pipeline.config import FetchSettings
from pipeline.errors import UnreadableError
from pipeline.fetch.addresses import IpAddress, WebAddress

__all__ = ["Stopwatch", "Wire", "connect", "tls_context"]

Buffer: TypeAlias = bytearray | memoryview


@dataclass(slots=True)
class Stopwatch:
    """Counts down the seconds of one visit.

    Parameters
    ----------
    seconds
        What there is to spend, from now on.
    """

    seconds: float
    _started: float = field(default_factory=time.monotonic)

    def left(self) -> float:
        """Return the seconds left, more than 0.

        Raises
        ------
        UnreadableError
            ``deadline``: none is left.
        """
        left = self._started + self.seconds - time.monotonic()
        if left <= 0:
            raise UnreadableError(
                "deadline", "not done in time; fetch.deadline_seconds can be raised"
            )
        return left


class Wire:
    """What `http.client` takes for a socket: each byte costs time and counts against a limit.

    A timeout of the socket itself is no deadline: a server that sends one byte a second starts it
    anew with each one. Here it shrinks with every read.

    Parameters
    ----------
    inner
        A connected socket, with TLS or without.
    stopwatch
        Of the visit.
    max_bytes
        Of headers; `allow` sets another limit for what follows.
    """

    def __init__(self, inner: socket, stopwatch: Stopwatch, max_bytes: int) -> None:
        self._inner = inner
        self._stopwatch = stopwatch
        self._left = max_bytes
        self._reason = "header_too_large"

    def allow(self, max_bytes: int) -> None:
        """Take so many more bytes, now of the body."""
        self._left = max_bytes
        self._reason = "too_large"

    def go_on(self, stopwatch: Stopwatch, max_bytes: int) -> None:
        """Take so many more bytes of a long body, in new time."""
        self._stopwatch = stopwatch
        self.allow(max_bytes)

    def receive(self, buffer: Buffer) -> int:
        """Read into `buffer` what there is, at least a byte; 0 at the end.

        Raises
        ------
        UnreadableError
            ``deadline``, ``header_too_large`` or ``too_large``.
        """
        self._inner.settimeout(self._stopwatch.left())
        try:
            count = self._inner.recv_into(buffer)
        except TimeoutError:
            self._stopwatch.left()
            raise
        self._left -= count
        if self._left < 0:
            raise UnreadableError(self._reason, "the answer is longer than a real one would be")
        return count

    def sendall(self, message: bytes) -> None:
        """Send the request."""
        self._inner.settimeout(self._stopwatch.left())
        self._inner.sendall(message)

    def settimeout(self, seconds: float | None) -> None:
        """Ignore what the client wants: the stopwatch decides."""

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the reading end, as `http.client` asks for it."""
        if mode != "rb":
            raise ValueError(f"mode {mode!r} is not supported")
        return io.BufferedReader(_ReadingEnd(self))

    def close(self) -> None:
        """Do nothing: `http.client` calls this before the body is read, see `hang_up`."""

    def hang_up(self) -> None:
        """Close the connection."""
        self._inner.close()


class _ReadingEnd(io.RawIOBase):
    """The one base class that `io.BufferedReader` accepts."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int:  # type: ignore[override]
        return self._wire.receive(buffer)


def tls_context(settings: FetchSettings) -> ssl.SSLContext:
    """Return what verifies certificates and host names: the system's authorities and `ca_file`."""
    context = ssl.create_default_context()
    if settings.ca_file:
        context.load_verify_locations(settings.ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context


def connect(
    address: WebAddress,
    checked: list[IpAddress],
    settings: FetchSettings,
    context: ssl.SSLContext,
    stopwatch: Stopwatch,
) -> Wire:
    """Connect to the first of the `checked` addresses that answers, and to nothing else.

    Raises
    ------
    UnreadableError
        ``connect_timeout``, ``refused``, ``tls`` or ``deadline``.
    """
    patience = Stopwatch(min(settings.connect_seconds, stopwatch.left()))
    plain = _first_answering(address, checked, patience)
    try:
        if address.scheme == "https":
            # The name of the URL, not the address, is what the certificate must state.
            plain = _encrypted(plain, address.host, context, patience)
    except BaseException:
        plain.close()
        raise
    return Wire(plain, stopwatch, settings.max_header_bytes)


def _first_answering(address: WebAddress, checked: list[IpAddress], patience: Stopwatch) -> socket:
    problem = UnreadableError("dns", f"{address.host} has no address")
    for number, ip in enumerate(checked):
        try:
            # A share each, so that one dead address leaves time for the others.
            seconds = patience.left() / (len(checked) - number)
            return create_connection((str(ip), address.port), seconds)
        except UnreadableError:
            break
        except TimeoutError:
            problem = UnreadableError("connect_timeout", f"{ip} port {address.port} is silent")
        except OSError as error:
            shown = error.strerror or str(error)
            problem = UnreadableError("refused", f"{ip} port {address.port}: {shown}")
    raise problem


def _encrypted(
    plain: socket, name: str, context: ssl.SSLContext, patience: Stopwatch
) -> ssl.SSLSocket:
    try:
        plain.settimeout(patience.left())
        return context.wrap_socket(plain, server_hostname=name)
    except (TimeoutError, UnreadableError):
        raise UnreadableError("connect_timeout", f"{name}: no TLS handshake in time") from None
    except ssl.SSLCertVerificationError as error:
        raise UnreadableError("tls", f"{name}: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise UnreadableError("tls", f"{name}: {error.reason or error}") from None
    except OSError as error:
        raise UnreadableError("reset", f"{name}: during the TLS handshake: {error}") from None
