"""The story record: what an analyst reads, as plain JSON values.

Two records with the same facts have the same bytes: sorted members, fixed digits, UTC, and no
clock but the one of the news itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.records import (
    Article,
    ArticleId,
    Closed,
    DuplicateGroup,
    Membership,
    Merged,
    NearDuplicate,
    NearRepeat,
    Opened,
    Relation,
    RemovedSpan,
    Span,
    Story,
    StoryChange,
    SummarySentence,
    Timestamp,
    WireCredit,
)

__all__ = [
    "INDEX_SCHEMA",
    "STORY_SCHEMA",
    "StoryFacts",
    "article_fields",
    "index_line",
    "instant_text",
    "near_repeat_fields",
    "relation_fields",
    "removal_fields",
    "story_path",
    "story_record",
]

STORY_SCHEMA = "https://samestory.example/schema/story-1.json"
INDEX_SCHEMA = "https://samestory.example/schema/index-1.json"
_DIGITS = 4  # more would show noise of summation
_EXCERPT_CHARS = 80
_LATEST = datetime.max.replace(tzinfo=UTC)
_INVERSE: dict[Relation, Relation] = {"contains": "contained_in", "contained_in": "contains"}
_ROLES: dict[Relation, str] = {
    "exact_copy": "copy",
    "near_copy": "copy",
    "version_of": "update",
    "contained_in": "partial_copy",
    "contains": "copy",
    "composite_of": "roundup",
}

Fields = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFacts:
    """All that a story record is made of.

    Parameters
    ----------
    story
        The story as the log leaves it.
    articles
        The current version of each member, of the founder, and of roundups that hold a member.
    versions
        How many versions of each article are stored.
    sightings
        The sources that listed or brought each article, sorted.
    relations
        All relations in which a member stands.
    groups
        Duplicate groups among the members.
    changes
        The log, oldest first: number of the batch and what happened.
    key_terms
        Terms with weights 0-1, heaviest first.
    summary
        Sentences in reading order.
    title_from
        The article whose title is the story's.
    families
        Publisher family of each outlet that belongs to one.
    provenance
        Versions and hashes of what made the record.
    """

    story: Story
    articles: Mapping[ArticleId, Article]
    versions: Mapping[ArticleId, int]
    sightings: Mapping[ArticleId, Sequence[str]]
    relations: Sequence[NearDuplicate]
    groups: Sequence[DuplicateGroup]
    changes: Sequence[tuple[int, StoryChange]]
    key_terms: Sequence[tuple[str, float]]
    summary: Sequence[SummarySentence]
    title_from: ArticleId | None
    families: Mapping[str, str]
    provenance: Mapping[str, str]


def story_record(facts: StoryFacts) -> Fields:
    """Return the record of one story; of a merged story only where it went and its log."""
    story = facts.story
    record: Fields = {
        "schema": STORY_SCHEMA,
        "id": story.story_id,
        "status": story.status,
        "redirect": story.redirect,
        "redirected_from": list(story.absorbed),
        "changes": [_change(batch, change) for batch, change in facts.changes],
        "provenance": dict(facts.provenance),
    }
    if story.status == "merged":
        return record
    members = sorted((facts.articles[m.article_id] for m in story.members), key=_by_time)
    times = [a.published.instant for a in members if a.published]
    return record | {
        "title": _title(facts),
        "languages": sorted({a.lang for a in members if a.lang}),
        "key_terms": [{"term": t, "weight": _round(w)} for t, w in facts.key_terms],
        "summary": [_sentence(sentence, facts) for sentence in facts.summary],
        "first_published": instant_text(min(times, default=None)),
        "last_published": instant_text(max(times, default=None)),
        "counts": _counts(members, facts),
        "articles": [_member(article, facts) for article in members],
        "duplicate_groups": [_group(group, facts) for group in facts.groups],
        "roundups": _roundups(facts),
    }


def story_path(facts: StoryFacts) -> str:
    """Return where the record lies: by the day on which the founding article came out."""
    opened = facts.changes[0][1]
    founder = facts.articles[opened.members[0].article_id] if isinstance(opened, Opened) else None
    day = founder.published.instant if founder and founder.published else opened.at
    return f"{day:%Y-%m-%d}/{facts.story.story_id}.json"


def index_line(record: Mapping[str, object], path: str) -> Fields:
    """Return the short form of a story record that stands in the index."""
    kept = ("id", "status", "redirect", "first_published", "last_published", "languages")
    line: Fields = {key: record[key] for key in kept if key in record}
    line |= {"schema": INDEX_SCHEMA, "path": path}
    title, counts = record.get("title"), record.get("counts")
    if isinstance(title, Mapping) and isinstance(counts, Mapping):
        line |= {"title": title["text"], **counts}
    return line


def instant_text(instant: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in UTC, to the second."""
    return None if instant is None else f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def article_fields(article: Article) -> Fields:
    """Return what an article says of itself, without its text."""
    return {
        "id": article.article_id,
        "url": article.url,
        "input": article.uri,
        "outlet": article.outlet,
        "title": article.title,
        "authors": list(article.authors),
        "lang": article.lang,
        "published": _timestamp(article.published),
        "modified": _timestamp(article.modified),
        "section": article.section,
        "image": article.image,
        "paywalled": article.paywalled,
        "wire": _wire(article.wire),
        "origins": dict(sorted(article.origins.items())),
    }


