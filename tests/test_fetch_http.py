"""The hostile web: every way in which a server can misbehave has its reason, and an end."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import brotli
import pytest
from hostile_cases import PAGE, QUICK, SLOW, Case, Purpose
from hostile_server import (
    Certificates,
    HostileServer,
    answer,
    bomb,
    doubly_packed_bomb,
    head,
    make_certificates,
    raw,
    tls_server_context,
)
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from pipeline.config import FetchSettings
from pipeline.errors import ConfigError, UnreadableError
from pipeline.fetch import fetch_all
from pipeline.fetch.decoding import decode, zstd
from pipeline.records import Failed, Fetched, Visit, VisitOutcome

SECONDS = 2.0
SETTINGS = FetchSettings(
    allow_private_hosts=True,
    delay_seconds=0,
    deadline_seconds=SECONDS,
    connect_seconds=1.0,
    max_body_bytes=2**20,
    max_hosts=100,
)
# Where another reason than the deadline is expected, a busy machine must not meet it first.
PATIENT = SETTINGS.model_copy(update={"deadline_seconds": 30.0, "connect_seconds": 10.0})
PURPOSES: tuple[Purpose, ...] = ("listing", "article")
MIB = 2**20


def fetch(
    url: str, purpose: Purpose = "article", settings: FetchSettings = SETTINGS
) -> VisitOutcome:
    [outcome] = fetch_all([Visit(url=url, source="Post", purpose=purpose)], settings, {}, None)
    return outcome


def reason_of(outcome: VisitOutcome) -> str | None:
    return outcome.result.reason if isinstance(outcome.result, Failed) else None


Results = dict[tuple[str, str], tuple[VisitOutcome, float]]


def visit_all(cases: list[Case], settings: FetchSettings) -> Results:
    """Visit every case for both purposes, each on an address of its own, all at once."""
    with ExitStack() as servers:
        wanted: dict[str, tuple[str, str]] = {}
        visits = []
        for number, case in enumerate(cases):
            for net, purpose in enumerate(PURPOSES):
                server = HostileServer(
                    {"/": case.behaviour} | case.paths, address=f"127.0.{net + 1}.{number + 1}"
                )
                url = servers.enter_context(server).url("/")
                wanted[url] = (case.name, purpose)
                visits.append(Visit(url=url, source="Post", purpose=purpose))
        began = time.monotonic()
        return {
            wanted[outcome.visit.url]: (outcome, time.monotonic() - began)
            for outcome in fetch_all(visits, settings, {}, None)
        }


@pytest.fixture(scope="module")
def slow() -> Results:
    return visit_all(SLOW, SETTINGS)


@pytest.fixture(scope="module")
def quick() -> Results:
    results: Results = {}
    for start in range(0, len(QUICK), 20):  # floods side by side would only starve each other
        results |= visit_all(QUICK[start : start + 20], PATIENT)
    return results


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("case", SLOW, ids=lambda case: case.name)
def test_whatever_takes_too_long_ends_at_its_deadline(
    slow: Results, case: Case, purpose: Purpose
) -> None:
    outcome, seconds = slow[case.name, purpose]
    assert reason_of(outcome) == case.expected(purpose), outcome.result
    assert seconds < SECONDS + 1


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_each_way_to_misbehave_has_its_reason(quick: Results, case: Case, purpose: Purpose) -> None:
    outcome, _ = quick[case.name, purpose]
    assert reason_of(outcome) == case.expected(purpose), outcome.result
    if case.expected(purpose) is None:
        assert isinstance(outcome.result, Fetched)


# Bombs ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bombs() -> Iterator[HostileServer]:
    packed = {name: bomb(name) for name in ("gzip", "deflate", "br", "zstd")}
    packed["gzip, gzip"] = doubly_packed_bomb()
    packed["br, gzip"] = gzip.compress(packed["br"])
    behaviours = {
        f"/{name.replace(', ', '-')}": answer(200, body, f"Content-Encoding: {name}")
        for name, body in packed.items()
    }
    behaviours["/unlabelled"] = answer(200, packed["gzip"], "Content-Type: application/gzip")
    behaviours["/on-a-redirect"] = answer(
        302, packed["gzip"], "Content-Encoding: gzip", "Location: /page"
    )
    behaviours["/page"] = answer(200, PAGE)
    with HostileServer(behaviours) as server:
        yield server


BOMBS = {
    "/gzip": ("too_large", "too_large"),
    "/deflate": ("too_large", "too_large"),
    "/br": ("too_large", "too_large"),
    "/zstd": ("too_large", "too_large"),
    "/gzip-gzip": ("too_large", "too_large"),
    "/br-gzip": ("too_large", "too_large"),
    "/unlabelled": ("too_large", "media_type"),
    "/on-a-redirect": (None, None),
}

# In a process of its own, so that the most it ever had can be read; from /proc, because what
# getrusage calls the most begins with that of the process that started this one.
MEASURE = """
import json, re, sys
from pathlib import Path
from pipeline.config import FetchSettings
from pipeline.fetch import fetch_all
from pipeline.records import Visit

