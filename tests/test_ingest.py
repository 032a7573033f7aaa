"""A whole run over the sample: the expected stories, and the same bytes whatever happens."""

from __future__ import annotations

import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import time
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from command_line import Done, on_sources, program

CONFIG = """
[[sources]]
name = "sample feed"
path = "in/feed.xml"

[[sources]]
name = "sample pages"
path = "in/pages"
"""


def place(folder: Path, sample: Path, *, config: str = CONFIG, shuffle: int | None = None) -> None:
    """Lay out a project folder; `shuffle` copies the files in a random order."""
    files = sorted(path for path in sample.rglob("*") if path.is_file())
    if shuffle is not None:
        random.Random(shuffle).shuffle(files)
    for path in files:
        target = folder / "in" / path.relative_to(sample)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (folder / "news.toml").write_text(config, encoding="utf-8")


def run(folder: Path, *words: str, **environment: str) -> Done:
    """Run a command; with other variables in a process of its own."""
    if not environment:
        return on_sources(*words, cwd=folder)
    done = subprocess.run(
        [*program(*words), "--config", "news.toml"],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def view(folder: Path) -> dict[str, bytes]:
    """Return every file below the view's folder, temporary ones included."""
    clusters = folder / "data" / "clusters"
    return {
        path.relative_to(clusters).as_posix(): path.read_bytes()
        for path in sorted(clusters.rglob("*"))
        if path.is_file()
    }


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(body) for name, body in view(folder).items() if name.endswith(".json")]


@pytest.fixture(scope="module")
def sample() -> Path:
    return Path(__file__).resolve().parent.parent / "data" / "sample"


