"""Near-duplicates: shingles, MinHash signatures, candidates, exact relations and groups.

The rooms, in the order of the flow: `shingles` (words and their hashes), `signatures` (MinHash and
LSH bands, as datasketch makes them), `sketches` (what is remembered of an article), `candidates`,
`overlaps` (exact counts), `relations`, `composites` (roundups), `groups`, and `passages` (the
shared words themselves). `compiled` has three loops for large collections, `kernels` loads it,
`exchange` hands sketches over to datasketch.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates.candidates import Postings, find_candidates, postings
from pipeline.near_duplicates.composites import find_composites, mark_composites
from pipeline.near_duplicates.groups import group
from pipeline.near_duplicates.kernels import WORTH_COMPILING, load_compiled
from pipeline.near_duplicates.passages import shared_passages
from pipeline.near_duplicates.relations import Worded, possible_briefings, verify
from pipeline.near_duplicates.shingles import ragged, shingle
from pipeline.near_duplicates.signatures import band_keys, sign
from pipeline.near_duplicates.sketches import Sketch, sketch, sketch_words
from pipeline.records import Article, NearDuplicate

__all__ = [
    "Postings",
    "Sketch",
    "Worded",
    "band_keys",
    "find_candidates",
    "find_composites",
    "find_duplicates",
    "group",
    "load_compiled",
    "mark_composites",
    "possible_briefings",
    "postings",
    "ragged",
    "relate",
    "shared_passages",
    "shingle",
    "sign",
    "sketch",
    "sketch_words",
    "verify",
]


def find_duplicates(
    articles: Sequence[Article], settings: NearDuplicateSettings | None = None
) -> list[NearDuplicate]:
    """Return the pairs of articles of which one has at least `listed` of the other, sorted by id.

    Examples
    --------
    >>> from pipeline.records import ArticleId
    >>> report = "The dam above Arnholt held through the night, the water board said on Sunday."
    >>> cut = "The dam above Arnholt held through the night, the water board said."
    >>> texts = {"courier": report, "gazette": report.upper(), "herald": cut}
    >>> articles = [Article(article_id=ArticleId(k), text=text) for k, text in texts.items()]
    >>> for one in find_duplicates(articles):
    ...     print(one.a, one.relation, one.b, round(one.jaccard, 2))
    courier exact_copy gazette 1.0
    courier near_copy herald 0.8
    gazette near_copy herald 0.8
    """
    settings = settings or NearDuplicateSettings()
    return [one for one in relate(articles, settings) if max(one.in_a, one.in_b) >= settings.listed]


def relate(
    articles: Sequence[Article], settings: NearDuplicateSettings | None = None
) -> list[NearDuplicate]:
    """Return all related pairs, also copies so damaged that most shingles differ, sorted by id.

    `group` needs these: every tenth word changed leaves 40 % of the word 5-shingles.
    """
    settings = settings or NearDuplicateSettings()
    if len(articles) >= WORTH_COMPILING:
        load_compiled()
    sketches = sketch(articles, settings)
    return verify(find_candidates(sketches, None, settings), sketches, settings)
