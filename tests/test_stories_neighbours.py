"""What each article knows of its nearest, however the articles came in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import ArticleId
from pipeline.stories import Neighbours, TermVector, known_articles, without
from pipeline.stories.neighbours import NEAREST, SERIES, compare, mixed_vectors, pairs_among
from pipeline.stories.products import Similar

WINDOW = 96.0
OUTLETS = [None, None, "Vale Gazette", "Courier"]


def vector(
    name: str, weights: Sequence[float] | np.ndarray, hour: float = 0.0, outlet: str | None = None
) -> TermVector:
    dense = np.asarray(weights, dtype=np.float64)
    unit = (dense / (np.linalg.norm(dense) or 1)).astype(np.float32)
    terms = np.flatnonzero(unit).astype(np.uint32)
    return TermVector(
        article_id=ArticleId(name),
        first=hour,
        last=hour,
        is_dated=True,
        outlet=outlet,
        terms=terms,
        weights=unit[terms],
    )


def drawn(seed: int, size: int, hours: int = 150) -> list[TermVector]:
    """Return articles of few words, some without any, over several days and outlets."""
    random = np.random.default_rng(seed)
    dense = random.random((size, 6)) * (random.random((size, 6)) < 0.5)
    return [
        vector(f"a{n:02}", row, random.integers(0, hours), OUTLETS[random.integers(0, 4)])
        for n, row in enumerate(dense)
    ]


def one_by_one(every: Sequence[TermVector], cuts: Sequence[int]) -> tuple[Neighbours, set[object]]:
    """Compare articles in parts; returns also the pairs that were found, by place."""
    known, pairs = known_articles(), set()
    for start, end in zip([0, *cuts], [*cuts, len(every)], strict=True):
        known, found = compare(known, every[start:end], WINDOW)
        assert (found.near.rows >= start).all(), "one of each pair is new"
        pairs |= listed("near", found.near) | listed("far", found.far)
    return known, pairs


def listed(kind: str, pairs: Similar) -> set[object]:
    rows = zip(*(part.tolist() for part in pairs), strict=True)
    found = {(kind, max(a, b), min(a, b), value) for a, b, value in rows}
    assert len(found) == len(pairs.rows), "each pair once"
    return found


def assert_same(one: Neighbours, other: Neighbours) -> None:
    assert [v.article_id for v in one.vectors] == [v.article_id for v in other.vectors]
    assert (one.matrix != other.matrix).nnz == 0
    assert one.nearest.tolist() == other.nearest.tolist()
    assert one.closeness.tolist() == other.closeness.tolist()
    assert one.series.tolist() == other.series.tolist()
    assert one.lengths == pytest.approx(other.lengths, abs=1e-6)


@given(st.integers(0, 10**6), st.integers(0, 16), st.lists(st.integers(0, 16), max_size=4))
def test_articles_that_come_in_parts_know_what_they_would_have_known_at_once(
    seed: int, size: int, cuts: list[int]
) -> None:
    every = drawn(seed, size)
    whole, pairs = one_by_one(every, [])
    parts, found = one_by_one(every, sorted(min(cut, size) for cut in cuts))
    assert_same(parts, whole)
    assert found == pairs


@given(st.integers(0, 10**6), st.integers(0, 14))
def test_the_nearest_are_those_of_comparing_everything(seed: int, size: int) -> None:
    every = drawn(seed, size)
    known, _ = one_by_one(every, [])
    dense = np.round(known.matrix.toarray() @ known.matrix.toarray().T, 6) if size else None
    for row, one in enumerate(every):
        assert dense is not None
        near = [
            other
            for other, its in enumerate(every)
            if other != row and abs(its.first - one.first) <= WINDOW
        ]
        values = sorted((float(dense[row, o]) for o in near if dense[row, o] >= 0.25), reverse=True)
        wanted = [*values, 0.0, 0.0, 0.0][:NEAREST]
        assert known.closeness[row] == pytest.approx(wanted, abs=2e-6)
        for place, level in zip(known.nearest[row], known.closeness[row], strict=True):
            assert level == pytest.approx(dense[row, place], abs=2e-6) if level else place == row
        own = [o for o in near if one.outlet and every[o].outlet == one.outlet]
        series = sorted(float(dense[row, o]) for o in own if 0.07 <= dense[row, o] < 0.9)[::-1]
        assert known.series[row] == pytest.approx([*series, *[0.0] * SERIES][:SERIES], abs=2e-6)


@given(st.integers(0, 10**6), st.integers(1, 12), st.sets(st.integers(0, 14)))
def test_articles_that_leave_are_nobodys_neighbours(seed: int, size: int, kept: set[int]) -> None:
    known, _ = one_by_one(drawn(seed, size), [])
    names = {ArticleId(f"a{n:02}") for n in kept}
    left = without(known, {v.article_id for v in known.vectors} - names)
    rows = [row for row in range(size) if row in kept]
    assert [v.article_id for v in left.vectors] == [known.vectors[row].article_id for row in rows]
    assert (left.matrix != known.matrix[rows]).nnz == 0
    mixed = mixed_vectors(left, np.arange(len(rows))).toarray()
    lengths = np.linalg.norm(mixed, axis=1)
    assert left.lengths == pytest.approx(np.where(lengths, lengths, 1), abs=1e-5)
    assert left.series.tolist() == known.series[rows].tolist()
    for place, row in enumerate(rows):
        knew = zip(known.nearest[row].tolist(), known.closeness[row].tolist(), strict=True)
        wanted = {(rows.index(other), level) for other, level in knew if other in rows and level}
        knows = zip(left.nearest[place].tolist(), left.closeness[place].tolist(), strict=True)
        assert {(other, level) for other, level in knows if level} == wanted
        strangers = left.nearest[place][left.closeness[place] == 0]
        assert (strangers == place).all()


def test_where_all_articles_stay_nothing_is_copied() -> None:
    known, _ = one_by_one(drawn(1, 5), [])
    assert without(known, set()) is known


@given(st.integers(0, 10**6), st.integers(0, 12), st.sets(st.integers(0, 11)))
def test_pairs_among_some_are_those_of_all_that_lie_in_it(
    seed: int, size: int, wanted: set[int]
) -> None:
    known, every = one_by_one(drawn(seed, size), [])
    rows = np.array(sorted(row for row in wanted if row < size), dtype=np.int64)
    found = pairs_among(known, rows, WINDOW)
    assert listed("near", found.near) | listed("far", found.far) == {
        pair for pair in every if {pair[1], pair[2]} <= set(rows.tolist())
    }


@pytest.mark.parametrize(
    ("hours", "outlets", "kind"),
    [
        (96, (None, None), "near"),
        (97, (None, None), "far"),
        (97, ("Courier", "Vale Gazette"), "far"),
        (97, ("Courier", None), "far"),
        (97, ("Courier", "Courier"), None),
        (96, ("Courier", "Courier"), "near"),
    ],
)
def test_the_window_parts_near_from_far(
    hours: float, outlets: tuple[str | None, str | None], kind: str | None
) -> None:
    one, other = (
        vector(name, [1, 1, 0], hour, outlet)
        for name, hour, outlet in zip("ab", (0.0, hours), outlets, strict=True)
    )
    _, found = compare(known_articles(), [one, other], WINDOW)
    assert (len(found.near.rows), len(found.far.rows)) == (kind == "near", kind == "far")


def test_far_pairs_that_are_hardly_alike_say_nothing() -> None:
    one, other = vector("a", [1, 0.15, 0]), vector("b", [0.15, 1, 0], 200.0)
    assert len(compare(known_articles(), [one, other], WINDOW)[1].far.rows) == 1
    stranger = vector("c", [0, 0.19, 1], 200.0)
    assert len(compare(known_articles(), [one, stranger], WINDOW)[1].far.rows) == 0


def test_of_equally_near_articles_those_that_came_first_are_known() -> None:
    same = [vector(f"a{n}", [1, 1]) for n in range(6)]
    known, _ = compare(known_articles(), same, WINDOW)
    assert known.nearest[5].tolist() == [0, 1, 2]
    assert known.nearest[1].tolist() == [0, 2, 3]


def test_the_same_text_again_is_no_series() -> None:
    copies = [vector(f"a{n}", [1, 1, 0], outlet="Courier") for n in range(4)]
    known, _ = compare(known_articles(), copies, WINDOW)
    assert (known.series == 0).all()
    alike = [vector(f"b{n}", np.eye(4)[n] * 3 + 3, outlet="Courier") for n in range(4)]
    known, _ = compare(known_articles(), alike, WINDOW)
    assert ((known.series > 0).sum(axis=1) == 3).all()


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_lengths_are_those_of_the_mixed_vectors(seed: int, size: int) -> None:
    known, _ = one_by_one(drawn(seed, size), [])
    mixed = mixed_vectors(known, np.arange(size)).toarray()
    lengths = np.linalg.norm(mixed, axis=1)
    assert known.lengths == pytest.approx(np.where(lengths, lengths, 1), abs=1e-5)


def test_no_articles_have_no_neighbours() -> None:
    known, found = compare(known_articles(), [], WINDOW)
    assert len(known.vectors) == len(found.near.rows) == len(found.far.rows) == 0
    assert known.hours.shape == (0, 2)
    assert len(known.outlets) == 0
