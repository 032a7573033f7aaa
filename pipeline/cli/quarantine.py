"""Commands about inputs that could not be used."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli.options import Config, Json, load
from pipeline.cli.output import print_lines, print_table, print_text, progress_bar
from pipeline.cli.runs import finish

__all__ = ["list_inputs", "replay", "show_input"]


def list_inputs(config: Config = None, *, json: Json = False) -> None:
    """List inputs that could not be used, with the reason.

    Example: samestory quarantine list --json
    """
    from pipeline.service.questions import list_quarantine

    rows = list_quarantine(load(config).settings)
    if json:
        print_lines(rows)
        return
    columns = ("input", "stage", "reason", "detail", "when")
    print_table(columns, ([row[key] for key in columns] for row in rows))


def show_input(
    name: Annotated[str, typer.Argument(metavar="INPUT", help="As the list names it.")],
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Print why an input could not be used, and where it lies in the archive.

    Example: samestory quarantine show file:broken.html
    """
    from pipeline.cli.pages import quarantine_page
    from pipeline.service.questions import show_quarantined

    rows = show_quarantined(load(config).settings, name)
    if json:
        print_lines(rows)
    else:
        print_text("\n".join(quarantine_page(row) for row in rows))


def replay(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[INPUT]...", help="Only these; else all.")
    ] = None,
    *,
    reason: Annotated[
        str | None, typer.Option("--reason", help="Only what failed for this reason.")
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Extract failed inputs again from the archive, after an upgrade or with other limits.

    Example: samestory quarantine replay --reason timeout
    """
    settings = load(config).settings
    from pipeline.service.run import replay as run

    started = time.monotonic()
    with progress_bar() as progress:
        report = run(settings, datetime.now(UTC), progress, inputs=names or (), reason=reason)
    finish(report, time.monotonic() - started, str(settings.paths.clusters), json=json)
