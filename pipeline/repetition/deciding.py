"""Which copies are repeats of body text, and which an article may show again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from pipeline.repetition.judging import Copy, agreement, is_figure
from pipeline.repetition.reading import DISTANT_RATIO, Page, asks, ends_sentence

__all__ = ["decide", "is_prose"]

# Chosen on the development set of repeated texts, then by looking at everything that was removed
# from 4,783 natural articles; words unless said otherwise.
_BODY_SENTENCES = 3
_BODY_WORDS = 40
_BODY_AGREEMENT = 0.9  # of tokens, over the whole run
_PROSE_WORDS = 5  # a shorter sentence proves nothing
_LONG_LINE_WORDS = 25  # a line without a full stop counts as prose from here on
_ROW_FIGURES = 0.2  # unless so large a share of it is figures
_WHOLE_SHARE = 0.45  # a run goes, whatever it is, when it is the second half of the text
_LONGEST_BRIDGE_TOKENS = 60  # what may stay between two copied sentences of one run
_LONE_AGREEMENT = 0.95  # a paragraph alone goes only where it is the same but for a slip
_REFRAIN_WORDS = 40  # a paragraph this long is no refrain
_REFRAIN_TIMES = 3
_INTERLEAVED_LINES = 3
_INTERLEAVED_SHARE = 0.3  # of a text with every line twice, half of the words are copies

# A bullet, a number, or a label of a few words that does not say who speaks.
_STARTS_ROW = re.compile(
    r"[-–—•·*▪●◦■►‣|]|\(?\w{1,2}[.)]\s|[^\s:]{1,20}(?: [^\s:]{1,20}){0,3}:\s(?![\"“'‘«„])"
)


def decide(view: Page, copies: list[Copy], min_words: float) -> tuple[str, list[Copy]]:
    """Return the copies to remove, by the strongest rule that finds any, and the rule's name.

    The rules take turns: what is a refrain shows only when no body is doubled any longer.
    """
    if doubled := _second_half(view, min_words):
        return "doubled", doubled
    if doubled := _interleaved(view, min_words):
        return "interleaved", doubled
    runs = list(_runs(view, copies))
    if bodies := [copy for run in runs if _is_body(view, run, min_words) for copy in run]:
        return "body", bodies
    if alone := [copy for run in runs for copy in _standing_alone(view, run, min_words)]:
        return "paragraph", alone
    return "standfirst", _standfirst(view)


# --- Texts that are doubled as a whole ------------------------------------------------------------


def _second_half(view: Page, min_words: float) -> list[Copy]:
    """Return the second half of the sentences where it is the first once more, refrains or not."""
    half = len(view.sentences) // 2
    said = [view.text[sentence.span.start : sentence.span.end] for sentence in view.sentences]
    if said[:half] != said[half:]:
        return []
    at_bound = view.sentences and (
        view.line_of[half - 1] != view.line_of[half]
        or ends_sentence(view.text, view.sentences[half - 1].span)
    )
    if not half or not (at_bound or sum(view.weights[:half]) >= min_words):
        return []
    return _shifted(view, range(half, 2 * half), view.firsts[half])


def _interleaved(view: Page, min_words: float) -> list[Copy]:
    """Return every line that follows its like, where so much prose does that all of it is doubled.

    A short line says too little to be judged alone; here its neighbours speak for it.
    """
    keys = view.line_keys
    doubled = [line for line in range(1, len(keys)) if keys[line] == keys[line - 1]]
    prose = [
        view.line_words[line]
        for line in doubled
        if view.line_words[line] >= min_words and _is_paragraph(view, line)
    ]
    enough = _INTERLEAVED_SHARE * sum(view.line_words)
    if len(prose) < _INTERLEAVED_LINES or sum(prose) < enough:
        return []
    return [copy for line in doubled for copy in _line_copy(view, line)]


def _line_copy(view: Page, line: int) -> list[Copy]:
    """Return the sentences of a line as copies of the line before it."""
    return _shifted(view, view.lines[line], len(view.line_keys[line]))


def _shifted(view: Page, numbers: range, shift: int) -> list[Copy]:
    """Return sentences as copies of the tokens that stand `shift` before theirs."""
    copies = []
    for number in numbers:
        start, end = view.firsts[number], view.firsts[number + 1]
        copies.append(Copy(number, start - shift, end - shift, end - start, end - start, 0))
    return copies


# --- Bodies ---------------------------------------------------------------------------------------


def _runs(view: Page, copies: list[Copy]) -> Iterator[list[Copy]]:
    """Yield copies that follow one another as their sources do, but for a little that stays."""
    run: list[Copy] = []
    for copy in copies:
        if run and not _goes_on(view, run, copy):
            yield run
            run = []
        run.append(copy)
    if run:
        yield run


def _goes_on(view: Page, run: list[Copy], copy: Copy) -> bool:
    end = view.firsts[run[-1].sentence + 1]
    skipped = view.firsts[copy.sentence] - end
    copied = end - view.firsts[run[0].sentence]
    return (
        skipped <= min(_LONGEST_BRIDGE_TOKENS, copied)
        and 0 <= copy.source_start - run[-1].source_end <= _LONGEST_BRIDGE_TOKENS
    )


def _is_body(view: Page, run: list[Copy], min_words: float) -> bool:
    if agreement(run) < _BODY_AGREEMENT:
        return False
    prose = [view.weights[copy.sentence] for copy in run if is_prose(view, copy.sentence)]
    if len(prose) >= _BODY_SENTENCES and sum(prose) >= _BODY_WORDS:
        return True
    return _words(view, run) >= max(min_words, _WHOLE_SHARE * sum(view.line_words))


def _words(view: Page, copies: list[Copy]) -> float:
    return sum(view.weights[copy.sentence] for copy in copies)


def is_prose(view: Page, sentence: int) -> bool:
    """Whether a sentence is body text, and no verse, row of a table or entry of a list."""
    if _is_row(view, view.line_of[sentence]):
        return False
    if ends_sentence(view.text, view.sentences[sentence].span):
        return view.weights[sentence] >= _PROSE_WORDS
    keys = [token.key for token in view.sentences[sentence].tokens]
    figures = sum(map(is_figure, keys))
    return view.weights[sentence] >= _LONG_LINE_WORDS and figures < _ROW_FIGURES * len(keys)


def _is_row(view: Page, line: int) -> bool:
    start = view.sentences[view.lines[line][0]].span.start
    return view.line_words[line] < _LONG_LINE_WORDS and bool(_STARTS_ROW.match(view.text, start))


# --- Paragraphs alone -----------------------------------------------------------------------------


def _standing_alone(view: Page, run: list[Copy], min_words: float) -> Iterator[Copy]:
    """Yield copies that are a whole paragraph, or follow their source within one."""
    for line, group in groupby(run, key=lambda copy: view.line_of[copy.sentence]):
        copies = list(group)
        start, end = copies[0].source_start, copies[-1].source_end
        if _words(view, copies) < min_words or agreement(copies) < _LONE_AGREEMENT:
            continue
        # A source that is no whole sentence is a quotation; a copy that adds something is news.
        if any(copy.added for copy in copies) or not (view.begins(start) and view.ends(end)):
            continue
        if _is_repeat(view, line, copies, min_words):
            yield from copies


def _is_repeat(view: Page, line: int, copies: list[Copy], min_words: float) -> bool:
    is_long = _words(view, copies) >= DISTANT_RATIO * min_words
    adjacent = copies[-1].source_end == view.firsts[copies[0].sentence]
    if len(copies) < len(view.lines[line]):
        source_line = view.line_of[view.owners[copies[0].source_start]]
        return adjacent and is_long and source_line == line
    if adjacent:
        return _is_paragraph(view, line) or _is_caption(view, line)
    return is_long and _is_paragraph(view, line) and not _is_refrain(view, line)


def _is_paragraph(view: Page, line: int) -> bool:
    return any(is_prose(view, number) for number in view.lines[line])


def _is_caption(view: Page, line: int) -> bool:
    """Whether a line that is no prose stands in the middle of prose, and so is no verse or row."""
    around = [number for number in (line - 2, line + 1) if 0 <= number < len(view.lines)]
    return any(_is_paragraph(view, number) for number in around)


def _is_refrain(view: Page, line: int) -> bool:
    """Whether a short paragraph may come back: a question, a line that returns each time anew."""
    words, last = view.line_words[line], view.sentences[view.lines[line][-1]]
    if words < _LONG_LINE_WORDS and asks(view.text, last.span):
        return True
    return words < _REFRAIN_WORDS and view.line_counts[view.line_keys[line]] >= _REFRAIN_TIMES


def _standfirst(view: Page) -> list[Copy]:
    """Return the second line where it is the first once more and an article follows."""
    if view.line_keys[:1] != view.line_keys[1:2]:
        return []
    article = any(_is_paragraph(view, line) for line in range(2, len(view.lines)))
    return _line_copy(view, 1) if article else []
