"""Answers from the state: which stories there are, what one holds, how two articles relate."""

from __future__ import annotations

import json
from dataclasses import asdict

from pipeline.config import Settings
from pipeline.embeddings import load_encoder
from pipeline.errors import ConfigError, StateError
from pipeline.near_duplicates import shared_passages, sketch, verify
from pipeline.records import (
    Article,
    ArticleId,
    Failed,
    StoryId,
)
from pipeline.service.facts import story_facts
from pipeline.service.stored import existing_state
from pipeline.storage import State
from pipeline.stories import similarities
from pipeline.story_record import (
    Fields,
    article_fields,
    instant_text,
    passage_fields,
    related_fields,
    relation_fields,
    story_record,
)

__all__ = [
    "explain",
    "list_quarantine",
    "list_stories",
    "show_quarantined",
    "show_story",
]

_MOST_BATCHES = 2**63 - 1  # SQLite's largest integer


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
    with existing_state(settings) as state:
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
    with existing_state(settings) as state:
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
    with existing_state(settings) as state:
        return [_failure(failed) for failed in state.quarantine()]


def show_quarantined(settings: Settings, name: str) -> list[Fields]:
    """Return all failures of one input, and where its pages lie in the archive.

    Raises
    ------
    ConfigError
        This input is not in quarantine.
    """
    with existing_state(settings) as state:
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
    with existing_state(settings) as state:
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
        "shared_passages": [passage_fields(p, a.text, "in_a", "in_b") for p in shared],
    }


def _links(state: State, story_id: StoryId) -> dict[StoryId, float]:
    """Return the stories that one is related to, with the score of each."""
    story = state.story(story_id)
    return {one.story_id: round(one.score, 4) for one in story.related} if story else {}


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
