"""300 feeds of 20 articles each on this machine, fetched twice: `python tests/many_feeds.py`.

Each feed has a loopback address of its own, so that each counts as a domain. Prints what was
measured and exits 1 if a run takes more than 1.3 times what politeness forces, if its memory grows
by a fifth while it fetches, or if the second run transfers 2 % of the first or changes anything.
Grouping takes more memory than fetching: some 60 KB an article, of at most `run.batch_pages`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

SYLLABLES = [f"{a}{b}" for a in "bcdfglmnprst" for b in ("an", "ol", "iv", "ur", "es")]
WORDS = ["".join(random.Random(n).choices(SYLLABLES, k=3)) for n in range(20_000)]


def prose(article: str, part: int, sentences: int) -> str:
    """Return sentences of one article: seven words in ten are what it is about, as in real news."""
    about = random.Random(article).choices(WORDS, k=140)
    draw = random.Random(f"{article} {part}")
    words = WORDS[:60] + about
    return " ".join(
        " ".join(draw.choices(words, k=14)).capitalize() + "." for _ in range(sentences)
    )


class Handler(BaseHTTPRequestHandler):
    """Serves /feed and /N on any loopback address; the texts follow from address and number."""

    articles = 20
    failing = 0
    sent = 0
    lock = threading.Lock()

    def do_GET(self) -> None:
        host = self.headers.get("Host", "")
        body, media_type = self._content(host, self.path)
        etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        unchanged = self.headers.get("If-None-Match") == etag
        self.send_response(404 if not body else 304 if unchanged else 200)
        payload = b"" if unchanged else body
        headers = {"Content-Type": media_type, "ETag": etag, "Content-Length": str(len(payload))}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(payload)
        with Handler.lock:
            Handler.sent += len(payload) + 200

    def _content(self, host: str, path: str) -> tuple[bytes, str]:
        if path == "/feed" and _number(host) < self.failing:
            return b"", ""
        if path == "/feed":
            items = "".join(
                f"<item><link>http://{host}/{n}</link><guid>{n}</guid>"
                f"<pubDate>Mon, 02 Mar 2026 {n % 24:02d}:00:00 GMT</pubDate></item>"
                for n in range(self.articles)
            )
            rss = f'<rss version="2.0"><channel><title>{host}</title>{items}</channel></rss>'
            return rss.encode(), "application/rss+xml"
        if path[1:].isdigit():
            seed = f"{host}{path}"
            paragraphs = "".join(f"<p>{prose(seed, n, 4)}</p>" for n in range(8))
            title = prose(seed, 99, 1)
            page = f'<html lang="en"><title>{title}</title><article>{paragraphs}</article></html>'
            return page.encode(), "text/html"
        return b"", "text/plain"

    def log_message(self, *_: object) -> None:
        pass


def _host(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def _number(host: str) -> int:
    *_, high, low = (int(part) for part in host.partition(":")[0].split("."))
    return high * 250 + low - 1


class Run(NamedTuple):
    """What a run reported, and what it took; memory in MiB, at each second and at the most."""

    report: dict[str, Any]
    seconds: float
    memory: list[int]
    most_memory: int


def ingest(folder: Path) -> Run:
    """Run once. What the operator would see on standard error is shown."""
    command = [str(Path(sys.executable).with_name("samestory")), "ingest", "--json"]
    started = time.monotonic()
    memory: list[int] = []
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen([*command, "--config", "news.toml"], cwd=folder, stdout=output)
        while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            memory.append(resident(process.pid))
            time.sleep(1)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
        seconds = time.monotonic() - started
        output.seek(0)
        return Run(json.load(output), seconds, memory, usage.ru_maxrss // 1024)


def resident(process: int) -> int:
    """Return the memory of a process now (MiB)."""
    pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") // 2**20


def configure(folder: Path, feeds: int, port: int, delay: float) -> None:
    hosts = [_host(number) for number in range(feeds)]
    sources = "".join(
        f'[[sources]]\nname = "{host}"\nurl = "http://{host}:{port}/feed"\nkind = "feed"\n'
        for host in hosts
    )
    fetch = f"[fetch]\nallow_private_hosts = true\ndelay_seconds = {delay}\n"
    (folder / "news.toml").write_text(fetch + sources, encoding="utf-8")


def view(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in (folder / "data" / "clusters").rglob("*.json*")}


def last_steps(folder: Path) -> dict[str, float]:
    """Return how long each step of the last run took (seconds)."""
    report = max((folder / "data" / "runs").glob("*.json"))
    steps: dict[str, float] = json.loads(report.read_text("utf-8"))["steps"]
    return steps


def main() -> int:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--failing", type=int, default=0, help="feeds that answer 404")
    parser.add_argument("--delay", type=float, default=5.0, help="politeness (seconds)")
    options = parser.parse_args()
    Handler.failing = options.failing
    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)  # noqa: S104 - all of loopback
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configure(folder, options.feeds, server.server_port, options.delay)
        first = ingest(folder)
        steps = last_steps(folder)
        sent, Handler.sent = Handler.sent, 0
        before = view(folder)
        again = ingest(folder)
        resent, same = Handler.sent, view(folder) == before
    server.shutdown()
    forced = Handler.articles * options.delay
    early, late = first.memory[int(0.2 * forced)], first.memory[int(0.9 * forced)]
    articles = first.report["articles"]
    print(f"articles {articles}, failures {len(first.report['failures'])}")
    print(
        f"wall {first.seconds:.0f} s, politeness forces {forced:.0f}: {first.seconds / forced:.2f}"
    )
    print("  ".join(f"{step} {took:.0f} s" for step, took in steps.items()))
    print(f"memory while fetching {early} to {late} MiB, at the most {first.most_memory} MiB")
    print(f"second run: {resent / sent:.2%} of the bytes, same {same}, {again.most_memory} MiB")
    good = first.seconds <= 1.3 * forced and resent < 0.02 * sent and late < 1.2 * early
    good = good and same and not again.report["pages_new"]
    expected = (options.feeds - options.failing) * Handler.articles
    return 0 if good and articles == expected else 1


if __name__ == "__main__":
    sys.exit(main())
