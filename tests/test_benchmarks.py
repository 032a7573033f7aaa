"""The benchmarks measure what the reference scorer measures, and guard their floors."""

from __future__ import annotations

import gzip
import importlib.util
import json
import math
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

# No part of the wheel; `python -m pytest` in a checkout finds it.
pytest.importorskip("benchmarks", reason="benchmarks are only in a checkout")

from benchmarks import extraction, gold, increment, metrics, periodic, run, stories, timing
from benchmarks.figures import HERE, Figure, Floor, broken_floors, raise_floors, table
from benchmarks.gold import GoldArticle
from benchmarks.reliability import Bin, reliability_plot
from pipeline.records import Article, ArticleId, Span

Row = dict[str, object]

# --- Agreement with the reference scorer -------------------------------------------------------


@pytest.fixture(scope="module")
def score() -> ModuleType:
    path = gold.data_folder().parent / "score.py"
    if not path.exists():
        pytest.skip(f"no reference scorer at {path}")
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def named(groups: Sequence[str]) -> dict[str, str]:
    return {f"article-{i}": group for i, group in enumerate(groups)}


def grouped(groups: Mapping[str, str], member: str) -> list[Row]:
    return [{"id": name, member: group} for name, group in groups.items()]


two_groupings = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), min_size=2, max_size=30
)


@given(pairs=two_groupings)
def test_group_metrics_agree_with_the_reference(
    score: ModuleType, pairs: list[tuple[str, str]]
) -> None:
    should, found = named([a for a, _ in pairs]), named([b for _, b in pairs])
    expected = score.stories(grouped(should, "story"), grouped(found, "story"))
    assert metrics.b_cubed(should, found) == pytest.approx(
        [expected["b3p"], expected["b3r"], expected["b3f"]]
    )
    assert metrics.pairwise(should, found) == pytest.approx(
        [expected["pwp"], expected["pwr"], expected["pwf"]]
    )
    rand = score.groups(grouped(should, "group"), grouped(found, "group"))["ari"]
    assert metrics.adjusted_rand(should, found) == pytest.approx(rand)


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.booleans(),
            st.sampled_from(["saga", None]),
            st.sampled_from("wx"),
        ),
        min_size=2,
        max_size=30,
    )
)
def test_pairs_that_gold_leaves_open_count_as_in_the_reference(
    score: ModuleType, rows: list[tuple[str, bool, str | None, str]]
) -> None:
    names = [f"article-{i}" for i in range(len(rows))]
    annotated = [
        gold.GoldArticle(
            article=Article(article_id=ArticleId(name), text=""),
            story=story,
            unsure=unsure,
            saga=saga,
        )
        for name, (story, unsure, saga, _) in zip(names, rows, strict=True)
    ]
    found = {name: group for name, (*_, group) in zip(names, rows, strict=True)}
    reference: list[Row] = [
        {"id": name, "story": story, "unsure": unsure, "saga": saga}
        for name, (story, unsure, saga, _) in zip(names, rows, strict=True)
    ]
    expected = score.stories(reference, grouped(found, "story"))
    assert metrics.pairwise_decided(annotated, found) == pytest.approx(
        [expected["dcp"], expected["dcr"], expected["dcf"]]
    )


def test_group_metrics_agree_with_the_reference_on_a_real_feed(score: ModuleType) -> None:
    path = gold.data_folder() / "stories" / "stream_us_2023_06_21.jsonl"
    if not path.exists():
        pytest.skip(f"no {path}")
    reference = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = gold.stories(gold.data_folder(), path.stem)
    should: dict[str, str] = {row.article.article_id: row.story for row in rows}
    # An odd grouping, but one that is neither right nor random: by the first word of the title.
    found: dict[str, str] = {row.article.article_id: row.article.title.split()[0] for row in rows}
    expected = score.stories(reference, grouped(found, "story"))
    assert metrics.b_cubed(should, found).f1 == pytest.approx(expected["b3f"])
    assert metrics.pairwise(should, found).f1 == pytest.approx(expected["pwf"])
    assert metrics.pairwise_decided(rows, found).f1 == pytest.approx(expected["dcf"])


