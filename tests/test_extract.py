"""HTML pages become articles, or are refused for a reason."""

from __future__ import annotations

import gzip
import json
import pickle
import random
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import ExtractSettings, Outlet
from pipeline.errors import UnreadableError
from pipeline.extract import extract
from pipeline.outlets import outlet_table
from pipeline.records import Article, RawPage
from pipeline.text import kept_text

URL = "https://www.valleycourier.example/2026/03/dam-holds"
KNOWN = outlet_table(
    [Outlet(name="The Valley Courier", domains=("valleycourier.example",), country="IN")]
)
PARAGRAPHS = """
The river Lunn rose by two metres on Monday and the council asked people to leave their homes.
By noon the first of three bridges was closed, and the school had become a shelter, said Ada Roe.
Engineers who inspected the dam above the town called it safe, but said they would look again.
“Nobody is going to sleep well,” said Bo Lund, who keeps the bakery beside the old stone bridge.
""".strip().splitlines()
ARTICLE = {
    "@type": "NewsArticle",
    "headline": "Dam holds as river rises",
    "datePublished": "2026-03-02T18:40:00+05:30",
    "dateModified": "2026-03-03T07:15:00Z",
    "author": [{"@type": "Person", "name": "Ada Roe"}, {"@type": "Person", "name": "Bo Lund"}],
    "publisher": {"@type": "Organization", "name": "Valley Courier"},
}


def html(head: str = "", body: str | None = None, lang: str = 'lang="en"') -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    inner = f"<article><h1>Dam holds as river rises</h1>{text}</article>" if body is None else body
    return f"<!doctype html><html {lang}><head>{head}</head><body>{inner}</body></html>"


def json_ld(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f'<script type="application/ld+json">{text}</script>'


def read(
    body: str | bytes, *, uri: str = URL, media_type: str = "text/html", **changes: int | str
) -> Article:
    page = RawPage(
        uri=uri,
        source="desk",
        media_type=media_type,
        body=body.encode() if isinstance(body, str) else body,
        fetched_at=datetime(2026, 3, 4, tzinfo=UTC),
    )
    return extract(page, ExtractSettings.model_validate(changes), KNOWN)


def reason_of(body: str | bytes, **changes: int) -> str:
    with pytest.raises(UnreadableError) as caught:
        read(body, **changes)
    assert caught.value.detail
    return caught.value.reason


def test_a_page_with_json_ld_gives_every_field() -> None:
    head = f'<link rel="canonical" href="/2026/03/dam-holds?utm_source=x">{json_ld(ARTICLE)}'
    article = read(html(head))
    assert article.text.splitlines()[-4:] == PARAGRAPHS
    assert article.title == "Dam holds as river rises"
    assert article.origins["title"] == "json-ld"
    assert article.authors == ("Ada Roe", "Bo Lund")
    assert article.published is not None
    assert article.published.instant == datetime(2026, 3, 2, 13, 10, tzinfo=UTC)
    assert (article.published.zone, article.published.origin) == ("stated", "json-ld")
    assert article.modified is not None
    assert article.modified.instant == datetime(2026, 3, 3, 7, 15, tzinfo=UTC)
    assert article.url == URL
    assert article.outlet == "The Valley Courier"
    assert article.lang == "en"
    assert [span.reason for span in article.removed] == ["title"]
    assert article.uri == URL


def test_a_page_without_markup_is_read_from_what_it_shows() -> None:
    body = (
        html()
        .split("<body>")[1]
        .replace(
            "</h1>",
            '</h1><div class="byline">By Ada Roe and Bo Lund</div>'
            '<span class="publish-date">Updated: 3 March 2026 07:15 GMT</span>'
            '<span class="date">Mar 02, 2026, 18:40 IST</span>',
        )
    )
    article = read(html(body=body, lang=""))
    assert article.authors == ("Ada Roe", "Bo Lund")
    assert article.published is not None
    assert article.published.instant == datetime(2026, 3, 2, 13, 10, tzinfo=UTC)
    assert (article.published.zone, article.published.origin) == ("guessed_from_outlet", "text")
    assert article.modified is not None
    assert article.modified.instant == datetime(2026, 3, 3, 7, 15, tzinfo=UTC)
    assert article.title == "Dam holds as river rises"
    assert article.origins["title"] == "heading"
    assert article.lang == "en"


def test_a_publication_in_the_future_falls_back_to_the_next_source() -> None:
    head = json_ld(ARTICLE | {"datePublished": "2027-01-01T00:00:00Z"})
    meta = '<meta property="article:published_time" content="2026-03-02T13:10:00Z">'
    article = read(html(head + meta))
    assert article.published is not None
    assert article.published.origin == "meta"
    assert article.published.instant == datetime(2026, 3, 2, 13, 10, tzinfo=UTC)


@pytest.mark.parametrize(("profile", "year"), [("full", 2019), ("fast", None)])
def test_a_page_is_searched_for_just_any_year_where_there_is_time(
    profile: str, year: int | None
) -> None:
    told = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    article = read(
        html(body=f"<main><h1>The old mill</h1>{told}<p>Museum of Aldern 2019.</p></main>"),
        uri="file:mill.html",
        profile=profile,
    )
    assert (article.published and article.published.instant.year) == year


def test_the_date_in_the_address_is_the_last_resort() -> None:
    article = read(html(), uri="https://www.valleycourier.example/2026/03/02/dam-holds")
    assert article.published is not None
    assert (article.published.precision, article.published.origin) == ("day", "guess")
    assert article.published.instant == datetime(2026, 3, 2, tzinfo=UTC)


def test_an_outlet_nobody_knows_is_called_what_it_calls_itself() -> None:
    head = '<meta property="og:site_name" content="Hill Post"><title>Dam holds | Hill Post</title>'
    article = read(html(head), uri="https://hillpost.example/dam")
    assert article.outlet == "Hill Post"
    assert read(html(), uri="https://hillpost.example/dam").outlet == "hillpost.example"


def test_a_repeated_paragraph_stays_on_every_call() -> None:
    # trafilatura's deduplicate=True would keep a memory: 1170, 647, 1170 words for one page.
    doubled = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS + PARAGRAPHS[1:])
    page = html(body=f"<article>{doubled}</article>")
    texts = {read(page).text for _ in range(3)}
    assert len(texts) == 1
    assert texts.pop().splitlines() == PARAGRAPHS + PARAGRAPHS[1:]


