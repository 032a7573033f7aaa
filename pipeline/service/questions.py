"""Answers from the state: which stories there are, what one holds, how two articles relate."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.checking import check_draft
from pipeline.config import Settings
from pipeline.embeddings import load_encoder
from pipeline.engines import articles_of_page
from pipeline.errors import ConfigError, StateError, UnreadableError
from pipeline.fetch import read_files
from pipeline.near_duplicates import shared_passages, sketch, verify
from pipeline.records import (
    Article,
    ArticleId,
    Failed,
    RawPage,
    SameStory,
    SharedPassage,
    Span,
    StoryId,
)
from pipeline.service.facts import story_facts
from pipeline.service.stored import open_state
from pipeline.storage import State
from pipeline.stories import similarities
from pipeline.story_record import (
    Fields,
    article_fields,
    instant_text,
    near_repeat_fields,
    related_fields,
    relation_fields,
    removal_fields,
    story_record,
)

__all__ = [
    "check",
    "explain",
    "list_quarantine",
    "list_stories",
    "read_draft",
    "show_quarantined",
    "show_story",
    "text_draft",
]

DRAFT = ArticleId("draft")
_MOST_BATCHES = 2**63 - 1  # SQLite's largest integer
_TITLE_CHARS = 200  # longer first lines are text


def list_stories(settings: Settings, changed_since: str | None = None) -> list[Fields]:
    """Return the index line of each story, latest news first.

    Parameters
    ----------
    changed_since
        Only stories whose log grew after this run, those merged away included: the name of the
        run's report in ``paths.runs``, or the number of a batch (0 is before the first).

    Raises
    ------
    ConfigError
        There is no such run, or it left no number because it was stopped.
    """
    with _existing_state(settings) as state:
        lines = [json.loads(entry.line) for entry in state.view()]
        if changed_since is not None:
            changed = state.changed_since(_last_batch_of(settings, changed_since))
            lines = [line for line in lines if line["id"] in changed]
    lines.sort(key=lambda line: line["id"])
    return sorted(lines, key=lambda line: line.get("last_published") or "", reverse=True)


def _last_batch_of(settings: Settings, run: str) -> int:
    if run.isascii() and run.isdigit():
        return min(int(run), _MOST_BATCHES)
    names = {path.stem: path for path in settings.paths.runs.glob("*.json")}
    path = names.get(run.removesuffix(".json"))
    if path is None:
        raise ConfigError(f"no run {run} in {settings.paths.runs}; name a report or a batch number")
    try:
        return int(json.loads(path.read_text("utf-8"))["counts"]["last_batch"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"{path} tells no last batch; name the run before it") from None


def show_story(settings: Settings, wanted: str, *, with_text: bool = False) -> Fields:
    """Return the record of a story; the id may be shortened, and an old id leads to the new one.

    Beyond what stands in its file, related stories are shown with their titles.

    Raises
    ------
    StateError
        No story has this id, or more than one begins with it.
    """
    with _existing_state(settings) as state:
        story_id = _story_named(state, wanted)
        story = state.story(story_id)
        if story is not None and story.redirect is not None:
            story_id = story.redirect
        facts = story_facts(settings, state, story_id)
        lines = state.index_lines(one.story_id for one in facts.story.related)
    titles = {i: json.loads(line).get("title") for i, line in lines.items()}
    record = story_record(facts)
    record["related"] = [
        related_fields(one) | {"title": titles.get(one.story_id)} for one in facts.story.related
    ]
    if with_text:
        record["texts"] = {
            i: facts.articles[i].text for i in (m.article_id for m in facts.story.members)
        }
    return record


def list_quarantine(settings: Settings) -> list[Fields]:
    """Return the inputs that could not be used, with reason, by input."""
    with _existing_state(settings) as state:
        return [_failure(failed) for failed in state.quarantine()]


def show_quarantined(settings: Settings, name: str) -> list[Fields]:
    """Return all failures of one input, and where its pages lie in the archive.

    Raises
    ------
    ConfigError
        This input is not in quarantine.
    """
    with _existing_state(settings) as state:
        failures = [failed for failed in state.quarantine() if failed.input == name]
        if not failures:
            raise ConfigError(f"{name} is not in quarantine; see `samestory quarantine list`")
        pages = [
            asdict(page) | {"archived": (settings.paths.raw / page.file).exists()}
            for page in state.failing_pages(name)
        ]
        return [_failure(failed) | {"pages": pages} for failed in failures]


def _failure(failed: Failed) -> Fields:
    return {
        "input": failed.input,
        "stage": failed.stage,
        "reason": failed.reason,
        "detail": failed.detail,
        "when": instant_text(failed.when),
    }


def explain(settings: Settings, first: str, second: str) -> Fields:
    """Return what two articles are to each other, with the words that show it.

    Parameters
    ----------
    first, second
        Id (may be shortened), URL or input name of a stored article.

    Raises
    ------
    StateError
        An article is not stored, or a name fits several.
    """
    with _existing_state(settings) as state:
        a, b = sorted((_article_named(state, first), _article_named(state, second)), key=_id)
        stories = state.stories_of([a.article_id, b.article_id])
        members = state.members(stories.values())
        links = _links(state, stories[a.article_id])
    near, encode = settings.near_duplicates, load_encoder(settings.stories.embeddings)
    sketches = sketch([a, b], near)
    found = verify([(a.article_id, b.article_id)], sketches, near)
    shared = shared_passages(a.text, b.text, near)
    return {
        "a": article_fields(a),
        "b": article_fields(b),
        "same_story": stories[a.article_id] == stories[b.article_id],
        "related": stories[b.article_id] in links,
        "related_score": links.get(stories[b.article_id]),
        "stories": {i: stories[i] for i in (a.article_id, b.article_id)},
        "relation": relation_fields(found[0]) if found else None,
        "similarity": round(similarities(a, [b], encode=encode)[b.article_id], 4),
        "joined": {
            i: {
                "score": round(members[i].score, 4),
                "nearest": members[i].nearest,
                "shared_terms": list(members[i].shared_terms),
            }
            for i in (a.article_id, b.article_id)
        },
        "shared_passages": [_passage(p, a.text, "in_a", "in_b") for p in shared],
    }


def _links(state: State, story_id: StoryId) -> dict[StoryId, float]:
    """Return the stories that one is related to, with the score of each."""
    story = state.story(story_id)
    return {one.story_id: round(one.score, 4) for one in story.related} if story else {}


def check(settings: Settings, draft: Article) -> Fields:
    """Return the answer to "is this the same story?" for a draft, with the words that show it."""
    with _existing_state(settings) as state:
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


def _existing_state(settings: Settings) -> State:
    if not settings.paths.state.exists():
        raise StateError(f"{settings.paths.state}: nothing ingested yet; run `samestory ingest`")
    return open_state(settings)


def _story_named(state: State, wanted: str) -> StoryId:
    found = [i for i in state.story_ids() if i.startswith((wanted, f"s1-{wanted}"))]
    if wanted in found:
        return StoryId(wanted)
    if len(found) != 1:
        problem = f"{len(found)} stories begin with" if found else "no story is named"
        raise StateError(f"{problem} {wanted}; `samestory stories` lists them all")
    return found[0]


def _article_named(state: State, wanted: str) -> Article:
    found = state.articles(state.articles_named(wanted))
    if len(found) != 1:
        problem = f"{len(found)} articles are" if found else "no article is"
        raise StateError(
            f"{problem} named {wanted}; give the id, URL or input that `samestory show` prints"
        )
    return next(iter(found.values()))


def _id(article: Article) -> ArticleId:
    return article.article_id


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
            | _passage(passage, draft.text, "in_draft", "in_article")
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
            {"text": draft.text[span.start : span.end], **_span(span)} for span in answer.novel
        ],
    }


def _passage(passage: SharedPassage, text: str, own: str, other: str) -> Fields:
    start, end = passage.in_a
    return {
        "text": " ".join(text[start:end].split()),
        own: _span(passage.in_a),
        other: _span(passage.in_b),
    }


def _span(span: Span) -> dict[str, int]:
    return {"start": span.start, "end": span.end}