def test_duplicate_pair_metrics_agree_with_the_reference(score: ModuleType) -> None:
    true: list[Row] = [
        {"a": "d1", "b": "d2", "jaccard": 0.95, "in_a": 0.97, "in_b": 0.98},
        {"a": "d3", "b": "d4", "jaccard": 0.72, "in_a": 0.8, "in_b": 0.88},
        {"a": "d6", "b": "d5", "jaccard": 0.4, "in_a": 1.0, "in_b": 0.4},
        {"a": "d7", "b": "d8", "jaccard": 0.5, "in_a": 0.6, "in_b": 0.6},
    ]
    claims: list[Row] = [
        {"a": "d2", "b": "d1", "jaccard": 0.95, "in_a": 0.98, "in_b": 0.97},
        {"a": "d5", "b": "d6", "jaccard": 0.41, "in_a": 0.4, "in_b": 1.0},
        {"a": "d1", "b": "d9", "jaccard": 0.9, "in_a": 0.9, "in_b": 0.9},
    ]
    expected = score.pairs(true, [{**claim, "relation": "near_copy"} for claim in claims])
    found = metrics.duplicate_pairs(
        [gold.GoldPair(**row) for row in true],  # type: ignore[arg-type]
        [gold.GoldPair(**row) for row in claims],  # type: ignore[arg-type]
    )
    assert found.recall_jaccard == expected["recall_j7"]
    assert found.recall_containment == expected["recall_c7"]
    assert found.precision == expected["precision_any"]
    assert found.exact == 0.5, "d1-d2 is exact in either order, d5-d6 is not"


span = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted).map(lambda s: Span(*s))
spans = st.lists(span, max_size=4)
TEXT = "Rain fell on Orrin. The river rose by 2.5 metres. Rain fell on Orrin, again."


@given(texts=st.lists(st.tuples(spans, spans, st.sampled_from("ab")), min_size=1, max_size=5))
def test_repetition_metrics_agree_with_the_reference(
    score: ModuleType, texts: list[tuple[list[Span], list[Span], str]]
) -> None:
    rows = [
        gold.GoldRepeats(text_id=f"t{i}", kind=kind, text=TEXT, remove=tuple(remove))
        for i, (remove, _, kind) in enumerate(texts)
    ]
    removed = {f"t{i}": found for i, (_, found, _) in enumerate(texts)}
    expected = score.repeats(
        [{"id": r.text_id, "kind": r.kind, "text": r.text, "remove": r.remove} for r in rows],
        [{"id": i, "removed": [s._asdict() for s in found]} for i, found in removed.items()],
    )
    found = metrics.repeats(rows, removed)
    assert found.words == pytest.approx(
        [expected["token_p"], expected["token_r"], expected["token_f"]]
    )
    assert found.right == pytest.approx(expected["right"])
    assert found.right_by_kind == pytest.approx(expected["by_kind"], abs=0.005)


def page_figures(page: Mapping[str, object], read: Mapping[str, object]) -> dict[str, float | None]:
    """Score one page with our metrics under the names of the reference."""
    text, stated = str(read.get("text") or ""), str(read.get("published") or "")
    snippets = metrics.snippets_right(
        page.get("required") or (),  # type: ignore[arg-type]
        page.get("forbidden") or (),  # type: ignore[arg-type]
        text,
    )
    values = {
        "f1": metrics.text_f1(page.get("text"), text),  # type: ignore[arg-type]
        "snippets": metrics.mean(snippets) if snippets else None,
        "title": metrics.same_title(page.get("title"), str(read.get("title") or "")),  # type: ignore[arg-type]
        "day": metrics.same_day(page.get("published"), stated),  # type: ignore[arg-type]
        "instant": metrics.same_instant(page.get("published"), stated),  # type: ignore[arg-type]
        "authors": metrics.same_authors(page.get("authors") or (), read.get("authors") or ()),  # type: ignore[arg-type]
    }
    return {name: None if value is None else float(value) for name, value in values.items()}


