"""The stages as filters of JSON Lines."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import Config, load
from pipeline.cli.output import open_input, print_lines, progress_bar, say

if TYPE_CHECKING:
    from pipeline.records import Failed

File = Annotated[Path, typer.Argument(help="JSON Lines file; - is standard input.")]


def extract(
    paths: Annotated[
        list[Path], typer.Argument(help="HTML, text, feeds, JSON Lines, WARC, or folders of them.")
    ],
    config: Config = None,
) -> None:
    """Get text and metadata out of pages.

    Example: samestory extract page.html folder/ crawl.warc.gz > articles.jsonl
    """
    from pipeline.service.filters import extract_rows

    _print_rows(extract_rows(paths, load(config).settings))


def clean(file: File, config: Config = None) -> None:
    """Take out what a text repeats inside itself.

    Example: samestory extract page.html | samestory clean -
    """
    from pipeline.service.filters import clean_rows
    from pipeline.service.rows import read_rows

    settings = load(config).settings
    with open_input(file) as lines:
        _print_rows(clean_rows(read_rows(lines, str(file)), settings))


def dedup(
    file: Annotated[
        Path, typer.Argument(help="JSON Lines or Parquet (.parquet); - is standard input.")
    ],
    *,
    groups: Annotated[
        bool, typer.Option("--groups", help="Print each article's group instead of pairs.")
    ] = False,
    config: Config = None,
) -> None:
    """Find articles that are copies of each other.

    Works on millions: what does not fit in memory goes to the folder for temporary files (TMPDIR).

    Example: samestory dedup articles.jsonl --groups
    """
    from pipeline.service.corpus import dedup_rows
    from pipeline.service.rows import read_parquet, read_rows

    near = load(config).settings.near_duplicates
    with ExitStack() as stack:
        progress = stack.enter_context(progress_bar())
        if file.suffix == ".parquet":
            rows = read_parquet(file)
        else:
            rows = read_rows(stack.enter_context(open_input(file)), str(file))
        _print_rows(dedup_rows(rows, near, progress, groups=groups))


def cluster(file: File, config: Config = None) -> None:
    """Group articles into stories.

    Example: samestory cluster articles.jsonl > stories.jsonl
    """
    from pipeline.service.filters import cluster_rows
    from pipeline.service.rows import read_rows

    settings = load(config).settings
    with open_input(file) as lines:
        _print_rows(cluster_rows(read_rows(lines, str(file)), settings))


def _print_rows(rows: Iterable[dict[str, object] | Failed]) -> None:
    """Print rows; say what failed, and exit 1 if anything did."""
    from pipeline.records import Failed

    failures = 0
    for row in rows:
        if isinstance(row, Failed):
            failures += 1
            say(f"{row.input}: {row.stage} {row.reason}: {row.detail}")
        else:
            print_lines([row])
    if failures:
        raise typer.Exit(1)
