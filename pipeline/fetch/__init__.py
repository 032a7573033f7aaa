"""Brings input in from outside; nothing else reads foreign files or touches a network."""

from pipeline.fetch.files import file_name, read_files

__all__ = ["file_name", "read_files"]
