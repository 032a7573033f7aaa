"""The fold of articles into stories, and the one-shot clustering."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import StorySettings
from pipeline.identity import story_id
from pipeline.records import (
    Article,
    ArticleId,
    Closed,
    Extended,
    Merged,
    Opened,
    OpenStory,
    Split,
    StoryChange,
    StoryId,
    Timestamp,
)
from pipeline.stories import (
    Folded,
    OpenWindow,
    assign,
    cluster_stories,
    open_window,
    similarities,
)

Build = Callable[..., Article]
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
SETTINGS = StorySettings()


def at(hours: float, precision: str = "minute") -> Timestamp:
    """Build the stamp of an article published so many hours after noon."""
    instant = NOON + timedelta(hours=hours)
    if precision == "day":
        instant = instant.replace(hour=0)
    return Timestamp(
        instant=instant, precision=precision, zone="stated", origin="input", raw=str(instant)
    )


def written(name: str, title: str, text: str, hours: float | None = 0.0) -> Article:
    return Article(
        article_id=ArticleId(name),
        title=title,
        text=text,
        lang="en",
        published=None if hours is None else at(hours),
    )


ALDERN = (
    written(
        "aldern-1",
        "Hundreds flee as the Sorrel bursts its banks in Aldern",
        "Floods drove 300 people from their homes in Aldern on Monday night after the river Sorrel "
        "burst its banks. Firefighters used boats to reach families trapped in Mill Street. Mayor "
        "Hanna Bricke said the water was the highest since 1954. No deaths were reported.",
        0,
    ),
    written(
        "aldern-2",
        "Aldern floods: 300 evacuated",
        "More than 300 residents of Aldern were evacuated on Monday as floodwater from the Sorrel "
        "poured into the old town. Rescue teams brought families out of Mill Street by boat. “We "
        "have not seen this since 1954,” mayor Hanna Bricke said.",
        2,
    ),
    written(
        "aldern-3",
        "Boats in Mill Street: Aldern after the flood",
        "The Sorrel fell by half a metre in Aldern on Tuesday, but 300 people still cannot go "
        "home. Mayor Hanna Bricke asked for help to clean Mill Street, where boats had replaced "
        "cars during the highest flood since 1954.",
        20,
    ),
)
KESTON = (
    written(
        "keston-1",
        "Keston under water after dam overflows",
        "Floods in the coastal town of Keston forced 1,200 people from their homes on Tuesday "
        "after the Varn dam overflowed. Two people were missing, police chief Oskar Lindt said. "
        "Firefighters used boats to reach families trapped on rooftops.",
        1,
    ),
    written(
        "keston-2",
        "Two missing in Keston floods",
        "Two people are missing and 1,200 have left their homes in Keston, where water from the "
        "Varn dam flooded streets on Tuesday. Police chief Oskar Lindt said the search would go on "
        "overnight. Rescue teams used boats and a helicopter.",
        3,
    ),
)
BANK = written(
    "bank",
    "Norland keeps rate",
    "The central bank of Norland left its key rate at 4.25 percent on Tuesday, as economists had "
    "expected. Governor Ilse Marn said inflation was easing.",
    4,
)
CUP = written(
    "cup",
    "Harriers win cup",
    "The Harriers beat Rovers 3-1 on Sunday to win the Northern Cup. Striker Tom Adeyo scored "
    "twice before half time.",
    5,
)
EVERY = (*ALDERN, *KESTON, BANK, CUP)
EMPTY = OpenWindow()


def groups(articles: Sequence[Article]) -> set[frozenset[str]]:
    found: dict[StoryId, set[str]] = {}
    for one in cluster_stories(articles):
        found.setdefault(one.story_id, set()).add(one.article_id)
    return {frozenset(names) for names in found.values()}


def fold(batch: Iterable[Article], window: OpenWindow = EMPTY, now: datetime = NOON) -> Folded:
    return assign(batch, window, SETTINGS, now)


def changes_of(
    batch: Iterable[Article], window: OpenWindow = EMPTY, now: datetime = NOON
) -> list[StoryChange]:
    return fold(batch, window, now).changes


def holding(*stories: tuple[str, Sequence[Article]], founder: Article | None = None) -> OpenWindow:
    """Return a window of stories by their ids, a later one opened an hour later."""
    return open_window(
        [
            OpenStory(
                story_id=StoryId(name),
                opened=NOON + timedelta(hours=hour),
                members=tuple(member.article_id for member in members),
                founder=founder.article_id if founder else None,
            )
            for hour, (name, members) in enumerate(stories)
        ],
        [member for _, members in stories for member in members],
        SETTINGS,
        NOON,
    )


Change = TypeVar("Change", Opened, Extended, Merged, Split, Closed)


def of_kind(changes: Sequence[StoryChange], kind: type[Change]) -> list[Change]:
    return [change for change in changes if isinstance(change, kind)]


def test_two_floods_in_different_towns_stay_apart() -> None:
    assert groups(EVERY) == {
        frozenset({"aldern-1", "aldern-2", "aldern-3"}),
        frozenset({"keston-1", "keston-2"}),
        frozenset({"bank"}),
        frozenset({"cup"}),
    }


def test_two_floods_stay_apart_when_nothing_else_was_ever_seen() -> None:
    assert groups([ALDERN[0], KESTON[0]]) == {frozenset({"aldern-1"}), frozenset({"keston-1"})}


@pytest.mark.parametrize("order", list(itertools.permutations(range(5))), ids=str)
def test_the_order_of_a_batch_changes_nothing(order: tuple[int, ...]) -> None:
    articles = (*ALDERN[:2], *KESTON, BANK)
    shuffled = [articles[i] for i in order]
    assert changes_of(shuffled) == changes_of(articles)


def test_the_order_of_open_stories_changes_nothing() -> None:
    window = fold(EVERY[:5]).window
    turned = [replace(s, members=s.members[::-1]) for s in reversed(window.stories)]
    batch = EVERY[5:]
    assert changes_of(batch, replace(window, stories=turned)) == changes_of(batch, window)


_VOCABULARY = [
    "flood",
    "dam",
    "mayor",
    "Aldern",
    "Keston",
    "bank",
    "rate",
    "300",
    "boats",
    "Sorrel",
    "Norland",
    "cup",
]
_TEXTS = st.lists(st.sampled_from(_VOCABULARY), max_size=8).map(" ".join)


@settings(max_examples=40)
@given(
    texts=st.lists(st.tuples(_TEXTS, st.one_of(st.none(), st.integers(-200, 0))), max_size=9),
    order=st.randoms(use_true_random=False),
)
def test_any_articles_in_any_order_give_the_same_stories_and_lose_none(
    texts: list[tuple[str, int | None]], order: object
) -> None:
    batch = [written(f"a{i}", "", text, hours) for i, (text, hours) in enumerate(texts)]
    shuffled = batch.copy()
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    first = fold(batch)
    assert changes_of(shuffled) == first.changes
    placed = [m for c in first.changes if isinstance(c, Opened | Extended) for m in c.members]
    assert sorted(m.article_id for m in placed) == sorted(a.article_id for a in batch)
    assert all(0 <= m.score <= 1 for m in placed)


def test_the_hash_seed_of_the_interpreter_changes_nothing(root: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, '.')\n"
        "from pipeline.records import Article\n"
        "from pipeline.stories import cluster_stories, key_terms, summarize\n"
        f"texts = {[(a.article_id, a.title, a.text) for a in EVERY]!r}\n"
        "batch = [Article(article_id=i, title=t, text=x) for i, t, x in texts]\n"
        "print(cluster_stories(batch), key_terms(batch), summarize(batch))\n"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed, threads in [("0", "1"), ("7", "2")]
    }
    assert len(outputs) == 1


def test_a_story_is_named_after_its_earliest_article() -> None:
    (opened,) = changes_of(ALDERN[::-1])
    assert isinstance(opened, Opened)
    assert opened.story_id == story_id(ArticleId("aldern-1"))
    assert [m.article_id for m in opened.members] == ["aldern-1", "aldern-2", "aldern-3"]


def test_an_article_without_a_date_founds_no_story_that_a_dated_one_can_found() -> None:
    undated = replace(ALDERN[0], published=None)
    (opened,) = changes_of([undated, ALDERN[1]])
    assert opened.story_id == story_id(ArticleId("aldern-2"))


def test_members_say_why_they_are_in() -> None:
    (opened,) = changes_of(ALDERN[:2])
    assert isinstance(opened, Opened)
    founder, second = opened.members
    assert founder.score == 1.0
    assert founder.nearest == "aldern-2"
    assert second.nearest == "aldern-1"
    assert second.score == second.nearest_score == founder.nearest_score > 0.3
    assert {"Aldern", "Sorrel"} <= set(second.shared_terms)


def test_a_lone_founder_has_no_nearest_article() -> None:
    (opened,) = changes_of([BANK])
    assert isinstance(opened, Opened)
    (founder,) = opened.members
    assert (founder.score, founder.nearest, founder.nearest_score) == (1.0, None, 0.0)
    assert founder.shared_terms == ()


def test_assigning_nothing_changes_nothing() -> None:
    window = fold(EVERY).window
    assert changes_of([], window) == []
    assert changes_of([]) == []
    assert cluster_stories([]) == []


def test_assigning_articles_again_changes_nothing() -> None:
    first = fold(EVERY)
    again = fold(EVERY, first.window)
    assert again.changes == []
    assert again.window.stories == first.window.stories


def test_a_second_batch_extends_the_story_and_keeps_its_id() -> None:
    first, second = [*ALDERN[:2], BANK], [ALDERN[2], *KESTON]
    window = fold(first).window
    extended, opened = sorted(changes_of(second, window), key=lambda change: type(change).__name__)
    assert isinstance(extended, Extended)
    assert extended.story_id == story_id(ArticleId("aldern-1"))
    (joined,) = extended.members
    assert joined.article_id == "aldern-3"
    assert joined.nearest in {"aldern-1", "aldern-2"}
    assert 0 < joined.score < 1
    assert isinstance(opened, Opened)


def test_an_article_between_two_stories_merges_them_into_the_oldest() -> None:
    window = holding(("s1-zz", [ALDERN[1]]), ("s1-aa", [ALDERN[2]]))
    extended, merged = changes_of([ALDERN[0]], window)
    assert isinstance(extended, Extended)
    assert isinstance(merged, Merged)
    assert (merged.story_id, merged.absorbed) == ("s1-zz", "s1-aa")
    assert extended.story_id == "s1-zz"
    assert 0 < merged.score < 1


def test_open_stories_of_one_age_merge_into_the_first_id() -> None:
    window = holding(("s1-b", [ALDERN[1]]), ("s1-a", [ALDERN[2]]))
    window = replace(window, stories=[replace(s, opened=NOON) for s in window.stories])
    (merged,) = of_kind(changes_of([ALDERN[0]], window), Merged)
    assert (merged.story_id, merged.absorbed) == ("s1-a", "s1-b")


def test_open_stories_do_not_merge_on_account_of_an_unrelated_article() -> None:
    window = holding(*((f"s1-{i}", [member]) for i, member in enumerate(ALDERN)))
    (opened,) = changes_of([CUP], window)
    assert isinstance(opened, Opened)


def test_a_story_that_nothing_new_is_like_stays_as_it_is() -> None:
    window = holding(("s1-odd", [BANK, CUP]))
    assert [type(change) for change in changes_of(ALDERN, window)] == [Opened]


def test_a_story_of_two_events_falls_apart_when_one_of_them_goes_on() -> None:
    window = holding(("s1-odd", [BANK, *ALDERN[:2]]), founder=BANK)
    split, *_ = changes_of([ALDERN[2]], window)
    assert isinstance(split, Split)
    assert (split.story_id, split.into) == ("s1-odd", story_id(ArticleId("aldern-1")))
    assert [m.article_id for m in split.members] == ["aldern-1", "aldern-2"]


def test_a_giant_story_is_not_asked_again_whether_it_holds_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = holding(("s1-odd", [BANK, *ALDERN[:2]]), founder=BANK)
    monkeypatch.setattr("pipeline.stories.grouping._MOST_REGROUPED", 2)
    kinds = {type(change) for change in changes_of([ALDERN[2]], window)}
    assert Split not in kinds
    assert kinds & {Opened, Extended}


def test_a_story_closes_when_its_newest_article_leaves_the_window() -> None:
    window = fold(ALDERN).window
    newest = NOON + timedelta(hours=20)
    before = newest + timedelta(hours=SETTINGS.window_hours)
    after = before + timedelta(minutes=1)
    assert changes_of([], window, before) == []
    closing = fold([], window, after)
    (closed,) = closing.changes
    assert closed == Closed(story_id=window.stories[0].story_id, at=after)
    assert closing.window.stories == ()
    assert len(closing.window.neighbours.vectors) == 0


def test_a_story_that_grows_in_the_same_batch_does_not_close() -> None:
    window = fold(ALDERN[:1]).window
    late = replace(ALDERN[1], published=at(90))
    changes = changes_of([late], window, NOON + timedelta(hours=120))
    assert [type(change) for change in changes] == [Extended]


def test_old_articles_open_stories_that_close_at_once() -> None:
    changes = changes_of(ALDERN[:2], now=NOON + timedelta(days=400))
    assert [type(change) for change in changes] == [Opened, Closed]


def test_articles_farther_apart_than_the_window_are_not_linked() -> None:
    late = replace(ALDERN[1], published=at(97))
    assert len(groups([ALDERN[0], late])) == 2
    assert len(groups([ALDERN[0], replace(late, published=at(95))])) == 1


def test_a_date_without_a_time_is_any_instant_of_its_day() -> None:
    day = replace(ALDERN[0], published=at(0, "day"))  # may be as late as midnight, 12 h after noon
    assert len(groups([day, replace(ALDERN[1], published=at(107))])) == 1
    assert len(groups([day, replace(ALDERN[1], published=at(109))])) == 2


def test_an_article_without_a_date_counts_as_published_now() -> None:
    undated = replace(ALDERN[1], published=None)
    window = fold(ALDERN[:1]).window
    soon, late = NOON + timedelta(hours=50), NOON + timedelta(hours=97)
    assert [type(c) for c in changes_of([undated], window, soon)] == [Extended]
    assert Opened in [type(c) for c in changes_of([undated], window, late)]


def test_without_dates_all_articles_fit_together() -> None:
    undated = [replace(article, published=None) for article in EVERY]
    assert groups(undated) == groups(EVERY)
    mixed = [ALDERN[0], *undated[1:3], replace(ALDERN[1], article_id="late", published=at(3000))]
    assert {len(group) for group in groups(mixed[:3])} == {3}


@pytest.mark.parametrize(
    ("title", "text"),
    [("", ""), ("", "Aldern is flooded"), ("Floods", ""), ("", "的"), ("", "… — !"), ("a", "b")],
    ids=["nothing", "three words", "only a title", "one character", "marks", "letters"],
)
def test_an_article_of_next_to_nothing_gets_a_story(title: str, text: str) -> None:
    short = written("short", title, text)
    placed = cluster_stories([short, *EVERY])
    assert len(placed) == len(EVERY) + 1
    assert [type(c) for c in changes_of([short])] == [Opened]


def test_copies_end_up_in_one_story(article: Build) -> None:
    copies = [article(f"copy-{i}", BANK.text) for i in range(4)]
    (story,) = groups(copies)
    assert len(story) == 4


def test_of_two_articles_with_one_id_there_is_one_assignment() -> None:
    assert len(cluster_stories([BANK, BANK])) == 1


@pytest.mark.parametrize(
    ("lang", "flood", "again", "bank"),
    [
        (
            "fr",
            "La Sorrel est sortie de son lit à Aldern et 300 habitants ont été évacués lundi soir.",
            "À Aldern, 300 personnes ont dû quitter leur maison lundi : la Sorrel a débordé.",
            "La banque centrale de Norland a laissé son taux directeur à 4,25 pour cent mardi.",
        ),
        (
            "hi",
            "अल्डर्न में सोरेल नदी की बाढ़ से 300 लोगों को घर छोड़ना पड़ा।",
            "सोरेल नदी की बाढ़ के बाद अल्डर्न के 300 लोगों को निकाला गया।",
            "नोरलैंड के केंद्रीय बैंक ने मंगलवार को ब्याज दर 4.25 प्रतिशत पर रखी।",
        ),
        (
            "ja",
            "アルデルン市でソレル川が氾濫し、住民300人が避難した。",
            "ソレル川の氾濫でアルデルン市の300人が避難した。",
            "ノルランド中央銀行は政策金利を4.25%に据え置いた。",
        ),
        (
            "ru",
            "Река Соррель вышла из берегов в Олдерне, 300 жителей эвакуированы.",
            "В Олдерне эвакуировали 300 человек: река Соррель вышла из берегов в понедельник.",
            "Центральный банк Норланда сохранил ключевую ставку на уровне 4,25 процента.",
        ),
    ],
    ids=["French", "Hindi", "Japanese", "Russian"],
)
def test_stories_are_found_in_any_language(
    article: Build, lang: str, flood: str, again: str, bank: str
) -> None:
    texts = {"a": flood, "b": again, "c": bank}
    articles = [article(name, text, lang=lang) for name, text in texts.items()]
    assert groups(articles) == {frozenset("ab"), frozenset("c")}


def test_articles_of_a_language_nobody_counted_are_grouped_too(article: Build) -> None:
    articles = [article(f"a{i}", "Sorrel Aldern 300 vuolle dulvi", lang="se") for i in range(2)]
    assert len(groups(articles)) == 1


def test_similarity_of_an_article_to_others_is_between_0_and_1() -> None:
    found = similarities(ALDERN[0], [ALDERN[1], KESTON[0], CUP])
    assert 1 >= found[ArticleId("aldern-2")] > found[ArticleId("keston-1")] >= 0
    assert similarities(ALDERN[0], []) == {}


def _seeds(data_sets: Path) -> list[Article]:
    texts = [path.read_text(encoding="utf-8") for path in sorted((data_sets / "seeds").glob("*"))]
    parts = [text.partition("\n") for text in texts]
    return [
        Article(article_id=ArticleId(f"seed-{i}"), title=title, text=body, lang="en")
        for i, (title, _, body) in enumerate(parts)
    ]


@pytest.mark.parametrize("name", [None, "basil", "stream_us_2022_02_15"], ids=str)
def test_both_seeds_are_in_one_story_alone_and_among_others(
    data_sets: Path, name: str | None
) -> None:
    articles = _seeds(data_sets)
    if name:
        lines = (data_sets / "stories" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        articles += [
            Article(article_id=ArticleId(row["id"]), title=row["title"], text=row["text"])
            for row in map(json.loads, lines)
        ]
    story = {one.article_id: one.story_id for one in cluster_stories(articles)}
    seeds = [ArticleId("seed-0"), ArticleId("seed-1")]
    assert story[seeds[0]] == story[seeds[1]]
    assert list(story.values()).count(story[seeds[0]]) == 2


def notes(outlets: Sequence[str]) -> list[Article]:
    """Build a note on another share for each of these outlets, all from one template."""
    template = (
        "Shares of {name} closed at {price} on Tuesday, with {volume} of them changing hands. "
        "{said}. Follow our channel, subscribe for free and watch the closing bell with us."
    )
    names = ["Astrel", "Bexton", "Corvane", "Dunmore", "Elgar", "Farrow", "Galten", "Hebron"]
    return [
        replace(
            written(
                f"note-{n}",
                f"{name} at the close",
                template.format(
                    name=f"{name}{n}",
                    price=113 + 97 * n,
                    volume=20511 + 731 * n,
                    said=" ".join(f"remark{n}x{word}" for word in range(4)),
                ),
                n,
            ),
            outlet=outlet,
        )
        for n, (name, outlet) in enumerate(zip(names * 2, outlets, strict=False))
    ]


def largest(articles: Sequence[Article]) -> int:
    return max(len(group) for group in groups(articles))


OTHERS = tuple(replace(article, outlet=f"Outlet of {article.article_id}") for article in EVERY)


def test_what_one_outlet_makes_from_a_template_is_no_event() -> None:
    series = notes(["Vale Gazette"] * 14)
    others = [
        written(f"other-{n}", "", " ".join(f"subject{n}x{word}" for word in range(20)))
        for n in range(60)
    ]
    assert largest([*(replace(one, outlet=None) for one in series), *others]) == 14
    assert largest([*series, *others]) < 4


def test_reports_of_one_outlet_on_one_event_are_one_story() -> None:
    own = [replace(article, outlet="Vale Gazette") for article in ALDERN]
    assert frozenset(a.article_id for a in ALDERN) in groups([*own, *OTHERS[3:]])


def test_in_a_feed_of_one_outlet_the_outlet_changes_nothing() -> None:
    assert groups([replace(article, outlet="Vale Gazette") for article in EVERY]) == groups(EVERY)
    series = notes(["Vale Gazette"] * 8)
    assert groups(series) == groups([replace(one, outlet=None) for one in series])


def test_copies_in_one_outlet_stay_one_story() -> None:
    copies = [
        replace(BANK, article_id=ArticleId(f"bank-{n}"), outlet="Vale Gazette") for n in range(12)
    ]
    assert frozenset(copy.article_id for copy in copies) in groups([*copies, *OTHERS[:5]])
