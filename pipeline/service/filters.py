"""The stages as filters of JSON Lines: no state, no archive, one record in, one record out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

from pipeline.config import Settings
from pipeline.embeddings import load_encoder
from pipeline.engines import articles_of_page, extract_pages
from pipeline.errors import ConfigError
from pipeline.fetch import file_name, read_files
from pipeline.records import Article, Failed, RawPage, Timestamp
from pipeline.repetition import search_repeats
from pipeline.service.warcs import is_warc, warc_pages
from pipeline.stories import cluster_stories
from pipeline.story_record import (
    Fields,
    article_fields,
    instant_text,
    near_repeat_fields,
    removal_fields,
)
from pipeline.text import kept_text

__all__ = ["clean_rows", "cluster_rows", "extract_rows"]


def extract_rows(paths: Iterable[Path], settings: Settings) -> Iterator[Fields | Failed]:
    """Yield a row for each article in files, folders and WARC files."""
    now = datetime.now(UTC)
    refused: list[Failed] = []

    def pages() -> Iterator[RawPage]:
        for path in paths:
            for item in _inputs(path, settings.extract.max_bytes, now):
                if isinstance(item, Failed):
                    refused.append(item)
                else:
                    yield item

    for outcome in chain.from_iterable(extract_pages(pages(), settings, articles_of_page)):
        yield from refused
        refused.clear()
        yield outcome if isinstance(outcome, Failed) else _extracted(outcome)
    yield from refused


def _inputs(path: Path, max_bytes: int, now: datetime) -> Iterator[RawPage | Failed]:
    if not path.exists():
        raise ConfigError(f"{path} does not exist")
    if path.is_file() and is_warc(path):
        yield from warc_pages(path, str(path), max_bytes, now)
        return
    yield from read_files(path, str(path), max_bytes, now)
    if path.is_dir():
        for file in sorted(p for p in path.rglob("*") if is_warc(p)):
            yield from warc_pages(file, str(path), max_bytes, now)


def _extracted(article: Article) -> Fields:
    fields = article_fields(article)
    dates = {key: fields.pop(key) for key in ("published", "modified")}
    removed = [
        removal_fields(span) | {"text": article.text[span.start : span.end]}
        for span in article.removed
    ]
    return fields | {
        "id": _input_name(article.uri),
        "text": kept_text(article.text, article.removed),
        "published": _date_text(article.published),
        "dates": dates,
        "removed": removed,
    }


def _input_name(uri: str) -> str:
    """Return the stem of a file's name, the key of a member of a container, or the URL."""
    if not uri.startswith("file:"):
        return uri
    path, _, key = unquote(uri.removeprefix("file:")).partition("#")
    return key or file_name(Path(path))


def _date_text(stamp: Timestamp | None) -> str | None:
    """Return a time as ISO 8601: in the offset that was stated, else UTC; a day alone as a day."""
    if stamp is None:
        return None
    if stamp.precision == "day":
        return f"{stamp.instant:%Y-%m-%d}"
    if stamp.zone != "stated" or not stamp.offset_minutes:
        return instant_text(stamp.instant)
    local = timezone(timedelta(minutes=stamp.offset_minutes))
    return stamp.instant.astimezone(local).isoformat(timespec="seconds")


def clean_rows(
    articles: Iterable[Article | Failed], settings: Settings
) -> Iterator[Fields | Failed]:
    """Yield each text without what it repeats, and which span each repeat is a copy of.

    What stays because one figure or name differs from what was said before is listed as kept.
    """
    for article in articles:
        if isinstance(article, Failed):
            yield article
            continue
        repeats = search_repeats(article.text, settings.repetition)
        yield {
            "id": article.article_id,
            "text": kept_text(article.text, repeats.removed),
            "removed": [removal_fields(span) for span in repeats.removed],
            "kept": [near_repeat_fields(near) for near in repeats.kept],
        }


def cluster_rows(
    articles: Iterable[Article | Failed], settings: Settings
) -> Iterator[Fields | Failed]:
    """Yield the story of each article, as one run over all of them would make it."""
    usable = []
    for article in articles:
        if isinstance(article, Failed):
            yield article
        else:
            usable.append(article)
    encode = load_encoder(settings.stories.embeddings)
    for placed in cluster_stories(usable, settings.stories, encode=encode):
        yield {
            "id": placed.article_id,
            "story": placed.story_id,
            "score": round(placed.score, 4),
        }
