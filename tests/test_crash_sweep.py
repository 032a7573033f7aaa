"""A run that is killed, or whose disk fails or fills, is healed by the next one."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.archive import ArchiveWriter, archive_files, recover, scan
from pipeline.records import ArchivedPage, RawPage

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def _strace() -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed; `make test` installs it where it runs as root")
    probe = ["strace", "-o", os.devnull, "-e", "trace=fsync", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"strace may not trace here: {done.stderr.strip()}")


@pytest.mark.usefixtures("_strace")
def test_a_run_broken_at_any_kind_of_call_is_healed_by_the_next(root: Path) -> None:
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(root / "tests" / "crash_sweep.py")],
        env=os.environ | one_thread,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, kinds, summary = done.stdout.splitlines()
    points = re.match(r"(\d+) of \d+ points, 0 not healed", summary)
    assert points
    assert int(points[1]) >= 60
    for call in ("rename", "write", "pwrite64", "fsync", "fdatasync", "openat"):
        assert {"KILL", "ENOSPC", "EIO"} <= set(re.findall(rf"\d+ {call} (\w+)", kinds))


@pytest.mark.usefixtures("_strace")
def test_the_command_itself_killed_between_archive_and_state_is_finished_by_the_next(
    tmp_path: Path,
) -> None:
    (tmp_path / "in.txt").write_text(
        "Ferry hits Mercer Pier\nThe ferry Lady Ismay struck Mercer Pier at Calder Haven on Monday "
        "morning, and fourteen people were taken to hospital, the harbour master said, of whom two "
        "were still there on Tuesday when divers went down.\n"
    )
    (tmp_path / "news.toml").write_text('[[sources]]\nname = "wire"\npath = "in.txt"\n')
    ingest = [str(Path(sys.executable).with_name("samestory")), "ingest", "--config", "news.toml"]
    kill = ["-e", "trace=rename", "-e", "inject=rename:signal=KILL:when=2"]
    strace = ["strace", "-f", "-o", os.devnull, *kill]
    first = subprocess.run([*strace, *ingest], cwd=tmp_path, capture_output=True, check=False)
    assert first.returncode != 0
    assert list(tmp_path.rglob("*.partial"))
    second = subprocess.run(ingest, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    assert len(list(tmp_path.glob("data/clusters/*/s1-*.json"))) == 1
    assert not list(tmp_path.rglob("*.partial"))


def page(name: str, body: bytes) -> RawPage:
    return RawPage(
        uri=f"file:{name}.html", source="wire", media_type="text/html", body=body, fetched_at=NOON
    )


@contextmanager
def largest_file(size_bytes: int) -> Iterator[None]:
    """Let writing stop in the middle of a record, as on a disk that fills up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_record_cut_off_by_a_full_disk_never_stands_in_a_finished_file(tmp_path: Path) -> None:
    with largest_file(2_000), pytest.raises(OSError, match="File too large"):  # noqa: SIM117, PT012
        with ArchiveWriter(tmp_path, NOON) as writer:
            writer.write(page("first", b"<p>The pier stays closed."))
            writer.write(page("second", os.urandom(4_000)))
    assert archive_files(tmp_path) == []
    recover(tmp_path)
    (file,) = archive_files(tmp_path)
    whole = [item.uri for item in scan(tmp_path, file.name) if isinstance(item, ArchivedPage)]
    assert whole == ["file:first.html"]
    assert not list(tmp_path.glob("*.open"))
