"""What a site says in many of its articles: learned, removed with spans, forgotten again."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from command_line import on_sources
from hypothesis import given
from hypothesis import strategies as st

from pipeline.boilerplate import PageParagraphs, find_boilerplate, page_paragraphs
from pipeline.config import BoilerplateSettings
from pipeline.records import Article, ArticleId, RemovedSpan
from pipeline.storage import BatchOutcome, State
from pipeline.text import kept_text

SETTINGS = BoilerplateSettings()
LETTER = "Would you like more news from the harbour? Sign up for our letter that comes on Fridays."
TOWNS = (
    *("Brackwell", "Ludbrook", "Skarsby", "Osterhaven", "Millbeck"),
    *("Cropwell", "Skelby", "Renfield", "Ockle", "Mercer"),
)
NEWS = (
    "The council of {0} has closed the old bridge to all traffic until late in the spring.",
    "Divers are to look at the piles below {0} that were struck by a ferry in the night.",
    "The mayor of {0} said that nobody had been hurt and that the school would stay open.",
)


def report(number: int, *more: str, host: str = "www.courier.example") -> Article:
    paragraphs = [line.format(f"{TOWNS[number % 10]} {number}") for line in NEWS]
    return Article(
        article_id=ArticleId(f"a{number:03}"),
        url=f"https://{host}/news/{number}",
        text="\n".join([*paragraphs, *more]),
    )


def gone(
    articles: list[Article], known: list[PageParagraphs] | None = None
) -> dict[str, list[str]]:
    text = {article.article_id: article.text for article in articles}
    found = find_boilerplate(articles, learned(articles), known or [], SETTINGS)
    return {i: [text[i][span.start : span.end] for span in spans] for i, spans in found.items()}


def learned(articles: list[Article]) -> list[PageParagraphs]:
    return [page for article in articles if (page := page_paragraphs(article))]


def test_what_many_articles_of_a_site_end_with_is_boilerplate() -> None:
    articles = [report(number, LETTER) for number in range(6)]
    assert gone(articles) == {article.article_id: [LETTER] for article in articles}


def test_it_is_known_from_earlier_articles() -> None:
    earlier = learned([report(number, LETTER) for number in range(6)])
    assert gone([report(7, LETTER), report(8)], earlier) == {"a007": [LETTER]}


def test_spaces_quotes_and_case_do_not_hide_it() -> None:
    articles = [report(number, LETTER) for number in range(5)]
    shouted = report(9, LETTER.upper().replace(" ", "\u00a0"))
    assert shouted.article_id in gone([*articles, shouted])


def test_too_few_articles_prove_nothing() -> None:
    assert gone([report(number, LETTER) for number in range(4)]) == {}


def test_the_same_url_counts_once() -> None:
    again = learned([report(1, LETTER)]) * 9
    assert gone([report(1, LETTER), report(2, LETTER)], again) == {}


def test_a_paragraph_of_few_among_many_is_no_boilerplate() -> None:
    earlier = learned([report(number) for number in range(100)])
    assert gone([report(number, LETTER) for number in range(100, 110)], earlier) == {}


def test_another_site_may_say_it_once() -> None:
    articles = [report(number, LETTER) for number in range(6)]
    other = report(7, LETTER, host="gazette.example")
    assert other.article_id not in gone([*articles, other])


def test_a_host_with_and_without_www_is_one() -> None:
    hosts = ("www.courier.example", "courier.example")
    articles = [report(number, LETTER, host=hosts[number % 2]) for number in range(6)]
    assert len(gone(articles)) == 6


def test_copies_of_one_article_keep_their_words() -> None:
    copies = [replace(report(number), text=report(0, LETTER).text) for number in range(6)]
    assert gone(copies) == {}


NOTICE = "Your browser isnt supported any more. Update it to get the best of our site. Learn more"


def titled(number: int, title: str, text: str) -> Article:
    return replace(report(number), title=title, text=text)


def test_a_notice_that_is_all_there_is_under_many_titles_goes() -> None:
    pages = [titled(n, f"{town} votes on the bridge", NOTICE) for n, town in enumerate(TOWNS)]
    assert gone(pages) == {page.article_id: [NOTICE] for page in pages}
    assert gone(pages[:4]) == {}, "four titles prove nothing"
    assert gone(pages[9:], learned(pages[:9])) == {pages[9].article_id: [NOTICE]}


def test_copies_under_one_title_and_long_texts_are_no_notices() -> None:
    copies = [titled(number, "Bridge closed", NOTICE) for number in range(10)]
    assert gone(copies) == {}
    long = "\n".join(report(0).text for _ in range(2))
    assert gone([titled(n, f"Bridge closed in {t}", long) for n, t in enumerate(TOWNS)]) == {}


def test_an_article_without_an_address_teaches_nothing() -> None:
    articles = [replace(report(number, LETTER), url=None) for number in range(6)]
    assert page_paragraphs(articles[0]) is None
    assert gone(articles) == {}


def test_what_is_removed_for_another_reason_stays_as_it_is() -> None:
    articles = [report(number, LETTER) for number in range(6)]
    start = articles[0].text.index(LETTER)
    span = RemovedSpan(start=start, end=start + len(LETTER), reason="credit")
    articles[0] = replace(articles[0], removed=(span,))
    assert articles[0].article_id not in gone(articles)


def test_boilerplate_that_was_found_is_still_counted() -> None:
    article = report(1, LETTER)
    start = article.text.index(LETTER)
    span = RemovedSpan(start=start, end=start + len(LETTER), reason="boilerplate")
    assert page_paragraphs(replace(article, removed=(span,))) == page_paragraphs(article)


LINES = st.lists(st.sampled_from([*NEWS, LETTER, "Follow us.", "* * *", ""]), max_size=6)


@given(st.lists(LINES, max_size=12), st.randoms(use_true_random=False))
def test_no_order_matters_and_what_a_site_shows_once_stays(
    texts: list[list[str]], shuffle: random.Random
) -> None:
    articles = [
        Article(
            article_id=ArticleId(f"a{number:02}"),
            url=f"https://courier.example/{number}",
            text="\n".join([*lines, f"Only in number {number}."]),
        )
        for number, lines in enumerate(texts)
    ]
    mixed = list(articles)
    shuffle.shuffle(mixed)
    found = find_boilerplate(mixed, learned(mixed), [], SETTINGS)
    assert found == find_boilerplate(articles, learned(articles), [], SETTINGS)
    for article in articles:
        spans = found.get(article.article_id, ())
        assert f"Only in number {int(article.article_id[1:])}." in kept_text(article.text, spans)
        assert list(spans) == sorted(spans, key=lambda span: span.start)


def outcome(number: int, pages: list[PageParagraphs]) -> BatchOutcome:
    return BatchOutcome(
        number=number,
        clock=datetime(2026, 3, number, tzinfo=UTC),
        versions=[],
        current={},
        sketches=[],
        relations=[],
        changes=[],
        failures=[],
        paragraphs=pages,
    )


def test_the_state_keeps_the_latest_articles_of_a_host(tmp_path: Path) -> None:
    first = [PageParagraphs(host="a", article_id=ArticleId(f"x{n:03}"), keys=(n, 2**63 + n))
             for n in range(200)]  # fmt: skip
    late = [PageParagraphs(host="a", article_id=ArticleId("b"), keys=(7,), title=2**64 - 1),
            PageParagraphs(host="c", article_id=ArticleId("d"), keys=())]  # fmt: skip
    with State(tmp_path / "state.sqlite", {}) as state:
        state.apply(outcome(1, first))
        assert state.paragraphs(["a"]) == first
        state.apply(outcome(2, late))
        assert state.paragraphs(["a"]) == [late[0], *first[:199]]
        assert state.paragraphs(["c", "nowhere"]) == [late[1]]


PAGE = """<!doctype html><html lang="en"><head>
<link rel="canonical" href="https://www.courier.example/news/{number}">
<meta property="article:published_time" content="2026-03-0{day}T08:00:00Z">
<title>{town}: bridge closed</title></head>
<body><article><h1>{town}: bridge closed</h1>{body}</article></body></html>"""
CONFIG = '[[sources]]\nname = "courier"\npath = "in"\n'


def write_page(folder: Path, number: int, day: int) -> None:
    lines = report(number, LETTER).text.splitlines()
    page = PAGE.format(
        number=number,
        day=day,
        town=TOWNS[number],
        body="".join(f"<p>{line}</p>" for line in lines),
    )
    folder.joinpath("in").mkdir(exist_ok=True)
    folder.joinpath("in", f"{number}.html").write_text(page, encoding="utf-8")


def run(folder: Path, command: str) -> None:
    done = on_sources(command, cwd=folder)
    assert done.returncode == 0, done.stderr


def articles_of(folder: Path) -> dict[str, Any]:
    files = sorted((folder / "data" / "clusters").glob("*/*.json"))
    stories = [json.loads(file.read_text("utf-8")) for file in files]
    return {a["url"]: a for story in stories for a in story["articles"]}


def test_a_run_writes_it_into_the_record_and_a_rebuild_gives_the_same_bytes(
    tmp_path: Path,
) -> None:
    tmp_path.joinpath("news.toml").write_text(CONFIG, encoding="utf-8")
    for number in range(4):
        write_page(tmp_path, number, day=1)
    run(tmp_path, "ingest")
    assert not any(span for a in articles_of(tmp_path).values() for span in boilerplate(a))
    for number in range(4, 8):
        write_page(tmp_path, number, day=2)
    run(tmp_path, "ingest")
    found = articles_of(tmp_path)
    for number in range(8):
        spans = boilerplate(found[f"https://www.courier.example/news/{number}"])
        # Earlier records stay as they were told.
        assert [span["excerpt"][:14] for span in spans] == (
            [] if number < 4 else ["Would you like"]
        )
    before = {p: p.read_bytes() for p in (tmp_path / "data" / "clusters").rglob("*.json*")}
    run(tmp_path, "rebuild")
    assert before == {p: p.read_bytes() for p in (tmp_path / "data" / "clusters").rglob("*.json*")}


def boilerplate(article: dict[str, Any]) -> list[dict[str, Any]]:
    return [span for span in article["removed"] if span["reason"] == "boilerplate"]
