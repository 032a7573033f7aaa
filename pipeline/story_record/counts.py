"""How many told a story, and how many of them independently."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.records import Article
from pipeline.story_record.facts import Fields, StoryFacts

__all__ = ["counts", "publisher"]


def counts(members: Sequence[Article], facts: StoryFacts) -> Fields:
    """Return the numbers of articles, outlets, independent origins and copies."""
    return {
        "articles": len(members),
        "outlets": len({a.outlet for a in members if a.outlet}),
        "independent_origins": len(_origins(members, facts)),
        "duplicates": len(members) - len(_tellings(members, facts)),
    }


def _tellings(members: Sequence[Article], facts: StoryFacts) -> list[Article]:
    """Return one article for each text that was told, however often it was copied."""
    copies = {i for g in facts.groups for i in g.members if i != (g.origin or g.canonical)}
    return [article for article in members if article.article_id not in copies]


def _origins(members: Sequence[Article], facts: StoryFacts) -> set[str]:
    """Count a text once, and all texts of one publisher family, or taken from one agency, once."""
    credited = {a.article_id: a.wire.name for a in members if a.wire}
    copies = {i: group.members for group in facts.groups for i in group.members}
    origins = set()
    for article in _tellings(members, facts):
        own = copies.get(article.article_id, (article.article_id,))
        agencies = sorted({credited[i] for i in own if i in credited})
        origins.add(
            facts.families.get(agencies[0], agencies[0]) if agencies else publisher(article, facts)
        )
    return origins


def publisher(article: Article, facts: StoryFacts) -> str:
    """Return the publisher family of an article's outlet, else the outlet, else the article."""
    outlet = article.outlet or article.article_id
    return facts.families.get(outlet, outlet)