@pytest.fixture(scope="module")
def ingested(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ingested")
    place(folder, sample)
    done = run(folder, "ingest")
    assert done.returncode == 0, done.stderr
    return folder


def name(article: dict[str, Any]) -> str:
    """Return an article's name as the expected outcome has it."""
    path = unquote(article["input"].removeprefix("file:"))
    return path if path.startswith("feed.xml") else f"pages/{path}"


def stories_by_article(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        name(article): record
        for record in records(folder)
        if record["status"] != "merged"
        for article in record["articles"]
    }


def test_the_sample_becomes_the_expected_stories(ingested: Path, sample: Path) -> None:
    expected = json.loads((sample / "expected.json").read_text("utf-8"))
    found = {
        frozenset(name(article) for article in record["articles"]) for record in records(ingested)
    }
    superseded = "pages/harbour-courier/kestrel-way-warehouse-fire.html"  # version 1 of a page
    wanted = {frozenset(set(story["articles"]) - {superseded}) for story in expected["stories"]}
    wanted |= {frozenset({article}) for article in expected["alone"]}
    wanted |= {frozenset({roundup["article"]}) for roundup in expected["roundups"]}
    assert found == wanted


def test_copies_cuts_and_versions_are_named_as_expected(ingested: Path) -> None:
    wire = stories_by_article(ingested)["pages/prairie-standard/corvane-astrel-takeover.html"]
    roles = {name(article): article["role"] for article in wire["articles"]}
    assert roles["pages/vale-gazette/potash-groups-to-merge.html"] == "partial_copy"
    assert roles["pages/nbs-news/astrel-corvane-takeover.html"] == "report"
    assert wire["counts"]["duplicates"] == 3
    (group,) = wire["duplicate_groups"]
    assert len(group["articles"]) == 4
    assert {"exact_copy", "near_copy"} <= {pair["relation"] for pair in group["relations"]}
    fire = "pages/harbour-courier/kestrel-way-warehouse-fire-updated.html"
    (updated,) = (a for a in stories_by_article(ingested)[fire]["articles"] if name(a) == fire)
    assert updated["versions"] == 2


def test_a_roundup_stands_alone_and_the_stories_it_holds_name_it(
    ingested: Path, sample: Path
) -> None:
    expected = json.loads((sample / "expected.json").read_text("utf-8"))
    found = stories_by_article(ingested)
    for roundup in expected["roundups"]:
        (own,) = found[roundup["article"]]["articles"]
        for held in roundup["holds"]:
            assert own["id"] in {r["article"] for r in found[held]["roundups"]}


def test_the_stories_changed_since_a_run_are_listed(tmp_path: Path) -> None:
    place(tmp_path, tmp_path / "nothing", config='[[sources]]\nname = "wire"\npath = "in"\n')
    reports = {
        "ferry.txt": "Ferry hits pier\nThe ferry Lady Ismay struck Mercer Pier at Calder Haven on "
        "Monday morning. Fourteen people were taken to hospital, the harbour master said, and two "
        "are still there.\n",
        "wheat.txt": "Wheat closes higher\nWheat closed higher in Chicago on Tuesday as frost was "
        "forecast for the southern plains. Traders said export sales had been stronger than "
        "expected for the third week.\n",
    }
    (tmp_path / "in").mkdir()
    for file, text in reports.items():
        (tmp_path / "in" / file).write_text(text)
        assert run(tmp_path, "ingest").returncode == 0
    first = min((tmp_path / "data" / "runs").glob("*.json")).stem

    def listed(since: str) -> list[str]:
        done = run(tmp_path, "stories", "--changed-since", since, "--json")
        return [json.loads(line)["title"] for line in done.stdout.splitlines()]

    assert listed(first) == listed("1") == ["Wheat closes higher"]
    assert len(listed("0")) == 2
    assert listed("2") == []
    unknown = run(tmp_path, "stories", "--changed-since", "yesterday")
    assert unknown.returncode == 2
    assert "no run yesterday" in unknown.stderr


def test_a_story_that_swallows_the_feed_raises_the_alarm(tmp_path: Path) -> None:
    place(tmp_path, tmp_path / "nothing", config='[[sources]]\nname = "wire"\npath = "in"\n')
    (tmp_path / "in").mkdir()
    shared = "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning. "
    for n in range(60):
        seen = " ".join(f"witness{n}x{word}" for word in range(25))
        (tmp_path / "in" / f"{n}.txt").write_text(f"Ferry Lady Ismay hits pier\n{shared * 2}{seen}")
    done = run(tmp_path, "ingest")
    assert "stories that may have swallowed others: 1; see samestory doctor" in done.stderr
    assert "holds 60 of 60 articles in open stories" in run(tmp_path, "doctor").stdout


def test_two_copies_of_which_no_roundup_holds_any_are_one_story(tmp_path: Path) -> None:
    report = (
        "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning, as gulls "
        "watched from the rail.\nFourteen people were taken to hospital, the harbour master said, "
        "and two are still there.\n"
    )
    place(tmp_path, tmp_path / "nothing", config='[[sources]]\nname = "wire"\npath = "in"\n')
    (tmp_path / "in").mkdir()
    for outlet in ("Courier", "Gazette"):
        (tmp_path / "in" / f"{outlet}.txt").write_text(f"Ferry hits pier, {outlet}\n{report}")
    assert run(tmp_path, "ingest").returncode == 0
    (story,) = records(tmp_path)
    assert story["counts"]["duplicates"] == 1


def test_what_a_page_says_twice_is_removed_once_with_its_source(
    ingested: Path, sample: Path
) -> None:
    expected = json.loads((sample / "expected.json").read_text("utf-8"))
    found = stories_by_article(ingested)
    for repeat in expected["repeats"]:
        story = found[repeat["article"]]
        (article,) = (a for a in story["articles"] if name(a) == repeat["article"])
        repeated = [span for span in article["removed"] if span["reason"] == "repeated"]
        assert all(span["copy_of"]["end"] <= span["start"] for span in repeated)
    touched = {
        name(a)
        for r in records(ingested)
        for a in r.get("articles", ())
        if any(span["reason"] == "repeated" for span in a["removed"])
    }
    assert touched == {repeat["article"] for repeat in expected["repeats"]}


def test_a_time_in_an_ambiguous_zone_says_how_it_was_read(ingested: Path) -> None:
    page = "pages/deccan-sentinel/kerala-students-uk-ferry-accident.html"
    (article,) = (a for a in stories_by_article(ingested)[page]["articles"] if name(a) == page)
    assert article["published"]["instant"] == "2026-03-02T13:10:00Z"
    assert article["published"]["zone"] == "guessed_from_outlet"
    assert "18:40 IST" in article["published"]["raw"]


def test_every_file_of_the_view_is_valid_against_its_schema(ingested: Path) -> None:
    schemas = {
        kind: json.loads(files("pipeline").joinpath(f"schemas/{file}").read_text("utf-8"))
        for kind, file in (("story", "story-1.json"), ("index", "index-1.json"))
    }
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    lines = view(ingested)["index.jsonl"].decode().splitlines()
    for line in map(json.loads, lines):
        jsonschema.Draft202012Validator(schemas["index"]).validate(line)
    for record in records(ingested):
        assert record["schema"] == schemas["story"]["$id"]
        jsonschema.Draft202012Validator(schemas["story"]).validate(record)
    assert len(lines) == len(records(ingested))


def test_spans_of_the_record_point_into_the_texts_that_show_prints(ingested: Path) -> None:
    largest = max(records(ingested), key=lambda record: len(record["articles"]))
    shown = json.loads(run(ingested, "show", largest["id"], "--json", "--text").stdout)
    assert len(shown["summary"]) >= 2
    for sentence in shown["summary"]:
        span = sentence["span"]
        text = shown["texts"][sentence["article"]][span["start"] : span["end"]]
        assert " ".join(text.split()) == sentence["text"]


def test_a_second_run_changes_no_byte_and_says_so(ingested: Path) -> None:
    before = view(ingested)
    again = run(ingested, "ingest")
    assert again.returncode == 0
    assert "nothing changed" in again.stderr
    assert again.stdout == ""
    assert view(ingested) == before


@pytest.mark.parametrize(
    ("shuffle", "environment"),
    [
        (1, {"PYTHONHASHSEED": "1", "SAMESTORY_RUN__N_JOBS": "1"}),
        (2, {"PYTHONHASHSEED": "77", "SAMESTORY_RUN__N_JOBS": "2", "TZ": "Asia/Tokyo"}),
    ],
    ids=["one-worker", "two-workers"],
)
def test_order_hash_seed_workers_and_clock_change_no_byte(
    ingested: Path, sample: Path, tmp_path: Path, shuffle: int, environment: dict[str, str]
) -> None:
    sources = CONFIG.strip().split("\n\n")
    place(tmp_path, sample, config="\n\n".join(reversed(sources)), shuffle=shuffle)
    assert run(tmp_path, "ingest", **environment).returncode == 0
    assert view(tmp_path) == view(ingested)


def test_a_rebuild_from_the_archive_alone_gives_the_same_bytes(
    ingested: Path, tmp_path: Path
) -> None:
    shutil.copytree(ingested / "data" / "raw", tmp_path / "data" / "raw")
    (tmp_path / "news.toml").write_text(CONFIG, encoding="utf-8")
    assert run(tmp_path, "rebuild").returncode == 0
    assert view(tmp_path) == view(ingested)


def test_a_run_killed_anywhere_is_finished_by_the_next(
    ingested: Path, sample: Path, tmp_path: Path
) -> None:
    place(tmp_path, sample)
    started = time.monotonic()
    run(tmp_path, "ingest", SAMESTORY_RUN__N_JOBS="0")  # in a process of its own
    whole = time.monotonic() - started
    assert view(tmp_path) == view(ingested)
    for fraction in (0.4, 0.7, 0.85, 0.95):
        shutil.rmtree(tmp_path / "data")
        process = subprocess.Popen(
            [*program("ingest"), "--config", "news.toml"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(whole * fraction)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert run(tmp_path, "ingest").returncode == 0
        assert view(tmp_path) == view(ingested)
        assert not list((tmp_path / "data").rglob("*.open"))


def test_a_story_file_that_was_altered_or_lost_is_mended(ingested: Path) -> None:
    before = view(ingested)
    first, second = [ingested / "data" / "clusters" / name for name in sorted(before)[:2]]
    first.write_text("{}")
    second.unlink()
    (ingested / "data" / "clusters" / "2026-03-02" / "s1-stranger.json").write_text("{}")
    assert "nothing changed" not in run(ingested, "ingest").stderr
    assert view(ingested) == before


def test_articles_that_arrive_later_extend_their_story_under_its_old_id(
    ingested: Path, sample: Path, tmp_path: Path
) -> None:
    late = "deccan-sentinel"
    place(tmp_path, sample)
    shutil.move(tmp_path / "in" / "pages" / late, tmp_path / late)
    run(tmp_path, "ingest")
    before = {r["id"] for r in records(tmp_path)}
    shutil.move(tmp_path / late, tmp_path / "in" / "pages" / late)
    assert run(tmp_path, "ingest").returncode == 0
    found = stories_by_article(tmp_path)
    ferry = found[f"pages/{late}/kerala-students-uk-ferry-accident.html"]
    assert ferry["id"] in before
    assert [change["change"] for change in ferry["changes"]][:2] == ["opened", "extended"]
    together = {name(a) for a in ferry["articles"]}
    assert together == {
        name(a)
        for a in stories_by_article(ingested)["pages/harbour-courier/ferry-hits-mercer-pier.html"][
            "articles"
        ]
    }


HOSTILE = {
    "empty.html": b"",
    "binary.html": bytes(random.Random(1).randrange(256) for _ in range(20_000)),
    "picture.html": b"\x89PNG\r\n\x1a\n" + b"\0" * 2000,
    "misencoded.html": (
        '<html lang="fr"><head><meta charset="utf-8"><title>Gare fermée</title></head><body>'
        "<article><p>La gare a été fermée mardi après une visite des services de santé, ont "
        "annoncé les autorités à la presse.</p><p>Les voyageurs sont invités à prendre le car "
        "jusqu’à la préfecture, où des trains supplémentaires partiront dès sept heures.</p>"
        "</article></body></html>"
    ).encode("cp1252"),
    "one-tag.html": b"<div>" * (20 * 2**20 // 5),
    "slow.html": b"<html><body><article>" + b"<p>some words here</p>" * 90_000,
    "broken.xml": b"<rss><broken",
    "broken.jsonl": b'{"id": "a"\n',
}


@pytest.fixture(scope="module")
def hostile(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    folder = tmp_path_factory.mktemp("hostile")
    place(folder, sample, config="[extract]\ntimeout_seconds = 2\n" + CONFIG)
    for file, body in HOSTILE.items():
        (folder / "in" / "pages" / file).write_bytes(body)
    done = run(folder, "ingest")
    return folder, done.stderr, done.returncode


def test_each_unusable_input_is_one_quarantine_line_with_its_reason(
    hostile: tuple[Path, str, int],
) -> None:
    folder, _, _ = hostile
    rows = [
        json.loads(row) for row in run(folder, "quarantine", "list", "--json").stdout.splitlines()
    ]
    assert {row["input"].removeprefix("file:"): row["reason"] for row in rows} == {
        "empty.html": "empty",
        "binary.html": "no_text",
        "picture.html": "binary",
        "one-tag.html": "too_large",
        "slow.html": "timeout",
        "broken.xml": "feed_broken",
        "broken.jsonl#1": "bad_entry",
    }
    assert all(row["detail"] and row["when"] for row in rows)


def test_everything_else_is_ingested_and_the_run_says_what_failed(
    hostile: tuple[Path, str, int], ingested: Path
) -> None:
    folder, said, code = hostile
    assert code == 1
    assert "7 inputs failed" in said
    assert "1 too_large" in said
    assert set(stories_by_article(folder)) >= set(stories_by_article(ingested))
    again = run(folder, "ingest")
    assert again.returncode == 0  # nothing failed that was not known before


def test_a_page_in_another_charset_than_it_says_is_read(hostile: tuple[Path, str, int]) -> None:
    folder, _, _ = hostile
    titles = {a["title"] for r in records(folder) for a in r["articles"]}
    assert "Gare fermée" in titles


def test_bad_configuration_writes_nothing_and_exits_2(sample: Path, tmp_path: Path) -> None:
    place(tmp_path, sample, config="[stories]\ntreshold = 1\n" + CONFIG)
    done = run(tmp_path, "ingest")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "did you mean stories.threshold?" in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_second_run_beside_the_first_exits_75_at_once(ingested: Path) -> None:
    with (ingested / "data" / "state.sqlite3.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run(ingested, "ingest")
    assert done.returncode == 75
    assert "another run" in done.stderr


def test_a_state_made_with_other_settings_is_refused_with_the_command_that_helps(
    ingested: Path,
) -> None:
    done = run(ingested, "ingest", SAMESTORY_NEAR_DUPLICATES__SEED="9")
    assert done.returncode == 3
    assert "samestory rebuild" in done.stderr


def test_a_run_of_several_batches_is_rebuilt_byte_for_byte(sample: Path, tmp_path: Path) -> None:
    place(tmp_path, sample)
    assert run(tmp_path, "ingest", SAMESTORY_RUN__BATCH_PAGES="10").returncode == 0
    shown = view(tmp_path)
    assert {c["batch"] for record in records(tmp_path) for c in record["changes"]} >= {1, 2, 3}
    assert run(tmp_path, "rebuild").returncode == 0
    assert view(tmp_path) == shown


def test_news_without_a_date_is_told_at_the_second_in_which_it_came_in(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    config = '[[sources]]\nname = "pier"\npath = "in"\n'
    (tmp_path / "news.toml").write_text(config, encoding="utf-8")
    (tmp_path / "in" / "empty.html").write_text("<html></html>", encoding="utf-8")
    lines = (
        "The ferry Lady Ismay struck Mercer Pier at Calder Haven in thick fog on its way in.",
        "Fourteen people were taken to hospital, the harbour master said after the crash.",
    )
    (tmp_path / "in" / "ferry.txt").write_text("\n".join(lines), encoding="utf-8")
    assert run(tmp_path, "ingest").returncode == 1
    shown, failed = view(tmp_path), run(tmp_path, "quarantine", "list", "--json").stdout
    (record,) = records(tmp_path)
    assert record["first_published"] is None
    assert json.loads(failed)["when"]
    assert run(tmp_path, "rebuild").returncode == 1
    assert view(tmp_path) == shown
    assert run(tmp_path, "quarantine", "list", "--json").stdout == failed


def test_the_two_seed_articles_are_one_story_of_two_reports(
    data_sets: Path, tmp_path: Path
) -> None:
    source = f'[[sources]]\nname = "seeds"\npath = "{data_sets / "seeds"}"\n'
    (tmp_path / "news.toml").write_text(source, encoding="utf-8")
    assert run(tmp_path, "ingest").returncode == 0
    (story,) = records(tmp_path)
    assert story["duplicate_groups"] == []
    dated, undated = story["articles"]
    assert undated["published"] is None
    assert [span for span in undated["removed"] if span["reason"] == "repeated"] == []
    assert dated["published"] == {
        "instant": "2025-07-02T19:06:00Z",
        "precision": "minute",
        "zone": "guessed_from_outlet",
        "origin": "text",
        "raw": "Jul 03, 2025, 00:36 IST",
    }
    repeats = [span for span in dated["removed"] if span["reason"] == "repeated"]
    assert sum(span["words"] for span in repeats) == 523
    assert all(span["copy_of"] and span["similarity"] == 1.0 for span in repeats)
