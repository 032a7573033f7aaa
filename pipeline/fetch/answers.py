"""What an answer means: for how long not to come back, and whether there is anything to read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from pipeline.config import FetchSettings
from pipeline.errors import UnreadableError
from pipeline.fetch.decoding import unpack_gzip
from pipeline.fetch.http import Answer, Reply, collect, value_of
from pipeline.records import UrlMemory

__all__ = ["condition_headers", "fresh_until", "readable_body", "retry_at", "validator"]

# Longer is a wrong setting: no listing of news is right for more than a day.
_MAX_FRESH = timedelta(days=1)
_MAX_VALIDATOR_CHARS = 1024  # Real ETags have 20 to 80; a larger one is not worth keeping.
_VALIDATOR = re.compile(r"[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
_MAX_AGE = re.compile(r"(?:^|[\s,;])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_NOT_FRESH = re.compile(r"no-cache|no-store", re.IGNORECASE)
_SECONDS = re.compile(r"\d{1,12}")
_UNREADABLE_TYPES = re.compile(
    r"\s*(image|audio|video|font)/|\s*application/(pdf|zip|msword|vnd\.)", re.IGNORECASE
)
_FEED_TYPES = re.compile(r"\s*application/vnd\.[\w.+-]*(xml|json)", re.IGNORECASE)
_GZIP = b"\x1f\x8b"
_MAGIC = {
    b"%PDF-": "a PDF",
    b"\x89PNG\r\n": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"PK\x03\x04": "a ZIP file",
    _GZIP: "a gzip file",
}


def retry_at(reply: Reply | Answer, settings: FetchSettings, now: datetime) -> datetime | None:
    """Return when a server that is busy wants to be asked again, if it says so.

    Both forms of Retry-After are read. A wish for longer than `max_pause_hours` counts as that.
    """
    stated = value_of(reply.headers, "retry-after").strip()
    longest = timedelta(hours=settings.max_pause_hours)
    if _SECONDS.fullmatch(stated):
        return now + min(timedelta(seconds=min(int(stated), longest.total_seconds())), longest)
    try:
        at = parsedate_to_datetime(stated)
    except ValueError:
        return None
    at = at.replace(tzinfo=at.tzinfo or UTC)
    return min(max(at, now), now + longest)


def fresh_until(reply: Reply, now: datetime) -> datetime | None:
    """Return until when a listing needs no new look, as its headers say: a day at most."""
    control = value_of(reply.headers, "cache-control")
    if _NOT_FRESH.search(control):
        return None
    found = _MAX_AGE.search(control)
    age = value_of(reply.headers, "age").strip()
    spent = int(age) if _SECONDS.fullmatch(age) else 0
    seconds = int(found.group(1)) - spent if found else 0
    return now + min(timedelta(seconds=seconds), _MAX_FRESH) if seconds > 0 else None


def validator(reply: Reply, name: str) -> str | None:
    """Return an ETag or Last-Modified that can be sent back as it is."""
    value = value_of(reply.headers, name)
    if len(value) > _MAX_VALIDATOR_CHARS or not _VALIDATOR.fullmatch(value):
        return None
    return value


def readable_body(reply: Reply, purpose: str, max_bytes: int) -> bytes:
    """Return the text in an answer; a listing that is a gzip file (sitemap.xml.gz) is unpacked.

    Raises
    ------
    UnreadableError
        ``empty``, ``media_type``, ``too_large``, or what `unpack_gzip` raises.
    """
    stated, body = value_of(reply.headers, "content-type"), reply.body
    if _UNREADABLE_TYPES.match(stated) and not _FEED_TYPES.match(stated):
        raise UnreadableError("media_type", f"Content-Type: {stated[:80]}")
    if purpose == "listing" and body.startswith(_GZIP):
        body = collect(unpack_gzip(iter([body])), max_bytes)
    if not body.strip():
        raise UnreadableError("empty", "the body has no bytes but blanks")
    kind = next((kind for magic, kind in _MAGIC.items() if body.startswith(magic)), None)
    if kind:
        raise UnreadableError("media_type", f"the body is {kind}, whatever its headers say")
    return body


def condition_headers(memory: UrlMemory) -> dict[str, str]:
    """Return the headers of a conditional request."""
    headers = {}
    if memory.etag:
        headers["If-None-Match"] = memory.etag
    if memory.last_modified:
        headers["If-Modified-Since"] = memory.last_modified
    return headers
