"""Looks at settings, archive, state and view, and says what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pipeline.archive import archive_files, scan
from pipeline.config import Settings
from pipeline.embeddings import load_encoder
from pipeline.errors import ConfigError, StateError
from pipeline.service.stored import open_state
from pipeline.storage import State
from pipeline.storage.pruned import lost_files
from pipeline.storage.view import INDEX, holds
from pipeline.stories import giant_stories

__all__ = ["Finding", "examine"]


class Finding(NamedTuple):
    """One check: ``ok``, ``note`` (nothing to do now) or ``broken``, and what to do."""

    check: str
    result: str
    detail: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what is found, in the order of the data flow. Nothing is changed."""
    for source in settings.sources:
        if source.path is not None:
            yield _source(source.name, source.path)
    paths = settings.paths
    for path in (paths.raw, paths.state.parent, paths.clusters, paths.runs):
        yield _writable(path)
    yield from _archive(settings.paths.raw)
    if settings.stories.embeddings:
        yield _model(settings.stories.embeddings)
    if not settings.paths.state.exists():
        yield Finding("state", "note", "nothing ingested yet; run `samestory ingest`")
        return
    try:
        with open_state(settings) as state:
            yield from _state(settings, state)
    except (ConfigError, StateError) as error:
        yield Finding("state", "broken", str(error))


def _source(name: str, path: Path) -> Finding:
    found = path.exists() and os.access(path, os.R_OK)
    return Finding(f"source {name}", "ok" if found else "broken", f"{path}")


def _writable(path: Path) -> Finding:
    nearest = next(p for p in (path, *path.absolute().parents) if p.exists())
    if os.access(nearest, os.W_OK):
        return Finding("folder", "ok", f"{path} can be written")
    return Finding("folder", "broken", f"{path} cannot be written by this user")


def _archive(folder: Path) -> Iterator[Finding]:
    pages = 0
    for path in archive_files(folder):
        try:
            pages += sum(1 for _ in scan(folder, path.name))
        except Exception as error:  # noqa: BLE001 - a damaged archive raises anything; it is named
            yield Finding("archive", "broken", f"{path.name}: {error}; restore it from a copy")
    yield Finding("archive", "ok", f"{pages} records in {len(archive_files(folder))} files")


def _model(path: str) -> Finding:
    try:
        load_encoder(path)
    except ConfigError as error:
        return Finding("model", "broken", str(error))
    return Finding("model", "ok", f"{path} can be loaded")


def _state(settings: Settings, state: State) -> Iterator[Finding]:
    problems = state.integrity_problems()
    detail = "; ".join(problems) + "; run `samestory rebuild`" if problems else "whole"
    yield Finding("state", "broken" if problems else "ok", detail)
    held = len(state.article_ids()), len(state.story_ids()), len(state.quarantine())
    yield Finding("state", "ok", "{} articles, {} stories, {} in quarantine".format(*held))
    sizes = state.open_sizes()
    for story in giant_stories(sizes, settings.run.giant_share):
        detail = f"{story} holds {sizes[story]} of {sum(sizes.values())} articles in open stories"
        yield Finding("stories", "note", f"{detail}; if it is no single event, raise the threshold")
    raw = settings.paths.raw
    lost = lost_files(raw)
    if lost:
        pages = sum(one.pages for one in lost)
        detail = f"{len(lost)} files with {pages} pages were pruned; their stories stay"
        yield Finding("archive", "note", f"{detail}, but `samestory rebuild` would lose them")
    pruned = {one.file for one in lost}
    missing = state.indexed_files() - {p.name for p in archive_files(raw)} - pruned
    for name in sorted(missing):
        yield Finding("archive", "broken", f"{name} is gone; restore it from a copy")
    unfinished = len(state.batches_to_apply()) + state.has_unmarked_pages()
    if unfinished:
        yield Finding("run", "note", "the last run was interrupted; the next finishes it")
    altered = [
        e.path for e in state.view() if not holds(settings.paths.clusters / e.path, e.digest)
    ]
    if altered:
        detail = f"{len(altered)} files differ from the state, first {altered[0]}"
        yield Finding("view", "note", f"{detail}; the next run mends them")
    elif state.view() and not (settings.paths.clusters / INDEX).exists():
        yield Finding("view", "note", f"{INDEX} is missing; the next run mends it")
    else:
        yield Finding("view", "ok", f"{len(state.view())} files as the state says")