def test_comments_of_readers_stay_out() -> None:
    comments = f'<div id="comments"><p>{"I told everybody so years ago, did I not? " * 9}</p></div>'
    assert "told everybody" not in read(html().replace("</body>", f"{comments}</body>")).text


def test_the_words_of_a_crowd_of_inline_tags_are_kept_at_linear_cost() -> None:
    # trafilatura and lxml's strip_tags are quadratic in such a paragraph.
    page = html(body=f"<article><p>{'rising <b>river</b> ' * 3000}end<br>of it</p></article>")
    words = read(page).text.split()
    assert len(words) == 6003
    assert words[-3:] == ["end", "of", "it"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (random.Random(1).randbytes(5000), "binary"),
        (gzip.compress(html().encode()), "binary"),
        (b"%PDF-1.7 " + html().encode(), "binary"),
        (b"\x89PNG\r\n\x1a\n", "binary"),
        (html().encode().replace(b" ", b"\x00\x01"), "binary"),
        (b'{"a": 1}', "no_text"),
        (b"<frameset><frame src=x></frameset>", "no_text"),
        (b"<html><body>" + b"<div>" * 100_000, "no_text"),
        (b"<html><body>" + b"<b>" * 300_000, "no_text"),
        (b"<html><body>" + b"<p>" * 150_000, "too_large"),
        (b"<html><body><p>Dam holds, for now.</p><p>More soon.</p></body></html>", "too_short"),
    ],
    ids=["empty", "blank", "random", "gzip", "pdf", "png", "nul", "json", "frames", "nested",
         "inline", "elements", "short"],
)  # fmt: skip
def test_a_broken_page_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    assert reason_of(body) == reason


