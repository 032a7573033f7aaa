"""A text as tokens in sentences in lines."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, combinations, groupby, pairwise
from typing import NamedTuple

import numpy as np

from pipeline.records import Span
from pipeline.repetition.alignment import Match
from pipeline.text import normalize, paragraphs, sentences

__all__ = [
    "CURRENCY",
    "DISTANT_RATIO",
    "Page",
    "Sentence",
    "Token",
    "asks",
    "ends_sentence",
    "may_repeat",
    "page",
    "read",
    "seams",
    "split",
    "tokens_of",
    "words_in",
]

_WORDS_PER_CHARACTER = 0.6  # in scripts without spaces; a Chinese word has 1.5 to 1.8 characters
DISTANT_RATIO = 1.5  # apart from its source, a paragraph must be so much longer than the minimum
_SEAM_TOKENS = 40  # a copy must go on for so long to begin inside a sentence (guess)
_MOST_CLOSERS = 8  # how far before its end the stop of a sentence is looked for

_CLOSERS = r"[\"'”’»›）」』】)\]\s]*\Z"
_ENDS_SENTENCE = re.compile(rf"(?:[.!?…؟۔։।॥።။។\u037e。！？｡]|(?<=[\u0370-\u03ff]);){_CLOSERS}")
_ASKS = re.compile(rf"[?؟\u037e？]{_CLOSERS}")

# Han, kana, Thai, Lao, Tibetan, Burmese, Khmer: a run of letters is a clause, so letters count.
_SPACELESS = (
    r"\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
# Marks and characters without width belong to the word they stand in; \w knows only some of them.
_UNSEEN = r"\u00ad\u061c\u180e\u200b-\u200f\u2060\ufeff"
_INSIDE_WORD = rf"\u0300-\u036f\u0900-\u0963\u0966-\u0dff{_UNSEEN}"
CURRENCY = "$£€¥₩₹₺₽₴₪₫฿%‰"
_TOKEN = re.compile(
    rf"[^\W{_SPACELESS}](?:[^\W{_SPACELESS}]|[{_INSIDE_WORD}])*|[{_SPACELESS}]|[{CURRENCY}]"
)
_WORD = re.compile(rf"\w+|[{CURRENCY}]")
# What copies have in common, in words, where a tenth of them may differ, or a twentieth in a
# paragraph alone (see `deciding`). A body of 40 words has 11 places from which 6 words are repeated
# and 26 from which 3 are, within its own room and a bridge. A paragraph of up to 19 words agrees
# throughout; a longer one has 10 in a row from a bound on and 15 places of 3 words within 20; one
# of 40 and more has 13 in a row and 32 places of 3 words within 40.
_PLACE_WORDS, _FEW_WORDS = 6, 3
_IN_A_ROW = 8
_BODY_PLACES, _BODY_FEW, _BODY_ROOM = 11, 26, 100
_HALF_ROW, _HALF_FEW, _HALF_ROOM = 10, 15, 20
_THIRD_ROW, _THIRD_FEW, _THIRD_ROOM = 13, 32, 40
_HASH_FACTOR = 1_000_003
_STOPS = re.compile(r"[.!?…؟۔։।॥።။\u037e;\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_ODD = re.compile(f"[{_SPACELESS}{_UNSEEN}]")  # one word may be written in two ways
_UNSEEN_ONES = re.compile(f"[{_UNSEEN}]+")
# Signs of many texts that are otherwise ASCII; a full stop of three dots is one of a sentence.
_BETWEEN_WORDS = "“”‘’„‚‹›«»–—•\u00a0"
_ASCII_SIGNS = tuple(sign.encode() for sign in CURRENCY if sign.isascii())
_ASCII_WORDS = bytes(
    code if re.fullmatch(rf"\w|[{CURRENCY}]", chr(code), re.ASCII) else ord(" ")
    for code in range(256)
)
_KNOWN_WORDS = 50_000  # remembered with their normal form: a few MB, most of the words of a run
_FEWEST_WORDS = 90  # of a shorter text, copies of fewer words may be nearly half
_ONE_SPACELESS = re.compile(f"[{_SPACELESS}]")


class Token(NamedTuple):
    """A word, a character of a script without spaces, or a currency sign."""

    start: int
    end: int
    key: str


class Sentence(NamedTuple):
    """A sentence with the number of its line."""

    span: Span
    line: int
    tokens: list[Token]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is left of a text: its sentences, and their tokens one after another."""

    text: str
    sentences: list[Sentence]
    weights: list[float]  # words of each sentence
    lines: list[range]  # sentences of each line
    line_of: list[int]  # line of each sentence
    line_keys: list[tuple[str, ...]]  # tokens of each line
    line_counts: Counter[tuple[str, ...]]  # how often each of these occurs
    line_words: list[float]
    tokens: list[Token]
    keys: list[str]  # of each token
    owners: list[int]  # sentence of each token
    firsts: list[int]  # first token of each sentence, and the number of tokens at the end
    lower: AbstractSet[str]  # keys that occur without a capital

    def begins(self, token: int) -> bool:
        """Whether a sentence begins with this token."""
        return self.firsts[self.owners[token]] == token

    def ends(self, token: int) -> bool:
        """Whether a sentence ends before this token."""
        return self.firsts[self.owners[token - 1] + 1] == token


