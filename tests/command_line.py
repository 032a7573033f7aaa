"""The command line without the second that a new interpreter takes to load it.

Tests of starting, of being killed and of other environments start it as a user does.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from pipeline.cli.app import main


class Done(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def samestory(*words: str, cwd: Path, stdin: str = "") -> Done:
    """Run a command in a folder."""
    given, out, err = (_stream(text) for text in (stdin, "", ""))
    with (
        patch.object(sys, "argv", ["samestory", *words]),
        patch.object(sys, "stdin", given),
        redirect_stdout(out),
        redirect_stderr(err),
        chdir(cwd),
    ):
        code = _code()
    return Done(code, _text(out), _text(err))


def on_sources(*words: str, cwd: Path) -> Done:
    """Run a command with the settings in ``news.toml``."""
    return samestory(*words, "--config", "news.toml", cwd=cwd)


def program(*words: str) -> Sequence[str]:
    """Return what starts a command in a process of its own."""
    return [str(Path(sys.executable).with_name("samestory")), *words]


def _code() -> int:
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _stream(text: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(text.encode("utf-8")), encoding="utf-8")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.seek(0)
    return stream.read()
