"""Sources: set right or refused in one line, asked over real sockets, exchanged as OPML."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from command_line import samestory
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import SourceSettings, load_settings, source_kind
from pipeline.errors import ConfigError, UnreadableError
from pipeline.feeds.opml import opml_text, read_opml
from pipeline.records import ListedLink
from pipeline.service.sources import export_opml, import_opml

OPML = """<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0"><head><title>Subscriptions</title></head><body>
<outline text="Harbours"><outline text="North">
<outline type="rss" text="Tide &amp; &quot;Wave&quot;" xmlUrl="https://tide.example/feed.xml"/>
</outline></outline>
<outline title="News" xmlUrl="https://courier.example/rss" language="en"/>
<outline title="News" xmlURL="https://gazette.example/rss"/>
<outline xmlUrl="https://nameless.example/atom"/>
<outline text="Again" xmlUrl="https://courier.example/rss"/>
<outline text="Script" xmlUrl="javascript:alert(1)"/>
</body></opml>"""
FEED = """<rss version="2.0"><channel><title>Tide</title>
<item><link>/a</link><pubDate>Mon, 02 Mar 2026 10:00:00 IST</pubDate></item>
<item><link>/b</link><pubDate>Fri, 31 Dec 9999 23:59:59 GMT</pubDate></item>
</channel></rss>"""


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('name = "a"', "source 'a' needs either path or url"),
        ('name = "a"\npath = "x"\nurl = "https://a.example/"', "needs either path or url"),
        ('name = "a"\nurl = "a.example/feed"', "source 'a': url must begin with http://"),
        ('name = "a"\nurl = "file:///etc/passwd"', "url must begin with http://"),
        ('name = "a"\nurl = "http://[broken"', "url must begin with http://"),
        ('name = "a"\nkind = "sitemap"\npath = "x"', "kind 'sitemap' needs url"),
        ('name = "a"\nkind = "files"\nurl = "https://a.example/"', "kind 'files' needs path"),
        ('name = "a"\nkind = "rss"\nurl = "https://a.example/"', "sources.0.kind: Input should"),
        ('name = "a"\ncountry = "Germany"\npath = "x"', "sources.0.country: String should"),
        ('name = "a"\nmax_items = 0\npath = "x"', "sources.0.max_items: Input should"),
    ],
)
def test_a_source_that_cannot_be_meant_is_one_line(
    tmp_path: Path, fields: str, message: str
) -> None:
    file = write(tmp_path / "news.toml", f"[[sources]]\n{fields}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {})
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"path": "pages"}, "files"),
        ({"path": "crawl.warc.gz"}, "warc"),
        ({"path": "picks.txt", "kind": "urls"}, "urls"),
        ({"url": "https://tide.example/feed"}, "feed"),
        ({"url": "https://tide.example/CC-NEWS-1.warc.gz?v=2"}, "warc"),
        ({"url": "https://tide.example/news.xml", "kind": "sitemap"}, "sitemap"),
    ],
)
def test_a_source_is_what_its_name_says_unless_told(fields: dict[str, str], kind: str) -> None:
    assert source_kind(SourceSettings.model_validate({"name": "a", **fields})) == kind


def test_the_newsroom_is_of_many_countries_and_languages(root: Path) -> None:
    sources = load_settings(root / "configs" / "newsroom.toml", {}).settings.sources
    assert len(sources) >= 25
    assert len({source.country for source in sources}) >= 20
    assert len({source.lang for source in sources}) >= 10
    assert len({source.url for source in sources}) == len(sources)
    for source in sources:
        assert source.url
        assert source.url.startswith("https://")
        assert source.outlet
        assert source.family
        assert source.lang
        assert source.country


def test_the_feeds_of_an_opml_file_become_sources_with_names_of_their_own(tmp_path: Path) -> None:
    file = write(tmp_path / "feeds.opml", OPML)
    settings = load_settings(write(tmp_path / "news.toml", import_opml(file)), {}).settings
    assert [(source.name, source.url) for source in settings.sources] == [
        ('Tide & "Wave"', "https://tide.example/feed.xml"),
        ("News", "https://courier.example/rss"),
        ("News (2)", "https://gazette.example/rss"),
        ("nameless.example", "https://nameless.example/atom"),
    ]


def test_importing_into_a_file_keeps_what_is_there_and_twice_is_once(tmp_path: Path) -> None:
    file = write(tmp_path / "feeds.opml", OPML)
    before = '# ours\n[[sources]]\nname = "pages"\npath = "x"\n\n[[outlets]]\nname = "Tide"\n'
    into = write(tmp_path / "news.toml", before)
    import_opml(file, into)
    after = into.read_text("utf-8")
    assert after.startswith(before)
    assert len(load_settings(into, {}).settings.sources) == 5
    assert import_opml(file, into) == ""
    assert into.read_text("utf-8") == after
    assert sorted(path.name for path in tmp_path.iterdir()) == ["feeds.opml", "news.toml"]


def test_a_name_that_is_taken_by_another_feed_is_refused_and_nothing_written(
    tmp_path: Path,
) -> None:
    file = write(tmp_path / "feeds.opml", OPML)
    before = '[[sources]]\nname = "News"\nurl = "https://other.example/"\n'
    into = write(tmp_path / "news.toml", before)
    with pytest.raises(ConfigError, match="a source is named 'News' already"):
        import_opml(file, into)
    assert into.read_text("utf-8") == before


def test_sources_written_as_a_list_cannot_be_appended_to(tmp_path: Path) -> None:
    file = write(tmp_path / "feeds.opml", OPML)
    into = write(tmp_path / "news.toml", 'sources = [{name = "a", path = "x"}]\n')
    with pytest.raises(ConfigError, match="cannot be appended"):
        import_opml(file, into)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html/>",
        "<opml><body/></opml>",
        "<opml><body><outline xmlUrl='file:///etc/passwd'/></body></opml>",
        "<opml>" + "<outline>" * 5000,
        "Subscriptions: none",
    ],
    ids=["empty", "html", "no-feeds", "local", "deep", "text"],
)
def test_what_lists_no_feed_is_refused(body: str) -> None:
    with pytest.raises(UnreadableError):
        read_opml(body.encode())


def test_entities_in_opml_are_neither_expanded_nor_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("navy")
    doctype = (
        f'<!DOCTYPE opml [<!ENTITY f SYSTEM "{(tmp_path / "secret").as_uri()}">'
        '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    )
    outline = '<outline text="&b; &f;" xmlUrl="https://tide.example/"/>'
    body = f'{doctype}<opml version="2.0"><body>{outline}</body></opml>'
    try:
        titles = [feed.title for feed in read_opml(body.encode())]
    except UnreadableError:
        titles = []
    assert not any("haha" in title or "navy" in title for title in titles)


@given(st.lists(st.text(max_size=20), unique=True, max_size=6))
def test_what_is_exported_can_be_imported(titles: list[str]) -> None:
    clean = [" ".join("".join(c for c in t if c.isprintable()).split()) for t in titles]
    feeds = [
        ListedLink(url=f"https://tide.example/{n}", title=title) for n, title in enumerate(clean)
    ]
    if feeds:
        assert read_opml(opml_text("Ours", feeds).encode()) == feeds


def test_only_feeds_on_the_web_are_exported(root: Path) -> None:
    settings = load_settings(root / "configs" / "newsroom.toml", {}).settings
    feeds = read_opml(export_opml(settings).encode())
    assert len(feeds) == len(settings.sources) - 1
    assert all("sitemap" not in feed.url for feed in feeds)


@pytest.fixture
def base() -> Iterator[str]:
    """Serve a feed, an empty feed, an index and a page; everything else is not there."""
    answers = {
        "/feed": FEED,
        "/empty": "<rss version='2.0'><channel><title>T</title></channel></rss>",
        "/index": "<sitemapindex><sitemap><loc>/2026.xml</loc></sitemap></sitemapindex>",
        "/page": "<html><body><p>Not a feed</p></body></html>",
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = answers.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def configure(folder: Path, base: str, *paths: str) -> None:
    sources = "".join(
        f'[[sources]]\nname = "{path}"\nurl = "{base}/{path}"\ncountry = "IN"\n' for path in paths
    )
    fetch = "[fetch]\nallow_private_hosts = true\ndelay_seconds = 0\n"
    write(folder / "news.toml", fetch + sources)


def test_testing_sources_says_of_each_what_it_has_or_what_is_wrong(
    tmp_path: Path, base: str
) -> None:
    configure(tmp_path, base, "feed", "empty", "index", "page", "gone")
    done = samestory("sources", "test", "--json", "-c", "news.toml", cwd=tmp_path)
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 1
    assert {name: row["reason"] for name, row in rows.items()} == {
        "feed": "ok",
        "empty": "no_articles",
        "index": "ok",
        "page": "not_a_feed",
        "gone": "http_404",
    }
    assert (rows["feed"]["articles"], rows["index"]["listings"]) == (2, 1)
    assert rows["feed"]["newest"] == "2026-03-02T04:30:00+00:00"
    assert "5 sources asked, 3 failed" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["news.toml"]


def test_one_source_can_be_tested_by_name(tmp_path: Path, base: str) -> None:
    configure(tmp_path, base, "feed", "gone")
    done = samestory("sources", "test", "feed", "-c", "news.toml", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "feed: ok, 2 articles, the latest of 2026-03-02 04:30 UTC\n"
    wrong = samestory("sources", "test", "fed", "-c", "news.toml", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "no source is named 'fed'" in wrong.stderr


def test_sources_are_listed_with_what_is_known_of_them(tmp_path: Path, base: str) -> None:
    configure(tmp_path, base, "feed", "gone")
    before = samestory("sources", "list", "--json", "-c", "news.toml", cwd=tmp_path)
    assert [json.loads(line)["fetched_at"] for line in before.stdout.splitlines()] == [None, None]
    samestory("ingest", "-c", "news.toml", cwd=tmp_path)
    after = samestory("sources", "list", "--json", "-c", "news.toml", cwd=tmp_path)
    feed, gone = map(json.loads, after.stdout.splitlines())
    assert feed["fetched_at"]
    assert (feed["kind"], feed["failures"], gone["failures"]) == ("feed", 0, 1)


def test_import_and_export_meet_on_the_command_line(tmp_path: Path) -> None:
    write(tmp_path / "feeds.opml", OPML)
    done = samestory("sources", "import", "feeds.opml", "--into", "new.toml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert "4 sources appended" in done.stderr
    shown = samestory("sources", "export", "-c", "new.toml", cwd=tmp_path)
    again = write(tmp_path / "again.opml", shown.stdout)
    assert len(read_opml(again.read_bytes())) == 4
    wrong = samestory("sources", "import", "nowhere.opml", cwd=tmp_path)
    assert (wrong.returncode, "nowhere.opml: cannot be read" in wrong.stderr) == (2, True)
