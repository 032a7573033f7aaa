"""The command line: results on standard output, everything else on standard error, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from command_line import samestory

HEAVY = ("datasketch", "numpy", "pydantic", "rich", "sklearn", "trafilatura")
REPORT = (
    "The ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday morning.\n"
    "Fourteen people were taken to hospital, the harbour master said, and two are still there.\n"
    "The pier will stay closed until divers have looked at its piles, which may take a week."
)
MARKET = (
    "Wheat closed higher in Chicago on Tuesday as frost was forecast for the southern plains.\n"
    "Traders said export sales had been stronger than expected for the third week in a row."
)


def lines(rows: Iterable[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def parsed(output: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.splitlines()]


def test_help_loads_no_heavy_library() -> None:
    probe = (
        "import sys\n"
        "from pipeline.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def commands_of(*group: str, cwd: Path) -> list[str]:
    listed = samestory(*group, "--help", cwd=cwd).stdout.split("Commands:")[1]
    return [line.split()[0] for line in listed.splitlines() if line.startswith("  ")]


def test_every_command_has_an_example(tmp_path: Path) -> None:
    commands = commands_of(cwd=tmp_path)
    assert len(commands) > 10
    for command in commands:
        shown = samestory(command, "--help", cwd=tmp_path).stdout
        inner = commands_of(command, cwd=tmp_path) if "Commands:" in shown else []
        for words in [[command, name] for name in inner] or [[command]]:
            assert "Example: " in samestory(*words, "--help", cwd=tmp_path).stdout


def test_clean_takes_out_the_second_telling_and_says_where_the_first_is(tmp_path: Path) -> None:
    text = f"{REPORT}\n{REPORT}"
    done = samestory("clean", "-", cwd=tmp_path, stdin=lines([{"id": 7, "text": text}]))
    (row,) = parsed(done.stdout)
    assert (row["id"], row["text"]) == ("7", REPORT)
    for span in row["removed"]:
        copy = span["copy_of"]
        assert text[span["start"] : span["end"]] == text[copy["start"] : copy["end"]]
        assert (span["similarity"], span["reason"]) == (1.0, "repeated")


def test_dedup_prints_pairs_or_groups(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "title": "Ferry", "text": REPORT},
        {"id": "b", "title": "Ferry", "text": REPORT.upper()},
        {"id": "c", "title": "Wheat", "text": MARKET},
    ]
    (pair,) = parsed(samestory("dedup", "-", cwd=tmp_path, stdin=lines(rows)).stdout)
    assert pair == {
        "a": "a",
        "b": "b",
        "relation": "exact_copy",
        "jaccard": 1.0,
        "in_a": 1.0,
        "in_b": 1.0,
    }
    grouped = parsed(samestory("dedup", "-", "--groups", cwd=tmp_path, stdin=lines(rows)).stdout)
    assert grouped == [
        {"id": "a", "group": "a", "canonical": True},
        {"id": "b", "group": "a", "canonical": False},
        {"id": "c", "group": "c", "canonical": True},
    ]


def test_cluster_puts_one_event_in_one_story(tmp_path: Path) -> None:
    other = "A ferry, the Lady Ismay, hit Mercer Pier in Calder Haven; fourteen are in hospital."
    rows = [
        {"id": "a", "title": "Ferry hits Mercer Pier", "text": REPORT},
        {"id": "b", "title": "Lady Ismay hits pier", "text": other, "outlet": "Post"},
        {"id": "c", "title": "Wheat", "text": MARKET, "published": "2026-03-03T10:00:00Z"},
    ]
    found = parsed(samestory("cluster", "-", cwd=tmp_path, stdin=lines(rows)).stdout)
    story = {row["id"]: row["story"] for row in found}
    assert story["a"] == story["b"] != story["c"]
    assert all(0 <= row["score"] <= 1 for row in found)


def test_extract_names_a_page_by_its_file_and_prints_what_the_design_says(tmp_path: Path) -> None:
    body = "".join(f"<p>{line}</p>" for line in REPORT.splitlines())
    page = f"<html lang=en><head><title>Ferry hits pier</title></head><body><article>{body}"
    (tmp_path / "ferry.html").write_text(page)
    (row,) = parsed(samestory("extract", "ferry.html", cwd=tmp_path).stdout)
    wanted = {"id", "url", "title", "text", "published", "authors", "lang", "outlet", "removed"}
    assert wanted <= row.keys()
    assert (row["id"], row["title"], row["text"]) == ("ferry", "Ferry hits pier", REPORT)


def test_filters_chain(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"Ferry hits pier\n{REPORT}\n{REPORT}\n")
    extracted = samestory("extract", ".", cwd=tmp_path).stdout
    (row,) = parsed(samestory("clean", "-", cwd=tmp_path, stdin=extracted).stdout)
    assert row["text"] == REPORT


def test_a_line_that_is_no_row_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    content = lines([{"id": "a", "text": REPORT}]) + "{broken\n" + lines([{"id": "b"}])
    done = samestory("clean", "-", cwd=tmp_path, stdin=content)
    assert done.returncode == 1
    assert [row["id"] for row in parsed(done.stdout)] == ["a"]
    assert "-:2: input not_a_row" in done.stderr
    assert "-:3: input not_a_row: text: Field required" in done.stderr


def test_odd_text_passes_through_unharmed(tmp_path: Path) -> None:
    text = "naïve \u202e\u0000 \U0001f6a2 ﷽ ٱلْعَرَبِيَّة"
    done = samestory("clean", "-", cwd=tmp_path, stdin=lines([{"id": "a", "text": text}]))
    assert parsed(done.stdout)[0]["text"] == text


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["nonsense"], 2, "No such command"),
        (["extract", "nowhere.html"], 2, "nowhere.html does not exist"),
        (["clean", "nowhere.jsonl"], 2, "nowhere.jsonl"),
        (["ingest"], 2, "no sources are configured"),
        (["ingest", "--config", "nowhere.toml"], 2, "nowhere.toml: cannot be read"),
        (["stories"], 3, "nothing ingested yet; run `samestory ingest`"),
        (["check", "nowhere.txt"], 2, "nowhere.txt does not exist"),
    ],
    ids=["command", "input", "file", "sources", "config", "state", "draft"],
)
def test_what_cannot_be_done_is_one_clear_line(
    tmp_path: Path, words: list[str], code: int, says: str
) -> None:
    done = samestory(*words, cwd=tmp_path)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_config_show_tells_where_each_value_comes_from(tmp_path: Path) -> None:
    (tmp_path / "news.toml").write_text("[stories]\nwindow_hours = 24\n")
    done = samestory("config", "show", "--json", "--config", "news.toml", cwd=tmp_path)
    rows = {row["key"]: row for row in parsed(done.stdout)}
    assert rows["stories.window_hours"]["value"] == 24
    assert rows["stories.window_hours"]["origin"] == "news.toml"
    assert rows["extract.max_bytes"]["origin"] == "default"


def test_reading_stories_loads_neither_parsers_nor_learning() -> None:
    heavy = ("sklearn", "scipy.sparse.csgraph", "trafilatura", "htmldate", "niquests")
    probe = (
        "import sys\n"
        "import pipeline.service.questions\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
