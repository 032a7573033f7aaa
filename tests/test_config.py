"""Settings: who wins, where each came from, and errors that say what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pipeline.config import Settings, load_settings, outcome_digest
from pipeline.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    file = folder / "news.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    file = write(tmp_path, "[stories]\nwindow_hours = 24\nthreshold = 0.5\n")
    loaded = load_settings(file, {"SAMESTORY_STORIES__WINDOW_HOURS": "48"})
    assert loaded.settings.stories.window_hours == 48
    assert loaded.settings.stories.threshold == 0.5
    assert loaded.origins["stories.window_hours"] == "environment SAMESTORY_STORIES__WINDOW_HOURS"
    assert loaded.origins["stories.threshold"] == str(file)
    assert loaded.origins["near_duplicates.num_perm"] == "default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[stories]\ntreshold = 0.3", "unknown key stories.treshold; did you mean stories.thresh"),
        ("[storys]\nthreshold = 0.3", "unknown key storys; did you mean stories?"),
        ("[stories]\nnum_perm = 64", "did you mean near_duplicates.num_perm?"),
        ('[[sources]]\nname = "a"\npth = "b"', "unknown key sources.0.pth; did you mean sour"),
        ("[stories]\nthreshold = 3", "stories.threshold: Input should be less than or equal to 1"),
        ("[near_duplicates]\nbands = 99", "bands x rows = "),
        ("stories = [", "not valid TOML"),
        ('[[sources]]\nname="a"\npath="x"\n[[sources]]\nname="a"\npath="y"', "two sources are na"),
    ],
    ids=["typo", "section", "elsewhere", "in-list", "range", "together", "syntax", "doubled"],
)
def test_a_mistake_is_one_line_that_names_the_file(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(file, {})
    shown = str(caught.value)
    assert message in shown
    assert str(file) in shown
    assert "\n" not in shown.strip()


def test_a_mistake_in_the_environment_names_the_variable() -> None:
    with pytest.raises(ConfigError, match=r"environment SAMESTORY_RUN__N_JOBS: run\.n_jobs"):
        load_settings(None, {"SAMESTORY_RUN__N_JOBS": "many"})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read"):
        load_settings(tmp_path / "nowhere.toml", {})


def test_the_digest_ignores_where_things_lie_and_how_many_workers_there_are(tmp_path: Path) -> None:
    moved = load_settings(write(tmp_path, '[paths]\nraw = "elsewhere"\n[run]\nn_jobs = 7'), {})
    changed = load_settings(write(tmp_path, "[stories]\nwindow_hours = 1"), {})
    assert outcome_digest(moved.settings) == outcome_digest(Settings())
    assert outcome_digest(changed.settings) != outcome_digest(Settings())


def test_the_default_file_states_every_knob_at_its_default_with_a_reason(root: Path) -> None:
    text = (root / "configs" / "default.toml").read_text(encoding="utf-8")
    stated = tomllib.loads(text)
    for section, values in Settings().model_dump(mode="json").items():
        if section in {"sources", "outlets"}:
            continue
        assert stated[section] == values
        for key in values:
            line = re.search(rf"^{key} = .*", text, re.MULTILINE)
            assert line
            before = text[: line.start()].rstrip("\n").splitlines()[-1]
            assert before.startswith("# ") or "  # " in line.group()
