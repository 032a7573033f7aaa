"""The annotated data sets, read into records: the only module that knows their files.

The folder is `../shared/data` beside the checkout, or what ``SAMESTORY_DATA`` says. Nothing of it
is part of the project. Gold never reaches a stage: each loader keeps it beside the input.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from tld import get_fld

from pipeline.records import Article, ArticleId, Span, Timestamp

Row = TypeVar("Row")

STORY_SETS = (
    "ecbplus",
    "fnc1",
    "basil",
    "neus",
    "stream_us_2022_02_15",  # these two are real feeds: gold leaves some of their pairs open
    "stream_us_2023_06_21",
)
FOLDS = 5

_FOLDER = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldPage:
    """One saved page and what should be read from it; None or empty where nobody annotated it.

    `path` is the gzipped HTML file; pages stay on disk until they are read, see `html`. `host` is
    the registered domain that it comes from, which no reader is told.
    """

    page_id: str
    path: Path
    host: str
    text: str | None
    required: tuple[str, ...]
    forbidden: tuple[str, ...]
    title: str | None
    authors: tuple[str, ...]
    published: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldArticle:
    """One article and the story it belongs to.

    Parameters
    ----------
    article
        The input.
    story
        Name of its story.
    unsure
        The annotator could not decide; no pair with this article counts.
    saga
        Name of the chain of events that the story is a step of. Whether two steps of one saga
        are joined does not count either.
    """

    article: Article
    story: str
    unsure: bool = False
    saga: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldRepeats:
    """One text and the spans of it that repeat an earlier passage."""

    text_id: str
    kind: str
    text: str
    remove: tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldPair:
    """Exact shingle measures of two documents; `jaccard` and containments are 0-1."""

    a: str
    b: str
    jaccard: float
    in_a: float
    in_b: float


def data_folder() -> Path:
    """Return where the data sets are looked for; whether they are there is another question."""
    return Path(os.environ.get("SAMESTORY_DATA") or _FOLDER)


def part(name: str, parts: int) -> int:
    """Assign a name to one of `parts` numbered parts by its hash, the same on every run."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % parts


def fold(page: GoldPage) -> int:
    """Return the part of the pages, 0 to `FOLDS` - 1, that all pages of a host belong to."""
    return part(page.host, FOLDS)


def held_back(row_id: str) -> bool:
    """Tell whether a row belongs to the tenth of its set that nobody looks at while tuning."""
    return part(row_id, 10) == 0


def first(rows: Sequence[Row], limit: int | None) -> Sequence[Row]:
    """Return the first `limit` rows, or all with None."""
    return rows if limit is None else rows[:limit]


def digest(path: Path) -> str:
    """Return a short hash of a file, or of the names and bytes of all files below a folder."""
    total = hashlib.sha256()
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        total.update(file.relative_to(path.parent).as_posix().encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:16]


def pages(folder: Path, name: str) -> list[GoldPage]:
    """Load ``pages/<name>.jsonl``."""
    return [
        GoldPage(
            page_id=row["id"],
            path=folder / "pages" / name / f"{row['id']}.html.gz",
            host=get_fld(row.get("url") or "", fail_silently=True) or row["id"],
            text=row.get("text"),
            required=tuple(row.get("required") or ()),
            forbidden=tuple(row.get("forbidden") or ()),
            title=row.get("title"),
            authors=tuple(row.get("authors") or ()),
            published=row.get("published"),
        )
        for row in _rows(folder / "pages" / f"{name}.jsonl")
    ]


def html(page: GoldPage) -> bytes:
    """Return the page as it came in."""
    return gzip.decompress(page.path.read_bytes())


def stories(folder: Path, name: str) -> list[GoldArticle]:
    """Load ``stories/<name>.jsonl``."""
    return [
        GoldArticle(
            article=_article(row),
            story=row["story"],
            unsure=row.get("unsure", False),
            saga=row.get("saga"),
        )
        for row in _rows(folder / "stories" / f"{name}.jsonl")
    ]


def without_dates(rows: Sequence[GoldArticle]) -> list[GoldArticle]:
    """Take the date from each article."""
    return [replace(row, article=replace(row.article, published=None)) for row in rows]


def half_cut(rows: Sequence[GoldArticle]) -> list[GoldArticle]:
    """Keep one article of every second story: half of the stories of a real feed are single."""
    kept: dict[str, list[GoldArticle]] = {}
    for row in rows:
        members = kept.setdefault(row.story, [])
        if not members or part(row.story, 2):
            members.append(row)
    return [row for members in kept.values() for row in members]


def stream(folder: Path, name: str) -> list[Article]:
    """Load ``stream/<name>.jsonl.gz``: a real feed without gold."""
    return [_article(row) for row in _rows(folder / "stream" / f"{name}.jsonl.gz")]


def repeats(folder: Path) -> list[GoldRepeats]:
    """Load ``duplicates/repetition_dev.jsonl``."""
    return [
        GoldRepeats(
            text_id=row["id"],
            kind=row["kind"],
            text=row["text"],
            remove=tuple(Span(start, end) for start, end in row["remove"]),
        )
        for row in _rows(folder / "duplicates" / "repetition_dev.jsonl")
    ]


def documents(folder: Path) -> list[Article]:
    """Load ``duplicates/dev/docs.jsonl``."""
    return [_article(row) for row in _rows(folder / "duplicates" / "dev" / "docs.jsonl")]


def duplicate_pairs(folder: Path) -> list[GoldPair]:
    """Load ``duplicates/dev/pairs.jsonl``: all pairs with a containment of at least .5."""
    return [GoldPair(**row) for row in _rows(folder / "duplicates" / "dev" / "pairs.jsonl")]


def duplicate_groups(folder: Path) -> dict[str, str]:
    """Load ``duplicates/dev/groups.jsonl``: the group of each document."""
    return {
        row["id"]: row["group"] for row in _rows(folder / "duplicates" / "dev" / "groups.jsonl")
    }


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _article(row: Mapping[str, Any]) -> Article:
    return Article(
        article_id=ArticleId(row["id"]),
        title=row.get("title") or "",
        text=row.get("text") or "",
        lang=row.get("lang"),
        outlet=row.get("outlet") or row.get("source"),
        published=_timestamp(row.get("published")),
    )


def _timestamp(raw: str | None) -> Timestamp | None:
    """Read an ISO 8601 date or an instant with its zone."""
    if not raw:
        return None
    stated = datetime.fromisoformat(raw)
    return Timestamp(
        instant=stated.astimezone(UTC) if stated.tzinfo else stated.replace(tzinfo=UTC),
        precision="second" if stated.tzinfo else "day",
        zone="stated" if stated.tzinfo else "missing",
        origin="input",
        raw=raw,
    )
