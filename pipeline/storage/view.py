"""The view: JSON files that an analyst reads, rewritten only where their bytes change."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring
from pathlib import Path
from typing import BinaryIO

__all__ = ["INDEX", "json_bytes", "json_line", "remove_strangers", "text_digest", "write_file"]

INDEX = "index.jsonl"
_PARTIAL = ".partial"


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False)


def json_bytes(record: Mapping[str, object]) -> bytes:
    """Return a record as it stands in a file: sorted keys, LF, UTF-8, one final newline."""
    return (_indented(record, "\n") + "\n").encode("utf-8", "replace")


def _indented(value: object, line: str) -> str:
    """Return what `json.dumps` does with two spaces for each level, in a third of its time.

    Parameters
    ----------
    value
        Text, number, boolean, None, or a dict with keys of text, a list or a tuple of such.
    line
        What begins a line at this level: a newline and its spaces.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    inner = f"{line}  "
    if isinstance(value, dict) and value:
        members = [
            f"{encode_basestring(key)}: {_indented(value[key], inner)}" for key in sorted(value)
        ]
        return f"{{{inner}{f',{inner}'.join(members)}{line}}}"
    if isinstance(value, list | tuple) and value:
        return f"[{inner}{f',{inner}'.join([_indented(one, inner) for one in value])}{line}]"
    return _JSON.encode(value)


def json_line(record: Mapping[str, object]) -> str:
    """Return a record as one line, without its newline."""
    return _JSON.encode(record)


def text_digest(content: bytes) -> str:
    """Return the digest by which a file of the view is compared."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def holds(path: Path, digest: str) -> bool:
    """Say whether a file is there and has this digest."""
    try:
        return text_digest(path.read_bytes()) == digest
    except OSError:
        return False


def write_file(path: Path, content: bytes, *, durable: bool = True) -> bool:
    """Replace a file atomically, unless it holds these bytes already; says whether it wrote.

    Parameters
    ----------
    durable
        Wait until the disk has it. What the next run would find missing and write again need not.
    """
    if holds(path, text_digest(content)):
        return False
    partial = path.with_name(path.name + _PARTIAL)
    with _created(partial) as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    partial.replace(path)
    return True


def _created(path: Path) -> BinaryIO:
    """Open a new file; its folder is there nearly always."""
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


def remove_strangers(folder: Path, expected: Iterable[str]) -> int:
    """Remove files of the view that belong to no story, and folders left empty.

    Only what the view itself writes is touched: ``*.json`` and unfinished files in the folders
    of days, and ``index.jsonl`` stays.
    """
    wanted = {folder / path for path in expected}
    strangers = [p for p in folder.glob("*/*.json") if p not in wanted]
    strangers += [*folder.glob(f"*/*{_PARTIAL}"), *folder.glob(f"*{_PARTIAL}")]
    for path in strangers:
        path.unlink()
    for day in {path.parent for path in strangers} - {folder}:
        if not any(day.iterdir()):
            day.rmdir()
    return len(strangers)
