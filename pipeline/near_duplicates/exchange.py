"""Sketches as datasketch's own objects, for whoever works on with these. Loads datasketch."""

from __future__ import annotations

from collections.abc import Iterable

from datasketch import MinHash, MinHashLSH

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.signatures import SCHEME
from pipeline.near_duplicates.sketches import Sketch

__all__ = ["to_datasketch", "to_datasketch_index"]


def to_datasketch(sketch: Sketch, settings: NearDuplicateSettings) -> MinHash:
    """Return the signature of a sketch as a `datasketch.MinHash`."""
    return MinHash(seed=settings.seed, hashvalues=sketch.signature, hashfunc=int, scheme=SCHEME)


def to_datasketch_index(sketches: Iterable[Sketch], settings: NearDuplicateSettings) -> MinHashLSH:
    """Return a `datasketch.MinHashLSH` of the settings' bands and rows, loaded with sketches.

    Texts without words are left out: all of them would be copies of each other.
    """
    index = MinHashLSH(num_perm=settings.num_perm, params=(settings.bands, settings.rows))
    with index.insertion_session() as session:
        for one in sketches:
            if one.words.size:
                session.insert(one.article_id, to_datasketch(one, settings))
    return index
