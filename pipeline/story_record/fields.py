"""Articles, spans and relations as the record and the commands show them."""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.records import (
    Article,
    NearDuplicate,
    NearRepeat,
    RelatedStory,
    RemovedSpan,
    SharedPassage,
    Span,
    Timestamp,
    WireCredit,
)
from pipeline.story_record.facts import Fields

__all__ = [
    "article_fields",
    "instant_text",
    "near_repeat_fields",
    "related_fields",
    "relation_fields",
    "removal_fields",
    "rounded",
    "span_fields",
]

_DIGITS = 4  # more would show noise of summation


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
        "copy_of": span_fields(span.copy_of),
        "similarity": None if span.similarity is None else rounded(span.similarity),
    }


def near_repeat_fields(near: NearRepeat) -> Fields:
    """Return a sentence that stays although it is nearly said before, as the commands show it."""
    return {
        "start": near.start,
        "end": near.end,
        "like": span_fields(near.like),
        "similarity": rounded(near.similarity),
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
        "jaccard": rounded(relation.jaccard),
        "in_a": rounded(relation.in_a),
        "in_b": rounded(relation.in_b),
    }


def related_fields(related: RelatedStory) -> Fields:
    """Return a step of the same saga as the command line and the record show it."""
    return {"story_id": related.story_id, "score": rounded(related.score)}


def span_fields(span: Span | None) -> Fields | None:
    """Return a span as its two ends."""
    return None if span is None else {"start": span.start, "end": span.end}


def rounded(value: float) -> float:
    """Return a figure with the digits that a record shows."""
    return round(float(value), _DIGITS)


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


def passage_fields(passage: SharedPassage, text: str, own: str, other: str) -> Fields:
    """Return a shared passage as JSON values; `own` and `other` name the two texts.

    `text` is the one that the passage is read from, the first of the two.
    """
    start, end = passage.in_a
    return {
        "text": " ".join(text[start:end].split()),
        own: span_fields(passage.in_a),
        other: span_fields(passage.in_b),
    }
