"""Outlets: found by address or name, with the country that tells their time."""

from __future__ import annotations

import pickle
import re
from zoneinfo import available_timezones

import pytest

from pipeline.config import Outlet
from pipeline.extract import zones
from pipeline.outlets import (
    country_of_host,
    host_of,
    load_outlets,
    outlet_at,
    outlet_named,
    outlet_table,
)

COURIER = Outlet(name="The Courier", domains=("courier.example",), country="IE")
SPORT = Outlet(name="Courier Sport", domains=("sport.courier.example",), country="IE")
TABLE = outlet_table([COURIER, SPORT])


def test_the_most_specific_domain_wins() -> None:
    assert outlet_at(TABLE, "www.Courier.example") == COURIER
    assert outlet_at(TABLE, "sport.courier.example.") == SPORT
    assert outlet_at(TABLE, "notcourier.example") is None
    assert outlet_at(TABLE, "") is None


def test_case_article_and_punctuation_of_a_name_do_not_matter() -> None:
    assert outlet_named(TABLE, "courier") == COURIER
    assert outlet_named(TABLE, "THE  COURIER!") == COURIER
    assert outlet_named(TABLE, "Courier Weekly") is None


@pytest.mark.parametrize(
    ("host", "country"),
    [
        ("news.example.co.uk", "GB"),
        ("example.in", "IN"),
        ("example.com", None),
        ("example.tv", None),
        ("localhost", None),
        ("", None),
    ],
)
def test_a_top_domain_tells_the_country_unless_it_is_sold_to_anybody(
    host: str, country: str | None
) -> None:
    assert country_of_host(host) == country


def test_only_web_addresses_have_a_host() -> None:
    assert host_of("https://News.Example:80/a") == "news.example"
    assert host_of("file:a.html") == ""
    assert host_of("https://[broken") == ""


def test_the_packaged_outlets_are_many_and_consistent() -> None:
    table = load_outlets()
    outlets = set(table.by_name.values())
    assert len(outlets) >= 150
    assert len({outlet.country for outlet in outlets}) >= 40
    assert set(table.by_domain.values()) == outlets
    assert all(re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", domain) for domain in table.by_domain)
    assert all(re.fullmatch(r"[A-Z]{2}", outlet.country or "") for outlet in outlets)


def test_own_outlets_replace_what_the_package_says() -> None:
    own = Outlet(name="Our BBC", domains=("bbc.com",), country="FR")
    assert outlet_at(load_outlets([own]), "www.bbc.com") == own


def test_a_table_can_be_sent_to_a_worker() -> None:
    assert pickle.loads(pickle.dumps(TABLE)) == TABLE  # noqa: S301 - our own bytes


def test_every_zone_that_an_abbreviation_may_mean_exists() -> None:
    regions = {region for choice in zones._AMBIGUOUS.values() for region in choice.values()}  # noqa: SLF001
    assert regions | set(zones._REGIONAL.values()) <= available_timezones()  # noqa: SLF001
