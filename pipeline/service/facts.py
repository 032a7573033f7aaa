"""Collects from the state what the records of stories are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline import __version__
from pipeline.config import Outlet, Settings, known_outlets, outcome_digest
from pipeline.errors import StateError
from pipeline.near_duplicates import group
from pipeline.outlets import OutletTable, load_outlets, outlet_named
from pipeline.records import Article, ArticleId, NearDuplicate, Story, StoryChange, StoryId
from pipeline.service.stored import neighbourhood
from pipeline.storage import State
from pipeline.stories import choose_title, key_terms, summarize
from pipeline.story_record import StoryFacts, founder

__all__ = ["facts_of_stories", "story_facts"]

_KEY_TERMS = 12
_SUMMARY_SENTENCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What the state says of some stories, their articles, and what these are copies of.

    `touching` has for each article the relations in which it stands, if any; all else is as in
    `StoryFacts`.
    """

    stories: Mapping[StoryId, Story]
    changes: Mapping[StoryId, Sequence[tuple[int, StoryChange]]]
    articles: Mapping[ArticleId, Article]
    touching: Mapping[ArticleId, Sequence[NearDuplicate]]
    versions: Mapping[ArticleId, int]
    sightings: Mapping[ArticleId, Sequence[str]]
    families: Mapping[str, str]
    provenance: Mapping[str, str]


def story_facts(settings: Settings, state: State, story_id: StoryId) -> StoryFacts:
    """Collect all that the record of a story is made of.

    Raises
    ------
    StateError
        There is no such story.
    """
    (facts,) = facts_of_stories(settings, state, [story_id])
    return facts


def facts_of_stories(settings: Settings, state: State, ids: Sequence[StoryId]) -> list[StoryFacts]:
    """Collect all that the records of some stories are made of, in their order.

    The state is asked once for all of them, so their articles are in memory together.

    Raises
    ------
    StateError
        There is no story of one of these ids.
    """
    known = _read(settings, state, ids)
    return [_facts(known, story_id) for story_id in ids]


def _read(settings: Settings, state: State, ids: Sequence[StoryId]) -> _Known:
    stories, logs = state.stories(ids), state.logs(ids)
    if unknown := [i for i in ids if i not in stories]:
        raise StateError(f"no story {unknown[0]}; `samestory stories` lists them all")
    changes = {i: [(logged.batch, logged.change) for logged in logs[i]] for i in ids}
    members = [m.article_id for i in ids for m in stories[i].members]
    touching = _touching(neighbourhood(state, members))
    articles = state.articles({*members, *touching, *map(_founder, changes.values())})
    return _Known(
        stories=stories,
        changes=changes,
        articles=articles,
        touching=touching,
        versions=state.version_counts(members),
        sightings=state.sightings(members),
        families=_families(settings, articles.values()),
        provenance={"samestory": __version__, "settings": outcome_digest(settings)},
    )


def _facts(known: _Known, story_id: StoryId) -> StoryFacts:
    story, changes = known.stories[story_id], known.changes[story_id]
    members = [m.article_id for m in story.members]
    inside = set(members)
    reached = _reached(members, known.touching)
    around = {*members, _founder(changes), *(i for r in reached for i in (r.a, r.b))}
    articles = {i: known.articles[i] for i in sorted(around)}
    groups = [g for g in group(articles.values(), reached) if not inside.isdisjoint(g.members)]
    copies = {i for g in groups for i in g.members if i != g.canonical}
    told = [articles[i] for i in members if i not in copies]
    return StoryFacts(
        story=story,
        articles=articles,
        versions={i: known.versions[i] for i in members},
        sightings={i: known.sightings[i] for i in members if i in known.sightings},
        relations=[r for r in reached if r.a in inside or r.b in inside],
        groups=groups,
        changes=changes,
        key_terms=key_terms(told, _KEY_TERMS),
        summary=summarize(told, _SUMMARY_SENTENCES),
        title_from=choose_title(told) if told else None,
        families=known.families,
        provenance=known.provenance,
    )


def _touching(relations: Iterable[NearDuplicate]) -> dict[ArticleId, list[NearDuplicate]]:
    """Return the relations of each article that has any."""
    touching: dict[ArticleId, list[NearDuplicate]] = defaultdict(list)
    for relation in relations:
        touching[relation.a].append(relation)
        touching[relation.b].append(relation)
    return dict(touching)


def _reached(
    start: Iterable[ArticleId], touching: Mapping[ArticleId, Sequence[NearDuplicate]]
) -> list[NearDuplicate]:
    """Return all relations that can be reached from some articles, by the ids of each."""
    frontier = [i for i in start if i in touching]
    seen = set(frontier)
    found: dict[tuple[ArticleId, ArticleId], NearDuplicate] = {}
    while frontier:
        for relation in touching[frontier.pop()]:
            ends = relation.a, relation.b
            found[min(ends), max(ends)] = relation
            frontier += [i for i in ends if i not in seen]
            seen.update(ends)
    return [found[pair] for pair in sorted(found)]


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
