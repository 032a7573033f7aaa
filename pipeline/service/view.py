"""Shows the state: renders stories whose facts changed, mends files that were altered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline import __version__
from pipeline.config import Outlet, Settings, known_outlets, outcome_digest
from pipeline.errors import StateError
from pipeline.near_duplicates import group
from pipeline.outlets import OutletTable, load_outlets, outlet_named
from pipeline.records import Article, ArticleId, StoryChange, StoryId
from pipeline.service.stored import neighbourhood
from pipeline.storage import State, ViewEntry
from pipeline.storage.view import (
    INDEX,
    holds,
    json_bytes,
    json_line,
    remove_strangers,
    text_digest,
    write_file,
)
from pipeline.stories import choose_title, key_terms, summarize
from pipeline.story_record import StoryFacts, founder, index_line, story_path, story_record

__all__ = ["ViewReport", "refresh_view", "story_facts"]

_STORIES_AT_ONCE = 200  # rendered and noted together; a crash repeats at most these
_KEY_TERMS = 12
_SUMMARY_SENTENCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewReport:
    """What changed in the view, and how many stories it shows."""

    written: int
    removed: int
    stories: int


def refresh_view(settings: Settings, state: State) -> ViewReport:
    """Make the view what the state says.

    Stories that changed are rendered; so are those whose file was altered or lost. Files that
    belong to no story are removed.
    """
    folder = settings.paths.clusters
    damaged = [e.story_id for e in state.view() if not holds(folder / e.path, e.digest)]
    stale = sorted({*state.unrendered(), *damaged})
    written = 0
    for start in range(0, len(stale), _STORIES_AT_ONCE):
        entries = []
        for story_id in stale[start : start + _STORIES_AT_ONCE]:
            entry, content = _render(settings, state, story_id)
            written += write_file(folder / entry.path, content, durable=False)
            entries.append(entry)
        state.rendered(entries)
    view = state.view()
    index = "".join(f"{entry.line}\n" for entry in view).encode("utf-8", "replace")
    written += write_file(folder / INDEX, index, durable=False)
    removed = remove_strangers(folder, (entry.path for entry in view))
    return ViewReport(written=written, removed=removed, stories=len(view))


def _render(settings: Settings, state: State, story_id: StoryId) -> tuple[ViewEntry, bytes]:
    facts = story_facts(settings, state, story_id)
    record, path = story_record(facts), story_path(facts)
    content = json_bytes(record)
    line = json_line(index_line(record, path))
    entry = ViewEntry(story_id=story_id, path=path, digest=text_digest(content), line=line)
    return entry, content


def story_facts(settings: Settings, state: State, story_id: StoryId) -> StoryFacts:
    """Collect all that the record of a story is made of.

    Raises
    ------
    StateError
        There is no such story.
    """
    story = state.story(story_id)
    if story is None:
        raise StateError(f"no story {story_id}; `samestory stories` lists them all")
    members = [m.article_id for m in story.members]
    changes = [(logged.batch, logged.change) for logged in state.changes(story_id)]
    reached = neighbourhood(state, members)
    around = {i for r in reached for i in (r.a, r.b)} | {_founder(changes)}
    articles = state.articles({*members, *around})
    groups = [g for g in group(articles.values(), reached) if set(g.members) & set(members)]
    copies = {i for g in groups for i in g.members if i != g.canonical}
    told = [articles[i] for i in members if i not in copies]
    return StoryFacts(
        story=story,
        articles=articles,
        versions=state.version_counts(members),
        sightings=state.sightings(members),
        relations=[r for r in reached if r.a in members or r.b in members],
        groups=groups,
        changes=changes,
        key_terms=key_terms(told, _KEY_TERMS),
        summary=summarize(told, _SUMMARY_SENTENCES),
        title_from=choose_title(told) if told else None,
        families=_families(settings, articles.values()),
        provenance={"samestory": __version__, "settings": outcome_digest(settings)},
    )


def _founder(changes: Sequence[tuple[int, StoryChange]]) -> ArticleId:
    """Return the article that a log begins with."""
    first = founder(changes)
    if first is None:
        raise StateError(f"the log of {changes[0][1].story_id} does not begin with its opening")
    return first


def _families(settings: Settings, articles: Iterable[Article]) -> dict[str, str]:
    """Map the outlets of some articles to their publisher families, where these are known."""
    table = _outlets(known_outlets(settings))
    outlets = {a.outlet for a in articles if a.outlet}
    known = {name: outlet_named(table, name) for name in outlets}
    return {name: outlet.family for name, outlet in known.items() if outlet and outlet.family}


@cache
def _outlets(own: tuple[Outlet, ...]) -> OutletTable:
    """Read the table once a run."""
    return load_outlets(own)
