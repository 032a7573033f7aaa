"""The matrix of hostile servers: what each one does, and the reason the visit is to end with."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import Literal

import brotli
from hostile_server import (
    Behaviour,
    answer,
    chunked,
    drip,
    flood,
    hang_up,
    head,
    raw,
    say_nothing,
    stall,
)

from pipeline.fetch.decoding import zstd

Purpose = Literal["listing", "article"]

PAGE = b"<html><body><p>The ferry Lady Ismay struck Mercer Pier on Monday.</p></body></html>"
FEED = b"<rss><channel><title>Post</title><item><title>Ferry</title></item></channel></rss>"
CYRILLIC = "<html><body>Паром врезался в причал</body></html>"


@dataclass(frozen=True)
class Case:
    """One way to misbehave: what the server does at /, and what is to become of the visit."""

    name: str
    behaviour: Behaviour
    listing: str | None
    article: str | None = ""
    paths: dict[str, Behaviour] = field(default_factory=dict)

    def expected(self, purpose: Purpose) -> str | None:
        """Return the reason; None for a page that is fetched."""
        return self.article if purpose == "article" and self.article != "" else self.listing


CHUNKED = head(200, "Transfer-Encoding: chunked")


def redirect(target: str, status: int = 302) -> Behaviour:
    return answer(status, b"", f"Location: {target}")


def packed(coding: str, body: bytes) -> Behaviour:
    return answer(200, body, f"Content-Encoding: {coding}")


SLOW = [
    Case("silent accept", say_nothing, "deadline"),
    Case("header drip", drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0.5), "deadline"),
    Case("status line drip", drip(b"HTTP/1.1 200 ", b"O"), "deadline"),
    Case("continue drip", drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "deadline"),
    Case("body drip", drip(head(200, "Content-Length: 100000"), b"x"), "deadline"),
    Case("chunk drip", drip(CHUNKED, chunked(b"x")), "deadline"),
    Case("drip without length", drip(head(), b"x"), "deadline"),
    Case("stall in headers", stall(b"HTTP/1.1 200 OK\r\nContent-Ty"), "deadline"),
    Case("stall in body", stall(head(200, "Content-Length: 100") + b"<html>"), "deadline"),
    Case("stall in a chunk", stall(CHUNKED + b"40\r\nx"), "deadline"),
    Case("stalled redirect target", redirect("/slow"), "deadline", paths={"/slow": say_nothing}),
    Case("stalled robots.txt", answer(200, PAGE), "deadline", paths={"/robots.txt": say_nothing}),
    Case("drip of packed bytes", drip(head(200, "Content-Encoding: gzip"), b"\x1f"), "deadline"),
]

QUICK = [
    Case("an honest page", answer(200, PAGE, "Content-Type: text/html"), None),
    Case("hang up", hang_up, "reset"),
    Case("close without a word", raw(), "reset"),
    Case(
        "reset in the body",
        lambda line: (line.write(head(200, "Content-Length: 99")), line.reset()),
        "reset",
    ),
    Case("endless body", flood(head(), b"x" * 65536), "too_large"),
    Case("endless chunks", flood(CHUNKED, chunked(b"x" * 4096)), "too_large"),
    Case("endless small chunks", flood(CHUNKED, chunked(b"x") * 999), "too_large"),
    Case("endless trailers", flood(CHUNKED + b"0\r\n", b"X: y\r\n" * 999), "too_large"),
    Case("a chunk size without end", flood(CHUNKED, b"0" * 65536), "bad_headers"),
    Case("a negative chunk", flood(CHUNKED + b"-1\r\n", b"x" * 65536), "too_large"),
    Case("no chunk size", raw(CHUNKED, b"zz\r\nxx\r\n"), "bad_headers"),
    Case("absurd length", raw(head(200, "Content-Length: 999999999999999999"), PAGE), "too_large"),
    Case(
        "length of 5000 digits", raw(head(200, "Content-Length: " + "9" * 5000), PAGE), "too_large"
    ),
    Case("negative length", raw(head(200, "Content-Length: -5"), PAGE), "bad_headers"),
    Case(
        "two lengths", raw(head(200, "Content-Length: 5", "Content-Length: 7"), PAGE), "bad_headers"
    ),
    Case("short body", raw(head(200, "Content-Length: 5000"), PAGE), "short_body"),
    Case("short chunked body", raw(CHUNKED, chunked(PAGE)), "short_body"),
    Case("short chunk", raw(CHUNKED, b"fff\r\n", PAGE), "short_body"),
    Case("short gzip", packed("gzip", gzip.compress(PAGE)[:-9]), "short_body"),
    Case("short brotli", packed("br", brotli.compress(PAGE)[:-1]), "short_body"),
    Case("short zstd", packed("zstd", zstd.compress(PAGE)[:-1]), "short_body"),
    Case(
        "5 MB header",
        raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 5_000_000 + b"\r\n\r\n"),
        "header_too_large",
    ),
    Case(
        "5 MB of long headers",
        raw(b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 60_000 + b"\r\n") * 84),
        "header_too_large",
    ),
    Case(
        "100,000 headers",
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n"),
        "header_too_large",
    ),
    Case(
        "200 small headers",
        raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        "header_too_large",
    ),
    Case(
        "endless 100 Continue",
        flood(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 99),
        "header_too_large",
    ),
    Case("no HTTP", raw(b"SSH-2.0-OpenSSH_9.6\r\n"), "bad_headers"),
    Case("bytes of nothing", raw(b"\0\xff\xfe" * 99 + b"\r\n\r\n"), "bad_headers"),
    Case("packed twice", packed("gzip, br", brotli.compress(gzip.compress(PAGE))), None),
    Case("packed five times", packed("gzip, gzip, gzip, gzip, gzip", PAGE), "bad_encoding"),
    Case("unknown coding", packed("rot13", PAGE), "bad_encoding"),
    Case("plain text with a gzip label", packed("gzip", PAGE), "bad_encoding"),
    Case("plain text with a brotli label", packed("br", PAGE), "bad_encoding"),
    Case("plain text with a zstd label", packed("zstd", PAGE), "bad_encoding"),
    Case("plain text with a deflate label", packed("deflate", PAGE), "bad_encoding"),
    Case("gzip without a label", answer(200, gzip.compress(FEED)), None, "media_type"),
    Case(
        "redirect loop",
        redirect("/a"),
        "redirect_loop",
        paths={"/a": redirect("/b"), "/b": redirect("/a")},
    ),
    Case("redirect to itself", redirect("/"), "redirect_loop"),
    Case(
        "chain of 1,000",
        redirect("/1"),
        "too_many_redirects",
        paths={f"/{n}": redirect(f"/{n + 1}") for n in range(1, 1000)},
    ),
    Case(
        "five redirects",
        redirect("/1"),
        None,
        paths={**{f"/{n}": redirect(f"/{n + 1}") for n in range(1, 5)}, "/5": answer(200, PAGE)},
    ),
    Case("redirect to a file", redirect("file:///etc/passwd"), "bad_redirect"),
    Case("redirect to a script", redirect("javascript:alert(1)"), "bad_redirect"),
    Case("redirect to nowhere", answer(302), "bad_redirect"),
    Case("redirect to a port that is none", redirect("http://a.example:99999/"), "bad_redirect"),
    Case("404", answer(404, PAGE), "http_404"),
    Case("410", answer(410, PAGE), "http_410"),
    Case("451", answer(451, PAGE), "http_451"),
    Case("500", answer(500, PAGE), "http_500"),
    Case("503", answer(503, PAGE), "http_503"),
    Case("429", answer(429, PAGE), "http_429"),
    Case("429 with a wait of nonsense", answer(429, PAGE, "Retry-After: soon"), "http_429"),
    Case("999", answer(999, PAGE), "http_999"),
    Case("304 without memory", raw(head(304)), "not_modified_without_cache"),
    Case("206 unasked", answer(206, PAGE, "Content-Range: bytes 0-9/99"), "partial_content"),
    Case("204", raw(head(204)), "empty"),
    Case("200 empty", answer(200, b""), "empty"),
    Case("200 blank", answer(200, b" \r\n\t "), "empty"),
    Case("HTML sent as RSS", answer(200, PAGE, "Content-Type: application/rss+xml"), None),
    Case("PDF as HTML", answer(200, b"%PDF-1.7 ...", "Content-Type: text/html"), "media_type"),
    Case(
        "a PDF that says so",
        answer(200, b"%PDF-1.7 ...", "Content-Type: application/pdf"),
        "media_type",
    ),
    Case("an image", answer(200, b"\x89PNG\r\n\x1a\n", "Content-Type: image/png"), "media_type"),
    Case(
        "Latin-1 sent as UTF-8",
        answer(200, "Fährunglück".encode("latin-1"), "Content-Type: text/html; charset=utf-8"),
        None,
    ),
    Case(
        "UTF-8 sent as Latin-1",
        answer(200, CYRILLIC.encode(), "Content-Type: text/html; charset=latin-1"),
        None,
    ),
    Case(
        "a charset nobody knows",
        answer(200, CYRILLIC.encode("cp1251"), "Content-Type: text/html; charset=x-none"),
        None,
    ),
    Case(
        "UTF-16 without a BOM",
        answer(200, CYRILLIC.encode("utf-16-le"), "Content-Type: text/html"),
        None,
    ),
    Case(
        "robots.txt forbids",
        answer(200, PAGE),
        "robots",
        paths={"/robots.txt": answer(200, b"User-agent: *\nDisallow: /")},
    ),
    Case("robots.txt is broken", answer(200, PAGE), "robots", paths={"/robots.txt": answer(500)}),
    Case("robots.txt is missing", answer(200, PAGE), None, paths={"/robots.txt": answer(410)}),
    Case(
        "robots.txt leads in a circle",
        answer(200, PAGE),
        None,
        paths={"/robots.txt": redirect("/robots.txt")},
    ),
    Case(
        "robots.txt has no end",
        answer(200, PAGE),
        None,
        paths={"/robots.txt": flood(head(), b"User-agent: *\nAllow: /\n" * 99)},
    ),
    Case("robots.txt hangs up", answer(200, PAGE), "reset", paths={"/robots.txt": hang_up}),
    Case(
        "robots.txt as a bomb header",
        answer(200, PAGE),
        "header_too_large",
        paths={"/robots.txt": raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000)},
    ),
    Case(
        "bytes that are no robots.txt",
        answer(200, PAGE),
        None,
        paths={"/robots.txt": answer(200, b"\xff\xfe\0U\0s" * 99)},
    ),
    Case(
        "a cookie bomb",
        answer(200, PAGE, *(f"Set-Cookie: a{n}={'x' * 4000}" for n in range(15))),
        None,
    ),
]
