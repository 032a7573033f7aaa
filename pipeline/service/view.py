"""Shows the state: renders stories whose facts changed, mends files that were altered."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.config import Settings
from pipeline.service.facts import facts_of_stories
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
from pipeline.story_record import StoryFacts, index_line, story_path, story_record

__all__ = ["ViewReport", "refresh_view"]

_STORIES_AT_ONCE = 200  # read, rendered and noted together; a crash repeats at most these


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
        for facts in facts_of_stories(settings, state, stale[start : start + _STORIES_AT_ONCE]):
            entry, content = _rendered(facts)
            written += write_file(folder / entry.path, content, durable=False)
            entries.append(entry)
        state.rendered(entries)
    view = state.view()
    index = "".join(f"{entry.line}\n" for entry in view).encode("utf-8", "replace")
    written += write_file(folder / INDEX, index, durable=False)
    removed = remove_strangers(folder, (entry.path for entry in view))
    return ViewReport(written=written, removed=removed, stories=len(view))


def _rendered(facts: StoryFacts) -> tuple[ViewEntry, bytes]:
    record, path = story_record(facts), story_path(facts)
    content = json_bytes(record)
    line = json_line(index_line(record, path))
    digest = text_digest(content)
    return ViewEntry(story_id=facts.story.story_id, path=path, digest=digest, line=line), content
