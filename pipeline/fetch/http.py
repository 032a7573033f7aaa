"""One request and its answer: checked address, verified TLS, bounded in time and bytes.

Reason codes of what cannot be fetched (``Failed.stage`` is ``fetch``):

=============================  ==================================================================
``bad_url``                    no http or https URL, a malformed host, a user name, too long
``dns``                        the name does not resolve, or not in time
``private_address``            the host is not on the public internet
``connect_timeout``            no connection, or no TLS handshake, in `connect_seconds`
``refused``                    the connection was refused or the network is unreachable
``reset``                      the server hung up before its answer was complete
``tls``                        certificate or TLS not acceptable
``deadline``                   not done in `deadline_seconds`
``header_too_large``           more than `max_header_bytes`, or more than 100 header lines
``bad_headers``                no HTTP, or headers that contradict each other
``too_large``                  more than `max_body_bytes`, stated or decoded
``short_body``                 fewer bytes than stated, or a compressed body without its end
``bad_encoding``               not the Content-Encoding it states, an unknown one, or a chain
``media_type``                 nothing to read: an image, a PDF, ...
``empty``                      no body
``partial_content``            a part (206) that was not asked for
``not_modified_without_cache`` unchanged (304), though nothing was remembered
``redirect_loop``              a redirect to where it came from
``too_many_redirects``         more than `max_redirects`
``bad_redirect``               without a target, or to one that is no web address
``downgrade``                  a redirect from https to http
``robots``                     robots.txt does not allow it, or cannot be had
``http_404``, ``http_500``...  any other status
``unexpected``                 a fault of this program; please report it
=============================  ==================================================================

429 and 503 with Retry-After are no failures: the visit is put off.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import urllib3
from urllib3.connection import HTTPConnection

from pipeline.config import FetchSettings
from pipeline.errors import UnreadableError
from pipeline.fetch.addresses import WebAddress, resolve
from pipeline.fetch.decoding import ACCEPTED, decode
from pipeline.fetch.wire import Stopwatch, Wire, connect

__all__ = [
    "CHUNK_BYTES",
    "Answer",
    "Client",
    "Reply",
    "collect",
    "exchange",
    "named_errors",
    "request_headers",
    "send",
    "value_of",
]

CHUNK_BYTES = 2**16  # of a body at once
_BODY_STATUSES = frozenset({200, 203})
_ROBOTS_BYTES = 500 * 2**10  # RFC 9309 2.5: at least so much is read, and more need not be.
# Chunk sizes and codings that do not compress add to a body, but never as much as it has itself.
_WIRE_SHARE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What every request of a run shares: the settings, and what verifies certificates."""

    settings: FetchSettings
    context: ssl.SSLContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. The body is decoded; it is read with the statuses 200 and 203 only."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer whose body is still to be read: `pieces` of it as sent, over `wire`."""

    status: int
    headers: tuple[tuple[str, str], ...]
    pieces: Iterator[bytes]
    wire: Wire


def value_of(headers: tuple[tuple[str, str], ...], name: str) -> str:
    """Return a header's values, joined as RFC 9110 5.3 has it; an empty string where absent."""
    return ", ".join(value for key, value in headers if key.lower() == name)


def request_headers(address: WebAddress, settings: FetchSettings) -> dict[str, str]:
    """Return the headers of every request, honest about who asks."""
    contact = f" (+{settings.contact})" if settings.contact else ""
    return {
        "Host": address.authority,
        "User-Agent": settings.user_agent + contact,
        "Accept": "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
        "Accept-Encoding": ACCEPTED,
        "Connection": "close",
    }


def send(
    client: Client,
    address: WebAddress,
    headers: Mapping[str, str],
    stopwatch: Stopwatch,
    *,
    robots: bool = False,
) -> Reply:
    """Send a GET request and read the answer. Cookies are neither kept nor sent.

    Parameters
    ----------
    headers
        All of them, see `request_headers`.
    robots
        The body is a robots.txt: cut to the part that counts instead of refused.

    Raises
    ------
    UnreadableError
        With a reason of the table above.
    """
    settings = client.settings
    with exchange(client, address, headers, stopwatch) as answer, named_errors():
        body = b""
        if answer.status in _BODY_STATUSES:
            _check_length(value_of(answer.headers, "content-length"), settings, robots=robots)
            answer.wire.allow(_WIRE_SHARE * settings.max_body_bytes)
            pieces = decode(answer.pieces, value_of(answer.headers, "content-encoding"))
            body = _cut(pieces) if robots else collect(pieces, settings.max_body_bytes)
        return Reply(status=answer.status, headers=answer.headers, body=body)


