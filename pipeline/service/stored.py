"""Opens the state and turns what it stores back into what the stages take."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from pipeline import boilerplate
from pipeline.config import NearDuplicateSettings, Settings
from pipeline.embeddings import model_digest
from pipeline.errors import StateError
from pipeline.near_duplicates import (
    Sketch,
    Worded,
    find_candidates,
    possible_briefings,
    ragged,
    sketch_words,
    verify,
)
from pipeline.records import Article, ArticleId, NearDuplicate, Timestamp
from pipeline.storage import State

__all__ = ["dated", "existing_state", "neighbourhood", "open_state", "stored_relations"]

_SCHEME = "affine32"  # datasketch's; stated because mixing schemes gives silent nonsense
_NORMALIZER = "1"  # raise when `pipeline.text.normalize` gives other words
_VECTORS = "1"  # raise when equal articles get other stems or weights
_HASH = "2"  # raise when equal words or shingles get other hashes


def open_state(settings: Settings) -> State:
    """Open the state file with all that its stored numbers depend on.

    Raises
    ------
    StateError
        The file cannot be used, or was made with other settings.
    ConfigError
        There is no embedding model where the settings say.
    """
    near = settings.near_duplicates
    header = {
        "scheme": _SCHEME,
        "normalizer": _NORMALIZER,
        "boilerplate": boilerplate.VERSION,
        "hash": _HASH,
        "vectors": _VECTORS,
        "embeddings": model_digest(settings.stories.embeddings) or "none",
        "shingle_size": str(near.shingle_size),
        "num_perm": str(near.num_perm),
        "seed": str(near.seed),
        "bands": str(near.bands),
        "rows": str(near.rows),
        "sample_window": str(near.sample_window),
    }
    return State(settings.paths.state, header)


def existing_state(settings: Settings) -> State:
    """Open the state file if there is one, as `open_state` does.

    Raises
    ------
    StateError
        There is none, or it cannot be used.
    """
    if not settings.paths.state.exists():
        raise StateError(f"{settings.paths.state}: nothing ingested yet; run `samestory ingest`")
    return open_state(settings)


def stored_relations(
    state: State, new: Sequence[Sketch], settings: Settings
) -> list[NearDuplicate]:
    """Return all relations of new articles, with each other and with stored ones.

    A stored article that proves to be a roundup of new ones brings all of its relations along.
    """
    near, own = settings.near_duplicates, {sketch.article_id for sketch in new}
    candidates, words = _candidates(state, new, near)
    relations = verify(candidates, words, near)
    # A roundup that came before the reports it is made of shows only beside all of them.
    earlier = possible_briefings(candidates, words, near) - own
    earlier -= {i for one in relations for i in (one.a, one.b)}
    if not earlier:
        return relations
    candidates, words = _candidates(state, [*new, *_sketches(state, earlier, near)], near)
    return verify(candidates, words, near)


def _candidates(
    state: State, new: Sequence[Sketch], near: NearDuplicateSettings
) -> tuple[list[tuple[ArticleId, ArticleId]], list[Worded]]:
    """Return the pairs to verify, and the words of their articles."""
    candidates = find_candidates(new, state.postings(new, near.crowd), near)
    own = {sketch.article_id for sketch in new}
    stored = state.words({i for pair in candidates for i in pair} - own)
    return candidates, [*new, *stored]


def _sketches(state: State, ids: Iterable[ArticleId], near: NearDuplicateSettings) -> list[Sketch]:
    rows = state.words(ids)
    words = ragged([row.words for row in rows])
    return sketch_words([row.article_id for row in rows], [row.title for row in rows], words, near)


def neighbourhood(
    state: State,
    start: Iterable[ArticleId],
    new: Sequence[NearDuplicate] = (),
    renewed: Collection[ArticleId] = (),
) -> list[NearDuplicate]:
    """Return all relations that can be reached from some articles.

    Parameters
    ----------
    start
        Where to begin.
    new
        Relations that are not stored yet.
    renewed
        Articles whose stored relations no longer hold, because `new` has all of theirs.
    """
    found = {_pair(r): r for r in new}
    reached: set[ArticleId] = set()
    frontier = set(start) | {i for pair in found for i in pair}
    while frontier:
        reached |= frontier
        for relation in state.relations(frontier):
            if relation.a not in renewed and relation.b not in renewed:
                found.setdefault(_pair(relation), relation)
        frontier = {i for pair in found for i in pair} - reached
    return [found[pair] for pair in sorted(found)]


def _pair(relation: NearDuplicate) -> tuple[ArticleId, ArticleId]:
    return min(relation.a, relation.b), max(relation.a, relation.b)


def dated(article: Article, arrived: datetime) -> Article:
    """Return an article with a publication time: its own, or the day of the news it came with."""
    if article.published is not None:
        return article
    stamp = Timestamp(instant=arrived, precision="day", zone="missing", origin="arrival", raw="")
    return replace(article, published=stamp)
