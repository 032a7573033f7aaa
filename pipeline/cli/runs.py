"""Commands that change archive, state or view."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import Config, Json, load, moment
from pipeline.cli.output import print_json, print_lines, print_table, progress_bar, say

if TYPE_CHECKING:
    from pipeline.service.report import RunReport


def ingest(
    config: Config = None,
    *,
    max_seconds: Annotated[
        float | None,
        typer.Option("--max-seconds", min=0, help="Begin no request later than this; finish."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Pass over what is older: 36h, 7d, a date."),
    ] = None,
    json: Json = False,
) -> None:
    """Read all sources; update archive, state and story files.

    Example: samestory ingest --config configs/newsroom.toml --since 2d --max-seconds 600
    """
    settings = load(config).settings
    from pipeline.service.limits import RunLimits
    from pipeline.service.run import ingest as run

    started = time.monotonic()
    now = datetime.now(UTC)
    limits = RunLimits(
        now=now,
        deadline=None if max_seconds is None else now + timedelta(seconds=max_seconds),
        since=None if since is None else moment(since, now),
    )
    with progress_bar() as progress:
        report = run(settings, limits, progress)
    finish(report, time.monotonic() - started, str(settings.paths.clusters), json=json)


def rebuild(
    config: Config = None,
    *,
    accept_loss: Annotated[
        bool, typer.Option("--accept-loss", help="Lose the stories of pages that were pruned.")
    ] = False,
    json: Json = False,
) -> None:
    """Make state and story files anew from the archive alone.

    Example: samestory rebuild
    """
    settings = load(config).settings
    from pipeline.service.run import rebuild as run

    started = time.monotonic()
    with progress_bar() as progress:
        report = run(settings, datetime.now(UTC), progress, accept_loss=accept_loss)
    finish(report, time.monotonic() - started, str(settings.paths.clusters), json=json)


def prune(
    *,
    older_than: Annotated[
        float | None,
        typer.Option("--older-than", min=0, metavar="DAYS", help="Files written longer ago."),
    ] = None,
    max_bytes: Annotated[
        int | None,
        typer.Option("--max-bytes", min=0, help="The oldest files, until so many bytes are left."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would go; wins over --yes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Really remove.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Remove the oldest files of the archive; articles and stories stay.

    Example: samestory prune --older-than 365 --yes
    """
    settings = load(config).settings
    from pipeline.service.prune import prune as run

    really = yes and not dry_run
    files = run(
        settings,
        datetime.now(UTC),
        older_than_days=older_than,
        max_bytes=max_bytes,
        really=really,
    )
    rows = [asdict(one) for one in files]
    if json:
        print_lines(rows)
    else:
        print_table(("file", "bytes", "pages", "written"), (list(row.values()) for row in rows))
    total = f"{len(files)} files, {sum(one.size_bytes for one in files)} bytes"
    hint = "" if dry_run or not files else "; --yes removes them"
    say(f"{total} removed" if really else f"{total} would go{hint}")


def finish(report: RunReport, seconds: float, folder: str, *, json: bool) -> None:
    """Print what failed and what was done; exit 1 if anything failed."""
    for failed in report.failures:
        say(f"{failed.input}: {failed.stage} {failed.reason}: {failed.detail}")
    if report.failures:
        counts = Counter(failed.reason for failed in report.failures)
        shown = ", ".join(f"{n} {reason}" for reason, n in sorted(counts.items()))
        say(f"{len(report.failures)} inputs failed: {shown}")
    if report.giant_stories:
        say(f"stories that may have swallowed others: {report.giant_stories}; see samestory doctor")
    if json:
        fields = asdict(report)
        fields["failures"] = [
            {**failed, "when": failed["when"].isoformat()} for failed in fields["failures"]
        ]
        print_json(fields | {"seconds": round(seconds, 3)})
    else:
        say(_summary(report, seconds, folder))
    if report.failures:
        raise typer.Exit(1)


def _summary(report: RunReport, seconds: float, folder: str) -> str:
    new = f"{report.pages_seen} inputs, {report.pages_new} new"
    articles = f"{report.articles_new} new articles, {report.versions_new} new versions"
    wrote = f"{report.files_written} files written, {report.files_removed} removed"
    changed = wrote if report.files_written or report.files_removed else "nothing changed"
    held = f"{report.stories} stories of {report.articles} articles in {folder}"
    kept = f"; {report.quarantined} inputs in quarantine" if report.quarantined else ""
    later = f"; {report.postponed} requests put off" if report.postponed else ""
    later += f"; {report.listings_cut} listings have more" if report.listings_cut else ""
    return f"{new}; {articles}; {held}: {changed}{later}{kept}; {seconds:.1f} s"
