"""One visit: ask robots.txt, ask the host, follow its redirects, and judge the answer.

A redirect to another registered domain ends the part of a visit that one domain is asked for; it
goes on when the other domain has its turn, so that no domain ever has two connections.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pipeline.config import FetchSettings
from pipeline.errors import SamestoryError, UnreadableError
from pipeline.fetch.addresses import WebAddress, join, parse, registered_domain
from pipeline.fetch.answers import condition_headers, readable_body, retry_at
from pipeline.fetch.http import Answer, Client, Reply, request_headers, send, value_of
from pipeline.fetch.memories import (
    host_answered,
    host_failed,
    memory_of,
    speaks_of_host,
    url_answered,
    url_failed,
)
from pipeline.fetch.robots import Rules, are_known, rules_of, with_robots
from pipeline.fetch.wire import Stopwatch
from pipeline.records import Failed, Fetched, HostMemory, UrlMemory, Visit

__all__ = [
    "REDIRECTS",
    "BusyError",
    "End",
    "Host",
    "Journey",
    "check_rules",
    "failure",
    "redirect_target",
    "refuse_busy",
    "travel",
]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_READ = frozenset({200, 203})
_WITHOUT_BODY = frozenset({204, 205})
_BUSY = frozenset({429, 503})
_NOT_MODIFIED, _PARTIAL = 304, 206


@dataclass(slots=True)
class Host:
    """A host during a run: its memory, and its rules once they are read."""

    memory: HostMemory
    rules: Rules | None = None

    def delay(self, settings: FetchSettings) -> float:
        """Return the pause between two visits (seconds)."""
        return self.rules.delay(settings) if self.rules else settings.delay_seconds

    def recall(self, settings: FetchSettings, now: datetime) -> None:
        """Take the rules from memory, where they are not too old."""
        if self.rules is None and are_known(self.memory, now):
            self.rules = rules_of(self.memory, settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A visit on its way.

    Parameters
    ----------
    visit
        What is wanted.
    address
        What to ask for next.
    seconds_left
        Of the visit's deadline.
    passed
        URLs that redirected, in order; the first is where it began.
    """

    visit: Visit
    address: WebAddress
    seconds_left: float
    passed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a journey ended; a `result` of None is to be tried again in a later run."""

    visit: Visit
    result: Fetched | Failed | None
    memory: UrlMemory


class BusyError(SamestoryError):
    """A server asks to be left alone for a while."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"busy until {until.isoformat()}")
        self.until = until


def travel(journey: Journey, hosts: dict[str, Host], client: Client) -> tuple[Journey | End, Host]:
    """Go on with a journey as far as its registered domain reaches; never raises.

    Parameters
    ----------
    hosts
        By authority; those that are asked are updated.

    Returns
    -------
    Journey or End, Host
        A journey where another registered domain has to be asked next; the host asked last.
    """
    stopwatch = Stopwatch(journey.seconds_left)
    domain = registered_domain(journey.address.host)
    while True:
        name = journey.address.authority
        host = hosts.setdefault(name, Host(HostMemory(domain=name)))
        step = _safe_step(journey, host, client, stopwatch)
        if isinstance(step, End) or registered_domain(step.address.host) != domain:
            return step, host
        journey = step


def _safe_step(journey: Journey, host: Host, client: Client, stopwatch: Stopwatch) -> Journey | End:
    try:
        return _step(journey, host, client, stopwatch)
    except BusyError as busy:
        host.memory = replace(host.memory, not_before=busy.until)
        memory = replace(memory_of(journey.visit), not_before=busy.until)
        return End(visit=journey.visit, result=None, memory=memory)
    except UnreadableError as error:
        return _failed(journey.visit, error, host, client.settings)
    except Exception as error:  # noqa: BLE001 - whatever one site does, the others go on
        unexpected = UnreadableError("unexpected", repr(error)[:500])
        return _failed(journey.visit, unexpected, host, client.settings)


def _step(journey: Journey, host: Host, client: Client, stopwatch: Stopwatch) -> Journey | End:
    """Make one request, and those for robots.txt before it."""
    address, settings = journey.address, client.settings
    check_rules(address, host, client, stopwatch)
    headers = request_headers(address, settings) | condition_headers(memory_of(journey.visit))
    reply = send(client, address, headers, stopwatch)
    now = datetime.now(UTC)
    if reply.status in REDIRECTS:
        host.memory = host_answered(host.memory, host.delay(settings), now)
        return replace(
            journey,
            address=redirect_target(address, reply, journey.passed, settings),
            passed=(*journey.passed, address.url),
            seconds_left=stopwatch.left(),
        )
    refuse_busy(reply, settings, now)
    end = _arrived(journey, reply, headers, settings, now)
    host.memory = host_answered(host.memory, host.delay(settings), now)
    return end


