"""What two articles are to each other, measured exactly on their word and shingle hashes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.shingles import (
    distinct,
    is_figure,
    ragged,
    shingle_words,
)
from pipeline.near_duplicates.sketches import Sketch
from pipeline.records import ArticleId, NearDuplicate, Relation

__all__ = ["SYMMETRIC", "find_composites", "mark_composites", "verify"]

SYMMETRIC: frozenset[Relation] = frozenset({"exact_copy", "near_copy", "version_of"})

# Figures without a source in the comments below were read off the development set of duplicates,
# where copies and other articles that share text lie on either side with room.

# Edits scattered word by word leave pairs of words whole that no shingle of five survives with;
# where one article merely shares a passage with another, the rest shares no pairs of words either.
# Share of the words outside common shingles whose pairs are common: .40 and more for copies with
# 10 % of words changed or 3 % of letters misread, .24 and less for other articles.
_SCATTERED = 0.33
_SCATTERED_PAIRS = 0.55  # least share of all word pairs: copies .59
# Articles of one template (earnings, share prices, weekly claims) differ word by word as copies do,
# but in their figures: copies with 6 and more figures keep .75 of them, with 4 figures .5.
_SAME_FIGURES = 0.5
_FEW_FIGURES = 4  # with fewer, one more or less decides nothing; guess
# An article under the title of another is a version of it from this Jaccard similarity on. A new
# lead paragraph leaves .38, an update .37; two reports that quote one speech reach .3.
_SAME_TITLE = 0.35
# Without a common title: two articles of other events that share an agency's passage reach .595.
_OTHER_TITLE = 0.6
# A cut article is inside the whole but for a "read more": .86 of 30 % of a text, .95 of more. An
# update lacks more of the old text than that, or is longer by less.
_INSIDE = 0.85
_WHOLE = 0.9  # from here on an article is another one plus something
# Less than this of the one in the other is a passage only: with 3 % of letters misread .28 is left.
_PASSAGE = 0.2
_ROUNDUP = 0.5  # parts cover at least so much of a roundup; guess
# An excerpt, as briefings take them over: two or three sentences, and no small part of the
# briefing; guesses. Quotations that reports of one event share are shorter.
_EXCERPT_SHINGLES = 40
_EXCERPT = 0.15
_PAIRS_AT_ONCE = 2048  # word pairs of so many articles are in memory at once; flat from 512


class _Overlap(NamedTuple):
    shared: int
    size_a: int
    size_b: int

    @property
    def jaccard(self) -> float:
        return self.shared / max(1, self.size_a + self.size_b - self.shared)

    @property
    def in_a(self) -> float:
        return self.shared / max(1, self.size_a)

    @property
    def in_b(self) -> float:
        return self.shared / max(1, self.size_b)


class _Evidence(NamedTuple):
    a: Sketch
    b: Sketch
    shingles: _Overlap
    doubles: _Overlap  # neighbouring words
    figures: _Overlap


def verify(
    candidates: Sequence[tuple[ArticleId, ArticleId]],
    sketches: Iterable[Sketch],
    settings: NearDuplicateSettings | None = None,
) -> list[NearDuplicate]:
    """Return the candidates that are related, in their order, with exact measures.

    `jaccard`, `in_a` and `in_b` count distinct shingles. The relation says what `a` is to `b`:

    - ``exact_copy``: the same normalised words in the same order.
    - ``near_copy``: Jaccard similarity of at least `threshold`, or edits scattered over the whole
      text (single words changed, letters misread) whatever they leave of the shingles.
    - ``version_of``: an update. Both have paragraphs and figures of their own, and most is common,
      or less under the same title.
    - ``contains``, ``contained_in``: one has at least `containment` of the other.
    - ``composite_of``: `a` is made of passages of several unrelated articles, `b` among them; see
      `find_composites`. Here alone `a` may come after `b` in id order.

    Articles that differ word by word, and in most of their figures, are pages of one template and
    not copies.
    """
    settings = settings or NearDuplicateSettings()
    by_id = {one.article_id: one for one in sketches}
    found: list[NearDuplicate] = []
    excerpts: list[NearDuplicate] = []
    for start in range(0, len(candidates), _PAIRS_AT_ONCE):
        pairs = [(by_id[a], by_id[b]) for a, b in candidates[start : start + _PAIRS_AT_ONCE]]
        overlaps = [_overlap(a.shingles, b.shingles) for a, b in pairs]
        related = _verify_some(pairs, overlaps, settings)
        found += related
        excerpts += _excerpts(pairs, overlaps, {(one.a, one.b) for one in related})
    found += _briefings(excerpts, found, by_id)
    return sorted(mark_composites(found), key=_in_id_order)


def _in_id_order(one: NearDuplicate) -> tuple[ArticleId, ArticleId]:
    return min(one.a, one.b), max(one.a, one.b)


def _excerpts(
    pairs: Sequence[tuple[Sketch, Sketch]],
    overlaps: Sequence[_Overlap],
    related: Container[tuple[ArticleId, ArticleId]],
) -> list[NearDuplicate]:
    """Return what could be a piece of a roundup, from either side: long passages, no relation."""
    found = []
    for (a, b), overlap in zip(pairs, overlaps, strict=True):
        if (a.article_id, b.article_id) in related or overlap.shared < _EXCERPT_SHINGLES:
            continue
        if overlap.in_a >= _EXCERPT:
            found.append(_related(a, b, "composite_of", overlap))
        if overlap.in_b >= _EXCERPT:
            swapped = _Overlap(overlap.shared, overlap.size_b, overlap.size_a)
            found.append(_related(b, a, "composite_of", swapped))
    return found


def _briefings(
    excerpts: Sequence[NearDuplicate],
    related: Sequence[NearDuplicate],
    by_id: Mapping[ArticleId, Sketch],
) -> list[NearDuplicate]:
    """Return the excerpts of articles that are made of them: half of the text, from two and more.

    Only what no other part has covered counts, because one boilerplate passage is shared by many.
    An article that is a copy of another is no briefing of what both share with third ones.
    """
    copies = {i for one in related for i in (one.a, one.b)}
    parts: dict[ArticleId, list[NearDuplicate]] = defaultdict(list)
    for one in excerpts:
        if one.a not in copies:
            parts[one.a].append(one)
    found: list[NearDuplicate] = []
    for whole, pieces in sorted(parts.items()):
        left, chosen = by_id[whole].shingles, []
        least = _EXCERPT * left.size
        for one in sorted(pieces, key=lambda piece: (-piece.in_a, piece.b)):
            rest = np.setdiff1d(left, by_id[one.b].shingles, assume_unique=True)
            if left.size - rest.size >= least:
                left = rest
                chosen.append(one)
        if len(chosen) > 1 and left.size <= (1 - _ROUNDUP) * by_id[whole].shingles.size:
            found += chosen
    return found


def _related(a: Sketch, b: Sketch, relation: Relation, overlap: _Overlap) -> NearDuplicate:
    return NearDuplicate(
        a=a.article_id,
        b=b.article_id,
        relation=relation,
        jaccard=overlap.jaccard,
        in_a=overlap.in_a,
        in_b=overlap.in_b,
    )


def mark_composites(relations: Sequence[NearDuplicate]) -> list[NearDuplicate]:
    """Return `relations` with those of roundups to their parts named ``composite_of``.

    Whether an article is a roundup shows in all its relations, so call this again with the stored
    ones when an article has got new ones. Doing it twice changes nothing.
    """
    composites = find_composites(relations)
    return [_mark(one, composites) for one in relations]


def find_composites(
    relations: Iterable[NearDuplicate],
) -> dict[ArticleId, dict[ArticleId, float]]:
    """Return for each roundup the articles that it holds, with the share of it that each covers.

    A roundup holds two or more articles, or long passages of them, that are unrelated among each
    other and cover at least half of it together.
    """
    relations = list(relations)
    related = {_in_id_order(one) for one in relations}
    contained: dict[ArticleId, dict[ArticleId, float]] = defaultdict(dict)
    copied: dict[ArticleId, dict[ArticleId, float]] = defaultdict(dict)
    for one in relations:
        for whole, part, in_part, covers in _sides(one):
            if in_part < _WHOLE and one.relation in SYMMETRIC:
                continue
            # A roundup can be a near copy of the part that makes most of it.
            (copied if one.relation in SYMMETRIC else contained)[whole][part] = covers
    sure = {whole for whole, parts in contained.items() if _is_roundup(parts, related)}
    result = {}
    for whole in sorted({*contained, *copied}):
        # A longer copy of a roundup holds that roundup, which is no part of it.
        near = {part: share for part, share in copied[whole].items() if part not in sure}
        parts = contained[whole] | near
        if whole in sure or _is_roundup(parts, related):
            result[whole] = parts
    return result


def _sides(one: NearDuplicate) -> Iterator[tuple[ArticleId, ArticleId, float, float]]:
    """Yield (whole, part, how much of the part is in the whole, how much of the whole it is)."""
    if one.relation in {"contains", "composite_of"}:
        yield one.a, one.b, one.in_b, one.in_a
    elif one.relation == "contained_in":
        yield one.b, one.a, one.in_a, one.in_b
    elif one.in_a < _WHOLE:
        yield one.a, one.b, one.in_b, one.in_a
    elif one.in_b < _WHOLE:
        yield one.b, one.a, one.in_a, one.in_b


def _is_roundup(
    parts: Mapping[ArticleId, float], related: set[tuple[ArticleId, ArticleId]]
) -> bool:
    chosen: list[ArticleId] = []
    for part in sorted(parts, key=lambda p: (-parts[p], p)):
        if not any((min(part, other), max(part, other)) in related for other in chosen):
            chosen.append(part)
    return len(chosen) > 1 and sum(parts[part] for part in chosen) >= _ROUNDUP


def _mark(
    one: NearDuplicate, composites: Mapping[ArticleId, Mapping[ArticleId, float]]
) -> NearDuplicate:
    if one.b in composites.get(one.a, {}):
        return replace(one, relation="composite_of")
    if one.a in composites.get(one.b, {}):
        a, b, in_a, in_b = one.b, one.a, one.in_b, one.in_a
        return replace(one, relation="composite_of", a=a, b=b, in_a=in_a, in_b=in_b)
    return one


def _verify_some(
    pairs: Sequence[tuple[Sketch, Sketch]],
    overlaps: Sequence[_Overlap],
    settings: NearDuplicateSettings,
) -> list[NearDuplicate]:
    found = []
    for evidence in _weigh(pairs, overlaps, settings.containment):
        relation = _relation(evidence, settings)
        if relation is not None:
            found.append(_related(evidence.a, evidence.b, relation, evidence.shingles))
    return found


def _relation(evidence: _Evidence, settings: NearDuplicateSettings) -> Relation | None:
    shingles, figures = evidence.shingles, evidence.figures
    if np.array_equal(evidence.a.words, evidence.b.words):
        return "exact_copy"
    scattered = _is_scattered(shingles, evidence.doubles)
    fewer = min(figures.size_a, figures.size_b)
    if scattered and fewer >= _FEW_FIGURES and figures.shared < _SAME_FIGURES * fewer:
        return None
    more = max(shingles.in_a, shingles.in_b)
    updated = not scattered and more < _WHOLE and figures.shared < fewer
    if shingles.jaccard >= settings.threshold:
        return "version_of" if updated else "near_copy"
    if scattered:
        return "near_copy"
    same_title = evidence.a.title == evidence.b.title != 0
    if more < _INSIDE and shingles.jaccard >= (_SAME_TITLE if same_title else _OTHER_TITLE):
        return "version_of"
    if more < settings.containment:
        return None
    return "contains" if shingles.in_b >= shingles.in_a else "contained_in"


def _is_scattered(shingles: _Overlap, doubles: _Overlap) -> bool:
    sides = ((shingles.in_a, doubles.in_a), (shingles.in_b, doubles.in_b))
    return all(
        of_doubles >= _SCATTERED_PAIRS
        and of_doubles - of_shingles >= _SCATTERED * (1 - of_shingles)
        for of_shingles, of_doubles in sides
    )


def _weigh(
    pairs: Sequence[tuple[Sketch, Sketch]], overlaps: Sequence[_Overlap], containment: float
) -> Iterator[_Evidence]:
    """Yield what is common to each pair that has more than a passage in common."""
    kept = [
        i
        for i, overlap in enumerate(overlaps)
        if min(overlap.in_a, overlap.in_b) >= _PASSAGE
        or max(overlap.in_a, overlap.in_b) >= containment
    ]
    involved = {one.article_id: one for i in kept for one in pairs[i]}
    words = ragged([one.words for one in involved.values()])
    ids = list(involved)
    figures = {i: distinct(row[is_figure(row)]) for i, row in zip(ids, words.rows(), strict=True)}
    double_rows = shingle_words(words, 2).rows()
    doubles = {i: distinct(row) for i, row in zip(ids, double_rows, strict=True)}
    for i in kept:
        a, b = pairs[i]
        yield _Evidence(
            a=a,
            b=b,
            shingles=overlaps[i],
            doubles=_overlap(doubles[a.article_id], doubles[b.article_id]),
            figures=_overlap(figures[a.article_id], figures[b.article_id]),
        )


def _overlap(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> _Overlap:
    """Return what two sets share: what is doubled when both are sorted together."""
    both = np.concatenate((a, b))
    both.sort()
    return _Overlap(int(np.count_nonzero(both[1:] == both[:-1])), a.size, b.size)
