"""Which words of a page are its text: bodies kept whole, and nothing of what stands around them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import document_fromstring

from pipeline.config import ExtractSettings
from pipeline.extract import Judges, extract, load_judges
from pipeline.extract import body as page_body
from pipeline.extract.body.features import Features
from pipeline.extract.body.judge import Judge, probabilities, read_judge
from pipeline.extract.body.outline import HINTS, KINDS, read_outline
from pipeline.extract.body.witnesses import agreement
from pipeline.extract.parts import PageParts, take_apart
from pipeline.outlets import outlet_table
from pipeline.records import RawPage

REPORT = """
The harbour of Port Ellery will close for the winter, the town council decided on Tuesday night.
Ice has broken eleven of the forty piles since January, and the rest are too weak to hold a crane.
“We have looked at this pier every year since the storm,” said Ruth Amsel, who leads the town.
Fishermen are to land their catch at Sandmouth, twelve miles up the coast, until the end of April.
The county will pay for their fuel, but not for the hours, which many of them call the real cost.
A new pier would cost nine million crowns; the town has two, and hopes for more from the capital.
“I was born above the ice house and never saw the lamps there dark,” said Olav Brandt, 71.
The council will meet again in March, when divers have seen what the ice has left of the piles.
""".strip().splitlines()
AROUND = """
<nav class="breadcrumb"><a href="/">Home</a> › <a href="/coast">Coast</a> › Port Ellery</nav>
<div class="share-bar"><a href="#">Share on Facebook</a> <a href="#">Tweet</a></div>
"""
BELOW = """
<div class="newsletter-signup"><p>Sign up for our newsletter and never miss a tide.</p></div>
<div class="related-stories"><h3>Also read</h3><ul>
<li><a href="/a">Sandmouth ferry to get a third boat</a></li>
<li><a href="/b">Herring prices fall for the fifth week</a></li>
<li><a href="/c">What the storm took from the lighthouse keepers</a></li></ul></div>
<footer><p>© 2026 The Ellery Log. All rights reserved. Terms, privacy and cookies.</p></footer>
"""


def paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{line}</p>" for line in lines)


def parts_of(html: str) -> PageParts:
    return take_apart(page_body.parse(html, 10_000), "file:page.html")


def page(inner: str, head: str = "") -> str:
    title = "Port Ellery closes its harbour for the winter"
    return (
        f'<!doctype html><html lang="en"><head><title>{title}</title>{head}</head>'
        f'<body class="article-page">{AROUND}<main><h1>{title}</h1>{inner}</main>{BELOW}'
        "</body></html>"
    )


def text_of(html: str, **changes: object) -> str:
    raw = RawPage(
        uri="file:page.html",
        source="test",
        media_type="text/html",
        body=html.encode(),
        fetched_at=datetime(2026, 3, 1, tzinfo=UTC),
    )
    settings = ExtractSettings.model_validate({"min_words": 0, **changes})
    return extract(raw, settings, outlet_table([])).text


@pytest.mark.parametrize("profile", ["full", "fast"])
def test_a_report_is_read_whole_and_without_what_stands_around_it(profile: str) -> None:
    html = page(
        f'<article class="story"><div class="story-body">{paragraphs(REPORT)}</div></article>'
    )
    assert text_of(html, profile=profile).splitlines() == REPORT


def test_a_body_split_over_containers_is_joined() -> None:
    advert = '<div class="ad-slot"><p>Advertisement</p></div>'
    parts = [REPORT[:3], REPORT[3:5], REPORT[5:]]
    inner = advert.join(f'<div class="story-body">{paragraphs(part)}</div>' for part in parts)
    assert text_of(page(f"<article>{inner}</article>")).splitlines() == REPORT


def test_the_entries_of_a_live_blog_all_stay_in_their_order() -> None:
    entries = "".join(
        f'<div class="live-entry"><div class="live-entry-body"><p>{line}</p></div></div>'
        for line in REPORT * 2
    )
    lines = text_of(page(f'<article><div class="live-blog">{entries}</div></article>')).splitlines()
    assert [line for line in lines if line in REPORT] == REPORT * 2


def test_captions_and_links_to_other_reports_between_paragraphs_stay_out() -> None:
    figure = (
        '<figure class="image"><img src="a.jpg"><figcaption class="caption">The pier in January. '
        "Photo: Ida Moe / Coast Pictures</figcaption></figure>"
    )
    link = (
        '<p class="also-read"><a href="/x">Also read: Sandmouth ferry to get a third boat</a></p>'
    )
    inner = (
        paragraphs(REPORT[:2]) + figure + paragraphs(REPORT[2:5]) + link + paragraphs(REPORT[5:])
    )
    text = text_of(page(f'<article><div class="story-body">{inner}</div></article>'))
    assert [line for line in text.splitlines() if line in REPORT] == REPORT
    assert "third boat" not in text
    assert "Ida Moe" not in text


def test_a_json_ld_body_on_one_line_leaves_the_paragraphs_of_the_page() -> None:
    body = json.dumps({"@type": "NewsArticle", "articleBody": " ".join(REPORT)})
    head = f'<script type="application/ld+json">{body}</script>'
    html = page(f'<article><div class="story-body">{paragraphs(REPORT)}</div></article>', head)
    assert text_of(html).splitlines() == REPORT


def test_a_json_ld_body_that_the_page_does_not_show_adds_nothing() -> None:
    body = json.dumps({"@type": "NewsArticle", "articleBody": "Quite another text. " * 40})
    head = f'<script type="application/ld+json">{body}</script>'
    html = page(f'<article><div class="story-body">{paragraphs(REPORT)}</div></article>', head)
    assert "another text" not in text_of(html)


@pytest.mark.parametrize("profile", ["full", "fast"])
@pytest.mark.parametrize("shown", ["<p>Your browser is too old.</p>", ""], ids=["a word", "none"])
@pytest.mark.parametrize(
    "body",
    ["\n".join(REPORT), paragraphs(REPORT), paragraphs(REPORT).replace("<", "&lt;")],
    ids=["lines", "HTML", "escaped HTML"],
)
def test_a_page_that_scripts_would_fill_is_read_from_its_json_ld(
    body: str, shown: str, profile: str
) -> None:
    linked = json.dumps({"@type": "NewsArticle", "articleBody": body})
    html = (
        f'<html><head><script type="application/ld+json">{linked}</script></head>'
        f'<body><div id="app">{shown}</div></body></html>'
    )
    text = text_of(html, profile=profile)
    assert REPORT[3] in text
    assert profile == "full" or text.splitlines() == REPORT


def test_paragraphs_written_with_line_breaks_stay_apart() -> None:
    html = page(f'<article><div class="story-body">{"<br><br>".join(REPORT)}</div></article>')
    assert text_of(html).splitlines() == REPORT


def test_what_a_page_says_twice_is_read_twice_and_what_it_says_once_is_not() -> None:
    # trafilatura repeats paragraphs of some pages that nest their containers.
    nested = f'<div class="story-body"><div><section>{paragraphs(REPORT)}</section></div></div>'
    assert text_of(page(f"<article>{nested}</article>")).splitlines() == REPORT
    doubled = f'<div class="story-body">{paragraphs(REPORT * 2)}</div>'
    assert text_of(page(f"<article>{doubled}</article>")).splitlines() == REPORT * 2


def test_cells_of_a_row_share_a_line() -> None:
    rows = "".join(f"<tr><td>Pier {n}</td><td>{n + 10} piles</td></tr>" for n in range(2))
    inner = paragraphs(REPORT[:4]) + f"<table>{rows}</table>" + paragraphs(REPORT[4:])
    outline = read_outline(document_fromstring(page(inner)))
    tags = [outline.boxes.tag[box] for box in outline.box]
    cells = [text for text, tag in zip(outline.texts, tags, strict=True) if tag == "td"]
    assert cells == ["Pier 0", "10 piles", "Pier 1", "11 piles"]
    lines = text_of(page(f'<article><div class="story-body">{inner}</div></article>')).splitlines()
    assert not {"Pier 0", "10 piles"} & set(lines)


def answering(score: float) -> Judge:
    return read_judge({"features": ["linked"], "trees": [[[0, 0.5, 1, 2], [score], [score]]]})


@pytest.mark.parametrize(
    ("quick", "profile", "asked"),
    [(9.0, "full", False), (0.0, "full", True), (0.0, "fast", False)],
    ids=["no doubt", "doubt", "doubt, fast"],
)
def test_only_a_page_that_leaves_doubt_is_shown_to_trafilatura(
    monkeypatch: pytest.MonkeyPatch, quick: float, profile: str, *, asked: bool
) -> None:
    shown: list[object] = []

    def witness(tree: object, *, precise: bool = True) -> str:
        shown.append(tree)
        return "\n".join(REPORT[:3] if precise else REPORT[:4])

    monkeypatch.setattr(page_body, "trafilatura_text", witness)
    html = page(paragraphs(REPORT))
    judges = Judges(alone=answering(quick), quick=answering(quick), careful=answering(-9.0))
    text = page_body.main_text(parts_of(html), html, profile, judges)
    assert bool(shown) is asked
    # Where nothing is left after all, a generous reading is believed.
    assert (text.splitlines() == REPORT[:4]) is asked


@pytest.mark.parametrize(
    ("alone", "profile", "asked"),
    [(9.0, "fast", False), (0.0, "fast", True), (9.0, "full", True)],
    ids=["no doubt", "doubt", "no doubt, full"],
)
def test_the_fast_profile_asks_resiliparse_only_on_a_page_that_leaves_doubt(
    monkeypatch: pytest.MonkeyPatch, alone: float, profile: str, *, asked: bool
) -> None:
    shown: list[str] = []

    def witness(html: str) -> str:
        shown.append(html)
        return "\n".join(REPORT)

    monkeypatch.setattr(page_body, "resiliparse_text", witness)
    html = page(paragraphs(REPORT))
    judges = Judges(alone=answering(alone), quick=answering(9.0), careful=answering(9.0))
    assert page_body.main_text(parts_of(html), html, profile, judges)
    assert bool(shown) is asked


WORDS = st.sampled_from(["harbour", "pier", "ice", "council.", "winter", "piles,", "Brandt"])
TAGS = st.sampled_from(["p", "div", "li", "h2", "span", "b", "section", "td", "blockquote", "br"])
TREES = st.recursive(
    st.lists(WORDS, min_size=1, max_size=30).map(" ".join),
    lambda inner: st.tuples(TAGS, st.lists(inner, max_size=4)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
    max_leaves=25,
)


@given(TREES, st.sampled_from(["full", "fast"]))
def test_the_text_is_made_of_lines_of_the_page_in_their_order(inner: str, profile: str) -> None:
    html = f"<html><body><article>{inner}</article></body></html>"
    parts = parts_of(html)
    shown = (line for text in read_outline(parts.tree).texts for line in text.splitlines())
    said = page_body.main_text(parts, html, profile, load_judges()).replace(" | ", "\n")
    assert all(line in shown for line in said.splitlines())


@given(TREES)
def test_an_outline_holds_every_word_of_a_page_once(inner: str) -> None:
    html = f"<html><body>{inner}</body></html>"
    outline = read_outline(document_fromstring(html))
    said = "".join("".join(text.split()) for text in outline.texts)
    assert said == "".join(re.sub(r"<[^>]*>", " ", html).split())


def test_an_outline_says_what_the_markup_hints_at() -> None:
    html = (
        '<body class="related"><nav><ul><li><a>Home</a></li></ul></nav>'
        '<div class="article-body"><p hidden>Not seen.</p><figcaption>A <b>pier</b>.</figcaption>'
        '<p><a href="#">All</a> is linked</p></div></body>'
    )
    outline = read_outline(document_fromstring(html))
    assert outline.texts == ["Not seen.", "A pier.", "All is linked"]
    boxes, (hidden, caption, _) = outline.boxes, outline.box
    assert boxes.hints[hidden] >> HINTS.index("hidden") & 1
    assert boxes.kinds[caption] >> KINDS.index("figcaption") & 1
    assert boxes.hints_around[caption] >> HINTS.index("body") & 1
    assert not boxes.hints_around[caption] >> HINTS.index("related") & 1
    assert outline.linked_chars == [0, 0, 3]
    assert outline.links == [0, 0, 1]
    assert outline.emphasised_chars == [0, 4, 0]


def test_a_page_that_is_wrapped_into_a_nav_is_read() -> None:
    html = f"<body><nav><h1>Harbour</h1>{paragraphs(REPORT)}</nav></body>"
    assert len(read_outline(document_fromstring(html)).texts) == 1 + len(REPORT)


@pytest.mark.parametrize(
    ("block", "vote"),
    [
        ("Theharbourclosed.", 1.0),
        ("harbour", 0.0),
        ("closed.Icehadbrokenelevenpiles", 1.0),
        ("Icehadbrokenelevenpilesofitspierandthetownhadtwomillioncrowns", 0.5),
        ("", 0.0),
    ],
    ids=["a line", "a chance find", "within lines", "one end", "nothing"],
)
def test_a_witness_agrees_with_what_it_says_itself(block: str, vote: float) -> None:
    text = "- The harbour closed.\nIce had broken eleven piles of its pier and the town was poor."
    assert agreement([block], text) == [vote]


def test_a_judge_adds_up_what_its_trees_answer() -> None:
    judge = read_judge(
        {
            "features": ["linked", "words"],
            "trees": [
                [[0, 0.5, 1, 2], [2.0], [-1.0]],
                [[1, 3.0, 1, 2], [-1.0], [0, 0.1, 3, 4], [1.0], [0.0]],
            ],
        }
    )
    features = Features(("words", "linked"), np.array([[9.0, 1.0, 4.0], [0.0, 0.9, 0.2]]))
    scores = np.array([2.0 + 1.0, -1.0 - 1.0, 2.0 + 0.0])
    assert probabilities(judge, features) == pytest.approx(1 / (1 + np.exp(-scores)))


def test_weights_of_ones_own_are_read_from_a_file(tmp_path: Path) -> None:
    nothing = {"features": ["linked"], "trees": [[[0, 0.5, 1, 2], [-9.0], [-9.0]]]}
    file = tmp_path / "weights.json"
    file.write_text(json.dumps(dict.fromkeys(("alone", "quick", "careful"), nothing)))
    judges = load_judges(str(file))
    html = page(paragraphs(REPORT))
    assert page_body.main_text(parts_of(html), html, "fast", judges) == ""


def test_a_judge_walks_every_tree_to_the_answer_that_its_questions_lead_to() -> None:
    draws = np.random.default_rng(5)
    rows = draws.random((3, 40))
    trees = [[[0, 0.5, 1, 4], [1, 0.3, 2, 3], [1.0], [2.0], [2, 0.7, 5, 6], [4.0], [8.0]], [[-3.0]]]
    judge = read_judge({"features": ["a", "b", "c"], "trees": trees})

    def walked(row: list[float]) -> float:
        a, b, c = row
        return (1.0 if b <= 0.3 else 2.0) if a <= 0.5 else (4.0 if c <= 0.7 else 8.0)

    scores = np.array([walked(row) - 3.0 for row in rows.T.tolist()])
    found = probabilities(judge, Features(("a", "b", "c"), rows))
    assert found == pytest.approx(1 / (1 + np.exp(-scores)))


def test_a_tree_with_more_answers_than_can_be_told_apart_is_refused() -> None:
    tree: list[list[float]] = []
    for number in range(16):
        tree += [[0, float(number), 2 * number + 1, 2 * number + 2], [1.0]]
    tree.append([0.0])
    with pytest.raises(ValueError, match="17 answers"):
        read_judge({"features": ["linked"], "trees": [tree]})
