"""Commands that ask and change nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.options import Config, Json, load
from pipeline.cli.output import print_json, print_lines, print_table, print_text

Story = Annotated[str, typer.Argument(help="Id of a story; its beginning is enough.")]
Named = Annotated[str, typer.Argument(help="Id, URL or input of an article.")]


def stories(
    *,
    changed_since: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Only what changed after a run: its report or a batch."),
    ] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """List all stories, latest news first.

    Example: samestory stories --changed-since 20260305T060000000000Z --json
    """
    from pipeline.service.questions import list_stories

    lines = list_stories(load(config).settings, changed_since)
    if json:
        print_lines(lines)
        return
    columns = ("id", "last_published", "articles", "outlets", "status", "title")
    print_table(columns, ([line.get(key) for key in columns] for line in lines))


def show(
    story: Story,
    *,
    text: Annotated[bool, typer.Option("--text", help="With the texts, as extracted.")] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Print one story. An id that was merged leads to the story that has its founding article.

    Example: samestory show s1-4f0c
    """
    from pipeline.cli.pages import story_page
    from pipeline.service.questions import show_story

    record = show_story(load(config).settings, story, with_text=text)
    if json:
        print_json(record)
    else:
        print_text(story_page(record))


def check(
    draft: Annotated[Path, typer.Argument(help="File with the draft; - is standard input.")],
    *,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 if the draft copies or tells a story.")
    ] = False,
    config: Config = None,
    json: Json = False,
) -> None:
    """Say whether a draft is a story we have, what it repeats and what it adds.

    Example: samestory check draft.txt
    """
    from pipeline.cli.pages import answer_page
    from pipeline.service import drafts

    settings = load(config).settings
    if str(draft) == "-":
        article = drafts.text_draft(sys.stdin.buffer.read().decode("utf-8", "replace"))
    else:
        article = drafts.read_draft(settings, draft)
    answer = drafts.check(settings, article)
    if json:
        print_json(answer)
    else:
        print_text(answer_page(answer))
    if exit_code and answer["verdict"] not in {"new", "related"}:
        raise typer.Exit(1)


def explain(first: Named, second: Named, config: Config = None, *, json: Json = False) -> None:
    """Say what two articles are to each other, and why.

    Example: samestory explain a1-03 https://www.harbour-courier.example/2026/03/02/ferry
    """
    from pipeline.cli.pages import explanation_page
    from pipeline.service.questions import explain as ask

    answer = ask(load(config).settings, first, second)
    if json:
        print_json(answer)
    else:
        print_text(explanation_page(answer))


def doctor(config: Config = None, *, json: Json = False) -> None:
    """Check settings, archive, state and view; exit 3 if something is broken.

    Example: samestory doctor
    """
    from pipeline.service.doctor import examine

    findings = [finding._asdict() for finding in examine(load(config).settings)]
    if json:
        print_lines(findings)
    else:
        print_table(("check", "result", "detail"), (list(finding.values()) for finding in findings))
    if any(finding["result"] == "broken" for finding in findings):
        raise typer.Exit(3)


def config_show(config: Config = None, *, json: Json = False) -> None:
    """Print each setting, its value and where the value comes from.

    Example: SAMESTORY_RUN__N_JOBS=1 samestory config show
    """
    loaded = load(config)
    values = loaded.settings.model_dump(mode="json")
    rows = [
        {"key": key, "value": _at(values, key), "origin": loaded.origins[key]}
        for key in sorted(loaded.origins)
    ]
    if json:
        print_lines(rows)
    else:
        print_table(("key", "value", "origin"), (list(row.values()) for row in rows))


def _at(values: Mapping[str, Any], key: str) -> object:
    value: Any = values
    for part in key.split("."):
        value = value[part]
    return value
