"""A feed that was never written, and windows as values that tests compare."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from pipeline.records import Article, ArticleId, Timestamp
from pipeline.stories import OpenWindow

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
OUTLETS = ["Vale Gazette", "Courier", "Harbour Post", ""]
# What is told of each event, and what every report of the week has.
EVENTS = (
    "ferry Ismay struck Mercer pier Calder fog passengers hospital harbour Roon divers piles",
    "crews Northlink strike rosters union Tolle shifts walkout ferry operator islands vote",
    "floods Aldern Sorrel boats mayor Bricke evacuated bridge Mill homes highest river",
    "bank Norland rate percent inflation Marn governor economists krone quarter bonds cut",
    "cup Harriers Rovers Adeyo striker scored final northern penalty crowd trophy keeper",
    "fire Brennick market hall traders Pell bakery cable blaze investigators rebuild hall",
)
USUAL = "officials said told reporters week people town local new after before year"


def feed(seed: int, size: int = 40, hours: int = 96) -> list[Article]:
    """Make up reports of six events in four days, some of two of them at once, by publication."""
    chance = random.Random(seed)
    made = []
    for number in range(size):
        event = chance.choice(EVENTS).split()
        words = chance.sample(event, chance.randint(4, 9)) + chance.sample(USUAL.split(), 4)
        if chance.random() < 0.15:
            words += chance.sample(chance.choice(EVENTS).split(), 5)
        instant = MIDNIGHT + timedelta(minutes=chance.randrange(hours * 60))
        made.append(
            Article(
                article_id=ArticleId(f"a{number:03}"),
                title=" ".join(words[:4]),
                text=f"The {' '.join(words)}.",
                lang="en",
                outlet=chance.choice(OUTLETS),
                published=stamp(instant),
            )
        )
    return sorted(made, key=published)


def stamp(instant: datetime) -> Timestamp:
    return Timestamp(
        instant=instant, precision="minute", zone="stated", origin="input", raw=str(instant)
    )


def published(article: Article) -> datetime:
    assert article.published is not None
    return article.published.instant


def content(window: OpenWindow) -> tuple[object, ...]:
    """Return all that a window holds, as values that can be compared."""
    every = window.neighbours
    return (
        window.clock,
        [(s.story_id, s.opened, s.founder, sorted(s.members), s.related) for s in window.stories],
        {
            vector.article_id: (
                vector.terms.tobytes(),
                vector.weights.tobytes(),
                [
                    (every.vectors[near].article_id, close)
                    for near, close in zip(every.nearest[row], every.closeness[row], strict=True)
                    if close
                ],
                every.lengths[row],
                every.series[row].tolist(),
            )
            for row, vector in enumerate(every.vectors)
        },
        window.frequencies.since,
        {
            lang: [part.tolist() for part in c[1:]]
            for lang, c in window.frequencies.languages.items()
        },
        window.scores.counts.tolist(),
    )
