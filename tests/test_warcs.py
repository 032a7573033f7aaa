"""WARC files as sources: on disk and on the web, read on where the last run left them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from command_line import on_sources
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEWS = {
    name: f"The {name} of Calder Haven was in the news on Monday, when the council met to hear "
    f"what the harbour master had to say about the {name} and about what it is going to cost."
    for name in ("ferry", "pier", "market", "school", "library", "bridge")
}


def warc(names: list[str], date: str = "2026-03-02T12:00:00Z", pad: int = 0) -> bytes:
    """Return a WARC file of one response a name, packed record by record."""
    whole = BytesIO()
    writer = WARCWriter(whole, gzip=True, warc_version="WARC/1.1")
    writer.write_record(writer.create_warcinfo_record("crawl.warc.gz", {"software": "a crawler"}))
    for name in names:
        page = f"<title>News of the {name}</title><article><p>{NEWS[name]}</p></article>"
        body = (f"<html>{page}</html>" + " " * pad).encode()
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        record = writer.create_warc_record(
            f"https://post.example/{name}",
            "response",
            payload=BytesIO(body),
            length=len(body),  # known, so warcio makes no temporary file
            http_headers=headers,
            warc_headers_dict={"WARC-Date": date},
        )
        writer.write_record(record)
    return whole.getvalue()


class Store:
    """A server of one file; what it can do, and how it fails, is set by a test."""

    def __init__(self) -> None:
        self.body = b""
        self.knows_ranges = True
        self.hangs_up_after = 1 << 40
        self.status = 200
        self.headers: dict[str, str] = {}
        self.ranges: list[str | None] = []
        store = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/robots.txt":
                    self.send_error(404)
                    return
                store.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/crawl.warc.gz"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.ranges.append(wanted)
        start = int(re.findall(r"\d+", wanted)[0]) if wanted and self.knows_ranges else 0
        status = self.status if self.status != 200 or not start else 206
        request.send_response(416 if start >= len(self.body) > 0 else status)
        part = self.body[start:]
        headers = {"Content-Length": str(len(part)), **self.headers}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(part[: self.hangs_up_after])


@pytest.fixture
def store() -> Iterator[Store]:
    running = Store()
    yield running
    running.server.shutdown()
    running.server.server_close()


def configure(folder: Path, place: str) -> None:
    settings = (
        "[fetch]\nallow_private_hosts = true\ndelay_seconds = 0\nbackoff_minutes = 0\n"
        f'[[sources]]\nname = "crawl"\n{place}\nkind = "warc"\n'
    )
    (folder / "news.toml").write_text(settings, encoding="utf-8")


def ingest(folder: Path, *words: str) -> dict[str, Any]:
    done = on_sources("ingest", "--json", *words, cwd=folder)
    assert done.returncode in {0, 1}, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_a_warc_file_that_grows_is_read_on_from_its_last_record(tmp_path: Path) -> None:
    file = tmp_path / "crawl.warc.gz"
    file.write_bytes(warc(["ferry", "pier"]))
    configure(tmp_path, f'path = "{file.name}"')
    assert ingest(tmp_path)["articles"] == 2
    file.write_bytes(file.read_bytes() + warc(["market"]))
    second = ingest(tmp_path)
    assert (second["pages_seen"], second["articles"]) == (1, 3)
    assert ingest(tmp_path)["pages_seen"] == 0


def test_a_file_put_in_the_place_of_another_is_read_from_its_beginning(tmp_path: Path) -> None:
    file = tmp_path / "crawl.warc.gz"
    configure(tmp_path, f'path = "{file.name}"')
    for names in (["ferry", "pier"], ["market"], ["school", "library", "bridge"]):
        file.write_bytes(warc(names))
        assert ingest(tmp_path)["articles_new"] == len(names)


def test_all_warc_files_of_a_folder_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "crawls" / "2026-03"
    folder.mkdir(parents=True)
    (folder / "a.warc.gz").write_bytes(warc(["ferry"]))
    (folder / "b.warc.gz").write_bytes(warc(["pier"]))
    (folder / "c.html").write_text(f"<html><body><p>{NEWS['market']}</p></body></html>", "utf-8")
    configure(tmp_path, 'path = "crawls"')
    assert ingest(tmp_path)["articles"] == 2
    news = (tmp_path / "news.toml").read_text("utf-8").replace('kind = "warc"\n', "")
    (tmp_path / "news.toml").write_text(news, encoding="utf-8")
    assert ingest(tmp_path)["articles"] == 3


def test_captures_before_since_are_passed_over(tmp_path: Path) -> None:
    old, new = warc(["ferry"], "2026-02-01T00:00:00Z"), warc(["pier"])
    (tmp_path / "crawl.warc.gz").write_bytes(old + new)
    configure(tmp_path, 'path = "crawl.warc.gz"')
    assert ingest(tmp_path, "--since", "2026-03-01")["articles"] == 1


@pytest.mark.parametrize(
    ("broken", "reason", "articles"),
    [
        (warc(["ferry"]) + b"this is no record", "broken_warc", 1),
        (warc(["ferry"], "some day") + warc(["pier"]), "broken_record", 1),
        (warc(["ferry"], pad=9 << 20) + warc(["pier"]), "too_large", 1),
        (b"", None, 0),
    ],
    ids=["damage", "date", "bomb", "empty"],
)
def test_what_is_wrong_with_a_warc_file_is_one_failure_and_the_rest_is_read(
    tmp_path: Path, broken: bytes, reason: str | None, articles: int
) -> None:
    (tmp_path / "crawl.warc.gz").write_bytes(broken)
    configure(tmp_path, 'path = "crawl.warc.gz"')
    report = ingest(tmp_path)
    assert [failed["reason"] for failed in report["failures"]] == ([reason] if reason else [])
    assert report["articles"] == articles


def test_a_warc_file_on_the_web_is_read_and_later_only_its_end(
    store: Store, tmp_path: Path
) -> None:
    store.body = warc(["ferry", "pier"])
    configure(tmp_path, f'url = "{store.url}"')
    assert ingest(tmp_path)["articles"] == 2
    store.body += warc(["market"])
    assert ingest(tmp_path)["pages_seen"] == 1
    assert store.ranges[0] is None
    assert store.ranges[1] is not None


def test_a_server_that_hangs_up_is_one_failure_and_the_next_run_goes_on_there(
    store: Store, tmp_path: Path
) -> None:
    store.body = warc(list(NEWS))
    store.hangs_up_after = 2 * len(store.body) // 3
    configure(tmp_path, f'url = "{store.url}"')
    first = ingest(tmp_path)
    assert 0 < first["articles"] < len(NEWS)
    assert [failed["reason"] for failed in first["failures"]] == ["short_body"]
    second = ingest(tmp_path)
    assert second["articles"] == len(NEWS)
    assert second["pages_seen"] == len(NEWS) - first["articles"]


def test_a_server_that_sends_no_parts_sends_all_and_the_known_is_passed_over(
    store: Store, tmp_path: Path
) -> None:
    store.body, store.knows_ranges = warc(["ferry", "pier"]), False
    configure(tmp_path, f'url = "{store.url}"')
    ingest(tmp_path)
    store.body += warc(["market"])
    assert ingest(tmp_path)["pages_seen"] == 1


def test_a_shorter_file_at_the_same_address_is_read_from_its_beginning(
    store: Store, tmp_path: Path
) -> None:
    store.body = warc(["ferry", "pier", "market"])
    configure(tmp_path, f'url = "{store.url}"')
    ingest(tmp_path)
    store.body = warc(["school"])
    assert ingest(tmp_path)["articles_new"] == 1


@pytest.mark.parametrize(
    ("status", "headers", "reason"),
    [(404, {}, "http_404"), (503, {"Retry-After": "60"}, None), (200, {"Content-Length": "x"}, "")],
    ids=["missing", "busy", "nonsense"],
)
def test_a_server_that_does_not_give_the_file_harms_nothing(
    store: Store, tmp_path: Path, status: int, headers: dict[str, str], reason: str | None
) -> None:
    store.status, store.headers, store.body = status, headers, warc(["ferry"])
    configure(tmp_path, f'url = "{store.url}"')
    report = ingest(tmp_path)
    if reason is None:
        assert (report["failures"], report["postponed"]) == ([], 1)
    elif reason:
        assert [failed["reason"] for failed in report["failures"]] == [reason]
    again = ingest(tmp_path, "--max-seconds", "0")
    assert again["articles_new"] == 0


def test_private_addresses_are_refused_for_warc_files_too(store: Store, tmp_path: Path) -> None:
    configure(tmp_path, f'url = "{store.url}"')
    news = (tmp_path / "news.toml").read_text("utf-8")
    (tmp_path / "news.toml").write_text(
        news.replace("allow_private_hosts = true\n", ""), encoding="utf-8"
    )
    assert [failed["reason"] for failed in ingest(tmp_path)["failures"]] == ["private_address"]
    assert store.ranges == []
