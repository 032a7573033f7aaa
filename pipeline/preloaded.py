"""Loaded once by the process that workers are forked from, so that none of them loads it again.

The language model takes half a second to unpack, and the judges a tenth: as much as fifty pages.
"""

from __future__ import annotations

from pipeline.extract import load_judges, load_languages

__all__: list[str] = []

load_languages()
load_judges()
