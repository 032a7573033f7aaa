"""Runs against a real server on this machine: what comes in, what is asked again, what fails."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from command_line import on_sources

Answer = tuple[int, dict[str, str], bytes]

FACTS = {
    "ferry": "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning and "
    "fourteen people were taken to hospital, the harbour master Una Rathbone said.",
    "wheat": "Wheat closed higher in Chicago on Tuesday as frost was forecast for the southern "
    "plains, and traders said export sales had been strong for the third week in a row.",
    "opera": "The opera house in Arnholt named Signe Dahlkvist as its chief conductor on "
    "Wednesday, the first woman in the post since the house was opened in 1871.",
}


def page(name: str, extra: str = "") -> bytes:
    body = f"<p>{FACTS[name]}</p><p>More on this will follow in the course of the day. {extra}</p>"
    return (
        f'<html lang="en"><head><title>News of the {name}</title>'
        f"</head><body><article><h1>News of the {name}</h1>{body}</article></body></html>"
    ).encode()


def feed(base: str, *names: str) -> bytes:
    items = "".join(
        f"<item><title>News of the {name}</title><link>{base}/{name}?utm_source=rss</link>"
        f"<guid>{name}</guid><pubDate>Mon, 02 Mar 2026 10:0{n}:00 +0000</pubDate>"
        "<description>Short.</description></item>"
        for n, name in enumerate(names)
    )
    return f'<rss version="2.0"><channel><title>Post</title>{items}</channel></rss>'.encode()


class Site:
    """A server whose answers a test sets, and which counts what it is asked and sends."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {"/robots.txt": (404, {}, b"")}
        self.asked: list[str] = []
        self.times: list[float] = []
        self.sent_bytes = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                site.asked.append(path)
                site.times.append(time.monotonic())
                status, headers, body = site.answers.get(path, (404, {}, b"gone"))
                etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
                if status == 200 and self.headers.get("If-None-Match") == etag:
                    status, body = 304, b""
                self.send_response(status)
                for name, value in ({"ETag": etag} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                site.sent_bytes += len(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def put(self, path: str, body: bytes, media_type: str = "text/html", **headers: str) -> None:
        self.answers[path] = (200, {"Content-Type": media_type} | headers, body)

    def put_feed(self, path: str, *names: str) -> None:
        self.put(path, feed(self.base, *names), "application/rss+xml")


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    for name in FACTS:
        running.put(f"/{name}", page(name))
    running.put_feed("/feed", "ferry", "wheat")
    yield running
    running.server.shutdown()
    running.server.server_close()


def configure(folder: Path, site: Site, *feeds: str) -> None:
    sources = "".join(
        f'[[sources]]\nname = "{path.strip("/")}"\nurl = "{site.base}{path}"\nkind = "feed"\n'
        for path in feeds
    )
    fetch = "[fetch]\nallow_private_hosts = true\ndelay_seconds = 0\nbackoff_minutes = 0\n"
    (folder / "news.toml").write_text(fetch + sources, encoding="utf-8")


def titles(folder: Path) -> list[str]:
    index = (folder / "data" / "clusters" / "index.jsonl").read_text("utf-8")
    return sorted(json.loads(line)["title"] for line in index.splitlines())


def view(folder: Path) -> dict[str, bytes]:
    clusters = folder / "data" / "clusters"
    return {str(p.relative_to(clusters)): p.read_bytes() for p in clusters.rglob("*.json*")}


def test_a_feed_leads_to_its_articles_dated_by_the_feed_where_pages_are_not(
    site: Site, tmp_path: Path
) -> None:
    configure(tmp_path, site, "/feed")
    done = on_sources("ingest", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert titles(tmp_path) == ["News of the ferry", "News of the wheat"]
    records = [json.loads(body) for name, body in view(tmp_path).items() if "/" in name]
    published = {r["articles"][0]["published"]["instant"] for r in records}
    assert published == {"2026-03-02T10:00:00Z", "2026-03-02T10:01:00Z"}


def test_a_feed_says_whose_report_a_page_prints(site: Site, tmp_path: Path) -> None:
    named = feed(site.base, "ferry").replace(b"<guid>", b"<author>AFP</author><guid>")
    site.put("/feed", named, "application/rss+xml")
    configure(tmp_path, site, "/feed")
    assert on_sources("ingest", cwd=tmp_path).returncode == 0
    (record,) = (json.loads(body) for name, body in view(tmp_path).items() if "/" in name)
    wire = {"name": "Agence France-Presse", "evidence": "byline", "raw": "AFP"}
    assert record["articles"][0]["wire"] == wire


def test_a_second_run_asks_only_for_the_feed_and_changes_nothing(
    site: Site, tmp_path: Path
) -> None:
    configure(tmp_path, site, "/feed")
    on_sources("ingest", cwd=tmp_path)
    before, sent = view(tmp_path), site.sent_bytes
    site.asked.clear()
    done = on_sources("ingest", cwd=tmp_path)
    assert done.returncode == 0
    assert "nothing changed" in done.stderr
    assert set(site.asked) <= {"/feed", "/robots.txt"}
    assert site.sent_bytes == sent
    assert view(tmp_path) == before


def test_what_the_feed_lists_later_is_fetched_later(site: Site, tmp_path: Path) -> None:
    configure(tmp_path, site, "/feed")
    on_sources("ingest", cwd=tmp_path)
    site.put_feed("/feed", "opera", "ferry", "wheat")
    site.asked.clear()
    assert on_sources("ingest", cwd=tmp_path).returncode == 0
    assert "/opera" in site.asked
    assert "/ferry" not in site.asked
    assert len(titles(tmp_path)) == 3


def atom(base: str, name: str, updated: datetime) -> bytes:
    entry = (
        f"<entry><id>{name}</id><title>News of the {name}</title><link href='{base}/{name}'/>"
        f"<published>2026-03-02T10:00:00Z</published><updated>{updated.isoformat()}</updated></entry>"
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Post</title>{entry}</feed>".encode()


def test_an_article_that_its_feed_calls_changed_is_asked_for_again(
    site: Site, tmp_path: Path
) -> None:
    configure(tmp_path, site, "/atom")
    site.put("/atom", atom(site.base, "ferry", datetime(2026, 3, 2, 10, tzinfo=UTC)))
    on_sources("ingest", cwd=tmp_path)
    soon = datetime.now(UTC) + timedelta(minutes=30)
    site.put("/atom", atom(site.base, "ferry", soon))
    site.put("/ferry", page("ferry", "The harbour master has closed the pier for a week."))
    second = on_sources("ingest", "--json", cwd=tmp_path)
    assert json.loads(second.stdout)["versions_new"] == 1
    assert site.asked.count("/ferry") == 2
    site.put("/atom", atom(site.base, "ferry", soon + timedelta(minutes=1)))
    on_sources("ingest", cwd=tmp_path)
    assert site.asked.count("/ferry") == 2, "so soon after the second look there is no third"


def test_a_feed_that_has_more_than_one_run_takes_is_read_again(site: Site, tmp_path: Path) -> None:
    site.put_feed("/feed", *FACTS)
    configure(tmp_path, site, "/feed")
    with (tmp_path / "news.toml").open("a", encoding="utf-8") as file:
        file.write("max_items = 2\n")
    first = on_sources("ingest", cwd=tmp_path)
    assert "1 listings have more" in first.stderr
    assert len(titles(tmp_path)) == 2
    second = on_sources("ingest", cwd=tmp_path)
    assert "listings have more" not in second.stderr
    assert len(titles(tmp_path)) == 3


def test_a_sitemap_is_asked_though_the_index_that_leads_to_it_is_unchanged(
    site: Site, tmp_path: Path
) -> None:
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    index = f"<sitemapindex {space}><sitemap><loc>{site.base}/news</loc></sitemap></sitemapindex>"
    site.put("/index", index.encode(), "application/xml")
    for names in (("ferry",), ("ferry", "wheat")):
        urls = "".join(f"<url><loc>{site.base}/{name}</loc></url>" for name in names)
        site.put("/news", f"<urlset {space}>{urls}</urlset>".encode(), "application/xml")
        configure(tmp_path, site, "/index")
        on_sources("ingest", cwd=tmp_path)
        assert len(titles(tmp_path)) == len(names)


def test_since_passes_over_what_the_feed_dates_earlier(site: Site, tmp_path: Path) -> None:
    configure(tmp_path, site, "/feed")
    late = on_sources("ingest", "--since", "2026-03-02T10:01:00Z", cwd=tmp_path)
    assert late.returncode == 0
    assert titles(tmp_path) == ["News of the wheat"]
    assert on_sources("ingest", "--since", "yesterday", cwd=tmp_path).returncode == 2


def test_an_article_in_two_feeds_is_one_article_asked_for_once(site: Site, tmp_path: Path) -> None:
    site.put_feed("/second", "wheat", "ferry")
    configure(tmp_path, site, "/feed", "/second")
    assert on_sources("ingest", cwd=tmp_path).returncode == 0
    assert site.asked.count("/ferry") == 1
    assert len(titles(tmp_path)) == 2


def only_story(folder: Path) -> dict[str, Any]:
    [file] = (folder / "data" / "clusters").glob("*/*.json")
    story: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return story


def test_an_article_of_five_listings_is_one_article_with_five_sightings(
    site: Site, tmp_path: Path
) -> None:
    listings = ["/rss", "/sitemap", "/list", "/moved", "/json"]
    site.put_feed("/rss", "ferry")
    urlset = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    site.put("/sitemap", f"{urlset}<url><loc>{site.base}/ferry</loc></url></urlset>".encode())
    site.put("/list", f"{site.base}/ferry#top\n".encode(), "text/plain")
    site.put("/moved", f"{site.base}/old-ferry\n".encode(), "text/html")
    site.answers["/old-ferry"] = (301, {"Location": f"{site.base}/ferry"}, b"")
    item = {"id": "1", "url": f"{site.base}/ferry?utm_campaign=json", "content_text": "Short."}
    site.put(
        "/json",
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}).encode(),
    )
    configure(tmp_path, site, *listings)
    first = on_sources("ingest", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    [article] = only_story(tmp_path)["articles"]
    assert article["sightings"] == ["json", "list", "moved", "rss", "sitemap"]


def test_an_amp_page_is_its_article_and_no_version_of_it(site: Site, tmp_path: Path) -> None:
    canonical = f'<link rel="canonical" href="{site.base}/ferry"><title>'.encode()
    site.put(
        "/amp/ferry", page("ferry", "Read more on our site.").replace(b"<title>", canonical, 1)
    )
    site.put_feed("/feed", "amp/ferry")
    configure(tmp_path, site, "/feed")
    on_sources("ingest", cwd=tmp_path)
    assert [a["versions"] for a in only_story(tmp_path)["articles"]] == [1]
    site.put_feed("/feed", "ferry", "amp/ferry")
    on_sources("ingest", cwd=tmp_path)
    site.put("/amp/ferry2", site.answers["/amp/ferry"][2].replace(b"Read more", b"See more", 1))
    site.put_feed("/feed", "amp/ferry2")
    on_sources("ingest", cwd=tmp_path)
    [article] = only_story(tmp_path)["articles"]
    assert article["url"] == f"{site.base.replace('http:', 'https:')}/ferry"
    assert article["versions"] == 2, "the AMP page that came first, then the page itself"


def test_a_later_sighting_is_added_to_the_story(site: Site, tmp_path: Path) -> None:
    site.put_feed("/feed", "ferry")
    site.put_feed("/other", "ferry")
    configure(tmp_path, site, "/feed")
    on_sources("ingest", cwd=tmp_path)
    configure(tmp_path, site, "/feed", "/other")
    on_sources("ingest", cwd=tmp_path)
    assert only_story(tmp_path)["articles"][0]["sightings"] == ["feed", "other"]
    before = view(tmp_path)
    on_sources("rebuild", cwd=tmp_path)
    assert view(tmp_path) == before


def test_one_failing_feed_is_one_line_and_the_rest_is_done(site: Site, tmp_path: Path) -> None:
    site.answers["/broken"] = (500, {}, b"oops")
    configure(tmp_path, site, "/feed", "/broken")
    done = on_sources("ingest", cwd=tmp_path)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "/broken" in line]
    assert len(lines) == 1
    assert "http_500" in lines[0]
    assert len(titles(tmp_path)) == 2


def test_a_feed_is_told_of_each_time_it_fails_and_forgotten_when_it_recovers(
    site: Site, tmp_path: Path
) -> None:
    configure(tmp_path, site, "/feed")
    rss = site.answers["/feed"]
    broken = (500, {}, b"oops")
    nonsense = (200, {"Content-Type": "application/rss+xml"}, b"<html>We moved.</html>")
    found = []
    for answer in (rss, broken, broken, rss, nonsense, nonsense, rss, broken):
        site.answers["/feed"] = answer
        done = on_sources("ingest", cwd=tmp_path)
        inputs = on_sources("quarantine", "list", "--json", cwd=tmp_path).stdout.splitlines()
        found.append((done.returncode, len(inputs)))
    assert found == [(0, 0), (1, 1), (1, 1), (0, 0), (1, 1), (0, 1), (0, 0), (1, 1)]


def test_an_article_put_off_by_the_server_comes_in_a_later_run(site: Site, tmp_path: Path) -> None:
    site.answers["/wheat"] = (503, {"Retry-After": "0"}, b"busy")
    configure(tmp_path, site, "/feed")
    on_sources("ingest", cwd=tmp_path)
    assert titles(tmp_path) == ["News of the ferry"]
    site.put("/wheat", page("wheat"))
    on_sources("ingest", cwd=tmp_path)
    assert len(titles(tmp_path)) == 2


def test_what_robots_txt_forbids_is_not_asked_for(site: Site, tmp_path: Path) -> None:
    site.put("/robots.txt", b"User-agent: *\nDisallow: /wheat\n", "text/plain")
    configure(tmp_path, site, "/feed")
    done = on_sources("ingest", cwd=tmp_path)
    assert done.returncode == 1
    assert "robots" in done.stderr
    assert "/wheat" not in site.asked


def test_a_rebuild_gives_the_same_bytes_and_asks_nobody(site: Site, tmp_path: Path) -> None:
    configure(tmp_path, site, "/feed")
    on_sources("ingest", cwd=tmp_path)
    site.put_feed("/feed", "opera", "ferry")
    on_sources("ingest", cwd=tmp_path)
    before = view(tmp_path)
    site.asked.clear()
    shutil.rmtree(tmp_path / "data" / "clusters")
    assert on_sources("rebuild", cwd=tmp_path).returncode == 0
    assert view(tmp_path) == before
    assert site.asked == []
    on_sources("ingest", cwd=tmp_path)
    assert "/ferry" not in site.asked  # what was learned of the web outlives a rebuild


def test_requests_to_one_domain_keep_their_distance(site: Site, tmp_path: Path) -> None:
    configure(tmp_path, site, "/feed")
    config = tmp_path / "news.toml"
    config.write_text(config.read_text().replace("delay_seconds = 0\n", "delay_seconds = 0.5\n"))
    assert on_sources("ingest", cwd=tmp_path).returncode == 0
    assert site.asked == ["/robots.txt", "/feed", "/ferry", "/wheat"]
    gaps = [later - earlier for earlier, later in pairwise(site.times)]
    assert min(gaps[1:]) >= 0.45  # robots.txt and the first page are one visit


def test_private_addresses_are_refused_unless_allowed(site: Site, tmp_path: Path) -> None:
    source = f'[[sources]]\nname = "feed"\nurl = "{site.base}/feed"\nkind = "feed"\n'
    (tmp_path / "news.toml").write_text(source, encoding="utf-8")
    done = on_sources("ingest", cwd=tmp_path)
    assert done.returncode == 1
    assert "private_address" in done.stderr
    assert site.asked == []