def tokens_of(text: str, span: Span) -> list[Token]:
    """Return the tokens inside a sentence, at least one."""
    found = [
        Token(match.start(), match.end(), _key(match.group()))
        for match in _TOKEN.finditer(text, span.start, span.end)
    ]
    # A sentence of signs alone ("* * *") is one token, so that it goes and stays like any other.
    return found or [Token(*span, text[span.start : span.end])]


@lru_cache(maxsize=_KNOWN_WORDS)
def _key(word: str) -> str:
    return normalize(word)


def may_repeat(text: str, min_words: float) -> bool:
    """Whether anything can be removed from a text; quick, and false for most articles.

    Whatever is removed has words in a row in common with something before it, or is a line that
    follows its like. Short texts, and scripts without spaces, are always looked at.

    Parameters
    ----------
    text
        All of it.
    min_words
        Size of the smallest paragraph that goes alone.
    """
    for mark in _BETWEEN_WORDS:
        text = text.replace(mark, " ")
    said: Sequence[str] | Sequence[bytes]
    if text.isascii():
        text = text.lower()
        said = _ascii_words(text)
    else:
        odd = _ODD.search(text)
        if odd and _ONE_SPACELESS.search(text, odd.start()):
            return True
        text = unicodedata.normalize("NFKC", text).casefold()
        if odd:
            text = _UNSEEN_ONES.sub("", text)  # with the rest a tenth of the time of `normalize`
        said = _WORD.findall(text)
    if len(said) < _FEWEST_WORDS:
        return True
    in_a_row = min(_IN_A_ROW, max(1, int(min_words)))
    return _says_sentences_again(text, said, in_a_row, min_words) or _says_a_line_again(text)


def _ascii_words(text: str) -> list[bytes]:
    """Return the words of a text in ASCII as `_WORD` finds them, in a third of the time."""
    plain = text.encode().translate(_ASCII_WORDS)
    for sign in _ASCII_SIGNS:
        plain = plain.replace(sign, b" " + sign + b" ")
    return plain.split()


def _says_a_line_again(text: str) -> bool:
    found = ((line, word.group()) for line in text.splitlines() if (word := _WORD.search(line)))
    return any(
        first == other and _WORD.findall(before) == _WORD.findall(line)
        for (before, first), (line, other) in pairwise(found)
    )


def _says_sentences_again(
    text: str, said: Sequence[str] | Sequence[bytes], in_a_row: int, min_words: float
) -> bool:
    """Whether what is said again may be a sentence or several, and is not only a phrase."""
    longer = min(_PLACE_WORDS, in_a_row)
    places = _said_before(said, longer)
    streaks = [Span(first, last + longer - 1) for first, last in _streaks(places)]
    streaks = [streak for streak in streaks if streak.end - streak.start >= in_a_row]
    if not streaks:
        return False
    few = _said_before(said, _FEW_WORDS)
    if _are_close(places, _BODY_PLACES, _BODY_ROOM) and _are_close(few, _BODY_FEW, _BODY_ROOM):
        return True
    longest = max(end - start for start, end in streaks)
    if longest >= _THIRD_ROW and _are_close(few, _THIRD_FEW, _THIRD_ROOM):
        return True
    spans = [match.span() for match in _WORD.finditer(text)]
    is_long = _are_close(few, _HALF_FEW, _HALF_ROOM)
    for start, end in streaks:
        inside = [place for place in range(start, end + 1) if _is_bound(text, spans, place)]
        if inside and is_long and max(end - inside[0], inside[-1] - start) >= _HALF_ROW:
            return True
        # Apart from its source, a paragraph must be longer.
        if inside and inside[-1] - inside[0] >= DISTANT_RATIO * min_words:
            return True
        if any(b - a >= in_a_row and _is_just_said(said, a, b) for a, b in combinations(inside, 2)):
            return True
    return False


def _are_close(places: list[int], count: int, room: int) -> bool:
    """Whether so many places are within so many words."""
    return any(
        last - first <= room for first, last in zip(places, places[count - 1 :], strict=False)
    )


def _is_just_said(said: Sequence[str] | Sequence[bytes], start: int, end: int) -> bool:
    """Whether the words before some words are the same."""
    return said[max(0, 2 * start - end) : start] == said[start:end]


