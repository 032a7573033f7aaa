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
    "memory_of",
    "speaks_of_host",
    "url_answered",
    "url_failed",
]

_HOST_REASONS = frozenset({"dns", "connect_timeout", "refused", "reset", "tls", "deadline"})
# One page that fails does not shut out its site; a second one in a row does.
_PATIENCE = 1
_NOT_MODIFIED = 304


def memory_of(visit: Visit) -> UrlMemory:
    """Return what is remembered of a visit's URL."""
    return visit.memory or UrlMemory(url=visit.url)


def url_answered(visit: Visit, reply: Reply, digest: str, now: datetime) -> UrlMemory:
    """Remember an answer that could be used.

    Parameters
    ----------
    digest
        Of the body; not looked at with status 304, which has none.
    """
    old = memory_of(visit)
    fresh = fresh_until(reply, now) if visit.purpose == "listing" else None
    if reply.status == _NOT_MODIFIED:
        return replace(
            old,
            etag=validator(reply, "etag") or old.etag,
            last_modified=validator(reply, "last-modified") or old.last_modified,
            fetched_at=now,
            not_before=fresh,
            failures=0,
        )
    return UrlMemory(
        url=visit.url,
        etag=validator(reply, "etag"),
        last_modified=validator(reply, "last-modified"),
        body_digest=digest,
        fetched_at=now,
        not_before=fresh,
    )


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
