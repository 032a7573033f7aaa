"""What the judge of blocks learns from, and that what it learned survives the way through JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="benchmarks are only in a checkout")
pytest.importorskip("lightgbm", reason="learning needs the bench extra")

from benchmarks import gold, train_body
from benchmarks.figures import HERE
from pipeline.extract import load_judges
from pipeline.extract.body import hear, hear_resiliparse, hear_trafilatura, parse
from pipeline.extract.body.features import Features
from pipeline.extract.body.judge import probabilities, read_judge
from pipeline.extract.parts import take_apart

GOLD = "The lock gates at Ennerby are open again.\nRepairs took nine weeks, the canal trust said."


def test_blocks_of_the_gold_text_are_text_and_short_ones_only_beside_them() -> None:
    blocks = [
        "Canal news",
        "The lock gates at Ennerby are open again.",
        "nine weeks",
        "Repairs took nine weeks, the canal trust said.",
        "Sign up for the newsletter of the canal trust.",
        "Home",
        "Boats",
        "nine weeks",
    ]
    label, weight = train_body.label_by_text(blocks, GOLD)
    assert label.tolist() == [False, True, True, True, False, False, False, False]
    assert (weight > 0).all()


def test_only_blocks_with_a_snippet_count_on_a_page_with_snippets() -> None:
    page = gold.GoldPage(
        page_id="1",
        path=gold.data_folder(),
        host="ennerby.example",
        text=None,
        required=("open again",),
        forbidden=("Newsletter",),
        title=None,
        authors=(),
        published=None,
    )
    blocks = [GOLD.splitlines()[0], "A block about boats.", "Our newsletter", "newsletter " * 20]
    label, weight = train_body.label_by_snippets(blocks, page)
    assert label.tolist() == [True, False, False, False]
    assert (weight > 0).tolist() == [True, False, True, False]


def test_a_learned_judge_is_the_same_after_json() -> None:
    draws = np.random.default_rng(7)
    linked, words = draws.random(3000), draws.random(3000) * 5
    is_text = (linked < 0.4) & (words > 2)
    rows = np.array([linked, words, draws.random(3000)])
    features = Features(("linked", "words", "noise"), rows)
    lesson = train_body.Lesson(0, features, features, features, is_text, np.ones(3000))
    row = train_body.learn([lesson])["quick"]
    judge = read_judge(json.loads(json.dumps(row)))
    assert np.mean((probabilities(judge, features) > 0.5) == is_text) > 0.99


def test_the_shipped_weights_and_the_folds_ask_only_for_what_is_measured() -> None:
    html = f"<html><body><article><p>{GOLD}</p></article></body></html>"
    hearing = hear(take_apart(parse(html, 1000), "file:page.html"))
    assert hearing is not None
    quick = hear_resiliparse(hearing, html)
    careful = hear_trafilatura(hearing, quick, GOLD)
    folds = [str(file) for file in sorted((HERE / "folds").glob("body-*.json"))]
    assert len(folds) == gold.FOLDS
    for weights in ("", *folds):
        judges = load_judges(weights)
        assert set(judges.alone.features) <= set(hearing.features.names)
        assert set(judges.quick.features) <= set(quick.names)
        assert set(judges.careful.features) <= set(careful.names)
