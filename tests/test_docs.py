"""What the documents show is what the program does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import find_repeats
from pipeline.cli.app import app


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text("utf-8")


def blocks(text: str, mark: str) -> list[str]:
    """Return the code blocks between ``<!-- mark -->`` and ``<!-- end -->``."""
    part = text.split(f"<!-- {mark} -->", 1)[1].split("<!-- end -->", 1)[0]
    return re.findall(r"^```\w*\n(.*?)^```$", part, re.MULTILINE | re.DOTALL)


def test_every_command_stands_in_the_readme(readme: str) -> None:
    names = [command.name or command.callback.__name__ for command in app.registered_commands]
    assert len(names) > 10
    for name in [*names, "config show"]:
        assert f"samestory {name}" in readme


def test_the_doubled_article_of_the_readme_is_cleaned_as_shown(readme: str) -> None:
    before, after = blocks(readme, "doubled")
    shown = [json.loads(line) for line in after.splitlines()]
    found = [
        {
            "start": span.start,
            "end": span.end,
            "reason": span.reason,
            "kind": span.kind,
            "copy_of": span.copy_of and span.copy_of._asdict(),
            "similarity": span.similarity,
        }
        for span in find_repeats(before.rstrip("\n"))
    ]
    assert found == shown


@pytest.fixture(scope="module")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = Path(__file__).resolve().parent.parent
    folder = tmp_path_factory.mktemp("readme")
    (folder / "data").mkdir()
    (folder / "data" / "sample").symlink_to(root / "data" / "sample")
    (folder / "configs").symlink_to(root / "configs")
    command = [str(Path(sys.executable).with_name("samestory")), "ingest"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


def test_the_stories_of_the_readme_are_those_of_the_sample(readme: str, sample_run: Path) -> None:
    (shown,) = blocks(readme, "stories")
    index = (sample_run / "data" / "clusters" / "index.jsonl").read_text("utf-8")
    lines = sorted(
        (row for row in map(json.loads, index.splitlines()) if row["articles"] > 1),
        key=lambda row: (row["first_published"], row["id"]),
    )
    assert shown.splitlines() == [
        f"{row['articles']} articles  {row['outlets']} outlets  {row['title']}" for row in lines
    ]


def test_the_record_of_the_readme_is_part_of_a_real_one(readme: str, sample_run: Path) -> None:
    (shown,) = blocks(readme, "record")
    part = json.loads(shown)
    (path,) = (sample_run / "data" / "clusters").glob(f"*/{part['id']}.json")
    whole = json.loads(path.read_text("utf-8"))
    for key, value in part.items():
        if isinstance(value, list):
            assert all(item in whole[key] for item in value)
        else:
            assert whole[key] == value