def check_rules(address: WebAddress, host: Host, client: Client, stopwatch: Stopwatch) -> None:
    """Ask for a host's robots.txt where it is not known, and obey it.

    Raises
    ------
    UnreadableError
        ``robots``, or what kept its robots.txt from being read.
    BusyError
        It asks to be left alone for now.
    """
    host.rules = _ask_rules(address, host, client, stopwatch)
    if not host.rules.allow(address.url):
        raise UnreadableError("robots", _refusal(address, host.rules))


def _ask_rules(address: WebAddress, host: Host, client: Client, stopwatch: Stopwatch) -> Rules:
    """Return a host's rules: those remembered, or what it says now."""
    now, settings = datetime.now(UTC), client.settings
    host.recall(settings, now)
    if host.rules is not None:
        return host.rules
    at = parse(f"{address.scheme}://{address.authority}/robots.txt")
    passed: tuple[str, ...] = ()
    while True:
        reply = send(client, at, request_headers(at, settings), stopwatch, robots=True)
        if reply.status not in REDIRECTS:
            break
        try:
            at, passed = redirect_target(at, reply, passed, settings), (*passed, at.url)
        except UnreadableError:
            break
    refuse_busy(reply, settings, now)
    host.memory = with_robots(host.memory, reply.status, reply.body, settings, now)
    return rules_of(host.memory, settings)


def _refusal(address: WebAddress, rules: Rules) -> str:
    if rules.parsed is not None:
        return f"robots.txt of {address.authority} does not allow {address.path}"
    return f"robots.txt of {address.authority} answers {rules.status}, so nothing is allowed yet"


def refuse_busy(reply: Reply | Answer, settings: FetchSettings, now: datetime) -> None:
    """Raise `BusyError` where a server asks to be left alone for a while."""
    until = retry_at(reply, settings, now) if reply.status in _BUSY else None
    if until is not None:
        raise BusyError(until)


def redirect_target(
    address: WebAddress,
    reply: Reply | Answer,
    passed: tuple[str, ...],
    settings: FetchSettings,
) -> WebAddress:
    """Return where a redirect leads; `passed` has the URLs that led here.

    Raises
    ------
    UnreadableError
        ``bad_redirect``, ``redirect_loop``, ``too_many_redirects``, or what `join` raises.
    """
    location = value_of(reply.headers, "location")
    if not location:
        raise UnreadableError("bad_redirect", f"{reply.status} without a Location")
    target = join(address, location)
    if target.url in {*passed, address.url}:
        raise UnreadableError("redirect_loop", f"{address.url} leads back to {target.url}")
    if len(passed) >= settings.max_redirects:
        raise UnreadableError("too_many_redirects", f"more than {settings.max_redirects}")
    return target


def _arrived(
    journey: Journey, reply: Reply, headers: dict[str, str], settings: FetchSettings, now: datetime
) -> End:
    """Judge an answer that is no redirect."""
    visit, known = journey.visit, memory_of(journey.visit)
    not_modified = reply.status == _NOT_MODIFIED
    if not_modified and not condition_headers(known):
        raise UnreadableError("not_modified_without_cache", "304, though nothing was remembered")
    body = b"" if not_modified else _body(reply, visit.purpose, settings)
    digest = hashlib.sha256(body).hexdigest()
    fetched = Fetched(
        url=visit.url,
        final_url=journey.address.url,
        status=reply.status,
        headers=reply.headers,
        request_headers=tuple(headers.items()),
        body=body,
        fetched_at=now,
        redirects=journey.passed,
        unchanged=not_modified or digest == known.body_digest,
    )
    return End(visit=visit, result=fetched, memory=url_answered(visit, reply, digest, now))


def _body(reply: Reply, purpose: str, settings: FetchSettings) -> bytes:
    if reply.status == _PARTIAL:
        raise UnreadableError("partial_content", "206, though no part was asked for")
    if reply.status in _WITHOUT_BODY:
        raise UnreadableError("empty", f"status {reply.status}")
    if reply.status not in _READ:
        raise UnreadableError(f"http_{reply.status}", f"the server answered {reply.status}")
    return readable_body(reply, purpose, settings.max_body_bytes)


def failure(visit: Visit, error: UnreadableError, now: datetime) -> Failed:
    """Record why a visit failed."""
    return Failed(
        stage="fetch", reason=error.reason, input=visit.url, detail=error.detail, when=now
    )


def _failed(visit: Visit, error: UnreadableError, host: Host, settings: FetchSettings) -> End:
    now, delay = datetime.now(UTC), host.delay(settings)
    failed = failure(visit, error, now)
    if speaks_of_host(failed):
        host.memory = host_failed(host.memory, delay, settings, now)
    else:
        host.memory = host_answered(host.memory, delay, now)
    return End(visit=visit, result=failed, memory=url_failed(visit, settings, now))
