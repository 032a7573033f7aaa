"""The units in deploy/ are well-formed and call commands that exist."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from pipeline.cli.app import app


@pytest.fixture
def deploy(root: Path) -> Path:
    return root / "deploy"


def test_every_command_line_uses_commands_and_options_that_exist(deploy: Path) -> None:
    commands = typer.main.get_command(app).commands
    calls = [
        call
        for path in sorted(deploy.iterdir())
        for call in re.findall(r"\bsamestory ((?:ingest|prune)\b[^|\n]*)", path.read_text("utf-8"))
    ]
    assert len(calls) >= 5
    for call in calls:
        name, *words = call.split()
        known = {option for param in commands[name].params for option in param.opts}
        assert {word for word in words if word.startswith("--")} <= known


def test_each_file_says_how_to_use_it(deploy: Path) -> None:
    names = {path.name for path in deploy.iterdir()}
    assert names == {
        "Containerfile",
        "cronjob.yaml",
        "samestory.cron",
        "samestory.service",
        "samestory.timer",
    }
    assert all((deploy / name).read_text("utf-8").startswith("# ") for name in names)


def test_lines_for_cron_have_five_fields_a_user_and_a_command(deploy: Path) -> None:
    lines = (deploy / "samestory.cron").read_text("utf-8").splitlines()
    jobs = [line for line in lines if line and not line.startswith("#")]
    assert jobs
    for job in jobs:
        assert re.match(r"([\d*/,-]+ ){5}samestory cd /", job)
        assert "%" not in job  # a line break to cron


def test_the_service_takes_single_failures_and_a_busy_lock_as_success(deploy: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(deploy / "samestory.service")
    assert unit["Service"]["Type"] == "oneshot"
    assert unit["Service"]["SuccessExitStatus"].split() == ["1", "75"]


def test_systemd_accepts_service_and_timer(deploy: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    for name in ("samestory.service", "samestory.timer"):
        text = (deploy / name).read_text("utf-8")
        # systemd looks whether program and manual are there.
        text = text.replace("/srv/samestory/.venv/bin/samestory", "/bin/true")
        (tmp_path / name).write_text(re.sub("^Documentation=.*\n", "", text, flags=re.MULTILINE))
    units = [str(tmp_path / name) for name in ("samestory.service", "samestory.timer")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if "samestory" in line]
    assert complaints == []


def test_the_cronjob_never_runs_twice_at_a_time_and_has_a_volume(deploy: Path) -> None:
    yaml = pytest.importorskip("yaml", reason="PyYAML is no dependency of the tests")
    claim, job = yaml.safe_load_all((deploy / "cronjob.yaml").read_text("utf-8"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert container["resources"]["limits"]["memory"]
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}
    assert claim["metadata"]["name"] in {
        volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod["volumes"]
    }
