"""State and view: what is kept between runs, and what is shown of it."""

from pipeline.storage.memories import Memories, fetch_memory
from pipeline.storage.rows import BatchOutcome, LoggedChange, StoredVersion, StoredWords, ViewEntry
from pipeline.storage.state import State

__all__ = [
    "BatchOutcome",
    "LoggedChange",
    "Memories",
    "State",
    "StoredVersion",
    "StoredWords",
    "ViewEntry",
    "fetch_memory",
]
