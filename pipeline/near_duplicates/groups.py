"""Groups of copies of one article, each with the article to show for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.near_duplicates.composites import SYMMETRIC, find_composites
from pipeline.near_duplicates.shingles import word_hashes
from pipeline.near_duplicates.sketches import title_hashes
from pipeline.records import (
    Article,
    ArticleId,
    DuplicateGroup,
    NearDuplicate,
    Precision,
    Timestamp,
)
from pipeline.text import kept_text

__all__ = ["GroupFacts", "facts_of", "group", "group_by_facts"]

_OPENING = 0.9  # share of the opening words that both have; guess
_INSIDE = 0.85  # of a cut article is in the whole; the rest is a "read more"
_MOST = (
    0.5  # a part that covers so much of an article is a copy of it, not a brief inside it; guess
)
_OPENING_WORDS = 12  # a cut article begins where the whole does, give or take a dateline; guess
_LEAD_WORDS = 60
_UNDATED = datetime.max.replace(tzinfo=UTC)
_WIDTHS: dict[Precision, timedelta] = {
    "second": timedelta(0),
    "minute": timedelta(seconds=59),
    "day": timedelta(days=1, seconds=-1),
}


class GroupFacts(NamedTuple):
    """What decides about an article's place in its group.

    Parameters
    ----------
    lead
        Hashes of its first words.
    title
        Hash of its title, 0 without one.
    distinct_words
        How many different words it has.
    published
        When it came out at the earliest; the end of time where that is not known.
    latest
        When it came out at the latest: a minute or a day is no instant.
    """

    lead: NDArray[np.uint32]
    title: int
    distinct_words: int
    published: datetime
    latest: datetime


class _Attachment(NamedTuple):
    covers: float
    inside: float
    whole: ArticleId
    part: ArticleId


def group(articles: Iterable[Article], relations: Iterable[NearDuplicate]) -> list[DuplicateGroup]:
    """Return the groups of two and more copies, sorted by their first member's id.

    `exact_copy`, `near_copy` and `version_of` join articles. A partial copy (``contained_in``)
    joins the article that contains it if it is cut from it: under the same title, with the same
    opening, or at least half of it. Containment never chains: what is itself a part holds nothing,
    and a part joins only the article of which it covers most. A roundup joins no group.

    The canonical article is the earliest of the complete ones, which no other member contains;
    the one with most distinct words where dates are missing or equal, and the first id of those
    that are still equal. What an outlet adds to a report does not make its copy more complete.

    Parameters
    ----------
    articles
        At least all articles that `relations` names; others are in no group. Any order.
    relations
        Verified relations, any order.
    """
    by_id = {article.article_id: article for article in articles}
    relations = list(relations)
    involved = {i for one in relations for i in (one.a, one.b)}
    return group_by_facts(_facts([by_id[i] for i in sorted(involved)]), relations)


def group_by_facts(
    facts: Mapping[ArticleId, GroupFacts], relations: Sequence[NearDuplicate]
) -> list[DuplicateGroup]:
    """Return what `group` returns, from facts about all articles that `relations` names."""
    composites = find_composites(relations)
    bare = [one for one in relations if one.a not in composites and one.b not in composites]
    bare_ids = sorted({i for one in bare for i in (one.a, one.b)})
    root = _components(bare_ids, [(one.a, one.b) for one in bare if one.relation in SYMMETRIC])
    root = _attach(root, sorted(_attachments(bare, facts), reverse=True))
    members: dict[ArticleId, list[ArticleId]] = defaultdict(list)
    for article_id in bare_ids:
        members[root[article_id]].append(article_id)
    wholes = _wholes(bare)
    groups = [_choose(ids, facts, wholes) for ids in members.values() if len(ids) > 1]
    return sorted(groups, key=lambda one: one.members)


def facts_of(words: NDArray[np.uint32], title: int, published: Timestamp | None) -> GroupFacts:
    """Return the facts about an article of these words, under a title of this hash."""
    return GroupFacts(
        lead=words[:_LEAD_WORDS],
        title=title,
        distinct_words=np.unique(words).size,
        published=published.instant if published else _UNDATED,
        latest=published.instant + _WIDTHS[published.precision] if published else _UNDATED,
    )


def _facts(articles: Sequence[Article]) -> dict[ArticleId, GroupFacts]:
    texts = [kept_text(article.text, article.removed) for article in articles]
    rows = [row for batch in word_hashes(texts) for row in batch.rows()]
    titles = title_hashes([article.title for article in articles])
    return {
        article.article_id: facts_of(words, title, article.published)
        for article, words, title in zip(articles, rows, titles, strict=True)
    }


def _components(
    ids: Sequence[ArticleId], pairs: Iterable[tuple[ArticleId, ArticleId]]
) -> dict[ArticleId, ArticleId]:
    """Return for each id the first id it is connected to."""
    root = {article_id: article_id for article_id in ids}

    def find(article_id: ArticleId) -> ArticleId:
        while root[article_id] != article_id:
            root[article_id] = root[root[article_id]]
            article_id = root[article_id]
        return article_id

    for pair in pairs:
        first, second = sorted(map(find, pair))
        root[second] = first
    return {article_id: find(article_id) for article_id in ids}


def _attachments(
    relations: Iterable[NearDuplicate], facts: Mapping[ArticleId, GroupFacts]
) -> list[_Attachment]:
    found = []
    for one in relations:
        if one.relation in SYMMETRIC:
            continue
        attachment = (
            _Attachment(one.in_a, one.in_b, one.a, one.b)
            if one.relation == "contains"
            else _Attachment(one.in_b, one.in_a, one.b, one.a)
        )
        if _is_cut_from(attachment, facts):
            found.append(attachment)
    return found


def _is_cut_from(attachment: _Attachment, facts: Mapping[ArticleId, GroupFacts]) -> bool:
    part, whole = facts[attachment.part], facts[attachment.whole]
    if part.title == whole.title != 0:
        return True
    if attachment.inside < _INSIDE:
        return False
    if attachment.covers >= _MOST:
        return True
    opening = part.lead[:_OPENING_WORDS]
    return bool(np.isin(opening, whole.lead).mean() >= _OPENING)


def _attach(
    root: Mapping[ArticleId, ArticleId], attachments: Sequence[_Attachment]
) -> dict[ArticleId, ArticleId]:
    """Give each component of parts to one component that is no part itself, the best first."""
    outward = [a for a in attachments if root[a.part] != root[a.whole]]
    parts = {root[a.part] for a in outward}
    joined: dict[ArticleId, ArticleId] = {}
    for attachment in outward:
        if root[attachment.whole] not in parts:
            joined.setdefault(root[attachment.part], root[attachment.whole])
    return {article_id: joined.get(first, first) for article_id, first in root.items()}


def _wholes(relations: Iterable[NearDuplicate]) -> dict[ArticleId, set[ArticleId]]:
    """Return for each partial copy the articles that contain it."""
    wholes: dict[ArticleId, set[ArticleId]] = defaultdict(set)
    for one in relations:
        if one.relation not in SYMMETRIC:
            part, whole = (one.b, one.a) if one.relation == "contains" else (one.a, one.b)
            wholes[part].add(whole)
    return wholes


def _choose(
    members: Sequence[ArticleId],
    facts: Mapping[ArticleId, GroupFacts],
    wholes: Mapping[ArticleId, set[ArticleId]],
) -> DuplicateGroup:
    complete = [m for m in members if wholes.get(m, set()).isdisjoint(members)] or members
    first = min(facts[m].published for m in complete)
    earliest = [m for m in complete if facts[m].published == first]
    fullest = max(facts[m].distinct_words for m in earliest)
    best = [m for m in earliest if facts[m].distinct_words == fullest]
    reason: Literal["complete", "earliest", "fullest", "first_id"] = "first_id"
    if len(complete) == 1:
        reason = "complete"
    elif len(earliest) == 1:
        reason = "earliest"
    elif len(best) == 1:
        reason = "fullest"
    return DuplicateGroup(
        canonical=min(best),
        members=tuple(members),
        reason=reason,
        origin=_origin(members, facts),
    )


def _origin(
    members: Sequence[ArticleId], facts: Mapping[ArticleId, GroupFacts]
) -> ArticleId | None:
    """Return the member that surely came out before all others that say when they did."""
    dated = [m for m in members if facts[m].published != _UNDATED]
    if len(dated) < 2:  # noqa: PLR2004  # there is nothing to compare it with
        return None
    first = min(dated, key=lambda m: (facts[m].latest, m))
    others = (facts[m].published for m in dated if m != first)
    return first if facts[first].latest < min(others) else None
