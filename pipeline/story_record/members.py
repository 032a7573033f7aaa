"""The articles of a story: what each is in it, and why it is in it."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.records import (
    Article,
    ArticleId,
    DuplicateGroup,
    Membership,
    NearDuplicate,
    Relation,
    RemovedSpan,
)
from pipeline.story_record.counts import publisher
from pipeline.story_record.facts import Fields, StoryFacts
from pipeline.story_record.fields import article_fields, relation_fields, removal_fields, rounded

__all__ = ["group_fields", "member_fields", "roundups"]

_EXCERPT_CHARS = 80
_INVERSE: dict[Relation, Relation] = {"contains": "contained_in", "contained_in": "contains"}
_ROLES: dict[Relation, str] = {
    "exact_copy": "copy",
    "near_copy": "copy",
    "version_of": "update",
    "contained_in": "partial_copy",
    "contains": "copy",
    "composite_of": "roundup",
}


def member_fields(article: Article, facts: StoryFacts) -> Fields:
    """Return an article of the story, with its role and why it is in."""
    membership = next(m for m in facts.story.members if m.article_id == article.article_id)
    copied = _copied(article.article_id, facts)
    return article_fields(article) | {
        "role": _role(article.article_id, copied, facts),
        "versions": facts.versions[article.article_id],
        "sightings": list(facts.sightings.get(article.article_id, ())),
        "removed": [_removal(span, article) for span in article.removed],
        "why": _why(membership) | {"copy": copied and _seen_from(copied, article.article_id)},
    }


def group_fields(group: DuplicateGroup, facts: StoryFacts) -> Fields:
    """Return a group of copies, with what each two of them are to each other."""
    inside = set(group.members)
    members = [facts.articles[i] for i in sorted(inside)]
    return {
        "canonical": group.canonical,
        "origin": group.origin,
        "publishers": sorted({publisher(article, facts) for article in members}),
        "reason": group.reason,
        "articles": sorted(group.members),
        "relations": [relation_fields(r) for r in facts.relations if {r.a, r.b} <= inside],
    }


def roundups(facts: StoryFacts) -> list[Fields]:
    """List roundups of other stories that hold a member of this one."""
    members = {m.article_id for m in facts.story.members}
    return [
        {
            "article": roundup,
            "url": facts.articles[roundup].url,
            "outlet": facts.articles[roundup].outlet,
            "title": facts.articles[roundup].title,
            "holds": sorted(set(parts) & members),
        }
        for roundup, parts in sorted(_composites(facts.relations).items())
        if roundup not in members
    ]


def _copied(article_id: ArticleId, facts: StoryFacts) -> NearDuplicate | None:
    """Return the relation that makes an article a copy of its group's canonical article."""
    group = next((g for g in facts.groups if article_id in g.members), None)
    if group is None or group.canonical == article_id:
        return None
    related = [r for r in facts.relations if article_id in (r.a, r.b)]
    to_canonical = [r for r in related if group.canonical in (r.a, r.b)]
    in_group = [r for r in related if {r.a, r.b} <= set(group.members)]
    return max(to_canonical or in_group, key=lambda r: (r.jaccard, r.a, r.b), default=None)


def _seen_from(relation: NearDuplicate, article_id: ArticleId) -> Fields:
    """Return a relation as one of its articles has it to the other."""
    if relation.a == article_id:
        own, other, name = relation.in_a, relation.in_b, relation.relation
        of = relation.b
    else:
        own, other = relation.in_b, relation.in_a
        of, name = relation.a, _INVERSE.get(relation.relation, relation.relation)
    return {
        "relation": name,
        "of": of,
        "jaccard": rounded(relation.jaccard),
        "share_of_this": rounded(own),
        "share_of_other": rounded(other),
    }


def _role(article_id: ArticleId, copied: NearDuplicate | None, facts: StoryFacts) -> str:
    members = {m.article_id for m in facts.story.members}
    # One that is told beside its own sources is one more report of their event.
    if members.isdisjoint(_composites(facts.relations).get(article_id, members)):
        return "roundup"
    if copied is None:
        return "report"
    seen: Relation = copied.relation
    return _ROLES[seen if copied.a == article_id else _INVERSE.get(seen, seen)]


def _composites(relations: Sequence[NearDuplicate]) -> dict[ArticleId, list[ArticleId]]:
    """Map each roundup to what it holds."""
    held: dict[ArticleId, list[ArticleId]] = {}
    for relation in relations:
        if relation.relation == "composite_of":
            held.setdefault(relation.a, []).append(relation.b)
    return held


def _why(membership: Membership) -> Fields:
    return {
        "score": rounded(membership.score),
        "nearest": membership.nearest,
        "nearest_score": rounded(membership.nearest_score),
        "shared_terms": list(membership.shared_terms),
    }


def _removal(span: RemovedSpan, article: Article) -> Fields:
    text = " ".join(article.text[span.start : span.end].split())
    shown = text if len(text) <= _EXCERPT_CHARS else text[: _EXCERPT_CHARS - 1] + "…"
    return removal_fields(span) | {"words": len(text.split()), "excerpt": shown}
