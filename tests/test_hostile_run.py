"""A whole run among hostile servers: each is one line of the report, and the good news come in."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

from command_line import on_sources
from hostile_cases import QUICK, SLOW, Purpose
from hostile_server import HostileServer, answer

SECONDS = 3.0
# Floods are measured by themselves: side by side they would only starve each other.
CASES = [case for case in (*SLOW, *QUICK) if "endless" not in case.name and "MB" not in case.name]
NEWS = (
    b"<html><title>Ferry hits pier</title><article><p>The ferry Lady Ismay struck Mercer Pier at "
    b"Calder Haven on Monday morning and fourteen people were taken to hospital, the harbour "
    b"master said on the quay.</p></article></html>"
)


def feed(links: list[str]) -> bytes:
    items = "".join(f"<item><link>{link}</link></item>" for link in links)
    return f"<rss version='2.0'><channel><title>Post</title>{items}</channel></rss>".encode()


def serve(stack: ExitStack, net: int, purpose: Purpose) -> dict[str, str | None]:
    """Start a server for each case; returns the reason that is expected for its address."""
    expected = {}
    for number, case in enumerate(CASES):
        server = HostileServer(
            {"/": case.behaviour} | case.paths, address=f"127.0.{net}.{number + 1}"
        )
        expected[stack.enter_context(server).url("/")] = case.expected(purpose)
    return expected


def test_a_run_among_hostile_servers_goes_on_and_says_of_each_what_is_wrong(tmp_path: Path) -> None:
    with ExitStack() as stack:
        feeds = serve(stack, 3, "listing")
        articles = serve(stack, 4, "article")
        good = HostileServer({}, address="127.0.5.1")
        stack.enter_context(good)
        good.behaviours["/ferry"] = answer(200, NEWS, "Content-Type: text/html")
        listed = feed([*articles, good.url("/ferry")])
        good.behaviours["/feed"] = answer(200, listed, "Content-Type: application/rss+xml")
        sources = "".join(
            f'[[sources]]\nname = "{url}"\nurl = "{url}"\nkind = "feed"\nmax_items = 1000\n'
            for url in (*feeds, good.url("/feed"))
        )
        (tmp_path / "news.toml").write_text(
            "[fetch]\nallow_private_hosts = true\ndelay_seconds = 0\nmax_body_bytes = 1048576\n"
            f"max_hosts = 300\ndeadline_seconds = {SECONDS}\nconnect_seconds = 1.0\n{sources}",
            encoding="utf-8",
        )
        done = on_sources("ingest", "--json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["articles"] >= 1
    reasons = {failed["input"]: failed["reason"] for failed in report["failures"]}
    for url, reason in (feeds | articles).items():
        if reason is not None:
            assert reasons.get(url) == reason
            assert f"{url}: fetch {reason}: " in done.stderr
    assert "unexpected" not in reasons.values()