def removal_fields(span: RemovedSpan) -> Fields:
    """Return a removed span as the command line and the record show it."""
    return {
        "start": span.start,
        "end": span.end,
        "reason": span.reason,
        "kind": span.kind,
        "copy_of": _span(span.copy_of),
        "similarity": None if span.similarity is None else _round(span.similarity),
    }


def near_repeat_fields(near: NearRepeat) -> Fields:
    """Return a sentence that stays although it is nearly said before, as the commands show it."""
    return {
        "start": near.start,
        "end": near.end,
        "like": _span(near.like),
        "similarity": _round(near.similarity),
        "reason": near.reason,
        "here": list(near.here),
        "there": list(near.there),
    }


def relation_fields(relation: NearDuplicate) -> Fields:
    """Return a relation as the command line and the record show it."""
    return {
        "a": relation.a,
        "b": relation.b,
        "relation": relation.relation,
        "jaccard": _round(relation.jaccard),
        "in_a": _round(relation.in_a),
        "in_b": _round(relation.in_b),
    }


def _by_time(article: Article) -> tuple[datetime, ArticleId]:
    """Order by publication, undated articles last, ties by id."""
    instant = article.published.instant if article.published else _LATEST
    return instant, article.article_id


def _title(facts: StoryFacts) -> Fields | None:
    if facts.title_from is None:
        return None
    return {"text": facts.articles[facts.title_from].title, "article": facts.title_from}


def _sentence(sentence: SummarySentence, facts: StoryFacts) -> Fields:
    text = facts.articles[sentence.article_id].text[sentence.span.start : sentence.span.end]
    return {
        "text": " ".join(text.split()),
        "article": sentence.article_id,
        "span": _span(sentence.span),
    }


def _counts(members: Sequence[Article], facts: StoryFacts) -> Fields:
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
            facts.families.get(agencies[0], agencies[0]) if agencies else _publisher(article, facts)
        )
    return origins


def _publisher(article: Article, facts: StoryFacts) -> str:
    """Return the publisher family of an article's outlet, else the outlet, else the article."""
    outlet = article.outlet or article.article_id
    return facts.families.get(outlet, outlet)


def _member(article: Article, facts: StoryFacts) -> Fields:
    membership = next(m for m in facts.story.members if m.article_id == article.article_id)
    copied = _copied(article.article_id, facts)
    return article_fields(article) | {
        "role": _role(article.article_id, copied, facts),
        "versions": facts.versions[article.article_id],
        "sightings": list(facts.sightings.get(article.article_id, ())),
        "removed": [_removal(span, article) for span in article.removed],
        "why": _why(membership) | {"copy": copied and _seen_from(copied, article.article_id)},
    }


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
        "jaccard": _round(relation.jaccard),
        "share_of_this": _round(own),
        "share_of_other": _round(other),
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


def _roundups(facts: StoryFacts) -> list[Fields]:
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


def _why(membership: Membership) -> Fields:
    return {
        "score": _round(membership.score),
        "nearest": membership.nearest,
        "nearest_score": _round(membership.nearest_score),
        "shared_terms": list(membership.shared_terms),
    }


def _removal(span: RemovedSpan, article: Article) -> Fields:
    text = " ".join(article.text[span.start : span.end].split())
    shown = text if len(text) <= _EXCERPT_CHARS else text[: _EXCERPT_CHARS - 1] + "…"
    return removal_fields(span) | {"words": len(text.split()), "excerpt": shown}


def _group(group: DuplicateGroup, facts: StoryFacts) -> Fields:
    inside = set(group.members)
    members = [facts.articles[i] for i in sorted(inside)]
    return {
        "canonical": group.canonical,
        "origin": group.origin,
        "publishers": sorted({_publisher(article, facts) for article in members}),
        "reason": group.reason,
        "articles": sorted(group.members),
        "relations": [relation_fields(r) for r in facts.relations if {r.a, r.b} <= inside],
    }


def _change(batch: int, change: StoryChange) -> Fields:
    fields: Fields = {
        "change": type(change).__name__.lower(),
        "at": instant_text(change.at),
        "batch": batch,
    }
    if isinstance(change, Merged):
        return fields | {"absorbed": change.absorbed, "score": _round(change.score)}
    if isinstance(change, Closed):
        return fields
    return fields | {"articles": [m.article_id for m in change.members]}


def _wire(credit: WireCredit | None) -> Fields | None:
    if credit is None:
        return None
    return {"name": credit.name, "evidence": credit.evidence, "raw": credit.raw}


def _timestamp(stamp: Timestamp | None) -> Fields | None:
    if stamp is None:
        return None
    return {
        "instant": instant_text(stamp.instant),
        "precision": stamp.precision,
        "zone": stamp.zone,
        "origin": stamp.origin,
        "raw": stamp.raw,
    }


def _span(span: Span | None) -> Fields | None:
    return None if span is None else {"start": span.start, "end": span.end}


def _round(value: float) -> float:
    return round(float(value), _DIGITS)
