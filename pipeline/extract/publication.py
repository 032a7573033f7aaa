"""When an article was published and modified: from statements, shown lines, or the whole page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.extract import markup
from pipeline.extract.body import page_date
from pipeline.extract.dates import (
    Locale,
    first_believable,
    in_local_time,
    read_dateline,
    read_timestamp,
)
from pipeline.extract.decoding import decode
from pipeline.extract.markup import Claim
from pipeline.extract.parts import PageParts
from pipeline.records import RawPage, Timestamp

__all__ = ["read_dates"]

# Hours UTC between which the day is the same from Chicago to Moscow. Elsewhere it costs a look at
# the shown times only.
_DAY_STARTS, _DAY_ENDS = 6, 21
_ADDRESS_DAY = re.compile(r"/(\d{4})/(\d{1,2})/(\d{1,2})(?:/|$)")
_HOUR, _WIDEST_OFFSET = timedelta(hours=1), timedelta(hours=14)
# "Calder Haven, (12.11.2021). A ferry": a place and a date before anything is said.
_LEAD_DATE = re.compile(r"\W*[^\W\d_][\w./ -]{1,30}?,?\s\(?(?P<date>\d{1,2}[^()\n]{5,20})[).,:]")


def read_dates(
    parts: PageParts,
    text: str,
    url: str | None,
    locale: Locale,
    *,
    home: str | None,
    page: RawPage,
    profile: str,
) -> tuple[Timestamp | None, Timestamp | None]:
    """Return when an article was published and modified, as surely as its page tells.

    What JSON-LD and meta elements state comes first. What the page shows is read only where that
    leaves something open, and the whole page is searched only where nothing is marked as a date.

    Parameters
    ----------
    parts, text
        The page and its main text.
    url
        Its address, which may hold a date.
    locale
        How to read ambiguous zones and ``03/04/2025``.
    home
        Country of the outlet, in whose zone a time in UTC is told; None where it is a guess.
    page
        As it was fetched: all of it is searched, and nothing later than a day after that moment is
        believed.
    profile
        How closely it is searched; ``fast`` reads nothing beside a stated instant.
    """
    fetched_at = page.fetched_at
    modified = first_believable(_modified(parts, locale), fetched_at)
    stated = _stated(parts, locale)
    found = first_believable(stated, fetched_at)
    is_sure = profile == "fast" or (modified and found and not _near_midnight(found))
    if found and found.precision != "day" and is_sure:
        return _told_on(in_local_time(found, stated, home), url), modified
    lines = [
        read_dateline(line.text, line.origin, locale) for line in markup.date_lines(parts.marked)
    ]
    shown = [before for before, _ in lines if before]
    if modified is None:
        modified = first_believable([after for _, after in lines if after], fetched_at)
    if found or _one_day(shown):
        best = first_believable([*stated, *shown], fetched_at)
        return best and _told_on(in_local_time(best, [*stated, *shown], home), url), modified
    # Times of several days, or none: what is shown may belong to other articles.
    if not shown:
        lead = _LEAD_DATE.match(text)
        claims = [Claim("text", lead["date"])] if lead else []
        around = _stamps([*markup.lines_around_heading(parts.tree), *claims], locale)
        if near := first_believable(around, fetched_at):
            return near, modified
    guess = page_date(decode(page.body), url, fetched_at, extensive=profile == "full")
    day = read_timestamp(guess, "guess", locale) if guess else None
    return first_believable([*([day] if day else []), *shown], fetched_at), modified


def _stated(parts: PageParts, locale: Locale) -> list[Timestamp]:
    claims = [
        *parts.claims(["datePublished"], markup.PUBLISHED),
        *(Claim("json-ld", text) for text in parts.stated("dateCreated", "uploadDate")),
    ]
    return _stamps(claims, locale)


def _modified(parts: PageParts, locale: Locale) -> list[Timestamp]:
    return _stamps(parts.claims(["dateModified"], markup.MODIFIED), locale)


def _stamps(claims: Iterable[Claim], locale: Locale) -> list[Timestamp]:
    read = (read_timestamp(claim.text, claim.origin, locale) for claim in claims)
    return [stamp for stamp in read if stamp]


def _told_on(stamp: Timestamp, url: str | None) -> Timestamp:
    """Return a time in UTC on the day that its address names: permalinks have the outlet's own day.

    The offset is the smallest of whole hours that reaches it; the instant stays.
    """
    match = _ADDRESS_DAY.search(url or "")
    if not match or stamp.offset_minutes != 0 or stamp.precision == "day":
        return stamp
    try:
        start = datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)
    except ValueError:
        return stamp
    ahead, behind = start - stamp.instant, stamp.instant - start - timedelta(days=1)
    if timedelta() < ahead <= _WIDEST_OFFSET:
        return replace(stamp, offset_minutes=60 * -(-ahead // _HOUR))
    if timedelta() <= behind < _WIDEST_OFFSET:
        return replace(stamp, offset_minutes=-60 * (behind // _HOUR + 1))
    return stamp


def _near_midnight(stamp: Timestamp) -> bool:
    """Tell whether an instant may be another day where the outlet is."""
    return not _DAY_STARTS <= stamp.instant.hour < _DAY_ENDS


def _one_day(stamps: Sequence[Timestamp]) -> bool:
    return len({stamp.instant.date() for stamp in stamps}) == 1
