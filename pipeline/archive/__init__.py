"""The archive: everything that came in, as WARC files that any archive tool reads.

The archive is also the write-ahead log of a run. Pages are appended as they arrive; when a run
has fetched all it wants, it appends a batch mark. State is a fold over the batches, so a run that
dies at any point is finished by the next one, and `rebuild` needs nothing but this folder.

A file carries the suffix ``.open`` until it is complete. What a crash leaves behind is cut back
to its last whole record by `recover`.
"""

from pipeline.archive.foreign import Captured, WarcStream, foreign_pages
from pipeline.archive.layout import archive_files, page_digest, written_at
from pipeline.archive.reading import read_page, scan
from pipeline.archive.writing import ArchiveWriter, recover

__all__ = [
    "ArchiveWriter",
    "Captured",
    "WarcStream",
    "archive_files",
    "foreign_pages",
    "page_digest",
    "read_page",
    "recover",
    "scan",
    "written_at",
]
