"""Commands about the places that articles come from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import Config, Json, load
from pipeline.cli.output import print_lines, print_table, print_text, say

if TYPE_CHECKING:
    from pipeline.service.sources import SourceCheck

__all__ = ["ask_sources", "export_feeds", "import_feeds", "list_sources"]


def list_sources(config: Config = None, *, json: Json = False) -> None:
    """List all sources, and how the last visit to each went.

    Example: samestory sources list --config configs/newsroom.toml
    """
    from pipeline.service.sources import list_sources as rows_of

    rows = rows_of(load(config).settings)
    if json:
        print_lines(rows)
        return
    columns = ("name", "kind", "place", "outlet", "lang", "country", "fetched_at", "failures")
    print_table(columns, ([row[key] for key in columns] for row in rows))


def import_feeds(
    opml: Annotated[Path, typer.Argument(help="OPML file, as feed readers export it.")],
    *,
    into: Annotated[
        Path | None, typer.Option("--into", help="Settings file to append the sources to.")
    ] = None,
) -> None:
    """Turn an OPML file into [[sources]] of a settings file.

    Example: samestory sources import subscriptions.opml --into our.toml
    """
    from pipeline.service.sources import import_opml

    blocks = import_opml(opml, into)
    if into is None:
        print_text(blocks.rstrip("\n"))
    else:
        say(f"{into}: {blocks.count('[[sources]]')} sources appended")


def export_feeds(config: Config = None) -> None:
    """Print the feeds among the sources as OPML.

    Example: samestory sources export > subscriptions.opml
    """
    from pipeline.service.sources import export_opml

    print_text(export_opml(load(config).settings).rstrip("\n"))


def ask_sources(
    names: Annotated[list[str] | None, typer.Argument(help="Sources to ask; none is all.")] = None,
    config: Config = None,
    *,
    json: Json = False,
) -> None:
    """Ask sources on the web whether they answer; exit 1 if one does not.

    Example: samestory sources test --config configs/newsroom.toml
    """
    from pipeline.service.sources import check_sources

    asked = failed = 0
    for check in check_sources(load(config).settings, names or ()):
        asked += 1
        failed += check.reason != "ok"
        if json:
            newest = check.newest and check.newest.isoformat()
            print_lines([asdict(check) | {"newest": newest}])
        else:
            print_text(_line(check))
    say(f"{asked} sources asked, {failed} failed")
    if failed:
        raise typer.Exit(1)


def _line(check: SourceCheck) -> str:
    if check.reason != "ok":
        return f"{check.name}: {check.reason}: {check.detail} ({check.url})"
    listings = f" and {check.listings} listings" if check.listings else ""
    newest = f"the latest of {check.newest:%Y-%m-%d %H:%M} UTC" if check.newest else "undated"
    return f"{check.name}: ok, {check.articles} articles{listings}, {newest}"