PAGES: list[tuple[Row, Row]] = [
    ({"text": "The dam at Orrin held."}, {"text": "The dam at Orrin held."}),
    ({"text": "The dam at Orrin held all night."}, {"text": "Share. The dam at Orrin held all"}),
    ({"text": "No water."}, {"text": None}),
    ({"text": "Ebb and ebb and ebb and ebb and ebb."}, {"text": "Ebb and ebb and ebb."}),
    (
        {"required": ["Dam HELD, mayor says", "Orrin"], "forbidden": ["Sign up", "Read more"]},
        {"text": "Dam held: mayor says. Sign up!"},
    ),
    ({"title": "Dam “holds”"}, {"title": 'DAM "holds"'}),
    ({"title": "Dam holds"}, {"title": "Dam holds - The Courier"}),
    ({"authors": ["Ada Roe", "Ben Poe"]}, {"authors": ["ben poe", "Ada  Roe"]}),
    ({"authors": ["Ada Roe"]}, {"authors": []}),
]

TIMES = (
    "2024-05-03",
    "2024-05-03 23:30:00-05:00",
    "2024-05-04 04:30:59+00:00",
    "2024-05-04T04:30:00",
    "about noon",
)
STATED = ("2024-05-03", "2024-05-04T04:30:00+00:00", "2024-05-04T04:30", "soon", None)


@pytest.mark.parametrize(("page", "read"), PAGES)
def test_page_metrics_agree_with_the_reference(score: ModuleType, page: Row, read: Row) -> None:
    expected = score.pages([{"id": "p", **page}], [{"id": "p", **read}])
    found = page_figures(page, read)
    assert found == pytest.approx({name: expected[name] for name in found})


@pytest.mark.parametrize("published", TIMES)
@pytest.mark.parametrize("stated", STATED)
def test_times_agree_with_the_reference(
    score: ModuleType, published: str, stated: str | None
) -> None:
    page, read = {"published": published}, {"published": stated}
    expected = score.pages([{"id": "p", **page}], [{"id": "p", **read}])
    found = page_figures(page, read)
    assert found == pytest.approx({name: expected[name] for name in found})


def test_page_metrics_agree_with_the_reference_on_real_texts(score: ModuleType) -> None:
    path = gold.data_folder() / "pages" / "trafilatura.jsonl"
    if not path.exists():
        pytest.skip(f"no {path}")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[:60]]
    # Each page is answered with the gold of the next one and half of its own snippets.
    for page, other in pairwise(rows):
        text = " ".join([*page["required"][::2], *page["forbidden"][::2], *other["required"]])
        read = {**other, "text": text}
        expected = score.pages([page], [{**read, "id": page["id"]}])
        found = page_figures(page, read)
        assert found == pytest.approx({name: expected[name] for name in found})


# --- Floors -------------------------------------------------------------------------------------

FLOORS = {"words F1": Floor(0.9, 0.01)}


def test_a_figure_within_the_noise_below_its_floor_passes() -> None:
    assert broken_floors([Figure(name="words F1", value=0.891)], FLOORS) == []


def test_a_figure_below_floor_and_noise_is_named() -> None:
    (line,) = broken_floors([Figure(name="words F1", value=0.889)], FLOORS)
    assert line == "words F1: 0.8890 is below its floor 0.9 - 0.01 noise"


def test_a_floor_whose_figure_is_gone_is_named() -> None:
    (line,) = broken_floors([Figure(name="texts right", value=1.0)], FLOORS)
    assert "no longer measured" in line


def test_a_figure_that_is_no_number_breaks_its_floor() -> None:
    assert broken_floors([Figure(name="words F1", value=math.nan)], FLOORS)


