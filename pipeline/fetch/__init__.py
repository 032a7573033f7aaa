"""Brings input in from outside; nothing else reads foreign files or touches a network.

Reason codes of what cannot be fetched are listed in `pipeline.fetch.http`.
"""

from pipeline.fetch.files import file_name, read_files
from pipeline.fetch.schedule import fetch_all

__all__ = ["fetch_all", "file_name", "read_files"]
