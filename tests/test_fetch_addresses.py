"""Addresses: which URLs are asked for at all, and which networks are never entered."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable

import pytest
from hostile_server import HostileServer, answer
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import FetchSettings
from pipeline.errors import UnreadableError
from pipeline.fetch import addresses, fetch_all
from pipeline.fetch.addresses import is_public, join, parse, registered_domain, resolve
from pipeline.records import Failed, Fetched, Visit, VisitOutcome

SETTINGS = FetchSettings(delay_seconds=0, deadline_seconds=2, connect_seconds=1)

# One machine, spelt in all the ways that resolvers and libraries understand.
SPELLINGS = {
    "dotted": "127.0.0.1",
    "hexadecimal": "0x7f000001",
    "decimal": "2130706433",
    "octal": "0177.0.0.1",
    "short": "127.1",
    "zero": "0",
    "full-width": "１２７．０．０．１",
    "hexadecimal parts": "0x7f.0x0.0x0.0x1",
    "trailing dot": "127.0.0.1.",
    "IPv6": "[::1]",
    "unspecified IPv6": "[::]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped, hexadecimal": "[::ffff:7f00:1]",
    "compatible": "[::127.0.0.1]",
    "6to4": "[2002:7f00:1::]",
    "NAT64": "[64:ff9b::7f00:1]",
    "NAT64, local": "[64:ff9b:1::7f00:1]",
    "Teredo": "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
    "name": "localhost",
}
BOOKS = "http://xn--bcher-kva.example/gr%C3%B6%C3%9Fe?q=%C3%A4%20b"
PRIVATE = {
    "ten": "10.0.0.1",
    "172": "172.16.0.1",
    "192": "192.168.1.1",
    "metadata of clouds": "169.254.169.254",
    "carrier": "100.64.0.1",
    "multicast": "224.0.0.1",
    "broadcast": "255.255.255.255",
    "reserved": "240.0.0.1",
    "documentation": "192.0.2.1",
    "benchmark": "198.18.0.1",
    "6to4 relay": "192.88.99.1",
    "unique local": "[fd00::1]",
    "link local": "[fe80::1]",
    "site local": "[fec0::1]",
    "multicast IPv6": "[ff02::1]",
    "documentation IPv6": "[2001:db8::1]",
}


def visit(url: str, settings: FetchSettings = SETTINGS) -> VisitOutcome:
    wanted = Visit(url=url, source="Post", purpose="article")
    [outcome] = fetch_all([wanted], settings, {}, None)
    return outcome


def reason_of(outcome: VisitOutcome) -> str | None:
    return outcome.result.reason if isinstance(outcome.result, Failed) else None


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let an address of this machine count as one of the public internet."""

    def let(address: str) -> None:
        private = is_public
        monkeypatch.setattr(addresses, "is_public", lambda ip: str(ip) == address or private(ip))

    return let


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Answer look-ups from a table: for each name, what each look-up finds in turn."""
    table: dict[str, list[list[str]]] = {}

    def look_up(host: str, port: object, **_: object) -> list[tuple[object, ...]]:
        found = table[host].pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in found]

    # Connections look up as well, but only addresses: those the system may read.
    system = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: (
            look_up(host, *rest, **more) if host in table else system(host, *rest, **more)
        ),
    )
    return table


@pytest.mark.parametrize(
    "host", [*SPELLINGS.values(), *PRIVATE.values()], ids=[*SPELLINGS, *PRIVATE]
)
def test_a_private_address_is_refused_however_it_is_spelt(host: str) -> None:
    assert reason_of(visit(f"http://{host}/")) == "private_address"


@pytest.mark.parametrize(
    "host", [*SPELLINGS.values(), *PRIVATE.values()], ids=[*SPELLINGS, *PRIVATE]
)
def test_a_redirect_to_a_private_address_is_refused(
    host: str, public: Callable[[str], None]
) -> None:
    public("127.0.0.9")
    onward = answer(302, b"", f"Location: http://{host.encode().decode('latin-1')}/")
    with HostileServer({"/": onward}, address="127.0.0.9") as server:
        assert reason_of(visit(server.url("/"))) == "private_address"


def test_a_redirect_to_the_server_next_door_is_refused(public: Callable[[str], None]) -> None:
    public("127.0.0.9")
    with HostileServer({"/": answer(200, b"secret")}) as inside:
        onward = answer(302, b"", f"Location: {inside.url('/')}")
        with HostileServer({"/": onward}, address="127.0.0.9") as server:
            outcome = visit(server.url("/"))
        assert reason_of(outcome) == "private_address"
        assert inside.requests == []


def test_intranets_can_be_allowed() -> None:
    settings = SETTINGS.model_copy(update={"allow_private_hosts": True})
    with HostileServer({"/": answer(200, b"Canteen: pea soup")}) as server:
        assert isinstance(visit(server.url("/"), settings).result, Fetched)


def test_a_name_is_looked_up_once_and_the_address_checked_is_the_one_asked(
    public: Callable[[str], None], names: dict[str, list[list[str]]]
) -> None:
    public("127.0.0.9")
    # One answer for robots.txt, one for the page; whoever looked up again would be led inside.
    names["rebinding.example"] = [["127.0.0.9"], ["127.0.0.9"], ["127.0.0.1"]]
    with HostileServer({"/": answer(200, b"Ferry")}, address="127.0.0.9") as server:
        outcome = visit(server.url("/", host="rebinding.example"))
    assert isinstance(outcome.result, Fetched)
    assert f"Host: rebinding.example:{server.port}" in server.requests[-1]
    assert names["rebinding.example"] == [["127.0.0.1"]]


def test_a_name_that_changes_to_a_private_address_is_refused(
    public: Callable[[str], None], names: dict[str, list[list[str]]]
) -> None:
    public("127.0.0.9")
    names["rebinding.example"] = [["127.0.0.9"], ["127.0.0.1"]]
    with HostileServer({"/": answer(200, b"Ferry")}, address="127.0.0.9") as server:
        outcome = visit(server.url("/", host="rebinding.example"))
    assert reason_of(outcome) == "private_address"
    assert server.asked() == ["/robots.txt"]


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    public: Callable[[str], None], names: dict[str, list[list[str]]]
) -> None:
    public("127.0.0.9")
    names["mixed.example"] = [["127.0.0.9", "10.0.0.1"]]
    assert reason_of(visit("http://mixed.example/")) == "private_address"


def test_the_next_address_is_tried_where_the_first_refuses(
    names: dict[str, list[list[str]]],
) -> None:
    settings = SETTINGS.model_copy(update={"allow_private_hosts": True})
    names["double.example"] = [["127.0.0.8", "127.0.0.9"]] * 2
    with HostileServer({"/": answer(200, b"Ferry")}, address="127.0.0.9") as server:
        outcome = visit(server.url("/", host="double.example"), settings)
    assert isinstance(outcome.result, Fetched)


def test_a_name_that_does_not_resolve_is_a_failure_of_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    outcome = visit("http://nowhere.example/")
    assert reason_of(outcome) == "dns"
    assert outcome.host_memory is not None
    assert outcome.host_memory.failures == 1


def test_a_resolver_that_never_answers_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def silent(*_: object, **__: object) -> list[object]:
        ended.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    with pytest.raises(UnreadableError, match="dns"):
        resolve(parse("http://silent.example/"), 0.05, allow_private=False)
    ended.set()


@pytest.mark.parametrize(
    "url",
    [
        *("", "news", "/news", "//post.example/", "http://", "http:///news", "mailto:a@b.example"),
        *("file:///etc/passwd", "ftp://post.example/", "javascript:alert(1)", "data:text/html,x"),
        *("http://post.example:99999/", "http://post.example:x/", "http://[::1/", "http://a b/"),
        *("http://me@post.example/", "http://me:secret@post.example/", "http://-a.example/"),
        *(
            "http://a..example/",
            "http://ex%61mple.com/",
            "http://[fe80::1%25eth0]/",
            "http://\ud800/",
        ),
        *("http://post.example/" + "x" * 5000, "http://" + "a" * 64 + ".example/", "http://?/"),
        "http://post.example/\ud800",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    outcome = visit(url)
    assert reason_of(outcome) == "bad_url"
    assert outcome.url_memory.failures == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Post.Example", "http://post.example/"),
        ("https://post.example:443/a?b=c#d", "https://post.example/a?b=c"),
        ("http://post.example:8080/", "http://post.example:8080/"),
        ("http://post.example./a", "http://post.example/a"),
        ("http://bücher.example/größe?q=ä b", BOOKS),
        ("http://post.example/a%20b%zz", "http://post.example/a%20b%zz"),
        ("http://post.example/a\r\nHost: evil", "http://post.example/aHost:%20evil"),
        (" http://post.example/ ", "http://post.example/"),
        ("http://[2606:4700::1111]:80/", "http://[2606:4700::1111]/"),
        ("http://under_score.example/", "http://under_score.example/"),
    ],
)
def test_an_address_is_asked_for_in_one_form(url: str, expected: str) -> None:
    assert parse(url).url == expected
    assert parse(expected).url == expected


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}.example/", f"http://post.example/{text}"):
        try:
            asked = parse(url).url
        except UnreadableError:
            continue
        assert asked.isascii()
        assert asked.isprintable()
        assert " " not in asked
        assert parse(asked).url == asked


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=60))
def test_any_location_is_a_target_or_refused(location: str) -> None:
    try:
        join(parse("https://post.example/a/b"), location)
    except UnreadableError as error:
        reason = error.reason
    else:
        reason = ""
    assert reason in {"", "bad_redirect", "downgrade"}


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("c", "https://post.example/a/c"),
        ("/c", "https://post.example/c"),
        ("//www.post.example/c", "https://www.post.example/c"),
        ("?page=2", "https://post.example/a/b?page=2"),
        ("https://other.example", "https://other.example/"),
    ],
)
def test_a_target_may_be_relative(location: str, expected: str) -> None:
    assert join(parse("https://post.example/a/b"), location).url == expected


@given(st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address))
def test_an_address_inside_another_is_judged_itself(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    for outer in (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80):
        assert is_public(ipaddress.IPv6Address(outer)) == is_public(inner)


@pytest.mark.parametrize("ip", ["8.8.8.8", "193.99.144.80", "2606:4700::1111", "2a00:1450:4001::1"])
def test_ordinary_addresses_are_public(ip: str) -> None:
    assert is_public(ipaddress.ip_address(ip))


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.bbc.co.uk", "bbc.co.uk"),
        ("feeds.bbci.co.uk", "bbci.co.uk"),
        ("rss.nytimes.com", "nytimes.com"),
        ("a.blogspot.com", "blogspot.com"),
        ("desk.intranet", "desk.intranet"),
        ("localhost", "localhost"),
        ("::1", "::1"),
    ],
)
def test_politeness_is_owed_to_the_registered_domain(host: str, domain: str) -> None:
    assert registered_domain(host) == domain