def test_floors_rise_to_the_figure_less_its_noise_and_never_fall() -> None:
    better, worse = Figure(name="words F1", value=0.95), Figure(name="words F1", value=0.5)
    assert raise_floors([better], FLOORS) == {"words F1": Floor(0.94, 0.01)}
    assert raise_floors([worse], FLOORS) == FLOORS
    assert raise_floors([], FLOORS) == FLOORS


def test_floors_fall_only_when_that_is_asked_for() -> None:
    worse = Figure(name="words F1", value=0.5, noise=0.1)
    assert raise_floors([worse], FLOORS, allow_lower=True) == {"words F1": Floor(0.4, 0.1)}


def test_figures_that_are_only_reported_get_no_floor() -> None:
    assert raise_floors([Figure(name="words F1, held back", value=1.0, gated=False)], {}) == {}


def test_the_table_resolves_targets_against_the_peer_beside_it() -> None:
    figure = Figure(name="fundus text F1", value=0.95, peer=0.94, peer_name="default")
    *_, row = table("extraction", [figure], {}).splitlines()
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:3] == ["fundus text F1", "0.950", "0.940 default"]
    assert cells[-2:] == ["0.948", "0.958"]


def test_the_speed_ratio_is_the_time_of_the_peer_over_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]

    def takes(seconds: float) -> None:
        clock[0] += seconds

    monkeypatch.setattr(time, "process_time", lambda: clock[0])
    ratio = timing.times_as_fast(ours=lambda: takes(2.0), peer=lambda: takes(6.0))
    assert ratio == pytest.approx(3.0)


# --- Each task on a small invented data set -----------------------------------------------------

EVENTS = {
    "dam": (
        "The dam above Orrin held through the night, the river authority said on {day}.",
        "Engineers had feared that the spillway would fail after a week of rain in the hills.",
        "About {number} people who had left their homes on Tuesday were told that they may return.",
        "Mayor Nora Falk thanked the crews, who had stacked sandbags along the lower road.",
    ),
    "strike": (
        "Bus drivers in Port Selwyn ended their strike on {day} after talks over pay.",
        "The union accepted a rise of {number} cents an hour and a promise of longer breaks.",
        "Services on the harbour lines start again in the morning, the operator Selbus said.",
        "It was the longest stoppage of public transport that the city has seen since the war.",
    ),
    "comet": (
        "A comet that nobody had on a list will pass the moon on {day}, astronomers announced.",
        "The amateur Tomas Wirk photographed it from his garden with a telescope he built himself.",
        "It will be as bright as the faintest stars for {number} nights and then leave for ever.",
        "The observatory at Kell opens its dome to visitors and lends out binoculars for free.",
    ),
}


def paragraphs(event: str, day: str, number: int) -> list[str]:
    return [line.format(day=day, number=number) for line in EVENTS[event]]


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8") as file:
        file.write(text)


def write_pages(folder: Path, name: str) -> None:
    rows: list[Row] = []
    for event in ("dam", "strike"):
        body, title = paragraphs(event, "Thursday", 300), f"What the {event} means for us"
        page = folder / "pages" / name / f"{event}.html.gz"
        page.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"<p>{line}</p>" for line in body)
        page.write_bytes(
            gzip.compress(
                f"<html lang=en><head><title>{title}</title><meta name=author content='Ada Roe'>"
                "<meta property='article:published_time' content='2026-03-05T06:30:00+01:00'>"
                f"</head><body><nav>Sign up</nav><article><h1>{title}</h1>{lines}</article>"
                "</body></html>".encode()
            )
        )
        rows.append(
            {
                "id": event,
                "text": "\n".join(body),
                "required": [body[1]],
                "forbidden": ["Sign up"],
                "title": title,
                "authors": ["Ada Roe"],
                "published": "2026-03-05T06:30:00+01:00",
            }
        )
    write_rows(folder / "pages" / f"{name}.jsonl", rows)


