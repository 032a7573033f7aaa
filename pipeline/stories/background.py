"""How common each stem is in the news at large, from the table shipped with the package."""

from __future__ import annotations

import gzip
import json
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

__all__ = ["Background", "background"]

# Half a document in a table of 5,000: what a stem that was never counted is taken to be.
_UNSEEN_SHARE = 1e-4


class Background(NamedTuple):
    """Document frequencies of one language.

    Parameters
    ----------
    documents
        Number of documents counted.
    frequency
        For each stem the number of documents it occurs in.
    """

    documents: int
    frequency: MappingProxyType[str, int]

    def share(self, stem: str) -> float:
        """Return the share of documents that `stem` occurs in, above 0 and at most 1."""
        if not self.documents:
            return _UNSEEN_SHARE
        return self.frequency.get(stem, 0.5) / self.documents


@cache
def _tables() -> dict[str, Background]:
    # A constant that is too long for a source file, hence read once and never changed.
    packed = files("pipeline").joinpath("reference", "background.json.gz").read_bytes()
    languages = json.loads(gzip.decompress(packed))["languages"]
    return {
        lang: Background(counts["documents"], MappingProxyType(counts["frequency"]))
        for lang, counts in languages.items()
    }


def background(lang: str) -> Background:
    """Return the document frequencies of `lang`; a language without a table has no counts."""
    return _tables().get(lang, Background(0, MappingProxyType({})))
