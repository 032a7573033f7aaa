"""What of a listing is asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.config import SourceSettings
from pipeline.records import ListedLink, UrlMemory
from pipeline.service.listed import Choice, choose

NOW = datetime(2026, 3, 5, 12, tzinfo=UTC)
SOURCE = SourceSettings(name="Vale Gazette", url="https://vale.example/feed", country="GB")
FERRY, WHEAT, OPERA = (f"https://vale.example/{name}" for name in ("ferry", "wheat", "opera"))


def choice(
    *links: ListedLink, known: UrlMemory | None = None, since: datetime | None = None, room: int = 9
) -> Choice:
    memories = {known.url: known} if known else {}
    return choose(links, SOURCE, memories, {OPERA}, now=NOW, since=since, room=room)


def fetched(hours_ago: float, not_before: datetime | None = None) -> UrlMemory:
    at = NOW - timedelta(hours=hours_ago)
    return UrlMemory(url=FERRY, fetched_at=at, not_before=not_before)


def test_what_is_new_is_asked_for_in_order_and_what_waits_already_is_not() -> None:
    chosen = choice(ListedLink(url=WHEAT), ListedLink(url=OPERA), ListedLink(url=FERRY))
    assert chosen == Choice(new=(WHEAT, FERRY), again=(), left=0)


def test_what_there_is_no_room_for_is_counted() -> None:
    chosen = choice(ListedLink(url=WHEAT), ListedLink(url=FERRY), room=1)
    assert chosen == Choice(new=(WHEAT,), again=(), left=1)


@pytest.mark.parametrize(
    ("modified", "known", "again"),
    [
        ("2026-03-05T11:00:00Z", fetched(2), True),
        ("2026-03-05T09:00:00Z", fetched(2), False),
        ("Thu, 05 Mar 2026 11:00:00 GMT", fetched(2), True),
        ("2026-03-05", fetched(20), True),
        ("2026-03-05", fetched(2), False),
        ("2026-03-05T11:00:00Z", fetched(2, NOW + timedelta(minutes=5)), False),
        ("2026-03-05T11:00:00Z", fetched(2, NOW - timedelta(minutes=5)), True),
        ("2026-03-05T11:00:00Z", UrlMemory(url=FERRY, failures=5), False),
        ("9999-12-31T23:59:59Z", fetched(2), False),
        ("lately", fetched(2), False),
        (None, fetched(2), False),
    ],
)
def test_a_known_article_is_asked_for_again_when_its_listing_says_it_changed(
    *, modified: str | None, known: UrlMemory, again: bool
) -> None:
    chosen = choice(ListedLink(url=FERRY, modified=modified), known=known)
    assert chosen == Choice(new=(), again=(FERRY,) if again else (), left=0)


@pytest.mark.parametrize(
    ("published", "modified", "taken"),
    [
        ("2026-03-04T10:00:00Z", None, True),
        ("2026-03-01T10:00:00Z", None, False),
        ("2026-03-01T10:00:00Z", "2026-03-04T10:00:00Z", True),
        (None, None, True),
        ("some day", None, True),
    ],
)
def test_what_is_dated_before_since_is_passed_over(
    *, published: str | None, modified: str | None, taken: bool
) -> None:
    link = ListedLink(url=FERRY, published=published, modified=modified)
    chosen = choice(link, since=NOW - timedelta(days=2))
    assert chosen.new == ((FERRY,) if taken else ())
    assert chosen.left == 0