def test_limits_are_settings() -> None:
    assert reason_of(html(), max_bytes=100) == "too_large"
    assert reason_of(html(), max_elements=5) == "too_large"
    assert reason_of(html(), min_words=1000) == "too_short"


def test_another_media_type_is_refused() -> None:
    with pytest.raises(UnreadableError, match="unsupported"):
        read(html(), media_type="video/mp4")


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-16", "utf-8-sig", "cp1252"])
def test_a_page_reads_the_same_in_any_charset(charset: str) -> None:
    page = html('<meta charset="utf-8">').replace("Bo Lund", "Jörg Müller")
    assert read(page.encode(charset)).text == read(page).text


@pytest.mark.parametrize(
    "block",
    ["{", '{"headline": "Dam', "[" * 50_000, '"\\"' * 50_000, "/*" * 50_000, "null", "[[]]",
     '{"@type": "NewsArticle", "headline": {"a": [1]}, "author": 7, "datePublished": {}}',
     '{"@type": ["NewsArticle"], "author": {"@id": "#me"}, "@id": "#me", "publisher": [[]]}'],
)  # fmt: skip
def test_broken_json_ld_costs_nothing_but_itself(block: str) -> None:
    article = read(html(json_ld(block)))
    assert article.title == "Dam holds as river rises"
    assert len(article.text.splitlines()) >= len(PARAGRAPHS)


def test_an_unexpected_failure_below_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise RecursionError("too deep")

    monkeypatch.setattr("pipeline.extract.main_text", fail)
    with pytest.raises(UnreadableError, match="parser_error: RecursionError") as caught:
        read(html())
    assert caught.value.reason == "parser_error"


TAGS = st.sampled_from(
    ["<p>", "</p>", "<div class=byline>", "<time datetime='", "'>", "</script>", "\ud7ff", "\x00",
     "<script type=application/ld+json>", "<meta name=author content=", ">", "<title>", "<!--",
     "]]>", "<table><td>", "&#0;", "&amp;", "<svg>", "<html lang=", "2026-03-02", PARAGRAPHS[0]]
)  # fmt: skip


@given(st.lists(TAGS | st.text(max_size=20), max_size=40), st.binary(max_size=40))
def test_any_bytes_give_an_article_or_a_reason(parts: list[str], tail: bytes) -> None:
    body = ("<html><body>" + "".join(parts)).encode("utf-8", "replace") + tail
    try:
        article = read(body, min_words=0)
    except UnreadableError as error:
        assert error.reason in {"no_text", "binary", "encoding"}  # noqa: PT017
    else:
        assert article.text.encode()


def test_articles_and_refusals_can_come_back_from_a_worker() -> None:
    article = read(html(json_ld(ARTICLE)))
    assert pickle.loads(pickle.dumps(article)) == article  # noqa: S301 - our own bytes


