"""Pages that list articles and tell none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from pipeline.config import ExtractSettings
from pipeline.errors import UnreadableError
from pipeline.extract import extract
from pipeline.outlets import load_outlets
from pipeline.records import Article, RawPage

NEWS = {
    "Harbour bridge closes after crack is found in second pier": "Engineers found the crack on "
    "Tuesday morning. Traffic is sent over the old road until further notice, the city said.",
    "Council votes to raise bus fares by ten cents in spring": "The vote was close: seven were in "
    "favour, six against. Riders will pay more from April on.",
    "Old mill burns down in Aldern, nobody hurt": "Firefighters needed five hours to put out the "
    "flames. The cause is not known, a spokesman said on Sunday.",
    "Teachers call for strike over class sizes in all schools": "The union said classes of "
    "thirty-two are too large. The ministry offered talks for next week.",
    "Ferry company to buy two electric boats next year": "The boats are to be built in Norland and "
    "will carry two hundred passengers each, the company said.",
    "Hospital opens new ward for children with rare illness": "Families travelled three hours "
    "until now. The ward has twelve beds and a playground, built with donations.",
}
DRY = {
    "灯台の灯が百年ぶりに消える見通し": "港の灯台は来年の春に役目を終えると市が発表した。",
    "渡し船の会社が電気船を二隻購入へ": "船は来年の夏から島との間を一日に八回往復する予定だ。",
    "古い製粉所が全焼、けが人はなし": "火は五時間後に消し止められ、原因はまだ分かっていない。",
    "バス運賃が春から十円値上げされる": "議会は七対六で値上げを決め、四月から実施される。",
    "学校の先生らが授業数の削減を要求": "組合は来週にも話し合いを始めたいと述べている。",
}
MENU = "<header><nav><a href=/>Home</a> <a href=/sport>Sport and more of it</a></nav></header>"


def page(body: str, head: str = "") -> str:
    return (
        f"<html lang=en><head><title>The Aldern Post</title>{head}</head>"
        f"<body>{MENU}{body}<footer>© The Aldern Post. All rights reserved.</footer></body></html>"
    )


def cards(news: dict[str, str]) -> str:
    return "".join(
        f"<article class=card><a href=/n/{n}><h3>{title}</h3></a><p>{text}</p>"
        "<time>3 hours ago</time></article>"
        for n, (title, text) in enumerate(news.items())
    )


def names(news: dict[str, str]) -> str:
    items = (f"<li><a href=/n/{n}>{title}</a></li>" for n, title in enumerate(news))
    return f"<ul>{''.join(items)}</ul>"


def posts(news: dict[str, str]) -> str:
    told = list(news.values())
    return "".join(
        f"<div class=post><h2><a href=/n/{n}>{title}</a></h2><div class=excerpt><p>{text} "
        f"{told[n - 2]}</p></div><a href=/n/{n}>Read more</a></div>"
        for n, (title, text) in enumerate(news.items())
    )


def teasers(news: dict[str, str]) -> str:
    return "".join(
        f"<div class=teaser><a href=/n/{n}><img src=x.jpg alt=''></a><a href=/n/{n}>{title}</a>"
        f"<span>{text}</span></div>"
        for n, (title, text) in enumerate(news.items())
    )


def read(html: str) -> Article:
    raw = RawPage(
        uri="https://aldern.example/latest",
        source="test",
        media_type="text/html",
        body=html.encode(),
        fetched_at=datetime(2026, 3, 9, 12, tzinfo=UTC),
    )
    return extract(raw, ExtractSettings(), load_outlets())


@pytest.mark.parametrize("form", [cards, names, posts, teasers])
def test_a_page_that_only_lists_articles_is_none(form: Callable[[dict[str, str]], str]) -> None:
    with pytest.raises(UnreadableError, match="lists 6 other articles") as caught:
        read(page(f"<main><h1>Latest news</h1>{form(NEWS)}</main>"))
    assert caught.value.reason == "list_page"


def test_headlines_in_scripts_without_spaces_are_known_by_their_letters() -> None:
    with pytest.raises(UnreadableError, match="lists 5 other articles"):
        read(page(f"<main>{cards(DRY)}</main>"))


def paragraphs(texts: Sequence[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def test_a_report_with_teasers_of_others_below_it_is_read() -> None:
    told = paragraphs([f"{text} {title}." for title, text in NEWS.items()])
    article = read(page(f"<main><h1>A week in Aldern</h1>{told}</main>{cards(NEWS)}"))
    assert "Engineers found the crack" in article.text


def test_a_report_with_a_link_in_each_paragraph_is_read() -> None:
    linked = [
        f"{text} More on this: <a href=/n/{n}>{title}</a>, as was reported."
        for n, (title, text) in enumerate(NEWS.items())
    ]
    article = read(page(f"<main><h1>A week in Aldern</h1>{paragraphs(linked)}</main>"))
    assert "seven were in favour" in article.text


@pytest.mark.parametrize(
    "head",
    [
        "<meta property='article:published_time' content='2026-03-09T08:00:00Z'>",
        "<script type='application/ld+json'>{'@type': 'NewsArticle', 'headline': 'The morning', "
        "'url': 'https://aldern.example/latest'}</script>".replace("'@", '"@').replace("'", '"'),
    ],
    ids=["date", "JSON-LD"],
)
def test_a_roundup_that_says_it_is_an_article_is_read(head: str) -> None:
    article = read(page(f"<main><h1>The morning</h1>{cards(NEWS)}</main>", head))
    assert "Engineers found the crack" in article.text


def test_four_links_are_no_list() -> None:
    few = dict(list(NEWS.items())[:4])
    assert "Engineers found the crack" in read(page(f"<main>{cards(few)}</main>")).text
