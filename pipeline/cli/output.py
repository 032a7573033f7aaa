"""What people and programs see: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.errors import ConfigError

__all__ = [
    "open_input",
    "print_json",
    "print_lines",
    "print_table",
    "print_text",
    "progress_bar",
    "say",
]


def say(message: str) -> None:
    """Print one line for a person."""
    print(message, file=sys.stderr)


def print_json(record: Mapping[str, object]) -> None:
    """Print one record, indented."""
    _write(json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True))


def print_lines(records: Iterable[Mapping[str, object]]) -> None:
    """Print records as JSON Lines as they come."""
    for record in records:
        _write(json.dumps(record, ensure_ascii=False))


def print_text(text: str) -> None:
    """Print text for a person."""
    _write(text)


def _write(text: str) -> None:
    """Write UTF-8 whatever the locale; half of a surrogate pair becomes a question mark."""
    sys.stdout.buffer.write(f"{text}\n".encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """Print a table; on a terminal with lines and colours, else as plain tab-separated text."""
    shown = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in shown:
            _write("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, title=title or None, title_justify="left")
    for row in shown:
        table.add_row(*(_unstyled(cell) for cell in row))
    Console().print(table)


def _unstyled(cell: str) -> str:
    """Return text that rich shows as it is, square brackets included."""
    from rich.markup import escape

    return escape(cell)


@contextmanager
def progress_bar() -> Iterator[Callable[[str, int, int], None]]:
    """Show progress while a run lasts: a bar on a terminal, nothing under cron."""
    if not sys.stderr.isatty():
        yield lambda _step, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda step, done, total: bar.update(
            task, description=step, completed=done, total=total or None
        )


@contextmanager
def open_input(file: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading; ``-`` is standard input."""
    if str(file) == "-":
        yield sys.stdin.buffer
        return
    try:
        opened = file.open("rb")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    with opened:
        yield opened