def test_no_network_client_or_store_is_loaded_by_a_stage() -> None:
    code = (
        "import sys, pipeline.extract; print([m for m in ('sqlite3', 'typer') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_page_says_its_section_its_picture_and_who_may_read_it() -> None:
    more = {
        "articleSection": ["Weather", "News"],
        "image": {"@id": "#dam"},
        "isAccessibleForFree": "http://schema.org/False",
    }
    picture = {"@type": "ImageObject", "@id": "#dam", "url": "/dam.jpg"}
    article = read(html(json_ld({"@graph": [ARTICLE | more, picture]})))
    assert article.section == "Weather"
    assert article.image == "https://www.valleycourier.example/dam.jpg"
    assert article.paywalled is True
    for field in ("section", "image", "paywalled", "title", "authors"):
        assert article.origins[field] == "json-ld"
    assert article.origins["outlet"] == "address"
    assert article.origins["lang"] == "stated"


def test_meta_elements_serve_where_json_ld_is_silent() -> None:
    head = """
        <meta property="article:section" content="Weather">
        <meta property="og:image" content="https://img.example/dam.jpg">
        <meta property="article:content_tier" content="metered">
        <meta name="twitter:label1" content="Written by">
        <meta name="twitter:data1" content="Ada Roe">
    """
    article = read(html(head))
    assert (article.section, article.image) == ("Weather", "https://img.example/dam.jpg")
    assert article.paywalled is True
    assert article.authors == ("Ada Roe",)
    assert {article.origins[f] for f in ("section", "image", "paywalled", "authors")} == {"meta"}


def test_what_a_page_does_not_say_has_no_origin() -> None:
    article = read(html(lang=""))
    assert (article.section, article.image, article.paywalled) == (None, None, None)
    assert article.wire is None
    assert not {"section", "image", "paywalled", "authors"} & article.origins.keys()
    assert article.origins["lang"] == "text"


def test_a_report_of_an_agency_names_it_with_the_evidence() -> None:
    wired = json_ld(ARTICLE | {"author": {"@type": "Organization", "name": "Associated Press"}})
    by_author = read(html(wired)).wire
    assert by_author is not None
    assert (by_author.name, by_author.evidence) == ("Associated Press", "json-ld")
    first, *rest = PARAGRAPHS
    body = "".join(f"<p>{p}</p>" for p in (f"CALDER HAVEN (Reuters) - {first}", *rest))
    article = read(html("", f"<article><h1>Dam holds</h1>{body}</article>"))
    assert article.wire is not None
    assert (article.wire.name, article.wire.evidence) == ("Reuters", "dateline")
    assert "(Reuters)" not in kept_text(article.text, article.removed)


@pytest.mark.parametrize(
    "line",
    [
        '<p class="meta">von <a href="/autoren/name/ada-roe">Ada Roe</a></p>',
        "<ul><li><strong>Autorin/Autor</strong> Ada Roe</li></ul>",
        '<p class="byline">By Ada Roe</p>',
    ],
    ids=["link", "label", "class"],
)
def test_an_author_may_stand_on_the_page_alone(line: str) -> None:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    article = read(html("", f"{line}<article><h1>Dam holds</h1>{text}</article>"))
    assert article.authors == ("Ada Roe",)
    assert article.origins["authors"] == "byline"


def test_dates_of_embedded_posts_and_of_other_articles_are_passed_over() -> None:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    post = '<blockquote><time datetime="2025-03-12T19:30:12Z">12 March</time></blockquote>'
    shown = '<span class="date">2 March 2026</span>'
    article = read(html("", f"<article><h1>Dam holds</h1>{post}{shown}{text}</article>"))
    assert article.published is not None
    assert article.published.instant.date().isoformat() == "2026-03-02"


def test_a_time_near_midnight_is_told_on_the_day_the_page_shows() -> None:
    late = ARTICLE | {"datePublished": "2026-03-02T23:10:07Z"}
    shown = '<time datetime="2026-03-03 04:40:07">3 March</time>'
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    body = f"<article><h1>Dam holds as river rises</h1>{shown}{text}</article>"
    article = read(html(json_ld(late), body))
    assert article.published is not None
    assert article.published.instant == datetime(2026, 3, 2, 23, 10, 7, tzinfo=UTC)
    assert article.published.offset_minutes == 330


@pytest.mark.parametrize(
    ("address", "utc", "local"),
    [
        ("2026/03/03/dam", "2026-03-02T23:11:59Z", "2026-03-03"),
        ("2026/03/01/dam", "2026-03-02T02:41:41Z", "2026-03-01"),
        ("2026/03/02/dam", "2026-03-02T23:11:59Z", "2026-03-02"),
        ("2026/02/20/dam", "2026-03-02T23:11:59Z", "2026-03-02"),
        ("2026/02/30/dam", "2026-03-02T23:11:59Z", "2026-03-02"),
    ],
    ids=["next day", "day before", "same day", "other", "no day"],
)
def test_a_time_in_utc_is_told_on_the_day_in_its_address(
    address: str, utc: str, local: str
) -> None:
    uri = f"https://news.example/{address}"
    stated = ARTICLE | {"datePublished": utc, "publisher": None}
    article = read(html(json_ld(stated)), uri=uri)
    stamp = article.published
    assert stamp is not None
    assert stamp.instant == datetime.fromisoformat(utc)
    told = stamp.instant + timedelta(minutes=stamp.offset_minutes or 0)
    assert told.date().isoformat() == local
