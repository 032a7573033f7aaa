"""What of a listing to ask for: what is new, and what its publisher has changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.config import SourceSettings
from pipeline.extract.dates import Locale, believable, read_timestamp
from pipeline.records import ListedLink, Timestamp, UrlMemory

__all__ = ["Choice", "choose", "latest_date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The articles of a listing to ask for.

    Parameters
    ----------
    new
        Never asked for, the first listed first.
    again
        Asked for earlier, and changed since, as the listing says.
    left
        How many new ones there was no room for.
    """

    new: tuple[str, ...]
    again: tuple[str, ...]
    left: int


def choose(
    links: Iterable[ListedLink],
    source: SourceSettings,
    known: Mapping[str, UrlMemory],
    waiting: Collection[str],
    *,
    now: datetime,
    since: datetime | None,
    room: int,
) -> Choice:
    """Choose what to ask for.

    Parameters
    ----------
    links
        Of one listing, in its order.
    known
        What is remembered of those asked for before.
    waiting
        Those that will be asked for anyway.
    now
        Dates far ahead of it are no dates; aware.
    since
        Links dated earlier are passed over; undated ones are not.
    room
        How many new ones are taken.
    """
    new, again = list[str](), list[str]()
    for link in links:
        if since is not None and _is_before(link, source, now, since):
            continue
        memory = known.get(link.url)
        if memory is not None and _is_due(link, memory, source, now):
            again.append(link.url)
        elif memory is None and link.url not in waiting:
            new.append(link.url)
    return Choice(new=tuple(new[:room]), again=tuple(again), left=max(0, len(new) - room))


def latest_date(
    links: Iterable[ListedLink], source: SourceSettings, now: datetime
) -> datetime | None:
    """Return the latest date that links state, of those that can be true at `now`."""
    stated = (_stamp(link.published or link.modified, source, now) for link in links)
    return max((stamp.instant for stamp in stated if stamp), default=None)


def _is_before(link: ListedLink, source: SourceSettings, now: datetime, since: datetime) -> bool:
    stamps = [_stamp(raw, source, now) for raw in (link.published, link.modified)]
    instants = [stamp.instant for stamp in stamps if stamp]
    return bool(instants) and max(instants) < since


def _is_due(link: ListedLink, memory: UrlMemory, source: SourceSettings, now: datetime) -> bool:
    """Say whether a known article has changed since it was asked for, and may be asked again."""
    if memory.fetched_at is None or (memory.not_before is not None and now < memory.not_before):
        return False
    stamp = _stamp(link.modified, source, now)
    return stamp is not None and stamp.instant > memory.fetched_at


def _stamp(raw: str | None, source: SourceSettings, now: datetime) -> Timestamp | None:
    locale = Locale(country=source.country, lang=source.lang)
    stamp = read_timestamp(raw, "feed", locale) if raw else None
    return stamp if stamp and believable(stamp, now) else None
