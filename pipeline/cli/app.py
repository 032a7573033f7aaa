"""All commands in one program."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pipeline.cli import filters, quarantine, questions, runs, sources
from pipeline.cli.output import say
from pipeline.errors import ConfigError, LockedError, SamestoryError

__all__ = ["app", "main"]

_COULD_NOT_RUN = 3
_WRONG_USAGE = 2

app = typer.Typer(
    name="samestory",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
quarantine_app = typer.Typer(help="Inputs that could not be used.", no_args_is_help=True)
sources_app = typer.Typer(
    help="Where articles come from.\n\nExample: samestory sources test", no_args_is_help=True
)
config_app = typer.Typer(help="Look at the settings.", no_args_is_help=True)

for _command in (
    runs.ingest,
    runs.rebuild,
    runs.prune,
    questions.stories,
    questions.show,
    questions.check,
    questions.explain,
    questions.doctor,
    filters.extract,
    filters.clean,
    filters.dedup,
    filters.cluster,
):
    app.command()(_command)
config_app.command("show")(questions.config_show)
app.add_typer(config_app, name="config")
sources_app.command("list")(sources.list_sources)
sources_app.command("test")(sources.ask_sources)
sources_app.command("import")(sources.import_feeds)
sources_app.command("export")(sources.export_feeds)
app.add_typer(sources_app, name="sources")
quarantine_app.command("list")(quarantine.list_inputs)
quarantine_app.command("show")(quarantine.show_input)
quarantine_app.command("replay")(quarantine.replay)
app.add_typer(quarantine_app, name="quarantine")


def _print_version(*, wanted: bool) -> None:
    if wanted:
        from pipeline import __version__

        print(f"samestory {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Find the same news story told many times, and say so in one record."""


def main() -> None:
    """Run the command line; errors of ours are one line on standard error."""
    try:
        app()
    except ConfigError as error:
        _stop(str(error), _WRONG_USAGE)
    except LockedError as error:
        _stop(str(error), os.EX_TEMPFAIL)
    except SamestoryError as error:
        _stop(str(error), _COULD_NOT_RUN)
    except BrokenPipeError:
        # The reader has seen enough (head, less): no reason to complain, nothing more to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _stop(message: str, code: int) -> None:
    say(f"samestory: {message}")
    sys.exit(code)
