"""samestory: one record for one news story, however often it was told.

This module is the whole public interface; everything it names is documented where it lives.
Names are imported on first use, so that ``import pipeline`` stays quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.records import Article as Article

__version__ = "0.1.0"

_HOME = {
    "Article": "records",
}

__all__ = ["Article"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'pipeline' has no public name {name!r}")
    return getattr(import_module(f"pipeline.{_HOME[name]}"), name)
