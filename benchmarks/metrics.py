"""The quality figures, each a plain function of what should be and what was found.

All figures are 0-1 and higher is better. They agree with the reference scorer of the data sets
(`../shared/score.py`); `tests/test_benchmarks.py` shows it.

References
----------
B-Cubed: Bagga and Baldwin, "Entity-based cross-document coreferencing using the vector space
model", COLING-ACL 1998. Adjusted Rand index: Hubert and Arabie, "Comparing partitions", 1985.
Shingle F1: the article extraction benchmark of Scrapinghub (Zyte), 2020.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.gold import GoldArticle, GoldPair, GoldRepeats

_WORD = re.compile(r"\w+")
_NO_WORD = re.compile(r"\W+")
_SHINGLE_WORDS = 4  # the extraction benchmark's choice
_SAME_INSTANT_SECONDS = 60
_MISSED_SHARE = 0.02  # of the words to remove; a document within it is right
_BINS = 10
_ROUNDING = 0.5e-4  # gold measures have four digits


class Scores(NamedTuple):
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float
    f1: float


class PairScores(NamedTuple):
    """How the claimed duplicate pairs compare with the exact measures of all pairs.

    Parameters
    ----------
    recall_jaccard, recall_containment
        Share found of the pairs with Jaccard (with one containment) of at least .7.
    precision
        Share of the claimed pairs with one true containment of at least .5.
    exact
        Share of the claimed true pairs whose reported Jaccard and containments are right to
        four digits.
    """

    recall_jaccard: float
    recall_containment: float
    precision: float
    exact: float


class LinkScores(NamedTuple):
    """Links between groups against sagas.

    Parameters
    ----------
    confirmed
        Share of the links that gold confirms, of those between groups that it knows: the two are
        steps of one saga, or halves of one story.
    steps
        Share of the groups on a saga of several steps that have a link to another step of it.
    """

    confirmed: float
    steps: float


class RepeatScores(NamedTuple):
    """Words removed against words to remove.

    Parameters
    ----------
    words
        Precision, recall and F1 over the words of all texts.
    right
        Share of texts with at most 2 % of their words to remove missed or removed in excess;
        where nothing should go, nothing may go.
    right_by_kind
        The same share for each kind of text.
    """

    words: Scores
    right: float
    right_by_kind: dict[str, float]


def mean(values: Collection[float]) -> float:
    """Return the mean; 0 of nothing, so that a set without rows is never a success."""
    return sum(values) / len(values) if values else 0.0


# Groups: a mapping from the name of each thing to the name of its group.


def b_cubed(gold: Mapping[str, str], found: Mapping[str, str]) -> Scores:
    """Return the mean over articles of how pure and how complete the group of each is."""
    sizes_gold, sizes_found = Counter(gold.values()), Counter(found[name] for name in gold)
    both = Counter((gold[name], found[name]) for name in gold)
    precision = sum(n * n / sizes_found[b] for (_, b), n in both.items()) / len(gold)
    recall = sum(n * n / sizes_gold[a] for (a, _), n in both.items()) / len(gold)
    return Scores(precision, recall, _harmonic(precision, recall))


def pairwise(gold: Mapping[str, str], found: Mapping[str, str]) -> Scores:
    """Score each pair of articles: together in gold, together as found."""
    together_gold, together_found, together_both = _pairs_together(gold, found)
    precision = together_both / together_found if together_found else 1.0
    recall = together_both / together_gold if together_gold else 1.0
    return Scores(precision, recall, _harmonic(precision, recall))


def pairwise_decided(articles: Iterable[GoldArticle], found: Mapping[str, str]) -> Scores:
    """Score each pair of articles like `pairwise`, but no pair that gold leaves open.

    Open are the pairs of an unsure article and the pairs of two stories of one saga.
    """
    sure = [(a.saga, a.story, found[a.article.article_id]) for a in articles if not a.unsure]
    sagas = [row for row in sure if row[0]]
    open_pairs = _pairs((saga, group) for saga, _, group in sagas) - _pairs(sagas)
    hits = _pairs((story, group) for _, story, group in sure)
    claimed = _pairs(group for _, _, group in sure) - open_pairs
    return _scores(hits, claimed - hits, _pairs(story for _, story, _ in sure) - hits)


def links(
    articles: Iterable[GoldArticle], found: Mapping[str, str], linked: Collection[tuple[str, str]]
) -> LinkScores:
    """Score links between groups; what most articles of a group are that gold is sure of, it is."""
    told: dict[str, Counter[tuple[str, str]]] = {}
    for row in articles:
        if not row.unsure:
            known = row.story, row.saga or ""
            told.setdefault(found[row.article.article_id], Counter())[known] += 1
    most = {group: max(sorted(counts), key=counts.__getitem__) for group, counts in told.items()}
    pairs = [(one, other) for one, other in linked if one in most and other in most]
    confirmed = [most[a][0] == most[b][0] or most[a][1] == most[b][1] != "" for a, b in pairs]
    sizes = Counter(saga for _, saga in set(most.values()))
    steps = {group for group, (_, saga) in most.items() if saga and sizes[saga] > 1}
    taken = [p for p in pairs if most[p[0]][1] == most[p[1]][1] and most[p[0]] != most[p[1]]]
    reached = steps & {*chain(*taken)}
    return LinkScores(mean(confirmed), len(reached) / max(1, len(steps)))


def adjusted_rand(gold: Mapping[str, str], found: Mapping[str, str]) -> float:
    """Return the adjusted Rand index: 1 for equal groupings, about 0 for a random one."""
    together_gold, together_found, together_both = _pairs_together(gold, found)
    by_chance = together_gold * together_found / comb(len(gold), 2)
    highest = (together_gold + together_found) / 2
    if highest == by_chance:
        return 1.0
    return (together_both - by_chance) / (highest - by_chance)


def duplicate_pairs(gold: Iterable[GoldPair], found: Iterable[GoldPair]) -> PairScores:
    """Score claimed pairs against `gold`, which holds all pairs with a containment above .5."""
    true = {frozenset((p.a, p.b)): p for p in gold}
    claimed = {frozenset((p.a, p.b)): p for p in found}
    similar = {k for k, p in true.items() if p.jaccard >= 0.7}
    contained = {k for k, p in true.items() if max(p.in_a, p.in_b) >= 0.7}
    known = true.keys() & claimed.keys()
    return PairScores(
        recall_jaccard=len(similar & known) / max(1, len(similar)),
        recall_containment=len(contained & known) / max(1, len(contained)),
        precision=len(known) / max(1, len(claimed)),
        exact=mean([_same_measures(true[k], claimed[k]) for k in known]),
    )


def _same_measures(gold: GoldPair, found: GoldPair) -> bool:
    turned = (found.in_a, found.in_b) if gold.a == found.a else (found.in_b, found.in_a)
    measures = zip((gold.jaccard, gold.in_a, gold.in_b), (found.jaccard, *turned), strict=True)
    return all(abs(a - b) <= _ROUNDING + 1e-9 for a, b in measures)


def repeats(
    gold: Sequence[GoldRepeats], removed: Mapping[str, Iterable[tuple[int, int]]]
) -> RepeatScores:
    """Score removed spans, given for each text id, by the words that begin inside them."""
    hits = false = missed = 0
    right: dict[str, list[bool]] = {}
    for row in gold:
        should = _word_starts(row.text, row.remove)
        did = _word_starts(row.text, removed[row.text_id])
        hits += len(should & did)
        false += len(did - should)
        missed += len(should - did)
        right.setdefault(row.kind, []).append(len(should ^ did) <= _MISSED_SHARE * len(should))
    return RepeatScores(
        words=_scores(hits, false, missed),
        right=mean([text for texts in right.values() for text in texts]),
        right_by_kind={kind: mean(texts) for kind, texts in sorted(right.items())},
    )


# Probabilities: how often what was claimed with a probability is true.


class Claims(NamedTuple):
    """Claimed probabilities, 0-1, and what is true, of one set."""

    probability: NDArray[np.float64]
    is_true: NDArray[np.bool_]


def calibration_error(sets: Sequence[Claims]) -> float:
    """Return the mean distance of claimed and true share over ten bins; each set counts alike.

    References
    ----------
    Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI 2015.
    """
    weight, claimed, true = _bins(sets)
    return float(np.abs(claimed - true).sum() / max(weight.sum(), 1e-12))


def reliability(sets: Sequence[Claims]) -> list[tuple[str, float, float]]:
    """Return for each bin that has claims its name, the mean claim and the share that is true."""
    weight, claimed, true = _bins(sets)
    return [
        (
            f"true share of claims from .{place}",
            claimed[place] / weight[place],
            true[place] / weight[place],
        )
        for place in range(_BINS)
        if weight[place] > 0
    ]


def _bins(sets: Sequence[Claims]) -> tuple[NDArray[np.float64], ...]:
    """Return for each bin the weight, the sum of claims and the sum of what is true."""
    total = np.zeros((3, _BINS))
    for one in sets:
        place = np.minimum((one.probability * _BINS).astype(int), _BINS - 1)
        for row, values in enumerate((np.ones(len(place)), one.probability, one.is_true)):
            total[row] += np.bincount(place, values, _BINS) / max(1, len(place))
    return tuple(total)


# Pages: one page, one figure; None where the page was not annotated for it.


def text_f1(gold: str | None, text: str) -> float | None:
    """Return the F1 of word 4-shingles, counted with their repetitions."""
    if not gold:
        return None
    should, did = _shingles(gold), _shingles(text)
    return 2 * (should & did).total() / max(1, should.total() + did.total())


def snippets_right(required: Iterable[str], forbidden: Iterable[str], text: str) -> list[bool]:
    """Tell for each snippet whether it is there as required, or absent as forbidden."""
    words = _bare(text)
    return [_bare(s) in words for s in required] + [_bare(s) not in words for s in forbidden]


def same_title(gold: str | None, title: str) -> bool | None:
    """Tell whether the titles agree in letters and digits."""
    return _bare(gold) == _bare(title) if gold else None


def same_authors(gold: Iterable[str], authors: Iterable[str]) -> bool | None:
    """Tell whether exactly the same people are named, in any order."""
    people = {_bare(a) for a in gold}
    return people == {_bare(a) for a in authors} if people else None


def same_day(gold: str | None, stated: str) -> bool | None:
    """Tell whether two ISO 8601 times name the same day, as written or both in UTC."""
    if not gold:
        return None
    a, b = _time(gold), _time(stated)
    if b is None:
        return False
    if gold[:10] == stated[:10]:
        return True
    return bool(
        a and a.tzinfo and b.tzinfo and a.astimezone(UTC).date() == b.astimezone(UTC).date()
    )


def same_instant(gold: str | None, stated: str) -> bool | None:
    """Tell whether two times with zone are at most 60 s apart; None if gold has no zone."""
    a, b = _time(gold), _time(stated)
    if a is None or a.tzinfo is None:
        return None
    return bool(b and b.tzinfo and abs((a - b).total_seconds()) <= _SAME_INSTANT_SECONDS)


def _pairs_together(gold: Mapping[str, str], found: Mapping[str, str]) -> tuple[int, int, int]:
    """Count the pairs that share a gold group, that share a found one, and that share both."""
    return (
        _pairs(gold.values()),
        _pairs(found[name] for name in gold),
        _pairs((gold[name], found[name]) for name in gold),
    )


def _pairs(groups: Iterable[Hashable]) -> int:
    """Count the pairs of things that are in one group; one entry is the group of one thing."""
    return sum(comb(size, 2) for size in Counter(groups).values())


def _scores(hits: int, false: int, missed: int) -> Scores:
    precision, recall = hits / max(1, hits + false), hits / max(1, hits + missed)
    return Scores(precision, recall, _harmonic(precision, recall))


def _harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _word_starts(text: str, spans: Iterable[tuple[int, int]]) -> set[int]:
    return {m.start() for start, end in spans for m in _WORD.finditer(text, start, end)}


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    """Count the word 4-shingles; a shorter text is one shingle."""
    words = _WORD.findall(text.lower())
    if len(words) < _SHINGLE_WORDS:
        return Counter([tuple(words)] if words else [])
    starts = range(len(words) - _SHINGLE_WORDS + 1)
    return Counter(tuple(words[i : i + _SHINGLE_WORDS]) for i in starts)


def _bare(text: str | None) -> str:
    """Keep the words, folded, one space between them."""
    return _NO_WORD.sub(" ", unicodedata.normalize("NFKC", text or "").casefold()).strip()


def _time(stated: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(stated or "")
    except ValueError:
        return None
