"""Candidates, relations, groups and shared passages."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates import (
    find_candidates,
    find_duplicates,
    group,
    mark_composites,
    possible_briefings,
    postings,
    relate,
    shared_passages,
    sketch,
    verify,
)
from pipeline.records import Article, ArticleId, NearDuplicate, Precision, Timestamp

DATA = Path(os.environ.get("SAMESTORY_DATA", Path(__file__).parents[2] / "shared" / "data"))
SETTINGS = NearDuplicateSettings()
DAM = (
    "The dam above Arnholt held through the night, the water board said on Sunday, after two days "
    "of rain had filled the lake to within a hand of its rim. Some 2,400 people spent the night in "
    "two schools and a sports hall on the hill. Engineers found a crack of 14 metres in the "
    "eastern wall on Friday evening and opened both gates. Mayor Ilse Brandt said nobody would go "
    "home before the lake had fallen by three metres, which takes until Wednesday at the earliest. "
    "The board spent 6 million crowns on new gates in 2019 but put off work on the wall twice. "
    "Farmers below the dam moved 900 cattle to higher ground with the help of soldiers. "
    "A railway bridge at Lower Arnholt is closed and trains to the coast run by way of Torsby."
)
STRIKE = (
    "Ferry crews on the northern islands will stop work for 48 hours from Thursday over a roster "
    "that their union calls unsafe. The company cancelled 31 crossings and offered refunds. Union "
    "secretary Per Lind said crews had slept five hours between shifts all summer. The company "
    "replied that the roster was legal and that it had hired 60 people since spring. Hotels on "
    "Great Hallo count on empty rooms for the last weekend of the season, and the islands' only "
    "hospital has asked the coast guard to carry patients if the wind allows it."
)
OPERA = (
    "The city opera opens its season with a work that lay in a cellar for ninety years. Students "
    "found the score of Anna Veld's only opera between bills of a coal merchant and played the "
    "overture to the conductor on a school piano. Four singers learnt their parts from photographs "
    "of the pages. Tickets for all six evenings were gone within an hour on Tuesday morning."
)


def article(name: str, text: str, title: str = "", day: int | None = None) -> Article:
    published = None
    if day is not None:
        instant = datetime(2031, 5, day, 12, tzinfo=UTC)
        published = Timestamp(
            instant=instant, precision="second", zone="stated", origin="input", raw=""
        )
    return Article(article_id=ArticleId(name), text=text, title=title, published=published)


def articles(texts: dict[str, str]) -> list[Article]:
    return [article(name, text) for name, text in texts.items()]


def relations(pairs: Iterable[NearDuplicate]) -> dict[str, str]:
    return {one.a + one.b: one.relation for one in pairs}


def members(found: list[Article]) -> list[tuple[str, ...]]:
    return [one.members for one in group(found, relate(found))]


def pairs_of(found: Iterable[NearDuplicate]) -> set[frozenset[str]]:
    return {frozenset((one.a, one.b)) for one in found}


def copies(found: Iterable[NearDuplicate]) -> set[frozenset[str]]:
    """Return the pairs that are in one group by symmetric relations."""
    root: dict[str, set[str]] = {}
    for one in found:
        if one.relation in {"exact_copy", "near_copy", "version_of"}:
            both = root.get(one.a, {one.a}) | root.get(one.b, {one.b})
            root |= dict.fromkeys(both, both)
    return {frozenset(pair) for own in root.values() for pair in combinations(sorted(own), 2)}


def changed(text: str, every: int) -> str:
    return " ".join(
        f"other{i}" if i % every == 0 else word for i, word in enumerate(text.split(), 1)
    )


def invented(seed: int, count: int) -> str:
    draw = random.Random(seed)
    return " ".join(
        "".join(draw.choices("abcdefghijklmnoprstuvwz", k=draw.randint(3, 9))) for _ in range(count)
    )


@pytest.mark.parametrize(
    ("copy", "relation"),
    [
        (DAM.upper(), "exact_copy"),
        ("\u200b".join(DAM), "exact_copy"),
        (DAM.replace("Sunday", "Monday"), "near_copy"),
        (f"By A Reporter, Torsby. {DAM} More news on our front page.", "near_copy"),
        (changed(DAM, 10), "near_copy"),
        (DAM.replace("ea", "ca").replace("di", "cli"), "near_copy"),
        (DAM[:300] + " Read more at the Courier", "contains"),
        (f"{STRIKE} {OPERA} {DAM}", "contained_in"),
        (STRIKE, None),
    ],
    ids=[
        "capitals",
        "zero-width characters",
        "one word",
        "byline and footer",
        "every tenth word",
        "misread letters",
        "cut",
        "inside a longer one",
        "another event",
    ],
)
def test_what_two_articles_are_to_each_other(copy: str, relation: str | None) -> None:
    found = relate(articles({"a": DAM, "b": copy}))
    assert [one.relation for one in found] == ([relation] if relation else [])


def test_new_figures_and_a_new_paragraph_under_the_same_title_make_a_version() -> None:
    late = DAM.replace("2,400", "3,100").replace("14 metres", "22 metres")
    late = late[: late.index("Farmers")] + "On Tuesday 40 divers of the navy arrived with pumps."
    early, later = (article(n, t, "Dam holds") for n, t in (("a", DAM), ("b", late)))
    assert relations(relate([early, later])) == {"ab": "version_of"}


def test_pages_of_one_template_that_differ_in_names_and_figures_are_no_copies() -> None:
    note = (
        "{0} Corp said its board declared a quarterly dividend of {1} cents a share on the common "
        "stock against {2} cents before, payable May {3} to holders of record on April {4}. The "
        "company had {5} shares outstanding at the end of the quarter."
    )
    a = note.format("Balder", 41, 38, 12, 20, 1917)
    b = note.format("Nordkap", 15, 13, 6, 9, 2450)
    assert relate(articles({"a": a, "b": b})) == []


def test_measures_are_exact_and_say_what_is_in_which() -> None:
    words = DAM.split()
    (one,) = find_duplicates(articles({"a": DAM, "b": " ".join(words[:60])}))
    # The first 60 words as the text splits are 61 in \w+, with the figure of thousands cut in two.
    assert (one.in_b, one.in_a, one.jaccard) == (1.0, 57 / 136, 57 / 136)


def test_a_roundup_is_composed_of_articles_and_joins_no_group() -> None:
    found = articles({"a": f"{DAM}\n{STRIKE}\n{OPERA}", "b": DAM, "c": STRIKE, "d": DAM.upper()})
    assert relations(relate(found)) == {
        "ab": "composite_of",
        "ac": "composite_of",
        "ad": "composite_of",
        "bd": "exact_copy",
    }
    assert members(found) == [("b", "d")]


def test_a_roundup_with_the_last_id_joins_no_group_either() -> None:
    found = articles({"z": f"{DAM}\n{STRIKE}", "b": DAM, "c": STRIKE, "d": DAM[:300]})
    assert relations(relate(found))["zb"] == "composite_of"
    assert members(found) == [("b", "d")]


def test_a_briefing_made_of_passages_of_other_reports_is_a_roundup_of_them() -> None:
    first, second = " ".join(DAM.split()[:60]), " ".join(STRIKE.split()[:60])
    briefing = f"Good morning, here is what you need to know.\n{first}\n{second}"
    found = articles({"a": DAM, "b": STRIKE, "z": briefing})
    assert relations(relate(found)) == {"za": "composite_of", "zb": "composite_of"}


def test_a_longer_copy_that_adds_a_footer_is_no_roundup() -> None:
    found = articles({"a": DAM, "b": f"{DAM} More.", "c": f"{DAM} {OPERA[:150]}"})
    assert "composite_of" not in relations(relate(found)).values()


def test_naming_roundups_twice_changes_nothing() -> None:
    found = relate(articles({"z": f"{DAM}\n{STRIKE}", "b": DAM, "c": STRIKE}))
    assert mark_composites(found) == found


def test_a_cut_copy_joins_the_article_it_is_cut_from() -> None:
    assert members(articles({"a": DAM, "b": DAM[:300], "c": STRIKE})) == [("a", "b")]


def test_containment_never_chains() -> None:
    # `b` is in `a` and in `c`, which have nothing else in common: it joins the one it covers more.
    brief = DAM[:300]
    found = articles({"a": f"{brief} {STRIKE}", "b": brief, "c": f"{brief} {OPERA}"})
    assert members(found) == [("b", "c")]


def test_a_brief_inside_a_long_article_of_another_title_stays_alone() -> None:
    brief = article("a", OPERA, "Lost opera found")
    long = article("b", f"{STRIKE} {DAM} {OPERA}", "What the week brought")
    assert relations(relate([brief, long])) == {"ab": "contained_in"}
    assert members([brief, long]) == []


@pytest.mark.parametrize(
    ("found", "canonical", "reason"),
    [
        ([article("a", DAM[:300], day=1), article("b", DAM, day=2)], "b", "complete"),
        ([article("a", DAM, day=3), article("b", DAM, day=2)], "b", "earliest"),
        ([article("a", DAM), article("b", f"{DAM} Soldiers sleep too.")], "b", "fullest"),
        ([article("b", DAM, day=2), article("a", DAM, day=2)], "a", "first_id"),
    ],
    ids=["complete", "earliest", "fullest", "first_id"],
)
def test_the_canonical_article_and_why(found: list[Article], canonical: str, reason: str) -> None:
    (one,) = group(found, relate(found))
    assert (one.canonical, one.reason) == (canonical, reason)


def test_candidates_pair_new_with_stored_but_not_stored_with_stored() -> None:
    a, b, c = sketch(articles({"a": DAM, "b": DAM, "c": DAM}), SETTINGS)
    assert find_candidates([b], postings([a, c]), SETTINGS) == [("a", "b"), ("b", "c")]


def test_one_batch_or_three_find_the_same_relations() -> None:
    texts = {"a": DAM, "b": STRIKE, "c": changed(DAM, 10), "d": DAM[:300], "e": STRIKE.upper()}
    sketches = sketch(articles(texts), SETTINGS)
    one_by_one = [
        pair
        for i, new in enumerate(sketches)
        for pair in find_candidates([new], postings(sketches[:i]), SETTINGS)
    ]
    assert verify(sorted(one_by_one), sketches, SETTINGS) == relate(articles(texts))


def test_shared_boilerplate_costs_no_true_copy() -> None:
    frame = invented(0, 360)
    own = [invented(i, 40) for i in range(1, 601)]
    texts = {f"a{i:03}": f"{frame} {text}" for i, text in enumerate(own)}
    copies = {f"b{i:03}": f"{frame} {changed(own[i], 30)}" for i in range(5)}
    crowded = NearDuplicateSettings(crowd=50)
    sketches = sketch(articles(texts | copies), crowded)
    pairs = find_candidates(sketches, None, crowded)
    assert {(f"a{i:03}", f"b{i:03}") for i in range(5)} <= set(pairs)
    assert len(pairs) < 10 * len(sketches)  # all with all would be 300 pairs an article


def test_a_report_reprinted_very_often_stays_one_group() -> None:
    found = articles({f"a{i:03}": f"{invented(i, 5)} {DAM}" for i in range(40)})
    crowded = NearDuplicateSettings(crowd=10)
    assert [len(one.members) for one in group(found, relate(found, crowded))] == [40]


def test_a_thousand_equal_pages_are_linked_without_pairing_all() -> None:
    found = articles({f"a{i:04}": DAM for i in range(1000)})
    assert len(relate(found)) == 999


SENTENCES = [part.strip() for text in (DAM, STRIKE, OPERA) for part in text.split(".") if part]
COLLECTIONS = st.lists(
    st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6).map(". ".join),
    min_size=2,
    max_size=7,
)


@given(COLLECTIONS, st.randoms(use_true_random=False))
def test_nothing_depends_on_the_order_of_articles(texts: list[str], draw: random.Random) -> None:
    found = articles({str(i): text for i, text in enumerate(texts)})
    pairs = relate(found)
    shuffled, mixed = found[:], pairs[:]
    draw.shuffle(shuffled)
    draw.shuffle(mixed)
    assert relate(shuffled) == pairs
    assert group(shuffled, mixed) == group(found, pairs)


@given(COLLECTIONS)
def test_measures_lie_between_0_and_1_and_fit_each_other(texts: list[str]) -> None:
    found = relate(articles({str(i): text for i, text in enumerate(texts)}))
    for one in found:
        assert one.a < one.b or one.relation == "composite_of"
        assert 0 <= one.jaccard <= min(one.in_a, one.in_b) <= max(one.in_a, one.in_b) <= 1


@given(COLLECTIONS)
def test_measures_are_symmetric(texts: list[str]) -> None:
    # Of two, because which articles make up a briefing is decided by id where they tie.
    one, other = texts[:2]
    forth = relate(articles({"0": one, "1": other}))
    back = relate(articles({"0": other, "1": one}))
    assert [(r.jaccard, r.in_a, r.in_b) for r in forth] == [
        (r.jaccard, r.in_b, r.in_a) for r in back
    ]


@given(COLLECTIONS, st.floats(0.5, 1), st.floats(0.5, 1))
def test_a_higher_threshold_finds_no_other_copies(
    texts: list[str], one: float, other: float
) -> None:
    found = articles({str(i): text for i, text in enumerate(texts)})
    low, high = (
        relate(found, NearDuplicateSettings(threshold=value, containment=value))
        for value in sorted((one, other))
    )
    # What is no copy by the higher threshold may turn out to be a piece of a briefing.
    copies = {frozenset((pair.a, pair.b)) for pair in high if pair.relation != "composite_of"}
    assert copies <= {frozenset((pair.a, pair.b)) for pair in low}


@given(COLLECTIONS, st.lists(st.integers(0, 3), min_size=7, max_size=7))
def test_groups_do_not_depend_on_the_split_into_batches(texts: list[str], part: list[int]) -> None:
    found = articles({str(i): text for i, text in enumerate(texts)})
    sketches = sketch(found, SETTINGS)
    pairs: list[tuple[ArticleId, ArticleId]] = []
    stored: list[Any] = []
    for batch in range(4):
        new = [one for one, own in zip(sketches, part, strict=False) if own == batch]
        pairs += find_candidates(new, postings(stored), SETTINGS)
        stored += new
    split = verify(sorted(pairs), sketches, SETTINGS)
    assert split == relate(found)
    assert group(found, split) == group(found, relate(found))


@given(COLLECTIONS)
def test_what_the_index_finds_brute_force_finds_too(texts: list[str]) -> None:
    found = articles({str(i): text for i, text in enumerate(texts)})
    every = list(combinations([one.article_id for one in found], 2))
    by_index, by_force = relate(found), verify(every, sketch(found, SETTINGS), SETTINGS)
    # It may miss passages shorter than a window of the sample. One of these may be what tells a
    # report that holds another from a briefing, so briefings are left out.
    copies = [pair for pair in by_index if pair.relation != "composite_of"]
    assert pairs_of(copies) <= pairs_of(by_force)


@given(
    st.lists(st.sampled_from(SENTENCES), min_size=2, max_size=6),
    st.integers(0, 2**32),
)
def test_zero_width_characters_case_quotes_and_line_ends_change_nothing(
    sentences: list[str], seed: int
) -> None:
    draw = random.Random(seed)
    plain = " ".join(f"'{one}' she \"said\"." for one in sentences)
    curly = {"'": "‘’", '"': "“”„", " ": [" ", "\r\n", "  ", "\t"]}
    written = "".join(
        draw.choice(curly.get(char, [char, char.upper(), f"{char}\u200b", f"{char}\u00ad"]))
        for char in plain
    )
    a, b = sketch(articles({"a": plain, "b": written}), SETTINGS)
    assert (a.words.tolist(), a.digest) == (b.words.tolist(), b.digest)


@given(COLLECTIONS, st.floats(0.5, 1), st.floats(0.5, 1))
def test_a_higher_threshold_only_refines_groups_of_copies(
    texts: list[str], one: float, other: float
) -> None:
    found = articles({str(i): text for i, text in enumerate(texts)})
    low, high = (
        copies(relate(found, NearDuplicateSettings(threshold=value, containment=1.0)))
        for value in sorted((one, other))
    )
    assert high <= low


def test_who_had_it_first_is_named_where_that_is_sure() -> None:
    def told(name: str, hour: int, precision: Precision = "minute") -> Article:
        stamp = Timestamp(
            instant=datetime(2031, 5, 1, hour, tzinfo=UTC),
            precision=precision,
            zone="stated",
            origin="input",
            raw="",
        )
        return Article(article_id=ArticleId(name), text=DAM, published=stamp)

    def origin(*found: Article) -> str | None:
        (one,) = group(found, relate(found))
        return one.origin

    assert origin(told("b", 9), told("a", 10), article("c", DAM)) == "b"
    assert origin(told("b", 9), told("a", 9)) is None
    assert origin(told("b", 9), told("a", 0, "day")) is None
    assert origin(told("b", 9), article("c", DAM)) is None


def test_a_briefing_may_come_before_its_sources() -> None:
    first, second = " ".join(DAM.split()[:60]), " ".join(STRIKE.split()[:60])
    briefing = f"Good morning, here is what you need to know.\n{first}\n{second}"
    found = articles({"a": DAM, "b": STRIKE, "z": briefing})
    sketches = {one.article_id: one for one in sketch(found, SETTINGS)}
    late = find_candidates([sketches["b"]], postings([sketches["z"]]), SETTINGS)
    words = list(sketches.values())
    assert verify(late, words, SETTINGS) == []
    assert "z" in possible_briefings(late, words, SETTINGS)


def test_passages_are_spans_of_the_original_texts() -> None:
    a = "Officials said ﬁve of the 14 “Straße” bridges had held. Others fell."
    b = "Yesterday: FIVE OF\u200b THE 14\n'STRASSE' BRIDGES had held!"
    (passage,) = shared_passages(a, b)
    assert a[slice(*passage.in_a)] == "ﬁve of the 14 “Straße” bridges had held"
    assert b[slice(*passage.in_b)] == "FIVE OF\u200b THE 14\n'STRASSE' BRIDGES had held"


def test_passages_are_found_in_any_order_longest_first() -> None:
    first, second = DAM.split(". ")[:2]
    found = shared_passages(f"{first}. {second}", f"{second}. Meanwhile: {first}")
    assert [passage.in_a.start for passage in found] == [0, len(first) + 2]


def test_letters_with_marks_of_their_own_are_the_same_letters() -> None:
    composed, apart = (
        "la forêt près de chez Zoé brûle",
        "la fore\u0302t pre\u0300s de chez Zoé brûle",
    )
    (passage,) = shared_passages(composed, apart)
    assert (passage.in_a, passage.in_b) == ((0, len(composed)), (0, len(apart)))


@given(st.text(max_size=40), st.text(max_size=40))
def test_passages_lie_inside_both_texts(a: str, b: str) -> None:
    settings = NearDuplicateSettings(shingle_size=1)
    for passage in shared_passages(a, f"{b} {a}", settings):
        assert 0 <= passage.in_a.start < passage.in_a.end <= len(a)
        assert 0 <= passage.in_b.start < passage.in_b.end <= len(a) + len(b) + 1


def rows(name: str) -> list[dict[str, Any]]:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_measures_agree_with_those_of_strings_on_the_development_set() -> None:
    gold = {
        (min(r["a"], r["b"]), max(r["a"], r["b"])): r for r in rows("duplicates/dev/pairs.jsonl")
    }
    documents = {r["id"]: r["text"] for r in rows("duplicates/dev/docs.jsonl")}
    involved = sorted({i for pair in list(gold)[:1000] for i in pair})
    found = find_duplicates(articles({i: documents[i] for i in involved}))
    assert len(found) > 700
    for one in found:
        assert round(one.jaccard, 4) == gold[min(one.a, one.b), max(one.a, one.b)]["jaccard"]


def test_two_reports_of_one_event_are_no_copies() -> None:
    folder = DATA / "seeds"
    if not folder.exists():
        pytest.skip(f"{folder} is absent")
    texts = {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))}
    assert relate(articles(texts)) == []
