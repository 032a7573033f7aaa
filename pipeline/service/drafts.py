"""Answers about a draft: whether it is the same story, what it repeats and what it adds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.checking import check_draft
from pipeline.config import Settings
from pipeline.embeddings import load_encoder
from pipeline.engines import articles_of_page
from pipeline.errors import UnreadableError
from pipeline.fetch import read_files
from pipeline.near_duplicates import sketch
from pipeline.records import Article, ArticleId, Failed, RawPage, SameStory, StoryId
from pipeline.service.facts import story_facts
from pipeline.service.stored import existing_state
from pipeline.storage import State
from pipeline.story_record import (
    Fields,
    article_fields,
    near_repeat_fields,
    passage_fields,
    removal_fields,
)

__all__ = ["check", "read_draft", "text_draft"]

DRAFT = ArticleId("draft")
_TITLE_CHARS = 200  # longer first lines are text


def check(settings: Settings, draft: Article) -> Fields:
    """Return the answer to "is this the same story?" for a draft, with the words that show it."""
    with existing_state(settings) as state:
        known = _comparable(settings, state, draft)
        stories = state.stories_of(known)
        encode = load_encoder(settings.stories.embeddings)
        answer = check_draft(draft, list(known.values()), stories, settings, encode=encode)
        title = _story_title(settings, state, answer.story_id)
    return _answer_fields(answer, draft, known, title)


def read_draft(settings: Settings, path: Path) -> Article:
    """Return the draft in a file of any kind that is read: HTML, text, an entry.

    Raises
    ------
    UnreadableError
        There is no article in it.
    """
    limits = settings.extract
    found = [
        outcome
        for item in read_files(path, "draft", limits.max_bytes, datetime.now(UTC))
        for outcome in ([item] if isinstance(item, Failed) else _of_draft(item, settings))
    ]
    if len(found) != 1:
        raise UnreadableError("not_one_draft", f"{path} holds {len(found)} articles; name one file")
    draft = found[0]
    if isinstance(draft, Failed):
        raise UnreadableError(draft.reason, f"{path}: {draft.detail}")
    return replace(draft, article_id=DRAFT)


def text_draft(text: str) -> Article:
    """Return a draft that was pasted: its first line is the title if it stands alone and is short.

    Raises
    ------
    UnreadableError
        There are no words in it.
    """
    if not text.strip():
        raise UnreadableError("empty", "the draft has no words")
    first, _, rest = text.strip().partition("\n")
    is_title = bool(rest.strip()) and len(first) <= _TITLE_CHARS and first[-1] not in ".…"
    return Article(article_id=DRAFT, text=text, title=first if is_title else "")


def _of_draft(page: RawPage, settings: Settings) -> list[Article | Failed]:
    # A draft may be one sentence long.
    limits = settings.extract.model_copy(update={"min_words": 1})
    return articles_of_page(page, settings.model_copy(update={"extract": limits}))


def _comparable(settings: Settings, state: State, draft: Article) -> dict[ArticleId, Article]:
    """Return the articles of open stories, and those of any age that share text with the draft."""
    near = settings.near_duplicates
    sharing = state.postings(sketch([draft], near), near.crowd).ids
    told = {*state.open_stories(), *state.stories_of(sharing).values()}
    return state.articles(state.members(told))


def _story_title(settings: Settings, state: State, story_id: StoryId | None) -> str | None:
    if story_id is None:
        return None
    facts = story_facts(settings, state, story_id)
    return facts.articles[facts.title_from].title if facts.title_from else None


def _answer_fields(
    answer: SameStory, draft: Article, known: dict[ArticleId, Article], title: str | None
) -> Fields:
    return {
        "verdict": answer.verdict,
        "story": answer.story_id,
        "story_title": title,
        "confidence": round(answer.confidence, 4),
        "nearest": article_fields(known[answer.nearest]) if answer.nearest else None,
        "shared_passages": [
            {"article": i, "url": known[i].url, "outlet": known[i].outlet}
            | passage_fields(passage, draft.text, "in_draft", "in_article")
            for i, passage in answer.shared
        ],
        "repeats": [
            removal_fields(span) | {"text": draft.text[span.start : span.end]}
            for span in answer.repeats
        ],
        "near_repeats": [
            near_repeat_fields(near) | {"text": draft.text[near.start : near.end]}
            for near in answer.near_repeats
        ],
        "novel": [
            {"text": draft.text[span.start : span.end], "start": span.start, "end": span.end}
            for span in answer.novel
        ],
    }
