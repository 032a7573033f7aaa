"""Options that several commands share, and the settings they lead to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from pipeline.config import LoadedSettings

__all__ = ["Config", "Json", "load"]

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
