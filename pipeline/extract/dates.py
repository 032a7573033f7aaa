"""Dates as news states them: ISO 8601, RFC 822, Unix seconds, and datelines in many languages.

One pass for all: find a date, then a clock time beside it, then a zone behind that. A general
date parser is not used: python-dateutil drops IST, BST and EST silently and returns naive times.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pipeline.extract.months import MONTHS
from pipeline.extract.zones import home_offset, zoned
from pipeline.records import Precision, Timestamp, Zone

__all__ = [
    "Locale",
    "believable",
    "first_believable",
    "in_local_time",
    "read_dateline",
    "read_timestamp",
]


@dataclass(frozen=True, slots=True)
class Locale:
    """Where a statement comes from, to read ``03/04/2025`` and ``IST``.

    Parameters
    ----------
    country
        ISO 3166-1 alpha-2 code of the outlet, upper case.
    lang
        ISO 639-1 code of the text, lower case.
    """

    country: str | None = None
    lang: str | None = None


class _Date(NamedTuple):
    midnight: datetime
    match: re.Match[str]


class _Clock(NamedTuple):
    reading: timedelta  # since midnight
    precision: Precision
    zone: str  # as named behind it, or empty
    start: int
    end: int


_LONGEST_STATEMENT_CHARS = 400  # datelines are short; the rest of a paragraph is not one
_NAME = r"(?P<month>[^\W\d_][^\s\d.,/|()–—-]{2,13})"  # not \w: Indian vowel signs are no \w
_DAY = r"(?<![\d:.,])(?P<day>\d{1,2})"
_YEAR = r"(?P<year>\d{4})(?!\d)"
_ANY_YEAR = r"(?P<year>\d{4}|\d\d)(?!\d)"
_FORMS = (
    r"(?<!\d)(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)",
    r"^(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?!\d)",
    r"(?P<year>\d{4})\s*[年년]\s*(?P<month>\d{1,2})\s*[月월]\s*(?P<day>\d{1,2})\s*[日일]",
    # 2 July 2025, 2. Juli 2025, 2 de julio de 2025, 02-Jul-2025
    rf"{_DAY}(?:st|nd|rd|th|er|º|\.)?[\s-]{{0,2}}(?:(?:de|del|of)\s)?{_NAME}\.?,?[\s-](?:del?\s)?{_YEAR}",
    rf"{_NAME}\.?\s{_DAY}(?:st|nd|rd|th)?,?\s{_YEAR}",
    # Thu Jul 03 00:36:00 IST 2025
    rf"{_NAME}\s{_DAY}\s(?P<clock>\d\d:\d\d(?::\d\d)?\s[A-Z+\-\d:]{{1,9}})\s{_YEAR}",
    rf"(?<!\d){_YEAR}\.?\s{_NAME}\s{_DAY}(?!\d)",
    rf"(?<![\d.])(?P<first>\d{{1,2}})(?P<mark>[./-])(?P<second>\d{{1,2}})(?P=mark){_ANY_YEAR}",
)
_PATTERNS = tuple(re.compile(form) for form in _FORMS)
_COMPACT = re.compile(r"^(\d{4})(\d\d)(\d\d)T?(\d\d)(\d\d)(\d\d)(?!\d)")
_UNIX = re.compile(r"(\d{10})(\d{3})?")
_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})(?:[:.h時시]\s?(\d{2})[分분]?(?::(\d{2})(?:[.,]\d{1,9})?)?)?"
    r"\s?([ap]\.?\s?m\b\.?)?",
    re.IGNORECASE,
)
_ZONE = re.compile(r"\s*\(?((?:UTC|GMT)?[+−-]\d{1,2}(?::?\d{2})?(?!\d)|[A-Z]{1,5}(?![A-Za-z]))")
_CLOCK_REACH_CHARS = 30  # "3 March 2026 at around 18:40"; further away it is another statement
_MONTH_FIRST_COUNTRIES = frozenset({"US", "PH", "PR"})
_MONTHS_OF_A_YEAR = 12
_SHORT_YEAR_DIGITS = 2
_YEARS = range(1800, 2200)  # guess: no newspaper site dates an article outside of it
_LAST_HOUR, _LAST_MINUTE = 23, 59
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()
_EARLIEST_YEAR = 1900  # systems write year 1, 1899 or 1900 where they know none
_SAME_INSTANT = timedelta(seconds=60)  # one system may round to minutes
_QUARTER = timedelta(minutes=15)  # all zones are whole quarters of an hour apart
_WIDEST_OFFSET = timedelta(hours=14)
_CLOCK_SKEW = timedelta(days=1)  # a date may lie a zone ahead of the fetcher's clock

_UPDATED = re.compile(
    r"(?:last\s+)?(?:updated|modified)|aktualisiert|stand:|mis\s+à\s+jour|actualizad[oa]|"
    r"atualizad[oa]|aggiornat[oa]|bijgewerkt|uppdaterad|opdateret|oppdatert|güncelle\w*|"
    r"diperbarui|обновлен\w*|оновлен\w*|zaktualizowan\w*|更新",
    re.IGNORECASE,
)


def read_timestamp(raw: str, origin: str, locale: Locale = Locale()) -> Timestamp | None:
    """Read the first date stated in `raw`, with its clock time and zone where it has them.

    A clock time in an ambiguous zone that the country does not decide is dropped: the date is
    kept with precision ``day``, so that no wrong instant is ever made of it. Midnight without a
    zone is a date that a system padded, and has precision ``day`` too.

    Parameters
    ----------
    raw
        The statement; only its first 400 characters are looked at.
    origin
        Where it was found, for the record.
    locale
        Decides ambiguous zones and the order of ``03/04/2025``, which is not read at all where
        country and language leave it open.

    Examples
    --------
    >>> stamp = read_timestamp("Jul 03, 2025, 00:36 IST", "text", Locale(country="IN"))
    >>> stamp.instant.isoformat(), stamp.precision, stamp.zone
    ('2025-07-02T19:06:00+00:00', 'minute', 'guessed_from_outlet')
    """
    text = " ".join(html.unescape(raw[:_LONGEST_STATEMENT_CHARS]).split())
    return _read(text, origin, locale)


def read_dateline(
    line: str, origin: str, locale: Locale
) -> tuple[Timestamp | None, Timestamp | None]:
    """Read when a line such as ``2 March 2026 | Updated: 3 March 2026`` says it was published.

    Returns
    -------
    tuple
        Published and modified; what stands behind a word for "updated" is the latter.
    """
    update = _UPDATED.search(line)
    if not update:
        return read_timestamp(line, origin, locale), None
    before, after = line[: update.start()], line[update.end() :]
    return read_timestamp(before, origin, locale), read_timestamp(after, origin, locale)


def believable(stamp: Timestamp, latest: datetime) -> bool:
    """Tell whether an article seen at `latest` can carry this date.

    False for the far past and the Unix epoch, which systems write for "unknown", and for more
    than a day ahead.
    """
    if stamp.instant.year <= _EARLIEST_YEAR or stamp.instant.date() == _EPOCH:
        return False
    return stamp.instant <= latest + _CLOCK_SKEW


def first_believable(stamps: list[Timestamp], latest: datetime) -> Timestamp | None:
    """Choose from statements in order of trust.

    The first believable one wins, but a later one that agrees to a day and is an exact instant
    (a clock time with a known zone) replaces one that is not.
    """
    candidates = [stamp for stamp in stamps if believable(stamp, latest)]
    if not candidates:
        return None
    first = candidates[0]
    agreeing = (
        stamp
        for stamp in candidates
        if _is_exact(stamp) and abs(stamp.instant - first.instant) <= timedelta(days=1)
    )
    return next(agreeing, first)


def in_local_time(
    stamp: Timestamp, others: Iterable[Timestamp], country: str | None = None
) -> Timestamp:
    """Return an instant stated in UTC with the offset that the outlet's own clock has.

    Systems write UTC for machines; readers are told a local day. The offset is taken from another
    statement of the same instant: one with an offset, or one without a zone whose clock is off by
    quarters of an hour. Else from the outlet's country, where that has one zone.
    """
    if not _is_exact(stamp) or stamp.offset_minutes != 0:
        return stamp
    for other in others:
        shift = other.instant - stamp.instant
        if _is_exact(other) and other.offset_minutes and abs(shift) < _SAME_INSTANT:
            return replace(stamp, offset_minutes=other.offset_minutes)
        if other.zone == "missing" and other.precision != "day":
            shift = _minutes(other.instant) - _minutes(stamp.instant)
            quarters, rest = divmod(shift, _QUARTER)
            same_second = other.precision == "minute" or (
                other.instant.second == stamp.instant.second
            )
            if quarters and not rest and same_second and abs(shift) <= _WIDEST_OFFSET:
                return replace(stamp, offset_minutes=int(shift.total_seconds()) // 60)
    at_home = home_offset(stamp.instant, country)
    return stamp if at_home is None else replace(stamp, offset_minutes=at_home)


def _minutes(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def _is_exact(stamp: Timestamp) -> bool:
    return stamp.precision != "day" and stamp.zone in {"stated", "guessed_from_outlet"}


def _read(text: str, origin: str, locale: Locale) -> Timestamp | None:
    if match := _UNIX.fullmatch(text):
        instant = datetime.fromtimestamp(int(match[1]), UTC)
        return Timestamp(
            instant=instant, precision="second", zone="stated", origin=origin, raw=text
        )
    found = _find_date(_COMPACT.sub(r"\1-\2-\3T\4:\5:\6", text), locale)
    return found and _with_clock(found, origin, locale)


def _with_clock(found: _Date, origin: str, locale: Locale) -> Timestamp:
    clock = _clock_beside(found)
    start, end = found.match.span()
    if clock is None:
        return _whole_day(found.midnight, "missing", origin, found.match.group())
    raw = found.match.string[min(start, clock.start) : max(end, clock.end)]
    local, zone = zoned(found.midnight + clock.reading, clock.zone, locale.country)
    if zone == "ambiguous" or (zone == "missing" and not clock.reading):
        return _whole_day(found.midnight, zone, origin, raw)
    offset = local.utcoffset() if zone != "missing" else None
    return Timestamp(
        instant=local.astimezone(UTC),
        precision=clock.precision,
        zone=zone,
        origin=origin,
        raw=raw,
        offset_minutes=None if offset is None else int(offset.total_seconds()) // 60,
    )


def _clock_beside(found: _Date) -> _Clock | None:
    """Return the clock time inside of a date, else behind it, else before it."""
    text, (start, end) = found.match.string, found.match.span()
    if "clock" in found.match.groupdict():
        return _find_clock(text, *found.match.span("clock"))
    return _find_clock(text, end, end + _CLOCK_REACH_CHARS) or _find_clock(
        text, max(0, start - _CLOCK_REACH_CHARS), start
    )


def _whole_day(day: datetime, zone: Zone, origin: str, raw: str) -> Timestamp:
    return Timestamp(
        instant=day.replace(tzinfo=UTC), precision="day", zone=zone, origin=origin, raw=raw
    )


def _find_date(text: str, locale: Locale) -> _Date | None:
    """Return the date that stands first."""
    found = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            midnight = _midnight(match, locale)
            if midnight:
                found.append(_Date(midnight, match))
                break
        if found and found[-1].match.start() == 0:
            return found[-1]  # nothing stands before it
    return min(found, key=lambda date: date.match.start(), default=None)


def _midnight(match: re.Match[str], locale: Locale) -> datetime | None:
    parts = match.groupdict()
    if "first" in parts:
        numbers = _in_order(int(parts["first"]), int(parts["second"]), parts, locale)
        if numbers is None:
            return None
        month, day = numbers
    else:
        name = parts["month"].casefold()
        month, day = int(name) if name.isdecimal() else MONTHS.get(name, 0), int(parts["day"])
    year = int(parts["year"]) + (2000 if len(parts["year"]) == _SHORT_YEAR_DIGITS else 0)
    try:
        return datetime(year, month, day) if year in _YEARS else None  # noqa: DTZ001 - no zone yet
    except ValueError:
        return None


def _in_order(
    first: int, second: int, parts: Mapping[str, str], locale: Locale
) -> tuple[int, int] | None:
    """Return month and day of two numbers, or None where nothing tells which is which."""
    dotted = parts["mark"] == "."
    if len(parts["year"]) == _SHORT_YEAR_DIGITS and not dotted:
        return None  # 1/2/03 has three readings
    if dotted or first > _MONTHS_OF_A_YEAR or second == first:
        return second, first
    if second > _MONTHS_OF_A_YEAR or locale.country in _MONTH_FIRST_COUNTRIES:
        return first, second
    if locale.country or locale.lang not in {None, "en"}:
        return second, first
    return None


def _find_clock(text: str, start: int, end: int) -> _Clock | None:
    """Return the first clock time that begins within these bounds."""
    for match in _CLOCK.finditer(text, start, end):
        hour, minute, second, half = match.groups()
        if minute is None and half is None:
            continue
        hours = int(hour)
        if half:
            hours = hours % 12 + (12 if half.lower().startswith("p") else 0)
        if hours > _LAST_HOUR or int(minute or 0) > _LAST_MINUTE:
            continue
        zone = _ZONE.match(text, match.end())
        return _Clock(
            reading=timedelta(hours=hours, minutes=int(minute or 0), seconds=int(second or 0)),
            precision="second" if second else "minute",
            zone=zone[1].replace("−", "-") if zone else "",
            start=match.start(),
            end=zone.end() if zone else match.end(),
        )
    return None