def articles() -> list[Row]:
    days = ("Thursday", "Friday", "Saturday")
    return [
        {
            "id": f"{event}-{day}",
            "title": f"{event} on {day}",
            "text": "\n".join(paragraphs(event, day, 100 + n)),
            "published": f"2026-03-0{n + 5}T10:00:00Z",
            "outlet": f"Outlet {n}",
            "lang": "en",
            "story": event,
            "unsure": False,
            "saga": None,
        }
        for event in EVENTS
        for n, day in enumerate(days)
    ]


def write_repeats(path: Path) -> None:
    once = "\n".join(paragraphs("dam", "Thursday", 300))
    doubled = f"{once}\n{once}"
    kinds = ("doubled_whole", "keep_natural")
    rows: list[Row] = [
        {
            "id": f"{kind}-{n}",
            "kind": kind,
            "text": doubled if kind == "doubled_whole" else once,
            "remove": [[len(once) + 1, len(doubled)]] if kind == "doubled_whole" else [],
        }
        for n in range(10)
        for kind in kinds
    ]
    write_rows(path, rows)


def write_duplicates(folder: Path) -> None:
    rows = [*articles(), {**articles()[0], "id": "copy"}]
    write_rows(folder / "docs.jsonl", [{k: r[k] for k in ("id", "title", "text")} for r in rows])
    original = rows[0]["id"]
    pair: Row = {"a": original, "b": "copy", "jaccard": 1.0, "in_a": 1.0, "in_b": 1.0}
    write_rows(folder / "pairs.jsonl", [pair])
    groups = [original if row["id"] == "copy" else row["id"] for row in rows]
    write_rows(
        folder / "groups.jsonl",
        [{"id": row["id"], "group": g} for row, g in zip(rows, groups, strict=True)],
    )


