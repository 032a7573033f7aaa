"""Files and folders as pages; nothing here touches a network."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from urllib.parse import quote

from pipeline.errors import ConfigError
from pipeline.feeds import ENTRY_TYPE
from pipeline.records import Failed, RawPage

__all__ = ["READABLE_SUFFIXES", "file_name", "read_files"]

_PARQUET = "application/vnd.apache.parquet"
_ROWS_AT_ONCE = 256  # articles of a Parquet file in memory together
_MEDIA_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".jsonl": ENTRY_TYPE,
    ".parquet": _PARQUET,
}
READABLE_SUFFIXES = tuple(sorted([*_MEDIA_TYPES, ".html.gz", ".htm.gz"]))


def file_name(path: Path) -> str:
    """Return the name of a file without its suffixes: ``a.html.gz`` is ``a``."""
    return path.name.removesuffix(".gz").rpartition(".")[0] or path.name


def read_files(
    path: Path, source: str, max_bytes: int, now: datetime, since: datetime | None = None
) -> Iterator[RawPage | Failed]:
    """Yield the pages of a file, or of all readable files of a folder, in order of their paths.

    Each line of a JSON Lines file and each row of a Parquet file is a page of its own. Hidden
    files and files with other suffixes are no input.

    Parameters
    ----------
    path
        File or folder.
    source
        Name of the source, recorded with each page.
    max_bytes
        Larger inputs (decompressed) become a `Failed`.
    now
        Time of arrival; aware.
    since
        Files of a folder last changed before are passed over; aware.

    Raises
    ------
    ConfigError
        There is nothing at `path`, or a file named outright has a suffix that is not read, or
        Parquet cannot be read because the extra ``parquet`` is not installed.
    """
    if not path.exists():
        raise ConfigError(f"source {source}: {path} does not exist")
    if path.is_file():
        if _media_type(path) is None:
            raise ConfigError(
                f"source {source}: {path} is not read; known: {' '.join(READABLE_SUFFIXES)}"
            )
        yield from _pages(path, f"file:{quote(path.name)}", source, max_bytes, now)
        return
    for file in sorted(p for p in path.rglob("*") if _is_input(p, path)):
        if since is not None and file.stat().st_mtime < since.timestamp():
            continue
        uri = f"file:{quote(file.relative_to(path).as_posix())}"
        yield from _pages(file, uri, source, max_bytes, now)


def _is_input(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return not hidden and _media_type(file) is not None and file.is_file()


def _media_type(path: Path) -> str | None:
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    return _MEDIA_TYPES.get(suffix)


def _pages(
    path: Path, uri: str, source: str, max_bytes: int, now: datetime
) -> Iterator[RawPage | Failed]:
    media_type = _media_type(path) or ""
    try:
        if media_type == ENTRY_TYPE:
            yield from _lines(path, uri, source, max_bytes, now)
            return
        if media_type == _PARQUET:
            yield from _rows(path, uri, source, max_bytes, now)
            return
        body = _read(path, max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        broken = isinstance(error, gzip.BadGzipFile | EOFError | zlib.error)
        yield _failed(uri, "broken_gzip" if broken else "unreadable", str(error), now)
        return
    if len(body) > max_bytes:
        yield _failed(uri, "too_large", _too_large(max_bytes), now)
        return
    yield RawPage(uri=uri, source=source, media_type=media_type, body=body, fetched_at=now)


def _read(path: Path, limit: int) -> bytes:
    """Read at most `limit` bytes, so that neither a huge file nor a gzip bomb fills memory."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as file:
        return file.read(limit)


def _lines(
    path: Path, uri: str, source: str, max_bytes: int, now: datetime
) -> Iterator[RawPage | Failed]:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as file:
        number = 0
        while line := file.readline(max_bytes + 1):
            number += 1
            name = f"{uri}#{quote(_row_id(line) or str(number), safe='')}"
            if len(line) > max_bytes:
                yield _failed(name, "too_large", _too_large(max_bytes), now)
                return
            if line.strip():
                yield RawPage(
                    uri=name,
                    source=source,
                    media_type=ENTRY_TYPE,
                    body=line.strip(),
                    fetched_at=now,
                )


def _rows(
    path: Path, uri: str, source: str, max_bytes: int, now: datetime
) -> Iterator[RawPage | Failed]:
    try:
        from pyarrow import ArrowException  # noqa: PLC0415 - an extra, and slow to import
        from pyarrow.parquet import ParquetFile  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            f"source {source}: {path} is Parquet, which needs: pip install 'samestory[parquet]'"
        ) from None
    number = 0
    try:
        with ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=_ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    number += 1
                    yield _row_page(row, f"{uri}#{_row_name(row, number)}", source, max_bytes, now)
    except ArrowException as error:
        yield _failed(uri, "broken_parquet", f"after {number} rows: {error}", now)


def _row_name(row: Mapping[str, object], number: int) -> str:
    return quote(str(row.get("id") or number), safe="")


def _row_page(
    row: Mapping[str, object], uri: str, source: str, max_bytes: int, now: datetime
) -> RawPage | Failed:
    body = json.dumps(row, ensure_ascii=False, sort_keys=True, default=_as_text).encode()
    if len(body) > max_bytes:
        return _failed(uri, "too_large", _too_large(max_bytes), now)
    return RawPage(uri=uri, source=source, media_type=ENTRY_TYPE, body=body, fetched_at=now)


def _as_text(value: object) -> str:
    """Return what JSON has no type for as text: times in ISO 8601, binary columns as UTF-8."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.isoformat() if isinstance(value, date) else str(value)


def _row_id(line: bytes) -> str | None:
    """Return the id that a line gives itself, so that its name outlives lines put before it."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None  # the stage that reads the line says what is wrong with it
    return str(row["id"]) if isinstance(row, dict) and row.get("id") else None


def _too_large(max_bytes: int) -> str:
    return f"more than extract.max_bytes = {max_bytes} bytes; raise it to read this input"


def _failed(uri: str, reason: str, detail: str, now: datetime) -> Failed:
    return Failed(stage="fetch", reason=reason, input=uri, detail=detail, when=now)
