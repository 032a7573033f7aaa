"""All visits of a run: domains side by side, the pages of one domain one after another."""

from __future__ import annotations

import heapq
import queue
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeAlias

from pipeline.config import FetchSettings
from pipeline.errors import ConfigError, UnreadableError
from pipeline.fetch.addresses import parse, registered_domain
from pipeline.fetch.http import Client
from pipeline.fetch.memories import memory_of, url_failed
from pipeline.fetch.visiting import End, Host, Journey, failure, travel
from pipeline.fetch.wire import tls_context
from pipeline.records import Failed, Fetched, HostMemory, UrlMemory, Visit, VisitOutcome

__all__ = ["fetch_all"]

_Travelled: TypeAlias = Future[tuple[Journey | End, Host]]


def fetch_all(
    visits: Iterable[Visit],
    settings: FetchSettings,
    hosts: Mapping[str, HostMemory],
    deadline: datetime | None,
) -> Iterator[VisitOutcome]:
    """Visit URLs politely: domains side by side, each with one connection and a pause.

    Nothing is waited for but the pauses between the visits of a domain: what a server, a failure
    or the memory of a URL puts off comes back at once with the result None.

    Parameters
    ----------
    visits
        Read in full before the first request. With the `memory` of earlier runs requests are
        conditional.
    hosts
        What earlier runs, or earlier calls of this run, remembered, by `HostMemory.domain`.
    deadline
        No visit starts after it, the rest comes back with the result None; aware.

    Yields
    ------
    VisitOutcome
        One for each visit, in the order in which they end; with the memories to keep.

    Raises
    ------
    ConfigError
        `ca_file` cannot be read.
    """
    try:
        client = Client(settings=settings, context=tls_context(settings))
    except OSError as error:
        raise ConfigError(f"fetch.ca_file {settings.ca_file}: {error}") from None
    return _Round(client, hosts, deadline).run(visits)


@dataclass(slots=True)
class _Domain:
    """A registered domain during a run.

    Parameters
    ----------
    name
        As `registered_domain` has it.
    ready
        When it can be visited next, on the clock of `time.monotonic`.
    closed
        What waits, or comes later, is put off to another run.
    listed
        It is in the queue of domains, or being visited.
    waiting
        Journeys still to go.
    """

    name: str
    ready: float = 0.0
    closed: bool = False
    listed: bool = False
    waiting: deque[Journey] = field(default_factory=deque)


