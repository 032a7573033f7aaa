"""Stories that are steps of one saga: alike, yet not one story."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from pipeline.config import StorySettings
from pipeline.records import Article, ArticleId, Linked, Timestamp
from pipeline.stories import RELATED, OpenWindow, assign
from pipeline.stories.sagas import mean_cosines

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
SETTINGS = StorySettings()


def report(name: str, text: str, hours: int = 0) -> Article:
    instant = NOON + timedelta(hours=hours)
    published = Timestamp(
        instant=instant, precision="second", zone="stated", origin="input", raw=instant.isoformat()
    )
    return Article(article_id=ArticleId(name), text=text, lang="en", published=published)


# Two steps of one saga, each told by two, and something else.
FIRST = {
    "trial": (
        "The trial of Irena Moll, accused of poisoning the harbour pilot Jan Verrick, began on "
        "Monday in Sandholm. Prosecutors said she had bought thallium under another name and kept "
        "it in a garden shed. Two chemists and a postman are to be heard this week."
    ),
    "court": (
        "Prosecutors in Sandholm opened the trial of Irena Moll on Monday. She had bought thallium "
        "under another name, they said, and kept it in a garden shed until the harbour pilot Jan "
        "Verrick fell ill. A postman and two chemists will be heard."
    ),
    "bank": "The central bank of Norland left its key rate at 4.25 percent. Prices are calm.",
}
SECOND = {
    "verdict": (
        "After nine hours a jury in Sandholm found Irena Moll guilty of murder at the harbour with "
        "thallium. Families of sailors cheered on the steps when it was read out. Her lawyer said "
        "she would appeal; she will be sentenced in June and may spend eighteen years behind bars."
    ),
    "guilty": (
        "Irena Moll may spend eighteen years behind bars: the jury took nine hours to find her "
        "guilty. Cheers of sailors were heard outside. The sentence is to follow in June, and an "
        "appeal is certain, her lawyer said."
    ),
}


def told(texts: Mapping[str, str], hours: int = 0) -> list[Article]:
    return [report(name, text, hours) for name, text in texts.items()]


def test_the_next_step_of_a_saga_is_another_story_and_linked_to_the_first() -> None:
    window = assign(told(FIRST), OpenWindow(), SETTINGS, NOON).window
    later = NOON + timedelta(hours=70)
    changes, window = assign(told(SECOND, 70), window, SETTINGS, later)
    names = {min(story.members): story for story in window.stories}
    assert set(names) == {"bank", "court", "guilty"}
    one, other = sorted((names["court"].story_id, names["guilty"].story_id))
    (link,) = (change for change in changes if isinstance(change, Linked))
    assert (link.story_id, link.related, link.at) == (one, other, later)
    assert RELATED <= link.score < 1
    assert names["court"].related == {names["guilty"].story_id}
    assert names["guilty"].related == {names["court"].story_id}
    assert not names["bank"].related


def test_what_is_linked_is_linked_once() -> None:
    window = assign(told(FIRST), OpenWindow(), SETTINGS, NOON).window
    _, window = assign(told(SECOND, 70), window, SETTINGS, NOON)
    changes, _ = assign([report("jury", SECOND["guilty"], 71)], window, SETTINGS, NOON)
    assert changes
    assert not [change for change in changes if isinstance(change, Linked)]


def test_links_do_not_depend_on_any_order() -> None:
    window = assign(told(FIRST), OpenWindow(), SETTINGS, NOON).window
    batch = told(SECOND, 70)
    stories = [replace(s, members=s.members[::-1]) for s in window.stories[::-1]]
    turned = replace(window, stories=stories)
    changes = assign(batch, window, SETTINGS, NOON).changes
    assert "Linked" in {type(change).__name__ for change in changes}
    assert assign(batch[::-1], turned, SETTINGS, NOON).changes == changes


def rows(*vectors: Mapping[int, float]) -> csr_array:
    dense = np.zeros((len(vectors), 6), dtype=np.float32)
    for row, vector in enumerate(vectors):
        for column, weight in vector.items():
            dense[row, column] = weight
    return csr_array(dense)


def test_a_group_without_words_is_like_no_other() -> None:
    matrix = rows({}, {0: 1}, {0: 1})
    assert mean_cosines(matrix, {0: [0], 1: [1], 2: [2]}, [(0, 1), (1, 2)]).tolist() == [0, 1]


def test_nothing_is_compared_where_nothing_is_asked() -> None:
    assert mean_cosines(rows({0: 1}), {}, []).tolist() == []


@st.composite
def _problems(draw: st.DrawFn) -> tuple[csr_array, dict[int, list[int]]]:
    weights = st.dictionaries(st.integers(0, 5), st.sampled_from([0.25, 0.5, 1]), max_size=4)
    matrix = rows(*draw(st.lists(weights, min_size=2, max_size=7)))
    labels = draw(st.lists(st.integers(0, 3), min_size=matrix.shape[0], max_size=matrix.shape[0]))
    groups = {n: [row for row, label in enumerate(labels) if label == n] for n in set(labels)}
    return matrix, groups


@given(_problems())
def test_groups_are_as_alike_as_their_mean_vectors(
    problem: tuple[csr_array, dict[int, Sequence[int]]],
) -> None:
    matrix, groups = problem
    pairs = list(itertools.combinations(sorted(groups), 2))
    means = {name: matrix.toarray()[rows].mean(axis=0) for name, rows in groups.items()}
    lengths = {name: np.linalg.norm(mean) or 1.0 for name, mean in means.items()}
    wanted = [float(means[a] @ means[b] / (lengths[a] * lengths[b])) for a, b in pairs]
    turned = {name: rows[::-1] for name, rows in groups.items()}
    for some in (groups, turned):
        assert mean_cosines(matrix, some, pairs).tolist() == pytest.approx(wanted, abs=1e-6)
