"""Rows of a file as articles: JSON Lines or Parquet, one article a row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from pipeline.errors import ConfigError
from pipeline.records import Article, ArticleId, Failed, Timestamp

__all__ = ["read_parquet", "read_rows"]

_ROWS_AT_ONCE = 1000  # of Parquet; some megabytes
_COLUMNS = ("id", "text", "title", "published", "outlet", "lang", "url")


class _Row(BaseModel):
    """A line of input; other keys are allowed and ignored."""

    id: Annotated[str, BeforeValidator(str)]
    text: str
    title: str = ""
    published: datetime | None = None
    outlet: str | None = None
    lang: str | None = None
    url: str | None = None


def read_rows(file: IO[bytes], name: str) -> Iterator[Article | Failed]:
    """Yield the articles of a JSON Lines file; a line that is none is a `Failed`."""
    for number, line in enumerate(file, start=1):
        if line.strip():
            yield _article(_Row.model_validate_json, line, f"{name}:{number}")


def read_parquet(path: Path) -> Iterator[Article | Failed]:
    """Yield the articles of a Parquet file; a row that is none is a `Failed`.

    Raises
    ------
    ConfigError
        The file cannot be read, or the extra ``parquet`` is not installed.
    """
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - an extra, and slow to import
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            f"{path} is Parquet, which needs: pip install 'samestory[parquet]'"
        ) from None
    number = 0
    try:
        with ParquetFile(path) as table:
            columns = [name for name in _COLUMNS if name in table.schema_arrow.names]
            for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    present = {name: value for name, value in row.items() if value is not None}
                    yield _article(_Row.model_validate, present, f"{path}#{number}")
    except (OSError, ArrowException) as error:
        raise ConfigError(f"{path}: cannot be read after {number} rows ({error})") from None


def _article(read: Callable[[Any], _Row], row: object, name: str) -> Article | Failed:
    try:
        return _article_of(read(row))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        return Failed(
            stage="input",
            reason="not_a_row",
            input=name,
            detail=f"{where}: {problem['msg']}" if where else problem["msg"],
            when=datetime.now(UTC),
        )


def _article_of(row: _Row) -> Article:
    published = None
    if row.published is not None:
        stated = row.published.tzinfo is not None
        published = Timestamp(
            instant=row.published if stated else row.published.replace(tzinfo=UTC),
            precision="second",
            zone="stated" if stated else "missing",
            origin="input",
            raw=row.published.isoformat(),
        )
    return Article(
        article_id=ArticleId(row.id),
        text=row.text,
        title=row.title,
        url=row.url,
        outlet=row.outlet,
        lang=row.lang,
        published=published,
    )
