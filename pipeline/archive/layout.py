"""What the files of the archive look like: names, headers, and the records that are no pages."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

__all__ = [
    "BATCH_URI",
    "LISTING_HEADER",
    "OPEN",
    "RETRY_URI",
    "SOURCE_HEADER",
    "STAMP",
    "VIA_HEADER",
    "archive_files",
    "page_digest",
    "written_at",
]

OPEN = ".open"  # suffix of a file that is not complete
STAMP = "%Y%m%dT%H%M%S%fZ"
BATCH_URI = "urn:samestory:batch:"
RETRY_URI = "urn:samestory:retry"
SOURCE_HEADER = "WARC-X-Samestory-Source"
VIA_HEADER = "WARC-X-Samestory-Via"
LISTING_HEADER = "WARC-X-Samestory-Listing"  # there: the page was asked for as a listing


def page_digest(body: bytes) -> str:
    """Return the digest by which the same bytes are recognised."""
    return hashlib.sha256(body).hexdigest()


def archive_files(folder: Path) -> list[Path]:
    """Return the complete files of the archive, oldest first."""
    return sorted(folder.glob("*.warc.gz"))


def written_at(path: Path) -> datetime:
    """Return when a file of the archive was begun: as its name says, else its last change."""
    match = re.search(r"-(\d{8}T\d{12}Z)-", path.name)
    if match is None:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
