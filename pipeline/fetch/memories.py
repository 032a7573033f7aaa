"""How the memory of URLs and hosts changes with what happened; pure functions of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from pipeline.config import FetchSettings
from pipeline.fetch.answers import fresh_until, validator
from pipeline.fetch.http import Reply
from pipeline.records import Failed, HostMemory, UrlMemory, Visit

__all__ = [
    "host_answered",
    "host_failed",
    "listing_left",
    "listing_read",
    "memory_of",
    "speaks_of_host",
    "url_answered",
    "url_failed",
]

_HOST_REASONS = frozenset({"dns", "connect_timeout", "refused", "reset", "tls", "deadline"})
# One page that fails does not shut out its site; a second one in a row does.
_PATIENCE = 1
_NOT_MODIFIED = 304
_FIRST_PAUSE = timedelta(hours=1)  # reports of an event change by the hour on its first day (guess)


def memory_of(visit: Visit) -> UrlMemory:
    """Return what is remembered of a visit's URL."""
    return visit.memory or UrlMemory(url=visit.url)


def url_answered(visit: Visit, reply: Reply, digest: str, now: datetime) -> UrlMemory:
    """Remember an answer that could be used.

    A listing rests as long as it says. An article that a listing calls changed is asked for again,
    but each time only after twice as long: some listings say so of everything, always.

    Parameters
    ----------
    digest
        Of the body; not looked at with status 304, which has none.
    """
    old = memory_of(visit)
    not_modified = reply.status == _NOT_MODIFIED
    new = UrlMemory(
        url=visit.url,
        etag=validator(reply, "etag") or (old.etag if not_modified else None),
        last_modified=validator(reply, "last-modified")
        or (old.last_modified if not_modified else None),
        body_digest=old.body_digest if not_modified else digest,
        fetched_at=now,
    )
    if visit.purpose == "article":
        return replace(new, not_before=_next_look(old.fetched_at, now))
    new = replace(new, not_before=fresh_until(reply, now))
    return listing_read(new, old.ttl_minutes) if not_modified else new


def listing_read(memory: UrlMemory, ttl_minutes: int | None) -> UrlMemory:
    """Remember for how long the content of a listing says that it stays as it is."""
    if ttl_minutes is None or memory.fetched_at is None:
        return memory
    until = memory.fetched_at + timedelta(minutes=ttl_minutes)
    rested = until if memory.not_before is None else max(until, memory.not_before)
    return replace(memory, ttl_minutes=ttl_minutes, not_before=rested)


def listing_left(memory: UrlMemory) -> UrlMemory:
    """Remember that a listing has more than was taken: next time it is sent and read again."""
    return replace(memory, etag=None, last_modified=None, body_digest=None)


def _next_look(before: datetime | None, now: datetime) -> datetime | None:
    return None if before is None else now + max(_FIRST_PAUSE, 2 * (now - before))


def url_failed(visit: Visit, settings: FetchSettings, now: datetime) -> UrlMemory:
    """Remember a failure: each one in a row doubles the pause."""
    old = memory_of(visit)
    failures = old.failures + 1
    return replace(old, failures=failures, not_before=now + _pause(failures, settings))


def host_answered(memory: HostMemory, delay: float, now: datetime) -> HostMemory:
    """Remember that a host works, and not to hurry it (`delay` in seconds)."""
    return replace(memory, failures=0, not_before=now + timedelta(seconds=delay))


def host_failed(
    memory: HostMemory, delay: float, settings: FetchSettings, now: datetime
) -> HostMemory:
    """Remember that a host failed: from the second time in a row on it is given a pause."""
    failures = memory.failures + 1
    pause = _pause(failures - _PATIENCE, settings)
    return replace(memory, failures=failures, not_before=now + max(pause, timedelta(seconds=delay)))


def speaks_of_host(failure: Failed) -> bool:
    """Tell whether a failure is likely to meet the host's other pages as well."""
    return failure.reason in _HOST_REASONS or failure.reason.startswith(("http_5", "http_429"))


def _pause(failures: int, settings: FetchSettings) -> timedelta:
    if failures < 1:
        return timedelta(0)
    longest = settings.max_pause_hours * 60
    # Past 2 ** 32 times any pause the limit has long been reached; floats end at 2 ** 1024.
    return timedelta(minutes=min(settings.backoff_minutes * 2 ** min(failures - 1, 32), longest))