def most():
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024

def reason(url, purpose):
    visit = Visit(url=url, source="Post", purpose=purpose)
    [outcome] = fetch_all([visit], settings, {}, None)
    return getattr(outcome.result, "reason", None)

settings = FetchSettings(allow_private_hosts=True, delay_seconds=0)
base, paths = sys.argv[1], sys.argv[2:]
reason(base + "/page", "article")
before = most()
reasons = {path: [reason(base + path, p) for p in ("listing", "article")] for path in paths}
print(json.dumps({"grown": most() - before, "reasons": reasons}))
"""


def test_bombs_are_noticed_before_they_fill_memory(bombs: HostileServer, root: Path) -> None:
    words = [sys.executable, "-c", MEASURE, bombs.url(""), *BOMBS]
    done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=True, timeout=60)
    measured = json.loads(done.stdout)
    assert {path: tuple(found) for path, found in measured["reasons"].items()} == BOMBS
    assert measured["grown"] < 64 * MIB


# Certificates ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("kind", ["expired", "self_signed", "wrong_host"])
def test_a_certificate_that_is_not_right_is_refused(
    certificates: Certificates, kind: str, purpose: Purpose
) -> None:
    settings = SETTINGS.model_copy(update={"ca_file": str(certificates.ca)})
    context = tls_server_context(getattr(certificates, kind))
    with HostileServer({"/": answer(200, PAGE)}, context=context) as server:
        outcome = fetch(server.url("/", host="localhost"), purpose, settings)
    assert reason_of(outcome) == "tls"
    assert server.requests == []


def test_a_certificate_of_a_trusted_authority_is_accepted(certificates: Certificates) -> None:
    settings = SETTINGS.model_copy(update={"ca_file": str(certificates.ca)})
    context = tls_server_context(certificates.good)
    with HostileServer({"/": answer(200, PAGE)}, context=context) as server:
        trusted = fetch(server.url("/", host="localhost"), settings=settings)
        unknown = fetch(server.url("/", host="localhost"))
    assert isinstance(trusted.result, Fetched)
    assert trusted.result.body == PAGE
    assert reason_of(unknown) == "tls"


def test_a_redirect_from_https_to_http_is_refused(certificates: Certificates) -> None:
    settings = SETTINGS.model_copy(update={"ca_file": str(certificates.ca)})
    context = tls_server_context(certificates.good)
    with HostileServer({"/": answer(200, PAGE)}) as plain:
        onward = answer(302, b"", f"Location: {plain.url('/')}")
        with HostileServer({"/": onward}, context=context) as server:
            outcome = fetch(server.url("/", host="localhost"), settings=settings)
        assert reason_of(outcome) == "downgrade"
        assert plain.requests == []


def test_a_handshake_that_never_ends_is_given_up() -> None:
    with HostileServer({}) as server:
        # The server waits for a blank line that a TLS hello does not have.
        began = time.monotonic()
        outcome = fetch(server.url("/").replace("http:", "https:"))
    assert reason_of(outcome) == "connect_timeout"
    assert time.monotonic() - began < SECONDS + 1


def test_a_missing_file_of_authorities_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"ca_file": str(tmp_path / "nowhere.pem")})
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        fetch("http://127.0.0.1/", settings=settings)


# What is sent, what is kept ---------------------------------------------------------------------


def test_the_request_says_honestly_who_asks() -> None:
    settings = SETTINGS.model_copy(
        update={"user_agent": "samestory/9.9", "contact": "https://post.example/bot"}
    )
    with HostileServer({"/": answer(200, PAGE, "Set-Cookie: a=b")}) as server:
        fetch(server.url("/"), settings=settings)
    robots, page = server.requests
    assert robots.startswith("GET /robots.txt HTTP/1.1\r\n")
    assert "\r\nUser-Agent: samestory/9.9 (+https://post.example/bot)\r\n" in page
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n" in page
    assert "cookie" not in page.lower()


def test_cookies_are_not_carried_along_redirects() -> None:
    onward = answer(302, b"", "Set-Cookie: session=1", "Location: /page")
    with HostileServer({"/": onward, "/page": answer(200, PAGE)}) as server:
        outcome = fetch(server.url("/"))
    assert isinstance(outcome.result, Fetched)
    assert outcome.result.redirects == (server.url("/"),)
    assert outcome.result.final_url == server.url("/page")
    assert not any("cookie" in request.lower() for request in server.requests)


@pytest.mark.parametrize("location", ["/größe", "/gr%C3%B6%C3%9Fe"], ids=["raw UTF-8", "encoded"])
def test_a_target_in_raw_utf_8_is_found(location: str) -> None:
    sent = location.encode().decode("latin-1")
    behaviours = {
        "/": answer(301, b"", f"Location: {sent}"),
        "/gr%C3%B6%C3%9Fe": answer(200, PAGE),
    }
    with HostileServer(behaviours) as server:
        assert isinstance(fetch(server.url("/")).result, Fetched)


def test_headers_are_kept_as_received_also_repeated_ones() -> None:
    with HostileServer({"/": answer(200, PAGE, "X-A: 1", "X-A: 2")}) as server:
        outcome = fetch(server.url("/"))
    assert isinstance(outcome.result, Fetched)
    assert [value for name, value in outcome.result.headers if name == "X-A"] == ["1", "2"]


def test_a_sitemap_that_is_a_gzip_file_is_unpacked() -> None:
    urls = b"<urlset><url><loc>https://post.example/a</loc></url></urlset>"
    with HostileServer({"/sitemap.xml.gz": answer(200, gzip.compress(urls))}) as server:
        outcome = fetch(server.url("/sitemap.xml.gz"), "listing")
    assert isinstance(outcome.result, Fetched)
    assert outcome.result.body == urls


# Codings ----------------------------------------------------------------------------------------

PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
}


def cut(body: bytes, size: int) -> Iterator[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))


@given(
    body=st.binary(min_size=1, max_size=2000).map(lambda part: part * 99),
    size=st.integers(1, 5000),
    inner=st.sampled_from(sorted(PACKERS)),
    outer=st.sampled_from(sorted(PACKERS)),
)
@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_was_packed_comes_out_as_it_was(
    body: bytes, size: int, inner: str, outer: str
) -> None:
    sent = PACKERS[outer](PACKERS[inner](body))
    assert b"".join(decode(cut(sent, size), f"{inner}, {outer}")) == body


@pytest.mark.parametrize("size", [1, 100, 10**6])
def test_deflate_without_its_header_is_read_as_browsers_do(size: int) -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    sent = packer.compress(PAGE * 100) + packer.flush()
    assert b"".join(decode(cut(sent, size), "deflate")) == PAGE * 100


@pytest.mark.parametrize("size", [1, 10**6])
@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_members_one_after_another_are_one_body(name: str, size: int) -> None:
    pack = PACKERS[name]
    assert b"".join(decode(cut(pack(b"Ferry ") + pack(b"strikes"), size), name)) == b"Ferry strikes"


def test_what_follows_a_gzip_member_is_left_alone() -> None:
    assert b"".join(decode(iter([gzip.compress(PAGE) + b"\0\0"]), "gzip")) == PAGE


@given(body=st.binary(max_size=500), name=st.sampled_from(sorted(PACKERS)))
def test_bytes_of_any_kind_are_decoded_or_refused(body: bytes, name: str) -> None:
    with suppress(UnreadableError):
        b"".join(decode(iter([body]), name))


@given(
    answers=st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.sampled_from(
                [head(), head(301), head(200, "Transfer-Encoding: chunked"), b"5\r\n", b"\r\n"]
            ),
        ),
        max_size=6,
    )
)
def test_no_answer_is_unexpected(answers: list[bytes]) -> None:
    with HostileServer({"/": raw(*answers)}) as server:
        outcome = fetch(server.url("/"))
    assert outcome.result is not None
    assert reason_of(outcome) != "unexpected", outcome.result
