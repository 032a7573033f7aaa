"""The words that two texts share, as spans of the original texts."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import lru_cache
from typing import NamedTuple

from pipeline.config import NearDuplicateSettings
from pipeline.lookalikes import unmasked
from pipeline.near_duplicates.shingles import TOKEN
from pipeline.records import SharedPassage, Span
from pipeline.text import normalize

__all__ = ["shared_passages"]

_STARTS = 32  # places in the other text that one shingle is tried at; boilerplate has more; guess

_FIRST_MARK = "\u0300"
_PLAIN = re.compile(r"[\n\r\t -~]*")


class _Word(NamedTuple):
    word: str
    span: Span


def shared_passages(
    text_a: str, text_b: str, settings: NearDuplicateSettings | None = None
) -> list[SharedPassage]:
    """Return the runs of at least `shingle_size` words that both texts have, longest first.

    Spans are offsets into the texts as given, whatever normalisation makes of them, from the first
    letter of a run to its last. No word of `text_a` is in two passages; passages of `text_b` may be
    used again, so a paragraph that `text_a` says twice is found twice.

    Examples
    --------
    >>> a = "He said: the dam held through the night."
    >>> b = "“The dam held\u200b through the night,” she said."
    >>> [p] = shared_passages(a, b)
    >>> a[slice(*p.in_a)], b[slice(*p.in_b)]
    ('the dam held through the night', 'The dam held\u200b through the night')
    """
    size = (settings or NearDuplicateSettings()).shingle_size
    a, b = _words(text_a), _words(text_b)
    starts: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for i in range(len(b) - size + 1):
        key = tuple(one.word for one in b[i : i + size])
        if len(starts[key]) < _STARTS:
            starts[key].append(i)
    passages: list[tuple[int, SharedPassage]] = []
    i = 0
    while i + size <= len(a):
        places = starts.get(tuple(one.word for one in a[i : i + size]), ())
        length, j = max(((_run(a, i, b, j), -j) for j in places), default=(1, 0))
        if places:
            passages.append((length, _passage(a[i : i + length], b[-j : -j + length])))
        i += length
    return [one for _, one in sorted(passages, key=lambda p: (-p[0], p[1].in_a, p[1].in_b))]


def _run(a: list[_Word], i: int, b: list[_Word], j: int) -> int:
    length = 0
    while i + length < len(a) and j + length < len(b) and a[i + length].word == b[j + length].word:
        length += 1
    return length


def _passage(a: list[_Word], b: list[_Word]) -> SharedPassage:
    return SharedPassage(
        in_a=Span(a[0].span.start, a[-1].span.end), in_b=Span(b[0].span.start, b[-1].span.end)
    )


def _words(text: str) -> list[_Word]:
    """Return the words of the normalised text with their spans in `text`."""
    if _PLAIN.fullmatch(text):  # normalisation moves no character: half of all English articles
        return [_Word(m.group(), Span(*m.span())) for m in TOKEN.finditer(text.lower())]
    pieces: list[str] = []
    owners: list[Span] = []
    for span in _clusters(text):
        piece = _normalize_cluster(text[span.start : span.end])
        pieces.append(piece)
        owners += [span] * len(piece)
    return [
        _Word(m.group(), Span(owners[m.start()].start, owners[m.end() - 1].end))
        for m in TOKEN.finditer(unmasked("".join(pieces)))
    ]


@lru_cache(maxsize=4096)
def _normalize_cluster(cluster: str) -> str:
    return normalize(cluster)


def _clusters(text: str) -> list[Span]:
    """Cut `text` where normalisation cannot join what is left and right of the cut."""
    bounds = [i for i, char in enumerate(text) if char < _FIRST_MARK or not _joins(char)]
    if bounds[:1] != [0]:
        bounds.insert(0, 0)
    return [Span(a, b) for a, b in zip(bounds, [*bounds[1:], len(text)], strict=True) if a < b]


def _joins(char: str) -> bool:
    # Combining marks, and the vowels and finals of Hangul written in single letters.
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff"