class _Round:
    """One call of `fetch_all`. All but `travel` runs in the caller's thread."""

    def __init__(
        self, client: Client, memories: Mapping[str, HostMemory], deadline: datetime | None
    ) -> None:
        self._client = client
        self._deadline = deadline
        self._hosts = {memory.domain: Host(memory) for memory in memories.values()}
        self._domains: dict[str, _Domain] = {}
        self._queue: list[tuple[float, str]] = []
        self._under_way = 0
        self._arrived: queue.SimpleQueue[tuple[_Domain, _Travelled]] = queue.SimpleQueue()
        now = datetime.now(UTC)
        for host in self._hosts.values():
            if host.memory.not_before is not None and now < host.memory.not_before:
                host.recall(client.settings, now)
                self._rest(self._domain(parse(f"http://{host.memory.domain}").host), host)

    def run(self, visits: Iterable[Visit]) -> Iterator[VisitOutcome]:
        """Yield the outcome of each visit."""
        for visit in visits:
            yield from self._add(visit)
        pool = ThreadPoolExecutor(self._client.settings.max_hosts, "fetch")
        try:
            while self._queue or self._under_way:
                yield from self._start(pool)
                yield from self._collect()
        finally:
            # A caller who stops early need not wait: what is under way ends by its own deadline.
            pool.shutdown(wait=False, cancel_futures=True)

    def _add(self, visit: Visit) -> Iterator[VisitOutcome]:
        now, settings = datetime.now(UTC), self._client.settings
        try:
            address = parse(visit.url)
        except UnreadableError as error:
            yield VisitOutcome(
                visit=visit,
                result=failure(visit, error, now),
                url_memory=url_failed(visit, settings, now),
                host_memory=None,
            )
            return
        not_before = memory_of(visit).not_before
        if not_before is not None and now < not_before:
            yield self._put_off(visit)
            return
        seconds = settings.deadline_seconds
        yield from self._enlist(Journey(visit=visit, address=address, seconds_left=seconds))

    def _enlist(self, journey: Journey) -> Iterator[VisitOutcome]:
        """Let a journey wait for its domain; one that has begun goes first."""
        domain = self._domain(journey.address.host)
        if domain.closed:
            yield self._put_off(journey.visit)
            return
        if journey.passed:
            domain.waiting.appendleft(journey)
        else:
            domain.waiting.append(journey)
        self._list(domain)

    def _start(self, pool: ThreadPoolExecutor) -> Iterator[VisitOutcome]:
        """Begin what is due, as far as there are threads for it."""
        over = self._deadline is not None and self._deadline <= datetime.now(UTC)
        while self._queue and (over or self._can_start()):
            _, name = heapq.heappop(self._queue)
            domain = self._domains[name]
            if over:
                domain.closed = True
            if domain.closed:
                domain.listed = False
                yield from self._empty(domain)
                continue
            self._under_way += 1
            travelled = pool.submit(travel, domain.waiting.popleft(), self._hosts, self._client)
            travelled.add_done_callback(partial(self._arrive, domain))

    def _can_start(self) -> bool:
        free = self._under_way < self._client.settings.max_hosts
        return free and self._queue[0][0] <= time.monotonic()

    def _arrive(self, domain: _Domain, travelled: _Travelled) -> None:
        self._arrived.put((domain, travelled))

    def _collect(self) -> Iterator[VisitOutcome]:
        """Wait until a journey comes back or a domain is due."""
        try:
            domain, travelled = self._arrived.get(timeout=self._patience())
        except queue.Empty:
            return
        step, host = travelled.result()
        self._under_way -= 1
        domain.listed = False
        domain.ready = time.monotonic() + host.delay(self._client.settings)
        self._rest(domain, host)
        if isinstance(step, End):
            yield self._outcome(step.visit, step.result, step.memory)
        else:
            yield from self._enlist(step)
        if domain.closed:
            yield from self._empty(domain)
        self._list(domain)

    def _patience(self) -> float | None:
        """Return how long nothing but an arrival can matter (seconds); None is forever."""
        if not self._queue:
            return None if self._under_way else 0.0
        busy = self._under_way >= self._client.settings.max_hosts
        seconds = [] if busy else [self._queue[0][0] - time.monotonic()]
        if self._deadline is not None:
            seconds.append((self._deadline - datetime.now(UTC)).total_seconds())
        return max(0.0, min(seconds)) if seconds else None

    def _list(self, domain: _Domain) -> None:
        if domain.waiting and not domain.listed:
            domain.listed = True
            heapq.heappush(self._queue, (domain.ready, domain.name))

    def _empty(self, domain: _Domain) -> Iterator[VisitOutcome]:
        while domain.waiting:
            yield self._put_off(domain.waiting.popleft().visit)

    def _domain(self, host: str) -> _Domain:
        name = registered_domain(host)
        return self._domains.setdefault(name, _Domain(name=name))

    def _rest(self, domain: _Domain, host: Host) -> None:
        """Keep the pause a host needs: a short one is waited for, a long one closes its domain."""
        if host.memory.not_before is None:
            return
        seconds = (host.memory.not_before - datetime.now(UTC)).total_seconds()
        if seconds > host.delay(self._client.settings):
            domain.closed = True
        else:
            domain.ready = max(domain.ready, time.monotonic() + seconds)

    def _put_off(self, visit: Visit) -> VisitOutcome:
        return self._outcome(visit, None, memory_of(visit))

    def _outcome(
        self, visit: Visit, result: Fetched | Failed | None, memory: UrlMemory
    ) -> VisitOutcome:
        host = self._hosts.get(parse(visit.url).authority)
        return VisitOutcome(
            visit=visit,
            result=result,
            url_memory=memory,
            host_memory=None if host is None else host.memory,
        )
