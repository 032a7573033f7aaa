"""Politeness: pauses, robots.txt, conditional requests, and what is put off to a later run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any

import pytest
from hostile_server import Behaviour, HostileServer, Line, answer, hang_up, head, say_nothing
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import FetchSettings
from pipeline.fetch import fetch_all, visiting
from pipeline.fetch.addresses import WebAddress
from pipeline.fetch.answers import fresh_until, retry_at
from pipeline.fetch.http import Client, Reply
from pipeline.fetch.memories import host_failed, listing_read, url_failed
from pipeline.fetch.robots import rules_of
from pipeline.records import Failed, Fetched, HostMemory, UrlMemory, Visit, VisitOutcome

SETTINGS = FetchSettings(
    allow_private_hosts=True, delay_seconds=0, deadline_seconds=3, connect_seconds=1
)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = b"<html><body><p>Wheat closed higher in Chicago on Tuesday.</p></body></html>"
HOUR = timedelta(hours=1)
FEED = b"<rss><channel><item><title>Wheat</title></item></channel></rss>"


def article(url: str, memory: UrlMemory | None = None) -> Visit:
    return Visit(url=url, source="Post", purpose="article", memory=memory)


def listing(url: str, memory: UrlMemory | None = None) -> Visit:
    return Visit(url=url, source="Post", purpose="listing", memory=memory)


def run(
    visits: Iterable[Visit],
    settings: FetchSettings = SETTINGS,
    hosts: Iterable[HostMemory] = (),
    deadline: datetime | None = None,
) -> list[VisitOutcome]:
    return list(fetch_all(visits, settings, {host.domain: host for host in hosts}, deadline))


def hosts_of(outcomes: Iterable[VisitOutcome]) -> list[HostMemory]:
    return list({o.host_memory.domain: o.host_memory for o in outcomes if o.host_memory}.values())


def fetched(outcome: VisitOutcome) -> Fetched:
    assert isinstance(outcome.result, Fetched), outcome.result
    return outcome.result


def reason_of(outcome: VisitOutcome) -> str | None:
    return outcome.result.reason if isinstance(outcome.result, Failed) else None


def timed(times: list[float]) -> Behaviour:
    """Answer with a page, and note when each was asked for."""

    def behave(line: Line) -> None:
        times.append(time.monotonic())
        answer(200, PAGE)(line)

    return behave


# Pauses ---------------------------------------------------------------------------------------


def test_pages_of_one_domain_come_one_after_another_with_a_pause() -> None:
    times: list[float] = []
    # The server counts a connection until its thread has ended: a while, on a busy machine.
    settings = SETTINGS.model_copy(update={"delay_seconds": 0.8})
    with HostileServer({f"/{n}": timed(times) for n in range(4)}) as server:
        outcomes = run([article(server.url(f"/{n}")) for n in range(4)], settings)
    assert all(isinstance(outcome.result, Fetched) for outcome in outcomes)
    assert server.most_open == 1
    assert all(later - earlier >= 0.8 for earlier, later in pairwise(times))


def test_domains_are_visited_side_by_side() -> None:
    together = threading.Barrier(5)

    def meet(line: Line) -> None:
        together.wait(timeout=2)  # breaks unless all five are asked at once
        answer(200, PAGE)(line)

    servers = [HostileServer({"/": meet}, address=f"127.0.3.{n}") for n in range(1, 6)]
    for server in servers:
        server.__enter__()
    outcomes = run([article(server.url("/")) for server in servers])
    for server in servers:
        server.__exit__(None, None, None)
    assert all(isinstance(outcome.result, Fetched) for outcome in outcomes)


def test_no_more_domains_are_visited_at_once_than_allowed() -> None:
    busy: list[int] = []
    lock = threading.Lock()
    most = 0

    def count(line: Line) -> None:
        nonlocal most
        with lock:
            busy.append(1)
            most = max(most, len(busy))
        line.wait(0.05)
        with lock:
            busy.pop()
        answer(200, PAGE)(line)

    servers = [HostileServer({"/": count}, address=f"127.0.3.{n}") for n in range(1, 7)]
    for server in servers:
        server.__enter__()
    settings = SETTINGS.model_copy(update={"max_hosts": 2})
    outcomes = run([article(server.url("/")) for server in servers], settings)
    for server in servers:
        server.__exit__(None, None, None)
    assert len(outcomes) == 6
    assert most <= 2


def test_the_pause_holds_from_one_call_to_the_next() -> None:
    times: list[float] = []
    settings = SETTINGS.model_copy(update={"delay_seconds": 0.5})
    with HostileServer({"/a": timed(times), "/b": timed(times)}) as server:
        first = run([article(server.url("/a"))], settings)
        second = run([article(server.url("/b"))], settings, hosts_of(first))
    assert isinstance(second[0].result, Fetched)
    assert times[1] - times[0] >= 0.5


def test_a_redirect_to_another_domain_waits_for_its_turn_there() -> None:
    times: list[float] = []
    settings = SETTINGS.model_copy(update={"delay_seconds": 0.2})
    with HostileServer({f"/{n}": timed(times) for n in range(4)}, "127.0.3.2") as target:
        onward = {f"/{n}": answer(301, b"", f"Location: {target.url(f'/{n}')}") for n in range(2)}
        with HostileServer(onward, "127.0.3.1") as server:
            visits = [article(server.url(f"/{n}")) for n in range(2)]
            outcomes = run(
                [*visits, article(target.url("/2")), article(target.url("/3"))], settings
            )
    assert {fetched(o).final_url for o in outcomes} == {target.url(f"/{n}") for n in range(4)}
    assert target.most_open == 1
    assert target.asked().count("/robots.txt") == 1
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(times))


def test_one_bad_site_does_not_keep_another_waiting() -> None:
    settings = SETTINGS.model_copy(update={"deadline_seconds": 1})
    with (
        HostileServer({"/robots.txt": say_nothing}, "127.0.3.1") as bad,
        HostileServer({"/": answer(200, PAGE)}, "127.0.3.2") as good,
    ):
        outcomes = run([article(bad.url("/")), article(good.url("/"))], settings)
    assert [reason_of(outcome) for outcome in outcomes] == [None, "deadline"]


# robots.txt -------------------------------------------------------------------------------------


def test_robots_txt_is_asked_for_once_and_remembered() -> None:
    rules = answer(200, b"User-agent: *\nDisallow: /private")
    pages = {"/a": answer(200, PAGE), "/private/b": answer(200, PAGE), "/robots.txt": rules}
    with HostileServer(pages) as server:
        first = run([article(server.url("/a")), article(server.url("/private/b"))])
        second = run([article(server.url("/a"))], hosts=hosts_of(first))
    assert sorted(reason_of(outcome) or "" for outcome in first) == ["", "robots"]
    assert isinstance(second[0].result, Fetched)
    assert server.asked() == ["/robots.txt", "/a", "/a"]


def test_robots_txt_too_old_is_asked_for_again() -> None:
    with HostileServer({"/a": answer(200, PAGE)}) as server:
        [memory] = hosts_of(run([article(server.url("/a"))]))
        past = replace(memory, robots_until=datetime.now(UTC))
        run([article(server.url("/a"))], hosts=[past])
    assert server.asked().count("/robots.txt") == 2


def test_each_hop_of_a_redirect_obeys_robots_txt() -> None:
    with HostileServer(
        {"/robots.txt": answer(200, b"User-agent: *\nDisallow: /")}, "127.0.3.2"
    ) as shy:
        onward = answer(302, b"", f"Location: {shy.url('/')}")
        with HostileServer({"/": onward}, "127.0.3.1") as server:
            [outcome] = run([article(server.url("/"))])
    assert reason_of(outcome) == "robots"
    assert shy.asked() == ["/robots.txt"]


def test_rules_for_our_name_win_over_those_for_all() -> None:
    rules = answer(200, b"User-agent: *\nDisallow: /\n\nUser-agent: Samestory\nDisallow: /b\n")
    pages = {"/a": answer(200, PAGE), "/b": answer(200, PAGE), "/robots.txt": rules}
    with HostileServer(pages) as server:
        outcomes = run([article(server.url(path)) for path in ("/a", "/b")])
    assert {o.visit.url[-2:]: reason_of(o) for o in outcomes} == {"/a": None, "/b": "robots"}


def test_a_crawl_delay_is_kept_up_to_its_cap_and_in_the_next_call() -> None:
    times: list[float] = []
    settings = SETTINGS.model_copy(update={"max_crawl_delay_seconds": 0.3})
    pages = {f"/{n}": timed(times) for n in range(3)}
    rules = answer(200, b"User-agent: *\nCrawl-delay: 86400\n")
    with HostileServer(pages | {"/robots.txt": rules}) as server:
        first = run([article(server.url(f"/{n}")) for n in range(2)], settings)
        second = run([article(server.url("/2"))], settings, hosts_of(first))
    assert isinstance(second[0].result, Fetched)
    assert all(later - earlier >= 0.3 for earlier, later in pairwise(times))


def test_a_robots_txt_of_many_crawlers_and_many_rules_is_read_for_us_alone() -> None:
    agents = "".join(f"User-agent: crawler{n}\n" for n in range(10_000))
    rules = "".join(f"Disallow: /{n}\n" for n in range(10_000))
    ours = "User-agent: other, samestory\nUser-agent: samestory\nDisallow: /ours\n"
    memory = HostMemory(domain="post.example", robots=agents + rules + ours, robots_status=200)
    read = rules_of(memory, SETTINGS)
    assert read.allow("https://post.example/5")
    assert not read.allow("https://post.example/ours")


# Conditional requests ---------------------------------------------------------------------------


def validated(line: Line) -> None:
    """Answer 304 to whoever knows the page."""
    known = 'if-none-match: "v1"' in line.request.lower()
    known = known and "if-modified-since: mon, 02 mar 2026" in line.request.lower()
    validators = ('ETag: "v1"', "Last-Modified: Mon, 02 Mar 2026 10:00:00 GMT")
    if known:
        line.write(head(304, *validators))
    else:
        answer(200, FEED, *validators)(line)


def test_what_is_known_is_asked_for_conditionally() -> None:
    with HostileServer({"/feed": validated}) as server:
        [first] = run([listing(server.url("/feed"))])
        known = replace(first.url_memory, not_before=None)
        [second] = run([listing(server.url("/feed"), known)])
    assert not fetched(first).unchanged
    assert fetched(second).unchanged
    assert fetched(second).status == 304
    assert second.url_memory.etag == '"v1"'
    assert second.url_memory.body_digest == first.url_memory.body_digest


def test_the_same_body_sent_as_new_counts_as_unchanged() -> None:
    with HostileServer({"/feed": answer(200, FEED, 'ETag: "always"')}) as server:
        [first] = run([listing(server.url("/feed"))])
        [second] = run([listing(server.url("/feed"), replace(first.url_memory, not_before=None))])
    assert fetched(second).status == 200
    assert fetched(second).unchanged


def test_a_new_body_is_no_unchanged_one_whatever_was_remembered() -> None:
    memory = UrlMemory(url="", etag='"old"', body_digest="0" * 64, fetched_at=NOW)
    with HostileServer({"/feed": answer(200, FEED)}) as server:
        [outcome] = run([listing(server.url("/feed"), replace(memory, url=server.url("/feed")))])
    assert not fetched(outcome).unchanged
    assert outcome.url_memory.etag is None


@pytest.mark.parametrize("etag", ["x" * 5000, 'W/"a"\x01'], ids=["long", "control"])
def test_a_validator_that_could_do_harm_is_not_kept(etag: str) -> None:
    with HostileServer({"/": answer(200, PAGE, f"ETag: {etag}")}) as server:
        [outcome] = run([article(server.url("/"))])
    assert outcome.url_memory.etag is None


# Put off ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("purpose", ["listing", "article"])
def test_a_server_that_asks_for_patience_gets_it_and_so_does_its_domain(
    status: int, purpose: str
) -> None:
    busy = answer(status, b"", "Retry-After: 31536000")
    build = listing if purpose == "listing" else article
    with HostileServer({"/a": busy, "/b": answer(200, PAGE)}) as server:
        began = datetime.now(UTC)
        outcomes = run([build(server.url("/a")), build(server.url("/b"))])
        assert [outcome.result for outcome in outcomes] == [None, None]
        first = outcomes[0].url_memory
        # A year is more than anybody means: a week.
        assert first.not_before is not None
        assert timedelta(days=6.9) < first.not_before - began < timedelta(days=7.1)
        later = run([build(server.url("/c"))], hosts=hosts_of(outcomes))
    assert later[0].result is None
    assert server.asked() == ["/robots.txt", "/a"]


def test_a_site_whose_robots_txt_is_busy_is_put_off_as_well() -> None:
    with HostileServer({"/robots.txt": answer(503, b"", "Retry-After: 3600")}) as server:
        [outcome] = run([article(server.url("/"))])
    assert outcome.result is None
    assert outcome.url_memory.not_before is not None


def test_a_url_is_not_asked_for_before_its_time() -> None:
    with HostileServer({"/": answer(200, PAGE)}) as server:
        memory = UrlMemory(url=server.url("/"), not_before=datetime.now(UTC) + DAY, failures=3)
        [outcome] = run([article(server.url("/"), memory)])
    assert outcome.result is None
    assert outcome.url_memory == memory
    assert server.requests == []


def test_a_fresh_listing_is_not_asked_for_again() -> None:
    with HostileServer({"/feed": answer(200, FEED, "Cache-Control: max-age=600")}) as server:
        [first] = run([listing(server.url("/feed"))])
        [second] = run([listing(server.url("/feed"), first.url_memory)])
    assert second.result is None
    assert server.asked().count("/feed") == 1


def test_an_article_has_no_such_rest() -> None:
    with HostileServer({"/": answer(200, PAGE, "Cache-Control: max-age=600")}) as server:
        [outcome] = run([article(server.url("/"))])
    assert outcome.url_memory.not_before is None


def test_each_failure_in_a_row_doubles_the_pause_and_an_answer_ends_it() -> None:
    visit = article("https://post.example/")
    pauses = []
    for _ in range(12):
        memory = url_failed(visit, SETTINGS, NOW)
        assert memory.not_before is not None
        pauses.append((memory.not_before - NOW) / timedelta(minutes=1))
        visit = article(visit.url, memory)
    assert pauses[:4] == [10, 20, 40, 80]
    assert pauses[-1] == 7 * 24 * 60
    with HostileServer({"/": answer(200, PAGE)}) as server:
        failing = UrlMemory(url=server.url("/"), failures=12, not_before=NOW)
        [outcome] = run([article(server.url("/"), failing)])
    assert outcome.url_memory.failures == 0
    assert outcome.url_memory.not_before is None


def test_one_failing_page_does_not_shut_out_its_site_but_two_in_a_row_do() -> None:
    pages = {"/a": hang_up, "/b": answer(200, PAGE), "/c": hang_up, "/d": hang_up}
    with HostileServer(pages) as server:
        outcomes = run([article(server.url(f"/{name}")) for name in "abcdef"])
        found = [(o.visit.url[-1], reason_of(o) or (o.result and "fetched")) for o in outcomes]
        later = run([article(server.url("/b"))], hosts=hosts_of(outcomes))
    assert found == [
        *(("a", "reset"), ("b", "fetched"), ("c", "reset"), ("d", "reset")),
        *(("e", None), ("f", None)),
    ]
    assert later[0].result is None
    assert server.asked()[-1] == "/d"


def test_missing_pages_do_not_count_against_a_site() -> None:
    with HostileServer({}) as server:
        outcomes = run([article(server.url(f"/{n}")) for n in range(5)])
    assert [reason_of(outcome) for outcome in outcomes] == ["http_404"] * 5
    assert all(o.host_memory is not None and o.host_memory.failures == 0 for o in outcomes)


@given(st.integers(0, 10**6))
def test_no_number_of_failures_is_too_many(failures: int) -> None:
    memory = host_failed(HostMemory(domain="post.example", failures=failures), 5.0, SETTINGS, NOW)
    assert memory.failures == failures + 1
    assert memory.not_before is not None
    assert timedelta(seconds=5) <= memory.not_before - NOW <= timedelta(days=7)


# The end of a run --------------------------------------------------------------------------------


def test_after_the_deadline_of_the_run_no_visit_starts() -> None:
    with HostileServer({}) as server:
        outcomes = run([article(server.url(f"/{n}")) for n in range(3)], deadline=datetime.now(UTC))
    assert [outcome.result for outcome in outcomes] == [None] * 3
    assert server.requests == []


def test_a_run_does_not_wait_for_pauses_that_end_after_its_deadline() -> None:
    settings = SETTINGS.model_copy(update={"delay_seconds": 60})
    with HostileServer({f"/{n}": answer(200, PAGE) for n in range(3)}) as server:
        began = time.monotonic()
        deadline = datetime.now(UTC) + timedelta(seconds=0.5)
        outcomes = run(
            [article(server.url(f"/{n}")) for n in range(3)], settings, deadline=deadline
        )
    assert time.monotonic() - began < 3
    assert [o.result is None for o in outcomes] == [False, True, True]


def test_a_caller_may_stop_early() -> None:
    with HostileServer({"/": answer(200, PAGE)}) as server:
        outcomes = fetch_all([article(server.url("/"))] * 5, SETTINGS, {}, None)
        assert fetched(next(outcomes)).body == PAGE
        outcomes.close()  # type: ignore[attr-defined]


def test_a_fault_of_ours_is_one_failed_visit_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send = visiting.send

    def faulty(client: Client, address: WebAddress, *rest: Any, **more: Any) -> Reply:
        if address.path == "/a":
            raise ZeroDivisionError("division by zero")
        return send(client, address, *rest, **more)

    monkeypatch.setattr(visiting, "send", faulty)
    with HostileServer({"/b": answer(200, PAGE)}) as server:
        outcomes = run([article(server.url("/a")), article(server.url("/b"))])
    assert [reason_of(outcome) for outcome in outcomes] == ["unexpected", None]
    assert isinstance(outcomes[0].result, Failed)
    assert "division by zero" in outcomes[0].result.detail


def test_every_visit_has_one_outcome() -> None:
    pages = {f"/{n}": answer(200 if n % 3 else 500, PAGE) for n in range(9)}
    with HostileServer(pages, "127.0.3.1") as one, HostileServer(pages, "127.0.3.2") as two:
        urls = [server.url(f"/{n}") for server in (one, two) for n in range(9)]
        urls += ["ftp://post.example/", urls[0]]
        outcomes = run(article(url) for url in urls)
    assert sorted(outcome.visit.url for outcome in outcomes) == sorted(urls)


# What headers mean -------------------------------------------------------------------------------


def reply(**headers: str) -> Reply:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Reply(status=200, headers=named, body=b"")


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("31536000", 7 * 86400),
        ("9" * 12, 7 * 86400),
        (format_datetime(NOW + timedelta(hours=1), usegmt=True), 3600),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 7 * 86400),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 7 * 86400),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
    ],
)
def test_retry_after_is_read_in_both_forms(stated: str, seconds: float) -> None:
    assert retry_at(reply(Retry_After=stated), SETTINGS, NOW) == NOW + timedelta(seconds=seconds)


@given(st.text(max_size=40))
def test_retry_after_of_any_kind_is_a_time_or_nothing(stated: str) -> None:
    at = retry_at(reply(Retry_After=stated), SETTINGS, NOW)
    assert at is None or NOW <= at <= NOW + timedelta(days=7)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache_Control": "max-age=600"}, 600),
        ({"Cache_Control": "public, MAX-AGE=600, must-revalidate"}, 600),
        ({"Cache_Control": "s-maxage=600"}, None),
        ({"Cache_Control": "max-age=600", "Age": "200"}, 400),
        ({"Cache_Control": "max-age=600", "Age": "700"}, None),
        ({"Cache_Control": "max-age=0"}, None),
        ({"Cache_Control": "no-cache, max-age=600"}, None),
        ({"Cache_Control": "max-age=999999999"}, 86400),
        ({"Cache_Control": "max-age=soon"}, None),
    ],
)
def test_headers_say_how_long_a_listing_is_fresh(
    headers: dict[str, str], seconds: float | None
) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert fresh_until(reply(**headers), NOW) == expected


def test_a_listing_rests_as_long_as_its_headers_or_its_content_say() -> None:
    memory = UrlMemory(url="https://post.example/feed", fetched_at=NOW)
    later = replace(memory, not_before=NOW + timedelta(hours=2))
    assert listing_read(memory, 60).not_before == NOW + timedelta(hours=1)
    assert listing_read(later, 60).not_before == NOW + timedelta(hours=2)
    assert listing_read(memory, None) == memory


def test_how_long_a_listing_rests_is_remembered_where_it_has_not_changed() -> None:
    with HostileServer({"/feed": answer(304, b"")}) as server:
        known = UrlMemory(url=server.url("/feed"), etag='"v1"', ttl_minutes=60)
        [outcome] = run([listing(server.url("/feed"), known)])
    memory = outcome.url_memory
    assert memory.fetched_at is not None
    assert memory.not_before == memory.fetched_at + timedelta(hours=1)


def test_each_later_look_at_an_article_waits_twice_as_long() -> None:
    with HostileServer({"/": answer(200, PAGE)}) as server:
        hours = []
        for ago in (0.1, 1, 2, 4):
            known = UrlMemory(url=server.url("/"), fetched_at=datetime.now(UTC) - HOUR * ago)
            [outcome] = run([article(server.url("/"), known)])
            memory = outcome.url_memory
            assert memory.fetched_at is not None
            assert memory.not_before is not None
            hours.append(round((memory.not_before - memory.fetched_at) / HOUR))
    assert hours == [1, 2, 4, 8]