def _said_before(said: Sequence[str] | Sequence[bytes], words: int) -> list[int]:
    """Return the places from which so many words were there before, in order.

    Rows of words are compared by a hash, a third of the time of tuples in a set. One that is taken
    for another costs a search that finds nothing.
    """
    count = max(0, len(said) - words + 1)
    each = np.fromiter(map(hash, said), dtype=np.int64, count=len(said))
    rows = each[:count].copy()
    for place in range(1, words):
        rows *= _HASH_FACTOR  # beyond 64 bits it wraps around
        rows += each[place : place + count]
    ordered = np.sort(rows)  # a quarter of the time, and most texts have no row twice
    if not (ordered[1:] == ordered[:-1]).any():
        return []
    order = np.argsort(rows, kind="stable")
    again = rows[order[1:]] == rows[order[:-1]]
    found: list[int] = np.sort(order[1:][again]).tolist()
    return found


def _streaks(places: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first place, and the one after the last, of places that follow one another."""
    start = 0
    for number, place in enumerate(places):
        if number + 1 == len(places) or places[number + 1] != place + 1:
            yield places[start], place + 1
            start = number + 1


def _is_bound(text: str, spans: list[tuple[int, int]], place: int) -> bool:
    """Whether a sentence may end before the word at this place."""
    if not 0 < place < len(spans):
        return True
    return _STOPS.search(text, spans[place - 1][1], spans[place][0]) is not None


def words_in(tokens: Sequence[Token]) -> float:
    """Return how many words the tokens amount to."""
    characters = sum(1 for token in tokens if _ONE_SPACELESS.match(token.key))
    return len(tokens) - characters * (1 - _WORDS_PER_CHARACTER)


def ends_sentence(text: str, span: Span) -> bool:
    """Whether the last thing in `span` is a full stop of any script, but for closing quotes."""
    start = max(span.start, span.end - _MOST_CLOSERS)
    return _ENDS_SENTENCE.search(text, start, span.end) is not None


def asks(text: str, span: Span) -> bool:
    """Whether the last thing in `span` is a question mark, but for closing quotes."""
    return _ASKS.search(text, max(span.start, span.end - _MOST_CLOSERS), span.end) is not None


def read(text: str) -> list[Sentence]:
    """Return the sentences of a text."""
    found, line, lines = [], 0, paragraphs(text)
    for span in sentences(text):
        while span.start >= lines[line].end:
            line += 1
        found.append(Sentence(span, line, tokens_of(text, span)))
    return found


def page(text: str, rest: list[Sentence]) -> Page:
    """Return the view of those sentences of `text` that are left."""
    numbers = range(len(rest))
    groups = [list(group) for _, group in groupby(numbers, key=lambda number: rest[number].line)]
    lines = [range(group[0], group[-1] + 1) for group in groups]
    weights = [words_in(sentence.tokens) for sentence in rest]
    tokens = [token for sentence in rest for token in sentence.tokens]
    line_keys = [
        tuple(t.key for number in members for t in rest[number].tokens) for members in lines
    ]
    return Page(
        text=text,
        sentences=rest,
        weights=weights,
        lines=lines,
        line_of=[line for line, members in enumerate(lines) for _ in members],
        line_keys=line_keys,
        line_counts=Counter(line_keys),
        line_words=[sum(weights[number] for number in members) for members in lines],
        tokens=tokens,
        keys=[token.key for token in tokens],
        owners=[number for number in numbers for _ in rest[number].tokens],
        firsts=list(accumulate((len(sentence.tokens) for sentence in rest), initial=0)),
        lower={token.key for token in tokens if text[token.start].islower()},
    )


def seams(view: Page, matches: Iterable[Match]) -> set[int]:
    """Return the tokens inside a sentence where a copy begins as its source sentence does.

    A body that ends without a full stop runs into its copy when both are in one line.
    """
    half = len(view.keys) // 2
    begins = {match.copy for match in matches if _begins_copy(view, match)}
    if half and view.keys[:half] == view.keys[half:]:
        begins.add(half)
    return {token for token in begins if not view.begins(token)}


def _begins_copy(view: Page, match: Match) -> bool:
    return (
        match.length >= _SEAM_TOKENS
        and view.begins(match.source)
        and _may_begin(view.text, view.tokens[match.copy - 1].end, view.tokens[match.copy].start)
    )


def _may_begin(text: str, end_before: int, start: int) -> bool:
    # A quote or colon before the words means that somebody is quoted, who may be twice.
    between = text[end_before:start].lstrip(")]")
    return between.isspace() and not text[start].islower()


def split(view: Page, cuts: set[int]) -> list[Sentence]:
    """Return the sentences, split before the tokens in `cuts`."""
    rest = []
    for (span, line, tokens), first in zip(view.sentences, view.firsts, strict=False):
        inside = [number for number in range(1, len(tokens)) if first + number in cuts]
        for start, end in pairwise([0, *inside, len(tokens)]):
            left = tokens[start].start if start else span.start
            right = tokens[end - 1].end if end < len(tokens) else span.end
            rest.append(Sentence(Span(left, right), line, tokens[start:end]))
    return rest
