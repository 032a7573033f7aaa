"""Brings input in from outside; nothing else reads foreign files or touches a network.

Reason codes of what cannot be fetched are listed in `pipeline.fetch.http`.
"""

from pipeline.fetch.files import file_name, read_files
from pipeline.fetch.memories import listing_left, listing_read, url_failed
from pipeline.fetch.remote import BusyError, open_remote
from pipeline.fetch.schedule import fetch_all

__all__ = [
    "BusyError",
    "fetch_all",
    "file_name",
    "listing_left",
    "listing_read",
    "open_remote",
    "read_files",
    "url_failed",
]