@pytest.fixture(scope="module")
def small_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every file that a task needs, in the layout of the real data."""
    folder = tmp_path_factory.mktemp("data")
    for name in extraction.SETS:
        write_pages(folder, name)
    for name in (*stories.SETS, stories.REPORTED):
        write_rows(folder / "stories" / f"{name}.jsonl", articles())
    for name in increment.CROWD:
        write_rows(folder / "stream" / f"{name}.jsonl.gz", articles())
    write_repeats(folder / "duplicates" / "repetition_dev.jsonl")
    write_duplicates(folder / "duplicates" / "dev")
    return folder


@pytest.fixture(autouse=True)
def short_periodic_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "SIZE", 100)


@pytest.fixture
def in_small_data(small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAMESTORY_DATA", str(small_data))
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(run, "FLOORS", tmp_path / "floors.json")
    return tmp_path


PEERS = ("numba", "daft", "gaoya", "rensa", "xxhash")
SIZES = {
    "near_duplicates": 50,
    "archive_growth": 50,
    "increment": 50,
}  # of what they make themselves


@pytest.mark.parametrize("task", run.TASKS)
def test_a_task_measures_all_that_has_a_target_or_a_recorded_peer(
    task: str, small_data: Path
) -> None:
    for package in PEERS if task == "near_duplicates" else ():
        pytest.importorskip(package, reason=f"{package} is not installed")
    figures = run.TASKS[task].measure(small_data, SIZES.get(task), 1)
    names = [figure.name for figure in figures]
    assert len(set(names)) == len(names)
    assert all(math.isfinite(figure.value) for figure in figures)
    for file in ("targets.json", "peers.json"):
        expected = json.loads((HERE / file).read_text(encoding="utf-8")).get(task, {})
        assert expected.keys() <= set(names), file


def test_a_run_prints_its_table_and_writes_what_was_measured_where(
    in_small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["repetition"]) == 0
    assert "| words F1 " in capsys.readouterr().out
    result = json.loads((in_small_data / "results" / "repetition.json").read_text("utf-8"))
    assert result.keys() >= {"data", "commit", "machine", "versions", "figures"}


def test_a_run_below_a_floor_exits_with_1_and_says_which(
    in_small_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    floors = {"repetition": {"words F1": {"floor": 1.5, "noise": 0.1}}}
    (in_small_data / "floors.json").write_text(json.dumps(floors), encoding="utf-8")
    assert run.main(["repetition"]) == 1
    assert "repetition: words F1" in capsys.readouterr().err
    assert run.main(["repetition", "--limit", "5"]) == 0, "part of a set has no floor"


def test_updating_floors_keeps_those_of_other_tasks(in_small_data: Path) -> None:
    path = in_small_data / "floors.json"
    path.write_text(json.dumps({"stories": {"x": {"floor": 0.5, "noise": 0.1}}}), encoding="utf-8")
    assert run.main(["repetition", "--update-floors"]) == 0
    floors = json.loads(path.read_text(encoding="utf-8"))
    assert floors["stories"] == {"x": {"floor": 0.5, "noise": 0.1}}
    assert "words F1" in floors["repetition"]
    assert "words F1, held back" not in floors["repetition"]


def test_a_task_without_its_data_is_skipped_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAMESTORY_DATA", str(tmp_path))
    assert run.main(["repetition"]) == 0
    assert f"repetition: skipped, {tmp_path} has no" in capsys.readouterr().out


def test_periodic_texts_are_what_their_names_say() -> None:
    made = dict(periodic.texts(64))
    assert made["(ab)^n, words"].startswith("a b a b a b")
    assert made["Fibonacci, words"].startswith("a b a a b a b a a b a a b")
    letters = made["de Bruijn, words"].split()
    factors = [tuple(letters[place : place + 7]) for place in range(len(letters) - 6)]
    assert len(set(factors)) == len(factors)
    assert len(made["a^n, lines"].splitlines()) == 64 // 8


def test_links_are_right_between_steps_of_a_saga_and_halves_of_a_story() -> None:
    def row(name: str, story: str, saga: str | None = None, *, unsure: bool = False) -> GoldArticle:
        return GoldArticle(
            article=Article(article_id=ArticleId(name), text=""),
            story=story,
            saga=saga,
            unsure=unsure,
        )

    rows = [
        row("quake", "quake", "quake saga"),
        row("quake 2", "quake", "quake saga"),
        row("aid", "aid", "quake saga"),
        row("trial", "trial", "quake saga"),
        row("cup", "cup"),
        row("vote", "vote", unsure=True),
    ]
    home = {r.article.article_id: r.article.article_id for r in rows}
    step, half = ("quake", "aid"), ("quake", "quake 2")
    wrong, open_one = ("aid", "cup"), ("cup", "vote")
    assert metrics.links(rows, home, [step]) == (1, 2 / 4)
    assert metrics.links(rows, home, [half, wrong, open_one]) == (1 / 2, 0)
    assert metrics.links(rows, home, [step, half, ("trial", "aid")]) == (1, 3 / 4)
    assert metrics.links(rows, home, []) == (0, 0)


def test_claims_that_come_true_as_often_as_they_say_have_no_calibration_error() -> None:
    half = metrics.Claims(np.full(4, 0.5), np.array([True, False, True, False]))
    sure = metrics.Claims(np.array([1.0, 0.0]), np.array([True, False]))
    assert metrics.calibration_error([half, sure]) == 0
    assert [row[1:] for row in metrics.reliability([half, sure])] == [(0, 0), (0.5, 0.5), (1, 1)]


def test_claims_that_never_come_true_are_as_wrong_as_they_are_sure() -> None:
    wrong = metrics.Claims(np.full(3, 0.9), np.zeros(3, dtype=bool))
    assert metrics.calibration_error([wrong]) == pytest.approx(0.9)


def test_the_reliability_plot_has_a_point_for_each_bin_and_is_well_formed() -> None:
    drawn = reliability_plot([Bin(0.1, 0.2), Bin(0.9, 1.0)])
    root = etree.fromstring(drawn.encode())
    points = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in root if "circle" in c.tag]
    (x1, y1), (x2, y2) = points
    assert x1 < x2
    assert y1 > y2, "more is further up"
