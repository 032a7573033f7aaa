"""Removed copies as spans of the text, with the earliest place that says the same."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.records import NearRepeat, RemovedSpan, Span
from pipeline.repetition.alignment import LONGEST_EDIT
from pipeline.repetition.judging import Copy, Likeness, agreement, kind_of_fact
from pipeline.repetition.reading import Page, Token, ends_sentence, tokens_of, words_in
from pipeline.text import paragraphs

__all__ = ["from_the_earliest", "near_repeat", "removed_spans", "second_half", "whole_copies"]

_REASON = "repeated"
_SIMILARITY_DIGITS = 4
_FIGURE = re.compile(r"[$£€¥₹]?\d+(?:[.,:/-]\d+)*(?:\s?%)?")
_LONGEST_FIGURE_CHARS = 16
_LINE_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def second_half(text: str, min_words: float) -> tuple[Span, Span] | None:
    """Return both halves of a text that is one thing twice to the letter, else None.

    White space may stand between. This rule knows no refrains: ``x + x`` always becomes ``x``,
    unless that would cut a short `x` inside a sentence.
    """
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    left = right = (start + end) // 2
    while left > start and text[left - 1].isspace():
        left -= 1
    while right < end and text[right].isspace():
        right += 1
    first, second = Span(start, left), Span(right, end)
    if left <= start or text[start:left] != text[right:end]:
        return None
    at_bound = _LINE_BREAK.search(text, left, right) or ends_sentence(text, first)
    return (first, second) if at_bound or words_in(tokens_of(text, first)) >= min_words else None


def whole_copies(text: str, first: Span, second: Span) -> Iterator[RemovedSpan]:
    """Yield the paragraphs of the second half, each with its place in the first."""
    for start, end in paragraphs(text[second.start : second.end]):
        yield RemovedSpan(
            start=second.start + start,
            end=second.start + end,
            reason=_REASON,
            copy_of=Span(first.start + start, first.start + end),
            similarity=1.0,
            kind="doubled",
        )


def removed_spans(view: Page, copies: Sequence[Copy], kind: str) -> Iterator[RemovedSpan]:
    """Yield one span for each stretch of copies in one line whose sources are one stretch, too."""
    stretch = [copies[0]]
    for copy in copies[1:]:
        if not _goes_on(view, stretch, copy):
            yield _removed_span(view, stretch, kind)
            stretch = []
        stretch.append(copy)
    yield _removed_span(view, stretch, kind)


def _goes_on(view: Page, stretch: list[Copy], copy: Copy) -> bool:
    end = view.sentences[stretch[-1].sentence].span.end
    between = view.text[end : view.sentences[copy.sentence].span.start]
    return (
        not between.strip()
        and view.line_of[copy.sentence] == view.line_of[stretch[-1].sentence]
        and 0 <= copy.source_start - stretch[-1].source_end <= LONGEST_EDIT
        and copy.source_end <= view.firsts[stretch[0].sentence]
    )


def _removed_span(view: Page, stretch: list[Copy], kind: str) -> RemovedSpan:
    return RemovedSpan(
        start=view.sentences[stretch[0].sentence].span.start,
        end=view.sentences[stretch[-1].sentence].span.end,
        reason=_REASON,
        copy_of=_with_stops(view, stretch[0].source_start, stretch[-1].source_end),
        similarity=round(agreement(stretch), _SIMILARITY_DIGITS),
        kind=kind,
    )


def near_repeat(view: Page, likeness: Likeness) -> NearRepeat:
    """Return a sentence that stays as it is shown: with the words that differ."""
    copy, new, lost = likeness
    span = view.sentences[copy.sentence].span
    return NearRepeat(
        start=span.start,
        end=span.end,
        like=_with_stops(view, copy.source_start, copy.source_end),
        similarity=round(agreement([copy]), _SIMILARITY_DIGITS),
        reason=kind_of_fact([view.keys[token] for token in (*new, *lost)]),
        here=_words_of(view, new),
        there=_words_of(view, lost),
    )


def _words_of(view: Page, tokens: Sequence[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_whole(view.text, view.tokens[token]) for token in tokens))


def _whole(text: str, token: Token) -> str:
    """Return the word of a token; ``6.6%`` is three tokens and one word."""
    near = _FIGURE.finditer(
        text, max(0, token.start - _LONGEST_FIGURE_CHARS), token.end + _LONGEST_FIGURE_CHARS
    )
    inside = (m.group() for m in near if m.start() <= token.start and token.end <= m.end())
    return next(inside, text[token.start : token.end])


def _with_stops(view: Page, start: int, end: int) -> Span:
    """Return the span of tokens with the quotes and stops of the sentences they begin and end."""
    first, last = view.sentences[view.owners[start]], view.sentences[view.owners[end - 1]]
    return Span(
        first.span.start if view.begins(start) else view.tokens[start].start,
        last.span.end if view.ends(end) else view.tokens[end - 1].end,
    )


def from_the_earliest(removed: list[RemovedSpan]) -> list[RemovedSpan]:
    """Return the spans, sorted by start, with copies of copies traced to what stays."""
    traced: list[RemovedSpan] = []
    for span in removed:
        traced.append(_traced(span, traced))
    return traced


def _traced(span: RemovedSpan, earlier: list[RemovedSpan]) -> RemovedSpan:
    if span.copy_of is None:
        return span
    start, end = span.copy_of
    index = bisect_right(earlier, start, key=lambda other: other.start) - 1
    if index < 0 or end > earlier[index].end:
        return span
    middle, origin = earlier[index], earlier[index].copy_of
    if origin is None or middle.end - middle.start != origin.end - origin.start:
        return replace(span, copy_of=origin)
    shift = middle.start - origin.start
    return replace(span, copy_of=Span(start - shift, end - shift))
