"""How many told a story independently of each other."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.near_duplicates import group, relate
from pipeline.records import (
    Article,
    ArticleId,
    Membership,
    Opened,
    Story,
    StoryId,
    Timestamp,
    WireCredit,
)
from pipeline.story_record import Fields, StoryFacts, story_record

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
WIRE = "The dam above Arnholt held through the night, the water board said on Sunday evening."
OWN = "Farmers below the lake moved 900 cattle to higher ground with the help of soldiers."


def told(name: str, outlet: str, text: str, hour: int, agency: str | None = None) -> Article:
    stamp = Timestamp(
        instant=NOON.replace(hour=hour), precision="minute", zone="stated", origin="meta", raw=""
    )
    credit = WireCredit(name=agency, evidence="credit_line", raw=agency) if agency else None
    return Article(
        article_id=ArticleId(name), text=text, outlet=outlet, published=stamp, wire=credit
    )


def record(articles: list[Article], families: dict[str, str]) -> Fields:
    relations = relate(articles)
    members = tuple(
        Membership(
            article_id=one.article_id, score=1.0, nearest=None, nearest_score=0.0, shared_terms=()
        )
        for one in articles
    )
    story = Story(story_id=StoryId("s1"), status="open", members=members)
    return story_record(
        StoryFacts(
            story=story,
            articles={one.article_id: one for one in articles},
            versions={one.article_id: 1 for one in articles},
            relations=relations,
            groups=group(articles, relations),
            changes=[(1, Opened(story_id=story.story_id, at=NOON, members=members))],
            key_terms=(),
            summary=(),
            title_from=None,
            families=families,
            provenance={},
            sightings={},
        )
    )


def test_copies_families_and_agencies_count_once() -> None:
    articles = [
        told("a", "Courier", WIRE, 9),
        told("b", "Gazette", WIRE.upper(), 8),
        told("c", "Evening Gazette", OWN, 10),
        told("d", "Herald", f"{OWN} {OWN[::-1]}", 11, agency="MPA"),
        told("e", "Mirror", WIRE[::-1], 11, agency="MPA"),
    ]
    shown = record(articles, {"Gazette": "Gazette Group", "Evening Gazette": "Gazette Group"})
    (copies,) = shown["duplicate_groups"][:1]  # type: ignore[index]
    assert copies["origin"] == "b", "the Gazette had it an hour before the Courier"
    assert copies["publishers"] == ["Courier", "Gazette Group"]
    assert shown["counts"]["independent_origins"] == 2, "Gazette Group and MPA"  # type: ignore[index]