@contextmanager
def exchange(
    client: Client, address: WebAddress, headers: Mapping[str, str], stopwatch: Stopwatch
) -> Iterator[Answer]:
    """Send a GET request and give its answer as far as the headers; hang up afterwards.

    What reads the body does it inside of `named_errors`.

    Raises
    ------
    UnreadableError
        With a reason of the table above.
    """
    settings = client.settings
    checked = resolve(address, stopwatch.left(), allow_private=settings.allow_private_hosts)
    wire = connect(address, checked, settings, client.context, stopwatch)
    try:
        with named_errors():
            answer = _answer(wire, address, headers, settings)
        yield answer
    finally:
        wire.hang_up()


@contextmanager
def named_errors() -> Iterator[None]:
    """Turn what goes wrong on the wire into an `UnreadableError` with its reason."""
    try:
        yield
    except (http.client.HTTPException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _named(error) from None


def _answer(
    wire: Wire, address: WebAddress, headers: Mapping[str, str], settings: FetchSettings
) -> Answer:
    connection = HTTPConnection(address.host, address.port)
    # The wire is connected to the address that was checked; urllib3 does not look it up again.
    connection.sock = wire
    connection.request(
        "GET", address.path, headers=headers, preload_content=False, decode_content=False
    )
    response = connection.getresponse()
    received = tuple((str(key), str(value)) for key, value in response.headers.iteritems())
    if sum(len(key) + len(value) for key, value in received) > settings.max_header_bytes:
        raise UnreadableError("header_too_large", "the headers are larger than real ones")
    return Answer(
        status=response.status,
        headers=received,
        pieces=response.stream(CHUNK_BYTES, decode_content=False),
        wire=wire,
    )


def _check_length(stated: str, settings: FetchSettings, *, robots: bool) -> None:
    values = {value.strip() for value in stated.split(",")} - {""}
    if len(values) > 1 or not all(value.isascii() and value.isdigit() for value in values):
        raise UnreadableError("bad_headers", f"Content-Length: {stated[:80]!r}")
    digits = "".join(values).lstrip("0")
    longest = str(settings.max_body_bytes)
    if not robots and (len(digits), digits) > (len(longest), longest):
        raise UnreadableError("too_large", f"Content-Length: {digits[:40]}")


def collect(pieces: Iterator[bytes], max_bytes: int) -> bytes:
    """Put the pieces of a body together.

    Raises
    ------
    UnreadableError
        ``too_large``: they have more than `max_bytes`.
    """
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > max_bytes:
            raise UnreadableError(
                "too_large", f"more than fetch.max_body_bytes = {max_bytes} bytes, decoded"
            )
    return bytes(body)


def _cut(pieces: Iterator[bytes]) -> bytes:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) >= _ROBOTS_BYTES:
            break
    return bytes(body[:_ROBOTS_BYTES])


def _named(error: Exception) -> UnreadableError:
    """Find the reason in an exception of http.client, urllib3 or the system."""
    # urllib3 wraps what it caught: the second argument, or what it was raised from.
    cause = next((arg for arg in error.args if isinstance(arg, Exception)), error.__cause__)
    shown = f"{type(error).__name__}: {error}"[:300]
    for found in (cause, error):
        if isinstance(found, TimeoutError | urllib3.exceptions.TimeoutError):
            return UnreadableError("deadline", shown)
        if isinstance(found, http.client.LineTooLong) or "got more than" in str(found):
            return UnreadableError("header_too_large", shown)
        if isinstance(found, urllib3.exceptions.InvalidChunkLength):
            return UnreadableError("bad_headers", shown)
        if isinstance(found, http.client.IncompleteRead | urllib3.exceptions.IncompleteRead):
            return UnreadableError("short_body", shown)
        if isinstance(found, ssl.SSLError):
            return UnreadableError("tls", shown)
        if isinstance(found, OSError):
            return UnreadableError("reset", shown)
    if "ended prematurely" in str(error):
        return UnreadableError("short_body", shown)
    return UnreadableError("bad_headers", shown)
