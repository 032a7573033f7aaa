"""Options that several commands share, and the settings they lead to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.config import LoadedSettings

__all__ = ["Config", "Json", "load", "moment"]

DEFAULT_FILE = Path("configs/default.toml")

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="SAMESTORY_CONFIG",
        help=f"Settings file; {DEFAULT_FILE} where that exists.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def load(config: Path | None) -> LoadedSettings:
    """Read the settings file named, else the default one, else the defaults alone."""
    from pipeline.config import load_settings

    if config is None and DEFAULT_FILE.exists():
        config = DEFAULT_FILE
    return load_settings(config)


def moment(text: str, now: datetime) -> datetime:
    """Read a time: a date, an instant (UTC where no zone is stated), or so many days or hours ago.

    Raises
    ------
    typer.BadParameter
        It is none of these.
    """
    if ago := re.fullmatch(r"(\d{1,6})([hd])", text.strip().lower()):
        return now - timedelta(hours=int(ago[1]) * (24 if ago[2] == "d" else 1))
    try:
        stated = datetime.fromisoformat(text.strip())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date, nor something like 36h or 7d") from None
    return stated if stated.tzinfo else stated.replace(tzinfo=UTC)
