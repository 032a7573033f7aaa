"""Finds what an article says twice, and says which earlier passage each repeat copies.

A page often delivers its body two times: from another container, as a standfirst, interleaved, cut
off. The rooms, in the order of the flow: `reading` (tokens in sentences in lines), `alignment`
(stretches of tokens that occur earlier, followed across small edits), `judging` (which sentences
are copies as a whole; a figure or name that differs refuses, and is reported), `deciding` (repeated
body text, or a refrain, a verse, a row of a table or a quotation, which an article may show again)
and `spans`.
"""

from __future__ import annotations

from typing import NamedTuple

from pipeline.config import RepetitionSettings
from pipeline.records import NearRepeat, RemovedSpan
from pipeline.repetition.alignment import Match, align
from pipeline.repetition.deciding import decide, is_prose
from pipeline.repetition.judging import judge, other_facts
from pipeline.repetition.reading import Page, may_repeat, page, read, seams, split
from pipeline.repetition.spans import (
    from_the_earliest,
    near_repeat,
    removed_spans,
    second_half,
    whole_copies,
)

__all__ = ["Repeats", "find_repeats", "search_repeats"]

_MOST_ROUNDS = 64  # articles need two or three; bounds the work on any input


class Repeats(NamedTuple):
    """What a text says again.

    Parameters
    ----------
    removed
        Later copies, sorted by start, never overlapping.
    kept
        Sentences of prose that stay because a figure, date or name differs, by start.
    """

    removed: list[RemovedSpan]
    kept: list[NearRepeat]


def find_repeats(
    text: str,
    settings: RepetitionSettings = RepetitionSettings(),  # noqa: B008 - frozen
) -> list[RemovedSpan]:
    r"""Return the later copies of what `text` says before, sorted by start, never overlapping.

    Copies are cut at paragraph bounds, else at sentence bounds, and inside a sentence only where
    the text breaks off. The earliest occurrence stays. Copies may differ in white space, quotes
    and a few words; where a figure or a name differs, the sentence stays.

    Parameters
    ----------
    text
        Paragraphs separated by line breaks, or one line; any script.
    settings
        Thresholds.

    Returns
    -------
    list of RemovedSpan
        One for each paragraph or part of one. ``find_repeats`` of the kept text is empty. Time is
        linear in the length of `text`.

    Examples
    --------
    >>> lead = "The council has closed the old bridge to all traffic until late in spring."
    >>> [(s.start, s.copy_of) for s in find_repeats(f"{lead}\nIt is rusty.\n{lead}")]
    [(88, Span(start=0, end=74))]
    """
    return _search(text, settings)[0] if may_repeat(text, settings.min_words) else []


def search_repeats(
    text: str,
    settings: RepetitionSettings = RepetitionSettings(),  # noqa: B008 - frozen
) -> Repeats:
    r"""Return the later copies like `find_repeats`, and what is no copy because of one fact.

    Examples
    --------
    >>> lead = "The council has closed the old bridge to all traffic until the end of May."
    >>> (near,) = search_repeats(f"{lead}\n{lead.replace('May', 'June')}").kept
    >>> near.reason, near.here, near.there
    ('date', ('June',), ('May',))
    """
    removed, view, matches = _search(text, settings)
    removed = removed if may_repeat(text, settings.min_words) else []
    kept = [
        near_repeat(view, one)
        for one in other_facts(view, matches, settings.similarity)
        # Rows of tables and verses differ in a figure by nature.
        if is_prose(view, one.copy.sentence)
    ]
    return Repeats(removed, kept)


def _search(text: str, settings: RepetitionSettings) -> tuple[list[RemovedSpan], Page, list[Match]]:
    """Return the copies, and what is left of the text with what matches in it."""
    removed: list[RemovedSpan] = []
    while halves := second_half(text, settings.min_words):
        removed += whole_copies(text, *halves)
        text = text[: halves[0].end]
    rest = read(text)
    # What a round leaves is looked at again, so the kept text holds nothing to remove.
    for _ in range(_MOST_ROUNDS):
        view = page(text, rest)
        matches = align(view.keys)
        if cuts := seams(view, matches):
            rest = split(view, cuts)
            view = page(text, rest)
        copies = judge(view, matches, settings.similarity)
        kind, repeated = decide(view, copies, settings.min_words)
        if not repeated:
            break
        removed += removed_spans(view, repeated, kind)
        gone = {copy.sentence for copy in repeated}
        rest = [sentence for number, sentence in enumerate(rest) if number not in gone]
    return from_the_earliest(sorted(removed, key=lambda span: span.start)), view, matches
