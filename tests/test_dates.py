"""Dates: what was stated, how exactly, and in which zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.dates import (
    Locale,
    believable,
    first_believable,
    in_local_time,
    read_dateline,
    read_timestamp,
)
from pipeline.records import Timestamp

INDIA, BRITAIN, IRELAND = Locale("IN", "en"), Locale("GB", "en"), Locale("IE", "en")
AMERICA, GERMANY, FRANCE = Locale("US", "en"), Locale("DE", "de"), Locale("FR", "fr")
NOWHERE = Locale()
SEEN = datetime(2026, 3, 4, 12, tzinfo=UTC)


def read(raw: str, locale: Locale = NOWHERE) -> tuple[str, str, str] | None:
    found = read_timestamp(raw, "test", locale)
    if found is None:
        return None
    return f"{found.instant:%Y-%m-%dT%H:%M:%S}", found.precision, found.zone


def stamp(raw: str, origin: str = "test") -> Timestamp:
    found = read_timestamp(raw, origin)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("raw", "instant", "precision"),
    [
        ("2026-03-02T18:40:05.123Z", "2026-03-02T18:40:05", "second"),
        ("2026-03-02T18:40+05:30", "2026-03-02T13:10:00", "minute"),
        ("2026-03-02 18:40:05 +0100", "2026-03-02T17:40:05", "second"),
        ("Mon, 02 Mar 2026 18:40:05 GMT", "2026-03-02T18:40:05", "second"),
        ("Mon Mar 02 2026 18:40:05 GMT+0530 (IST)", "2026-03-02T13:10:05", "second"),
        ("3 March 2026 07:15 GMT", "2026-03-03T07:15:00", "minute"),
        ("Updated 5:04 AM EDT, Fri May 3, 2024", "2024-05-03T09:04:00", "minute"),
        ("July 3, 2025 at 7 p.m. ET", "2025-07-03T23:00:00", "minute"),
        ("02/03/2026 - 14:02 MEZ", "2026-03-02T13:02:00", "minute"),
        ("1772476805", "2026-03-02T18:40:05", "second"),
        ("1772476805000", "2026-03-02T18:40:05", "second"),
    ],
)
def test_a_stated_zone_gives_the_instant(raw: str, instant: str, precision: str) -> None:
    assert read(raw, GERMANY) == (instant, precision, "stated")


@pytest.mark.parametrize(
    ("raw", "locale", "instant"),
    [
        ("Jul 03, 2025, 00:36 IST", INDIA, "2025-07-02T19:06:00"),
        ("Jul 03, 2025, 00:36 IST", IRELAND, "2025-07-02T23:36:00"),
        ("Thu Jul 03 00:36:00 IST 2025", INDIA, "2025-07-02T19:06:00"),
        ("3 July 2025 10:00 BST", BRITAIN, "2025-07-03T09:00:00"),
        ("3 July 2025 10:00 BST", Locale("BD"), "2025-07-03T04:00:00"),
        ("Jan 3, 2026 10:00 AM EST", AMERICA, "2026-01-03T15:00:00"),
        ("Jan 3, 2026 10:00 AM CST", Locale("CN"), "2026-01-03T02:00:00"),
    ],
)
def test_the_outlets_country_decides_an_ambiguous_zone(
    raw: str, locale: Locale, instant: str
) -> None:
    found = read(raw, locale)
    assert found is not None
    assert (found[0], found[2]) == (instant, "guessed_from_outlet")


@pytest.mark.parametrize("zone", ["IST", "BST", "EST", "CST", "PST", "AST"])
def test_an_ambiguous_zone_is_flagged_and_never_read_as_utc(zone: str) -> None:
    # python-dateutil returns a naive time for IST, BST and EST.
    assert read(f"Jul 03, 2025, 00:36 {zone}") == ("2025-07-03T00:00:00", "day", "ambiguous")
    assert read(f"Jul 03, 2025, 00:36 {zone}", FRANCE) == (
        "2025-07-03T00:00:00",
        "day",
        "ambiguous",
    )


def test_an_american_who_writes_est_in_summer_means_the_clock_on_the_wall() -> None:
    assert read("Jul 3, 2025 10:00 AM EST", AMERICA) == (
        "2025-07-03T14:00:00",
        "minute",
        "guessed_from_outlet",
    )


def test_the_day_at_the_place_of_publication_can_be_told() -> None:
    evening = stamp("2023-11-08T21:24:10-05:00")
    assert evening.instant.day == 9
    assert evening.offset_minutes == -300
    assert stamp("2023-11-08T21:24:10").offset_minutes is None


@pytest.mark.parametrize(
    ("raw", "locale", "day"),
    [
        ("2. März 2026", GERMANY, "2026-03-02"),
        ("2 de marzo de 2026", Locale("ES", "es"), "2026-03-02"),
        ("Lundi 2 mars 2026", FRANCE, "2026-03-02"),
        ("2 मार्च 2026", INDIA, "2026-03-02"),
        ("2 марта 2026", Locale("RU", "ru"), "2026-03-02"),
        ("2026年3月2日", Locale("JP", "ja"), "2026-03-02"),
        ("2026. március 2.", Locale("HU", "hu"), "2026-03-02"),
        ("02-Mar-2026", INDIA, "2026-03-02"),
        ("20260302", NOWHERE, "2026-03-02"),
        ("02.03.26", GERMANY, "2026-03-02"),
        ("2nd of March 2026", BRITAIN, "2026-03-02"),
        ("2026-03-02T00:00:00", NOWHERE, "2026-03-02"),
    ],
)
def test_a_date_without_a_clock_time_has_the_precision_of_a_day(
    raw: str, locale: Locale, day: str
) -> None:
    assert read(raw, locale) == (f"{day}T00:00:00", "day", "missing")


@pytest.mark.parametrize(
    ("raw", "locale", "clock"),
    [
        ("18.07.2024, 11.08 Uhr", GERMANY, "11:08:00"),
        ("18 juillet 2024 à 11h08", FRANCE, "11:08:00"),
        ("11:08am Jul 18, 2024", Locale("AU"), "11:08:00"),
        ("2024年7月18日 11時08分", Locale("JP"), "11:08:00"),
        ("18/07/2024 11:08:30", BRITAIN, "11:08:30"),
    ],
)
def test_a_clock_time_without_a_zone_is_kept_and_marked(
    raw: str, locale: Locale, clock: str
) -> None:
    found = read(raw, locale)
    assert found is not None
    assert (found[0], found[2]) == (f"2024-07-18T{clock}", "missing")


def test_two_numbers_are_put_in_the_order_of_the_country_or_not_read_at_all() -> None:
    assert read("03/04/2025", AMERICA) == ("2025-03-04T00:00:00", "day", "missing")
    assert read("03/04/2025", BRITAIN) == ("2025-04-03T00:00:00", "day", "missing")
    assert read("03/04/2025", Locale(lang="fr")) == ("2025-04-03T00:00:00", "day", "missing")
    assert read("03/04/2025", Locale(lang="en")) is None
    assert read("23/04/2025", Locale(lang="en")) == ("2025-04-23T00:00:00", "day", "missing")


@pytest.mark.parametrize(
    "raw",
    ["", "yesterday", "Stand: 20:03 Uhr", "2026-02-30", "13/13/2026", "0001-01-01T00:00:00Z",
     "9999-12-31T23:59:59-05:00", "4 min read", "version 1.2.3"],
)  # fmt: skip
def test_what_is_no_date_is_not_read_as_one(raw: str) -> None:
    assert read(raw, GERMANY) is None


def test_what_stands_behind_updated_is_when_it_was_modified() -> None:
    published, modified = read_dateline(
        "2 March 2026 10:00 GMT | Updated: 3 March 2026 07:15 GMT", "text", NOWHERE
    )
    assert published is not None
    assert modified is not None
    assert (published.instant.day, modified.instant.day) == (2, 3)
    published, modified = read_dateline("Aktualisiert am 3. März 2026, 07:15", "text", GERMANY)
    assert published is None
    assert modified is not None


def test_the_words_a_date_was_read_from_are_kept() -> None:
    found = stamp("World Desk |  Jul 03, 2025,\n 00:36 IST | 4 comments")
    assert found.raw == "Jul 03, 2025, 00:36 IST"
    assert stamp("By Ada Roe 12:20pm Jan 7, 2024 Share").raw == "12:20pm Jan 7, 2024"
    assert found.origin == "test"


def test_a_date_in_the_future_gives_way_to_the_next_best() -> None:
    tomorrow, far, known = "2026-03-05T11:00:00Z", "2027-01-01T00:00:00Z", "2026-03-02"
    assert believable(stamp(tomorrow), SEEN)
    assert not believable(stamp(far), SEEN)
    assert first_believable([stamp(far), stamp(known)], SEEN) == stamp(known)
    assert first_believable([stamp(far)], SEEN) is None


@pytest.mark.parametrize("raw", ["1970-01-01T00:00:00Z", "1900-01-01", "1899-12-30"])
def test_dates_that_systems_write_for_unknown_are_not_believed(raw: str) -> None:
    assert not believable(stamp(raw), SEEN)


def test_an_exact_instant_replaces_a_bare_date_that_it_agrees_with() -> None:
    day, exact = stamp("2026-03-02"), stamp("2026-03-02T18:40:00+05:30")
    other = stamp("2025-12-01T10:00:00Z")
    assert first_believable([day, other, exact], SEEN) == exact
    assert first_believable([day, other], SEEN) == day


@given(st.text(max_size=200), st.sampled_from([NOWHERE, INDIA, AMERICA, GERMANY]))
def test_no_text_breaks_the_reader_and_all_instants_are_aware_utc(raw: str, locale: Locale) -> None:
    found = read_timestamp(raw, "test", locale)
    assert found is None or found.instant.utcoffset() == timedelta(0)


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)),  # noqa: DTZ001 - zone added below
    st.integers(-12 * 60, 14 * 60),
)
def test_any_iso_instant_is_read_to_the_second(moment: datetime, minutes: int) -> None:
    sign = "-" if minutes < 0 else "+"
    zone = f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    expected = (moment - timedelta(minutes=minutes)).replace(microsecond=0, tzinfo=UTC)
    found = read_timestamp(f"{moment:%Y-%m-%dT%H:%M:%S}{zone}", "test")
    assert found is not None
    assert found.instant == expected


def stamped(*lines: str) -> list[Timestamp]:
    found = [read_timestamp(line, "meta") for line in lines]
    return [stamp for stamp in found if stamp]


@pytest.mark.parametrize(
    ("utc", "other", "minutes"),
    [
        ("2026-03-02T22:04:00Z", "Tue, 03 Mar 2026 00:04:00 +0200", 120),
        ("2026-03-03T05:30:59Z", "2026-03-02 23:30:59", -360),
        ("2026-03-02T18:50:07Z", "3 March 2026, 00:20", 330),
        ("2026-03-02T22:04:00Z", "2026-03-02T22:09:00+01:00", 0),
        ("2026-03-02T22:04:00Z", "2026-03-02 23:05:00", 0),
        ("2026-03-02T22:04:00Z", "3 March 2026", 0),
        ("2026-03-02T22:04:00Z", "2026-03-02 22:04:00", 0),
        ("2026-03-02T22:04:00+01:00", "2026-03-02 22:04:00", 60),
    ],
    ids=["offset", "behind", "half", "other", "minutes", "day", "same", "stated"],
)
def test_a_time_in_utc_is_told_as_the_outlet_tells_it(utc: str, other: str, minutes: int) -> None:
    stamp, told = stamped(utc, other)
    local = in_local_time(stamp, [stamp, told])
    assert local.offset_minutes == minutes
    assert local.instant == stamp.instant


def test_an_outlet_of_a_country_with_one_zone_tells_the_time_of_that_zone() -> None:
    (summer,) = stamped("2026-07-02T22:04:00Z")
    assert in_local_time(summer, [], "DE").offset_minutes == 120
    assert in_local_time(summer, [], "US").offset_minutes == 0
    assert in_local_time(summer, [], None).offset_minutes == 0
