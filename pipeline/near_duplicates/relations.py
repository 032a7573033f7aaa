"""What two articles are to each other, measured exactly on their word and shingle hashes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.composites import (
    WHOLE,
    Excerpts,
    WordsOf,
    excerpts_of,
    find_briefings,
    mark_composites,
    may_be_excerpt,
)
from pipeline.near_duplicates.overlaps import Overlaps, overlaps
from pipeline.near_duplicates.shingles import (
    Ragged,
    is_figure,
    offsets_of,
    ragged,
    shingle_words,
)
from pipeline.records import ArticleId, NearDuplicate, Relation

__all__ = [
    "Measured",
    "Worded",
    "joined",
    "measure",
    "possible_briefings",
    "settle",
    "split_unrelated",
    "verify",
]

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
# Less than this of the one in the other is a passage only: with 3 % of letters misread .28 is left.
_PASSAGE = 0.2
_PAIRS_AT_ONCE = 2048  # shingles of so many pairs are in memory at once; flat from 512
_WORDS_AT_ONCE = 1 << 15
_SETTLED_AT_ONCE = 1 << 17  # 40 MB of records


_NAMES: tuple[Relation, ...] = get_args(Relation)
_NONE = -1


class Worded(Protocol):
    """What relations are measured on: a `Sketch`, or the part of it that was stored."""

    @property
    def article_id(self) -> ArticleId:
        """The article."""

    @property
    def title(self) -> int:
        """Hash of its title."""

    @property
    def words(self) -> NDArray[np.uint32]:
        """Hashes of its words in reading order."""


class Measured(NamedTuple):
    """What some pairs proved to be; articles are numbers, a column each.

    `relation` is a place in the names of relations; below 0 there is none, and what the two have
    in common may be a piece of a roundup.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    relation: NDArray[np.int8]
    overlap: Overlaps

    def take(self, places: NDArray[Any]) -> Measured:
        """Return some of them."""
        return Measured(
            self.first[places],
            self.second[places],
            self.relation[places],
            self.overlap.take(places),
        )


