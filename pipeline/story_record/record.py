"""The record as a whole, its place in the view and its line in the index."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pipeline.records import Article, ArticleId, SummarySentence
from pipeline.story_record.counts import counts
from pipeline.story_record.facts import Fields, StoryFacts
from pipeline.story_record.fields import instant_text, related_fields, rounded, span_fields
from pipeline.story_record.log import change_fields, founder
from pipeline.story_record.members import group_fields, member_fields, roundups

__all__ = ["INDEX_SCHEMA", "STORY_SCHEMA", "index_line", "story_path", "story_record"]

STORY_SCHEMA = "https://samestory.example/schema/story-1.json"
INDEX_SCHEMA = "https://samestory.example/schema/index-1.json"
_LATEST = datetime.max.replace(tzinfo=UTC)


def story_record(facts: StoryFacts) -> Fields:
    """Return the record of one story; of a merged story only where it went and its log."""
    story = facts.story
    record: Fields = {
        "schema": STORY_SCHEMA,
        "id": story.story_id,
        "status": story.status,
        "redirect": story.redirect,
        "redirected_from": list(story.absorbed),
        "changes": [change_fields(n, change, story.story_id) for n, change in facts.changes],
        "provenance": dict(facts.provenance),
    }
    if story.status == "merged":
        return record
    members = sorted((facts.articles[m.article_id] for m in story.members), key=_by_time)
    times = [a.published.instant for a in members if a.published]
    return record | {
        "title": _title(facts),
        "languages": sorted({a.lang for a in members if a.lang}),
        "key_terms": [{"term": t, "weight": rounded(w)} for t, w in facts.key_terms],
        "summary": [_sentence(sentence, facts) for sentence in facts.summary],
        "first_published": instant_text(min(times, default=None)),
        "last_published": instant_text(max(times, default=None)),
        "counts": counts(members, facts),
        "articles": [member_fields(article, facts) for article in members],
        "duplicate_groups": [group_fields(group, facts) for group in facts.groups],
        "roundups": roundups(facts),
        "related": [related_fields(one) for one in story.related],
    }


def story_path(facts: StoryFacts) -> str:
    """Return where the record lies: by the day on which the founding article came out."""
    first = founder(facts.changes)
    published = facts.articles[first].published if first else None
    day = published.instant if published else facts.changes[0][1].at
    return f"{day:%Y-%m-%d}/{facts.story.story_id}.json"


def index_line(record: Mapping[str, object], path: str) -> Fields:
    """Return the short form of a story record that stands in the index."""
    kept = ("id", "status", "redirect", "first_published", "last_published", "languages")
    line: Fields = {key: record[key] for key in kept if key in record}
    line |= {"schema": INDEX_SCHEMA, "path": path}
    title, counts = record.get("title"), record.get("counts")
    if isinstance(title, Mapping) and isinstance(counts, Mapping):
        line |= {"title": title["text"], **counts}
    if isinstance(related := record.get("related"), list):
        line |= {"related": [one["story_id"] for one in related]}
    return line


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
        "span": span_fields(sentence.span),
    }
