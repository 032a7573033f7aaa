"""Other tools that go from texts to pairs of near-duplicates, each in the fastest form we know.

All take 128 permutations of word 5-shingles and the bands that datasketch chooses for a threshold
of .7. None verifies its pairs, as we do. A tool that is not installed is reported, not left out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from itertools import combinations
from typing import NamedTuple

import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray

from pipeline.records import Article

# What they do with threads shows as CPU time of ours; without them it is a little less.
os.environ.setdefault("RAYON_NUM_THREADS", "1")

NUM_PERM, THRESHOLD, SHINGLE_WORDS = 128, 0.7, 5
BANDS, ROWS = 14, 9  # what datasketch's optimiser gives for the threshold

Pairs = set[tuple[int, int]]

_WORD = re.compile(r"\w+")


class Peer(NamedTuple):
    """A tool: the packages it needs, and how it finds pairs of places in a sequence of articles."""

    needs: tuple[str, ...]
    pairs: Callable[[Sequence[Article]], Pairs]

    def absent(self) -> list[str]:
        """Return the packages that are not installed."""
        return [package for package in self.needs if find_spec(package) is None]


def datasketch_pairs(articles: Sequence[Article]) -> Pairs:
    """Find pairs the way datasketch's documentation shows: one article at a time, SHA-1."""
    # `update` for one shingle after the other takes five times as long: no peer to be proud of.
    return _datasketch(articles, MinHash(num_perm=NUM_PERM))


def datasketch_xxhash_pairs(articles: Sequence[Article]) -> Pairs:
    """Find pairs with datasketch and the fastest hash function it can be given."""
    from xxhash import xxh32_intdigest

    return _datasketch(articles, MinHash(num_perm=NUM_PERM, hashfunc=xxh32_intdigest))


def daft_pairs(articles: Sequence[Article]) -> Pairs:
    """Find pairs with daft's minhash expression; its signatures are banded with numpy."""
    import daft

    texts = daft.from_pydict({"text": [article.text for article in articles]})
    folded = daft.col("text").normalize(remove_punct=True, lowercase=True, white_space=True)
    signed = texts.select(
        folded.minhash(num_hashes=NUM_PERM, ngram_size=SHINGLE_WORDS, hash_function="xxhash")
    )
    column = signed.to_arrow().column(0).combine_chunks()
    return _banded(np.asarray(column.flatten()).reshape(len(articles), NUM_PERM))


def gaoya_pairs(articles: Sequence[Article]) -> Pairs:
    """Find pairs with gaoya's index of strings; asking it means hashing each text again."""
    from gaoya.minhash import MinHashStringIndex

    texts, sizes = [article.text for article in articles], (SHINGLE_WORDS, SHINGLE_WORDS)
    index = MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=THRESHOLD,
        num_bands=BANDS,
        band_size=ROWS,
        analyzer="word",
        lowercase=True,
        ngram_range=sizes,
        id_container="smallvec",
    )
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    return _ordered(enumerate(index.par_bulk_query(texts, return_similarity=False)))


def rensa_pairs(articles: Sequence[Article]) -> Pairs:
    """Find pairs with rensa, which takes shingles, not texts."""
    from rensa import RMinHash, RMinHashLSH

    signatures = RMinHash.from_token_sets([shingles(a.text) for a in articles], NUM_PERM, 1)
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM, num_bands=16)  # divides 128
    index.insert_many(signatures)
    return _ordered(enumerate(index.query_all(signatures)))


PEERS = {
    "datasketch": Peer((), datasketch_pairs),
    "datasketch with xxhash": Peer(("xxhash",), datasketch_xxhash_pairs),
    "daft": Peer(("daft",), daft_pairs),
    "gaoya": Peer(("gaoya",), gaoya_pairs),
    "rensa": Peer(("rensa",), rensa_pairs),
}


def shingles(text: str) -> list[str]:
    """Return the distinct word 5-shingles of a text, as a Python program makes them."""
    words = _WORD.findall(text.casefold())
    starts = range(max(1, len(words) - SHINGLE_WORDS + 1))
    return list({" ".join(words[i : i + SHINGLE_WORDS]) for i in starts})


def _datasketch(articles: Iterable[Article], empty: MinHash) -> Pairs:
    index = MinHashLSH(threshold=THRESHOLD, num_perm=NUM_PERM)
    pairs: Pairs = set()
    for place, article in enumerate(articles):
        signature = empty.copy()
        signature.update_batch([shingle.encode() for shingle in shingles(article.text)])
        pairs |= {(other, place) for other in index.query(signature)}
        index.insert(place, signature, check_duplication=False)
    return pairs


def _banded(signatures: NDArray[np.uint32]) -> Pairs:
    pairs: Pairs = set()
    for band in range(BANDS):
        rows = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        keys = rows.view(np.dtype((np.void, rows.itemsize * ROWS))).ravel()
        _, owners = np.unique(keys, return_inverse=True)
        order = np.argsort(owners, kind="stable")
        starts = np.flatnonzero(np.diff(owners[order])) + 1
        for members in np.split(order, starts):
            if members.size > 1:
                pairs.update(combinations(members.tolist(), 2))
    return pairs


def _ordered(found: Iterable[tuple[int, Iterable[int]]]) -> Pairs:
    return {(min(a, b), max(a, b)) for a, others in found for b in others if a != b}
