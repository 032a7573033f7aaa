"""The fold over weeks of news: whether runs agree, and what an article costs in a large window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import numpy as np
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from benchmarks import gold, metrics, train_pairs
from benchmarks.figures import Figure, speed
from benchmarks.stories import quality
from benchmarks.timing import times_as_fast
from pipeline.config import StorySettings
from pipeline.identity import story_id
from pipeline.records import (
    Article,
    ArticleId,
    OpenStory,
    StoryId,
    Timestamp,
)
from pipeline.stories import Frequencies, OpenWindow, assign, homes_after, known_articles
from pipeline.stories.neighbours import compare
from pipeline.stories.products import indexed, search
from pipeline.stories.vectors import as_matrix, vectorize

FEED = "us_2023"
CROWD = ("us_2022", "us_2023", "india_en_2022", "dutch_2023", "german_titles_2023", "hindi_2022")

_WEEKS = 4
_ONE_RUN_HOURS = 100_000
# Labelled feeds, and where their past is.
WITH_PAST = MappingProxyType({"stream_us_2022_02_15": "us_2022", "stream_us_2023_06_21": "us_2023"})
_PAST_DAYS = 10
NEEDS = (
    *(f"stream/{name}.jsonl.gz" for name in CROWD),
    *(f"stories/{name}.jsonl" for name in WITH_PAST),
)
_WINDOW = 100_000
_BATCH = 1000  # an hour of a feed with such a window
_BLOCK = 50  # rows of an exact product held at once
_NEIGHBOURS = 10
_COMPARED_AT_ONCE = 5000
_ALIKE = 0.25  # from here on a pair may be of one story; of these the search must find nearly all
_NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


def measure(folder: Path, limit: int | None = None, jobs: int = 1) -> list[Figure]:
    """Measure how far runs agree, and a window of 100,000 articles beside exact neighbours."""
    del jobs
    feed = gold.stream(folder, FEED)
    return [
        *_agreement(gold.first(feed, limit)),
        *(
            figure
            for name, past in WITH_PAST.items()
            for figure in _after(folder, name, past, limit)
        ),
        *_speed(_crowd(folder, limit or _WINDOW)),
    ]


def _after(folder: Path, name: str, feed: str, limit: int | None) -> list[Figure]:
    """Judge the stories of a labelled feed in the fold, after ten days of the same feed."""
    rows = gold.first(gold.stories(folder, name), limit)
    own = {row.article.article_id: row.article for row in rows}
    first = min(_instant(article) for article in own.values())
    last = max(_instant(article) for article in own.values())
    before = [
        article
        for article in gold.first(gold.stream(folder, feed), limit)
        if first - timedelta(days=_PAST_DAYS) <= _instant(article) <= last
        and article.article_id not in own
    ]
    window = OpenWindow(weights=train_pairs.weights_without(name))
    changes, window = assign([*before, *own.values()], window, StorySettings(), last)
    home = homes_after(changes, {})
    stories: dict[str, str] = {article: home[article] for article in own}
    found = quality(rows, stories)
    linked = [(s.story_id, other) for s in window.stories for other in s.related]
    links = metrics.links(rows, stories, linked)
    return [
        Figure(name=f"{name} after its past, B-Cubed F1", value=found.b_cubed),
        Figure(name=f"{name} after its past, pairwise F1", value=found.pairwise),
        Figure(name=f"{name} after its past, links that gold confirms", value=links.confirmed),
        Figure(name=f"{name} after its past, steps of sagas linked", value=links.steps),
    ]


def _agreement(articles: Sequence[Article]) -> list[Figure]:
    dated = [(a.published.instant, a.article_id, a) for a in articles if a.published]
    ordered = [article for *_, article in sorted(dated, key=lambda entry: entry[:2])]
    first = min(instant for instant, *_ in dated)
    weeks = [a for a in ordered if _instant(a) < first + timedelta(weeks=_WEEKS)]
    whole = _stories(weeks, OpenWindow())
    return [
        Figure(
            name=f"four weeks in one run and in runs of {name}",
            value=metrics.pairwise(whole, _stories(weeks, OpenWindow(), hours, shift)).f1,
        )
        for name, hours, shift in (
            ("a day", 24, 0),
            ("a day, begun at seven", 24, 17),
            ("six hours", 6, 0),
            ("an hour", 1, 0),
        )
    ]


def _instant(article: Article) -> datetime:
    if article.published is None:
        raise ValueError(f"{article.article_id} has no date")
    return article.published.instant


def _stories(
    articles: Sequence[Article], window: OpenWindow, hours: int = _ONE_RUN_HOURS, shift: int = 0
) -> dict[str, str]:
    """Return the story of each article after runs of so many hours of news each."""
    batches: dict[float, list[Article]] = defaultdict(list)
    for article in articles:
        batches[(_instant(article).timestamp() / 3600 + shift) // hours].append(article)
    home = dict[ArticleId, StoryId]()
    for _, batch in sorted(batches.items()):
        now = max(_instant(article) for article in batch)
        changes, window = assign(batch, window, StorySettings(), now)
        home = homes_after(changes, home)
    return {str(article): str(story) for article, story in home.items()}


def _crowd(folder: Path, count: int) -> list[Article]:
    """Return as many articles and a batch more, all of one day.

    Where the feeds have fewer, one half of a text goes with the other half of another.
    """
    told = [article for name in CROWD for article in gold.stream(folder, name)]
    texts = [(article.title, article.text, article) for article in told]
    for step in range(7, 7 + 1 + (count + _BATCH) // len(told)):
        texts += [
            (a.title, f"{_half(a, 0)} {_half(b, 1)}", a)
            for a, b in zip(told, told[step:], strict=False)
        ]
    random = np.random.default_rng(0)
    chosen = random.permutation(min(len(texts), count + _BATCH))
    return [
        replace(
            texts[place][2],
            article_id=ArticleId(f"{number:06}"),
            title=texts[place][0],
            text=texts[place][1],
            published=_day(number / len(chosen)),
        )
        for number, place in enumerate(chosen.tolist())
    ]


def _window(articles: Sequence[Article], settings: StorySettings, now: datetime) -> OpenWindow:
    """Return a window in which each article is a story of its own."""
    vectors, frequencies = vectorize(articles, Frequencies(), now)
    every = known_articles()
    for start in range(0, len(vectors), _COMPARED_AT_ONCE):
        part = vectors[start : start + _COMPARED_AT_ONCE]
        every, _ = compare(every, part, settings.window_hours)
    return OpenWindow(
        stories=[
            OpenStory(story_id=story_id(a.article_id), opened=_instant(a), members=(a.article_id,))
            for a in articles
        ],
        neighbours=every,
        frequencies=frequencies,
        clock=now,
        texts={article.article_id: article for article in articles},
    )


def _recall(queries: csr_array, among: csr_array) -> float:
    """Return the share of the neighbours that an exact product has which the search finds."""
    found, transposed = search(queries, indexed(among), _ALIKE), among.T.tocsr()
    have = set(zip(found.rows.tolist(), found.cols.tolist(), strict=True))
    hits = total = 0
    for start in range(0, queries.shape[0], _BLOCK):
        exact = (queries[start : start + _BLOCK] @ transposed).tocoo()
        wanted = exact.data >= _ALIKE
        rows, cols = (exact.row[wanted] + start).tolist(), exact.col[wanted].tolist()
        hits += sum(pair in have for pair in zip(rows, cols, strict=True))
        total += len(rows)
    return hits / max(1, total)


def _vectors(batch: Sequence[Article], frequencies: Frequencies, now: datetime) -> csr_array:
    vectors, _ = vectorize(batch, frequencies, now)
    return as_matrix(vectors)


def _half(article: Article, which: int) -> str:
    words = article.text.split()
    middle = len(words) // 2
    return " ".join(words[middle:] if which else words[:middle])


def _day(share: float) -> Timestamp:
    return Timestamp(
        instant=_NOON + timedelta(hours=24 * share),
        precision="minute",
        zone="stated",
        origin="input",
        raw="",
    )


def _speed(articles: Sequence[Article]) -> list[Figure]:
    size = min(_BATCH, len(articles) // 2)
    old, batch = articles[:-size], articles[-size:]
    settings, now = StorySettings(), _instant(articles[-1])
    window = _window(old, settings, now)
    among = window.neighbours.matrix
    after = assign(batch, window, settings, now).window.neighbours
    fresh = {article.article_id for article in batch}
    rows = [row for row, vector in enumerate(after.vectors) if vector.article_id in fresh]
    queries = after.matrix[rows]
    known = indexed(among)  # as `fit` is not counted for the peer
    index = NearestNeighbors(
        n_neighbors=min(_NEIGHBOURS, len(old)), metric="cosine", algorithm="brute"
    )
    index.fit(among)
    words = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    texts = [f"{a.title}\n{a.text}" for a in articles]
    peer = NearestNeighbors(
        n_neighbors=min(_NEIGHBOURS, len(old)), metric="cosine", algorithm="brute"
    )
    peer.fit(words.fit_transform(texts[:-size]))
    return [
        Figure(
            name="recall of neighbours above .25",
            value=_recall(queries, among),
        ),
        speed(
            "speed ratio, vectors to neighbours",
            times_as_fast(
                ours=lambda: search(queries, known, _ALIKE),
                peer=lambda: index.kneighbors(queries),
            ),
            "exact neighbours",
        ),
        speed(
            "speed ratio, articles to neighbours",
            times_as_fast(
                ours=lambda: search(_vectors(batch, window.frequencies, now), known, _ALIKE),
                peer=lambda: peer.kneighbors(words.transform(texts[-size:])),
            ),
            "exact neighbours of words",
        ),
        speed(
            "speed ratio, articles to stories",
            times_as_fast(
                ours=lambda: assign(batch, window, settings, now),
                peer=lambda: peer.kneighbors(words.transform(texts[-size:])),
            ),
            "exact neighbours of words",
        ),
    ]
