"""Articles as vectors, each made once, and how common words are in what came before."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import StorySettings
from pipeline.records import Article, ArticleId, Opened, Timestamp
from pipeline.stories import Counts, Frequencies, OpenWindow, TermVector, assign, terms_of
from pipeline.stories.frequencies import TERM_BITS, term_code
from pipeline.stories.vectors import TERMS, as_instant, as_matrix, vectorize

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
HALF_LIFE_HOURS = 30 * 24
FLOOD = "Floods drove 300 people from their homes in Aldern after the river Sorrel burst its banks."
BANK = "The central bank of Norland left its key rate at 4.25 percent, governor Ilse Marn said."
OF_LANGUAGES = {
    "en": "Floods drove 300 people from their homes in Aldern.",
    "fr": "La Sorrel est sortie de son lit à Aldern et 300 habitants ont été évacués.",
    "hi": "अल्डर्न में सोरेल नदी की बाढ़ से 300 लोगों को घर छोड़ना पड़ा।",
    "ja": "アルデルン市でソレル川が氾濫し、住民300人が避難した。",
    "ru": "Река Соррель вышла из берегов в Олдерне, 300 жителей эвакуированы.",
    "se": "Sorrel Aldern 300 vuolle dulvi",
}


def learned(known: Frequencies, lang: str, documents: list[np.ndarray], hour: float) -> Frequencies:
    """Count documents, each by its terms."""
    terms = np.concatenate([*documents, np.empty(0, dtype=np.uint32)])
    return known.learned(lang, len(documents), terms, hour)


def written(name: str, text: str, lang: str = "en", hours: float | None = 0.0) -> Article:
    published = None
    if hours is not None:
        instant = NOON + timedelta(hours=hours)
        published = Timestamp(
            instant=instant, precision="minute", zone="stated", origin="input", raw=str(instant)
        )
    return Article(
        article_id=ArticleId(name), title=text[:20], text=text, lang=lang, published=published
    )


def vectors_of(
    articles: Sequence[Article], frequencies: Frequencies | None = None, hours: float = 0.0
) -> list[TermVector]:
    return vectorize(articles, frequencies or Frequencies(), NOON + timedelta(hours=hours))[0]


def past(text: str, times: int, hours: float = 0.0, lang: str = "en") -> Frequencies:
    """Return what is known after an article of this text came in so many times."""
    many = [written(f"past-{n:04}", text, lang) for n in range(times)]
    return vectorize(many, Frequencies(), NOON + timedelta(hours=hours))[1]


def content(vector: TermVector) -> tuple[object, ...]:
    fields = vector.article_id, vector.first, vector.last, vector.is_dated, vector.outlet
    return *fields, vector.terms.tobytes(), vector.weights.tobytes()


def weight(vector: TermVector, stem: str) -> float:
    """Return what a stem weighs among the words of an article."""
    (found,) = vector.weights[vector.terms == term_code(stem)]
    return float(found)


texts = st.lists(st.one_of(st.text(max_size=60), st.sampled_from([FLOOD, BANK])), max_size=6)


@given(texts)
def test_vectors_have_length_1_or_0_whatever_the_text(found: list[str]) -> None:
    articles = [written(f"a{n}", text) for n, text in enumerate(found)]
    for vector in vectors_of(articles):
        length = float(np.linalg.norm(vector.weights.astype(np.float64)))
        assert length == pytest.approx(1, abs=1e-5) if len(vector.terms) else length == 0
        assert (np.diff(vector.terms.astype(np.int64)) > 0).all()
        assert (vector.weights > 0).all()
        assert (vector.terms < TERMS).all()


@given(texts, st.randoms(use_true_random=False))
def test_the_order_of_the_articles_changes_nothing(found: list[str], chance: random.Random) -> None:
    articles = [written(f"a{n}", text, "en" if n % 2 else "fr") for n, text in enumerate(found)]
    shuffled = articles.copy()
    chance.shuffle(shuffled)
    (one, counts), (other, same) = (
        vectorize(batch, Frequencies(), NOON) for batch in (articles, shuffled)
    )
    assert list(map(content, one)) == list(map(content, other))
    assert counts.since == same.since
    assert counts.languages.keys() == same.languages.keys()
    for lang, known in counts.languages.items():
        assert all(np.array_equal(a, b) for a, b in zip(known, same.languages[lang], strict=True))


def test_no_articles_have_no_vectors_and_count_for_nothing() -> None:
    before = past(FLOOD, 3)
    vectors, after = vectorize([], before, NOON)
    assert (vectors, after) == ([], before)
    assert as_matrix([]).shape[0] == 0


def test_a_vector_does_not_depend_on_what_comes_later() -> None:
    first = [written("a", FLOOD), written("b", BANK)]
    later = [written(f"c{n}", FLOOD + BANK, hours=20) for n in range(9)]
    window = assign(first, OpenWindow(), StorySettings(), NOON).window
    grown = assign(later, window, StorySettings(), NOON + timedelta(hours=20)).window
    known = {content(vector) for vector in grown.neighbours.vectors}
    assert {content(vector) for vector in window.neighbours.vectors} <= known


def test_the_words_of_a_feed_weigh_less_once_it_has_had_them_often() -> None:
    one = written("a", FLOOD)
    (at_first,) = vectors_of([one])
    (later,) = vectors_of([one], past("Sorrel floods again", 500))
    assert weight(later, "sorrel") < weight(at_first, "sorrel") / 2
    assert weight(later, "aldern") > weight(at_first, "aldern")


def test_what_a_feed_had_long_ago_says_little() -> None:
    one, years = written("a", FLOOD), 5 * 365 * 24.0
    (at_first,) = vectors_of([one], hours=years)
    (later,) = vectors_of([one], past("Sorrel floods again", 500), hours=years)
    assert weight(later, "sorrel") == pytest.approx(weight(at_first, "sorrel"), abs=1e-4)


@pytest.mark.parametrize("years", [50, 100, 1900, 7900])
def test_news_of_other_centuries_breaks_nothing(years: int) -> None:
    hours = years * 8766.0 if years == 7900 else -years * 8766.0
    articles = [written("a", FLOOD), written("b", BANK, hours=hours)]
    now = NOON + timedelta(hours=max(0.0, hours))
    changes = assign(articles, OpenWindow(), StorySettings(), now).changes
    assert sum(isinstance(change, Opened) for change in changes) == 2


CODES = np.array([3, 5, 8], dtype=np.uint32)


@given(
    st.integers(0, 40),
    st.integers(0, 40),
    st.floats(-5000, 500_000),
    st.sampled_from([0.5, 1.0, 2.0, 3.0]),
)
def test_an_article_counts_half_after_thirty_days(
    earlier: int, now: int, since: float, months: float
) -> None:
    later = since + months * HALF_LIFE_HOURS
    one, other = CODES[:2], CODES[1:]
    found = learned(
        learned(Frequencies(), "zz", [one] * earlier, since), "zz", [other] * now, later
    )
    faded = Counts(
        documents=earlier * 0.5**months + now,
        terms=CODES,
        counts=np.array([earlier, earlier, 0]) * 0.5**months + np.array([0, now, now]),
    )
    wanted = Frequencies(since=later, languages={"zz": faded})
    assert found.shares("zz", CODES, later) == pytest.approx(wanted.shares("zz", CODES, later))


@given(
    st.lists(st.lists(st.sampled_from([1, 2, 3, 4]), unique=True), max_size=8), st.integers(0, 8)
)
def test_documents_counted_in_two_runs_are_those_of_one(
    documents: list[list[int]], cut: int
) -> None:
    known = [np.array(sorted(terms), dtype=np.uint32) for terms in documents]
    once = learned(Frequencies(), "zz", known, 10.0)
    first = learned(Frequencies(), "zz", known[:cut], 10.0)
    twice = learned(first, "zz", known[cut:], 10.0)
    terms = np.arange(6, dtype=np.uint32)
    assert once.shares("zz", terms, 10.0) == pytest.approx(twice.shares("zz", terms, 10.0))


@given(
    st.lists(st.lists(st.sampled_from([1, 2, 3, 4]), unique=True), max_size=8),
    st.sampled_from(["en", "fr", "zz"]),
    st.floats(0, 500_000),
)
def test_a_share_is_above_0_and_at_most_1(
    documents: list[list[int]], lang: str, hour: float
) -> None:
    known = [np.array(sorted(terms), dtype=np.uint32) for terms in documents]
    terms = np.array([term_code("the"), term_code("dan"), *range(6)], dtype=np.uint32)
    shares = learned(Frequencies(), lang, known, hour).shares(lang, terms, hour)
    assert ((shares > 0) & (shares <= 1)).all()


def test_languages_are_counted_apart() -> None:
    one = written("a", OF_LANGUAGES["fr"], "fr")
    (alone,) = vectors_of([one])
    mixed = vectors_of([one, *(written(f"b{n}", "Sorrel Aldern habitants") for n in range(50))])
    assert content(alone) == content(mixed[0])


@pytest.mark.parametrize("lang", OF_LANGUAGES)
def test_a_text_of_any_language_has_a_vector(lang: str) -> None:
    (vector,) = vectors_of([written("a", OF_LANGUAGES[lang], lang)])
    assert len(vector.terms) > 5
    assert weight(vector, "300") > 0


def test_an_article_without_words_has_an_empty_vector() -> None:
    empty, marks = (written("a", ""), written("b", "… — !"))
    for vector in vectors_of([empty, marks]):
        assert len(vector.terms) == len(vector.weights) == 0
    assert as_matrix(vectors_of([empty, written("c", FLOOD)]))[[0]].nnz == 0


def test_an_article_without_a_date_came_out_now_or_at_any_time() -> None:
    undated = written("a", FLOOD, hours=None)
    hour = NOON.timestamp() / 3600
    (now,) = vectors_of([undated])
    assert (now.first, now.last, now.is_dated) == (hour, hour, False)
    (ever,), _ = vectorize([undated], Frequencies(), None)
    assert (ever.first, ever.last, ever.is_dated) == (-np.inf, np.inf, False)


def test_a_date_without_a_time_is_the_whole_day() -> None:
    timed = written("a", FLOOD)
    assert timed.published is not None
    day = replace(timed, published=replace(timed.published, precision="day"))
    for article, hours in ((timed, 0), (day, 24)):
        (vector,) = vectors_of([article])
        assert vector.is_dated
        assert as_instant(vector.first) == NOON
        assert as_instant(vector.last) == NOON + timedelta(hours=hours)


@pytest.mark.parametrize("hour", [-np.inf, -1e12, 1e12, np.inf])
def test_a_time_beyond_all_calendars_is_the_first_or_the_last_there_is(hour: float) -> None:
    assert as_instant(hour).year == (9999 if hour > 0 else 1)


@pytest.mark.parametrize(
    ("stem", "code"), [("flood", 38719), ("aldern", 141259), ("300", 282677), ("बाढ़", 263459)]
)
def test_the_code_of_a_stem_is_the_same_for_ever(stem: str, code: int) -> None:
    assert term_code(stem) == code


@given(texts)
def test_only_the_counts_of_its_own_terms_matter_to_an_article(found: list[str]) -> None:
    """What the state reads for a batch is enough."""
    articles = [written(f"a{n}", text, "en" if n % 2 else "fr") for n, text in enumerate(found)]
    before = vectorize([written("p", FLOOD), written("q", BANK, "fr")], Frequencies(), NOON)[1]
    wanted = terms_of(articles)
    read = {
        lang: replace_terms(before.languages[lang], codes)
        for lang, codes in wanted.items()
        if lang in before.languages
    }
    some = replace(before, languages=read)
    assert list(map(content, vectors_of(articles, some))) == list(
        map(content, vectors_of(articles, before))
    )
    words = (1 << TERM_BITS) - 1
    for vector, article in zip(vectors_of(articles), articles, strict=True):
        assert set((vector.terms & words).tolist()) <= set(terms_of([article])[article.lang or ""])


def replace_terms(counts: Counts, terms: np.ndarray) -> Counts:
    kept = np.isin(counts.terms, terms)
    return Counts(counts.documents, counts.terms[kept], counts.counts[kept])