def verify(
    candidates: Sequence[tuple[ArticleId, ArticleId]],
    sketches: Iterable[Worded],
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
    articles = sorted(sketches, key=lambda one: one.article_id)
    measured = _measure_all(candidates, articles, settings)
    ids = [one.article_id for one in articles]
    return settle(measured, ids, _words_of(articles), settings)


def possible_briefings(
    candidates: Sequence[tuple[ArticleId, ArticleId]],
    sketches: Iterable[Worded],
    settings: NearDuplicateSettings,
) -> set[ArticleId]:
    """Return the articles of which some part may be taken from another that is no copy.

    Whether one of them is a roundup shows beside everything that shares text with it. So when an
    article came before the reports it is made of, look for all of its candidates again.
    """
    articles = sorted(sketches, key=lambda one: one.article_id)
    measured = _measure_all(candidates, articles, settings)
    others = measured.take(measured.relation == _NONE)
    excerpts = excerpts_of(others.first, others.second, others.overlap)
    return {articles[i].article_id for i in np.unique(excerpts.whole).tolist()}


def _measure_all(
    candidates: Sequence[tuple[ArticleId, ArticleId]],
    articles: Sequence[Worded],
    settings: NearDuplicateSettings,
) -> Measured:
    number = {one.article_id: i for i, one in enumerate(articles)}
    first = np.array([number[a] for a, _ in candidates], dtype=np.int64)
    second = np.array([number[b] for _, b in candidates], dtype=np.int64)
    titles = np.array([one.title for one in articles], dtype=np.int64)
    return measure(first, second, _words_of(articles), titles, settings)


def _words_of(articles: Sequence[Worded]) -> WordsOf:
    return lambda numbers: ragged([articles[i].words for i in numbers.tolist()])


def measure(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    words_of: WordsOf,
    titles: NDArray[np.int64],
    settings: NearDuplicateSettings,
) -> Measured:
    """Measure pairs one by one; `settle` has the last word, when all of them are measured.

    Parameters
    ----------
    first, second
        Numbers of the articles of each pair, which are in id order.
    words_of
        Returns the words of some numbers.
    titles
        Hash of the title of each number.
    settings
        Thresholds.
    """
    return joined(
        _measure_some(
            first[start : start + _PAIRS_AT_ONCE],
            second[start : start + _PAIRS_AT_ONCE],
            words_of,
            titles,
            settings,
        )
        for start in range(0, first.size, _PAIRS_AT_ONCE)
    )


def joined(parts: Iterable[Measured]) -> Measured:
    """Return all that was measured in parts."""
    nothing = np.zeros(0, dtype=np.int64)
    empty = Measured(nothing, nothing, nothing.astype(np.int8), Overlaps(*[nothing] * 3))
    every = [empty, *parts]
    return Measured(
        np.concatenate([one.first for one in every]),
        np.concatenate([one.second for one in every]),
        np.concatenate([one.relation for one in every]),
        Overlaps(*map(np.concatenate, zip(*(one.overlap for one in every), strict=True))),
    )


def split_unrelated(measured: Measured, count: int) -> Iterator[Measured]:
    """Yield what was measured in parts of bounded size, none of which is related to another.

    Parameters
    ----------
    measured
        All that was measured.
    count
        How many articles are numbered.
    """
    if measured.first.size <= _SETTLED_AT_ONCE:
        yield measured
        return
    # Slow to load, and a small collection does without.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    ones = np.ones(measured.first.size, dtype=np.int8)
    graph = coo_array((ones, (measured.first, measured.second)), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    first_of = np.full(count, count, dtype=np.int64)
    np.minimum.at(first_of, component, np.arange(count))
    leader = first_of[component[measured.first]]
    order = np.argsort(leader, kind="stable")
    starts = np.flatnonzero(np.diff(leader[order], prepend=-1))
    # The last start before each limit, so that a part is larger only if one component is.
    limits = np.arange(0, order.size, _SETTLED_AT_ONCE)
    bounds = np.unique(np.append(starts[np.searchsorted(starts, limits, "right") - 1], order.size))
    for start, end in pairwise(bounds.tolist()):
        yield measured.take(order[start:end])


def settle(
    measured: Measured,
    ids: Sequence[ArticleId],
    words_of: WordsOf,
    settings: NearDuplicateSettings,
) -> list[NearDuplicate]:
    """Return all relations, sorted, with roundups and briefings named.

    Parameters
    ----------
    measured
        All that was measured of the articles concerned.
    ids
        The name of each number, in order.
    words_of, settings
        As for `measure`.
    """
    related = measured.take(measured.relation != _NONE)
    copies = np.zeros(len(ids), dtype=bool)
    copies[related.first] = copies[related.second] = True
    others = measured.take(measured.relation == _NONE)
    excerpts = excerpts_of(others.first, others.second, others.overlap)
    places = find_briefings(excerpts, copies, words_of, settings.shingle_size)
    found = [
        *_records(related, ids),
        *_records(_as_composites(excerpts, places), ids),
    ]
    return sorted(mark_composites(found), key=lambda one: (min(one.a, one.b), max(one.a, one.b)))


def _as_composites(excerpts: Excerpts, places: NDArray[np.int64]) -> Measured:
    name = np.full(places.size, _NAMES.index("composite_of"), dtype=np.int8)
    overlap = excerpts.overlap.take(places)
    return Measured(excerpts.whole[places], excerpts.part[places], name, overlap)


def _records(measured: Measured, ids: Sequence[ArticleId]) -> list[NearDuplicate]:
    overlap = measured.overlap
    numbers = measured.first, measured.second, measured.relation
    columns = (*numbers, overlap.jaccard, overlap.in_a, overlap.in_b)
    return [
        NearDuplicate(
            a=ids[a], b=ids[b], relation=_NAMES[name], jaccard=jaccard, in_a=in_a, in_b=in_b
        )
        for a, b, name, jaccard, in_a, in_b in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _measure_some(
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    words_of: WordsOf,
    titles: NDArray[np.int64],
    settings: NearDuplicateSettings,
) -> Measured:
    involved, places = np.unique(np.concatenate((first, second)), return_inverse=True)
    a, b = places[: first.size], places[first.size :]
    words = words_of(involved)
    overlap = overlaps(_shingles(words, settings.shingle_size), a, b)
    # The others have no more than a passage in common.
    kept = np.flatnonzero((overlap.less >= _PASSAGE) | (overlap.more >= settings.containment))
    same_title = (titles[first] == titles[second]) & (titles[first] != 0)
    relation = np.full(first.size, _NONE, dtype=np.int8)
    relation[kept] = _relations(
        words, a[kept], b[kept], overlap.take(kept), same_title[kept], settings
    )
    measured = Measured(first, second, relation, overlap)
    return measured.take((relation != _NONE) | may_be_excerpt(overlap))


def _relations(  # noqa: PLR0917  # columns of one table
    words: Ragged,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    shingles: Overlaps,
    same_title: NDArray[np.bool_],
    settings: NearDuplicateSettings,
) -> NDArray[np.int8]:
    """Return the relation of each pair of rows, `_NONE` where there is none."""
    involved, places = np.unique(np.concatenate((a, b)), return_inverse=True)
    rows = words.rows()
    words = ragged([rows[i] for i in involved.tolist()])
    a, b = places[: a.size], places[a.size :]
    figures = overlaps(_figures(words), a, b)
    scattered = _is_scattered(shingles, overlaps(_shingles(words, 2), a, b))
    fewer = np.minimum(figures.size_a, figures.size_b)
    template = scattered & (fewer >= _FEW_FIGURES) & (figures.shared < _SAME_FIGURES * fewer)
    updated = ~scattered & (shingles.more < WHOLE) & (figures.shared < fewer)
    alike = shingles.jaccard >= settings.threshold
    enough = np.where(same_title, _SAME_TITLE, _OTHER_TITLE)
    # The first that holds counts.
    cases: list[tuple[NDArray[np.bool_], Relation | None]] = [
        (_equal(words, a, b, shingles), "exact_copy"),
        (template, None),
        (alike & updated, "version_of"),
        (alike | scattered, "near_copy"),
        ((shingles.more < _INSIDE) & (shingles.jaccard >= enough), "version_of"),
        (shingles.more < settings.containment, None),
        (shingles.in_b >= shingles.in_a, "contains"),
    ]
    names = [np.int8(_NAMES.index(name)) if name else np.int8(_NONE) for _, name in cases]
    rest = np.int8(_NAMES.index("contained_in"))
    return np.select([case for case, _ in cases], names, rest)


def _equal(
    words: Ragged, a: NDArray[np.int64], b: NDArray[np.int64], shingles: Overlaps
) -> NDArray[np.bool_]:
    """Say which pairs of rows are the same words in the same order."""
    lengths = np.diff(words.offsets)
    equal: NDArray[np.bool_] = (shingles.less == 1) & (lengths[a] == lengths[b])
    rows = words.rows()
    for i in np.flatnonzero(equal).tolist():
        equal[i] = np.array_equal(rows[a[i]], rows[b[i]])
    return equal


def _is_scattered(shingles: Overlaps, doubles: Overlaps) -> NDArray[np.bool_]:
    scattered = np.ones(shingles.shared.size, dtype=bool)
    for single, double in ((shingles.in_a, doubles.in_a), (shingles.in_b, doubles.in_b)):
        scattered &= (double >= _SCATTERED_PAIRS) & (double - single >= _SCATTERED * (1 - single))
    return scattered


def _shingles(words: Ragged, size: int) -> Ragged:
    """Return the shingles of each row, made of as many rows at once as fit a cache."""
    blocks = np.searchsorted(words.offsets, np.arange(0, words.values.size, _WORDS_AT_ONCE))
    bounds = np.unique(np.append(blocks, words.offsets.size - 1)).tolist()
    parts = [shingle_words(words.slice(start, end), size) for start, end in pairwise(bounds)]
    values = [np.zeros(0, dtype=np.uint32), *(part.values for part in parts)]
    lengths = [np.zeros(0, dtype=np.int64), *(np.diff(part.offsets) for part in parts)]
    return Ragged(np.concatenate(values), offsets_of(np.concatenate(lengths)))


def _figures(words: Ragged) -> Ragged:
    chosen = is_figure(words.values)
    before = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(chosen, dtype=np.int64)))
    return Ragged(words.values[chosen], before[words.offsets])
