"""Near-duplicates: pairs, their measures, groups, and the time from text to pairs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from datasketch import MinHash, MinHashLSH

from benchmarks import gold, metrics
from benchmarks.figures import Figure, speed
from benchmarks.gold import GoldPair
from benchmarks.timing import times_as_fast
from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates import find_duplicates, group, relate
from pipeline.records import Article

NEEDS = tuple(f"duplicates/dev/{name}.jsonl" for name in ("docs", "pairs", "groups"))

_WORD = re.compile(r"\w+")
_SHINGLE_WORDS = 5
_NUM_PERM = 128
_THRESHOLD = 0.7


def measure(folder: Path, limit: int | None = None, jobs: int = 1) -> list[Figure]:
    """Measure pairs and groups against gold, and speed beside a plain datasketch script."""
    del jobs  # the speed is that of one core
    settings = NearDuplicateSettings()
    documents = gold.first(gold.documents(folder), limit)
    ids = {document.article_id for document in documents}
    gold_pairs = [pair for pair in gold.duplicate_pairs(folder) if {pair.a, pair.b} <= ids]
    gold_groups = {a: name for a, name in gold.duplicate_groups(folder).items() if a in ids}

    found = find_duplicates(documents, settings)
    pairs = metrics.duplicate_pairs(
        gold_pairs,
        [GoldPair(a=p.a, b=p.b, jaccard=p.jaccard, in_a=p.in_a, in_b=p.in_b) for p in found],
    )
    found_groups: dict[str, str] = {name: name for name in ids}
    for copies in group(documents, relate(documents, settings)):
        found_groups.update(dict.fromkeys(copies.members, copies.canonical))
    rand = metrics.adjusted_rand(gold_groups, found_groups)
    ratio = times_as_fast(
        ours=lambda: find_duplicates(documents, settings),
        peer=lambda: datasketch_pairs(documents),
    )
    return [
        Figure(name="recall, Jaccard >= .7", value=pairs.recall_jaccard),
        Figure(name="recall, containment >= .7", value=pairs.recall_containment),
        Figure(name="claims with containment >= .5", value=pairs.precision),
        Figure(name="measures exact", value=pairs.exact),
        Figure(name="groups, adjusted Rand index", value=rand),
        speed("speed ratio, text to pairs", ratio, "datasketch"),
    ]


def datasketch_pairs(documents: Sequence[Article]) -> set[tuple[str, str]]:
    """Find candidate pairs the way datasketch's documentation shows: one document at a time."""
    index = MinHashLSH(threshold=_THRESHOLD, num_perm=_NUM_PERM)
    pairs: set[tuple[str, str]] = set()
    for document in documents:
        signature = _signature(document.text)
        pairs |= {(document.article_id, other) for other in index.query(signature)}
        index.insert(document.article_id, signature, check_duplication=False)
    return pairs


def _signature(text: str) -> MinHash:
    words = _WORD.findall(text.casefold())
    starts = range(max(1, len(words) - _SHINGLE_WORDS + 1))
    shingles = {" ".join(words[i : i + _SHINGLE_WORDS]) for i in starts}
    signature = MinHash(num_perm=_NUM_PERM)
    # `update` for one shingle after the other takes five times as long: no peer to be proud of.
    signature.update_batch([shingle.encode() for shingle in shingles])
    return signature
