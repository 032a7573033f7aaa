"""Words, sentences and paragraphs of any script, with their offsets in the original text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise

from pipeline.records import RemovedSpan, Span

__all__ = ["kept_text", "normalize", "paragraphs", "sentences", "words"]

_WORD = re.compile(r"\w+")
_PARAGRAPH = re.compile(r"[^\n]*[^\s][^\n]*")
_STRAIGHT = str.maketrans(dict.fromkeys("‘’‚‛′", "'") | dict.fromkeys("“”„‟″", '"'))
_KEPT_CONTROLS = frozenset("\n\t\r")


def normalize(text: str) -> str:
    r"""Return `text` so that copies look alike: NFKC, casefold, straight quotes, no Cf and Cc.

    Line breaks and tabs stay, so that paragraphs survive. Zero-width characters alone take the
    Jaccard similarity of two copies from 1 to .006; they are of category Cf.

    Examples
    --------
    >>> normalize("“Ｗhat’s\u200b up?”")
    '"what\'s up?"'
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_STRAIGHT)
    if folded.isascii() and folded.isprintable():
        return folded
    return "".join(
        c for c in folded if c in _KEPT_CONTROLS or unicodedata.category(c) not in {"Cf", "Cc"}
    )


def words(text: str) -> list[Span]:
    """Return the spans of all words (runs of letters, digits and underscores)."""
    return [Span(*m.span()) for m in _WORD.finditer(text)]


def paragraphs(text: str) -> list[Span]:
    r"""Return the spans of all lines that are not blank, without their outer white space.

    Examples
    --------
    >>> paragraphs("One.\n\n  Two. ")
    [Span(start=0, end=4), Span(start=8, end=12)]
    """
    spans = []
    for match in _PARAGRAPH.finditer(text):
        line = match.group()
        start = match.start() + len(line) - len(line.lstrip())
        spans.append(Span(start, start + len(line.strip())))
    return spans


# A sentence ends at a terminal mark (Latin, CJK, Arabic, Devanagari, Armenian, Ethiopic, Khmer,
# Burmese, ...) with its closing quotes or brackets. Only scripts with spaces need one after it.
_CLOSERS = "\"'”’»›）」』】\\)\\]"
_SENTENCE_END = re.compile(
    rf"(?:[.!?…؟۔։।॥።។၊။;](?<!;)[.!?…]*[{_CLOSERS}]*(?=\s)|[。！？｡][{_CLOSERS}]*|;(?=\s)(?<=[\u0370-\u03ff];))"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Col|Lt|Sgt|Capt|Rev|Hon|St|Jr|Sr|vs|No|Nos|Inc|Ltd|Co|"
    r"Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|approx|ca|bzw|Nr|Mio|Mrd|Hr|Fr|Art|Abs|"
    r"etc|Mme|Mlle|Sra)|\b[A-Za-zÀ-ÖØ-ÞА-ЯΑ-Ω]|\b(?:[A-Za-z]\.)+[A-Za-z])\.$"
)
_LONGEST_ABBREVIATION_CHARS = 12  # looking further back would make long lines quadratic
_STARTS_SENTENCE = re.compile(r"\s+[\"'“‘„«‹¿¡(\[]*[^\sa-zà-öø-ÿа-яα-ω]")


def sentences(text: str) -> list[Span]:
    """Return the spans of all sentences; no sentence crosses a line break.

    Rules, no model: a terminal mark followed by white space and something that can begin a
    sentence, unless the mark belongs to an abbreviation or an initial.

    Examples
    --------
    >>> text = "Dr. Roe left at 5.30 p.m. on Monday. “Why?” he asked."
    >>> [text[s.start : s.end] for s in sentences(text)]
    ['Dr. Roe left at 5.30 p.m. on Monday.', '“Why?” he asked.']
    """
    return [part for paragraph in paragraphs(text) for part in _split(text, paragraph)]


def _split(text: str, paragraph: Span) -> list[Span]:
    cuts = [paragraph.start]
    for match in _SENTENCE_END.finditer(text, paragraph.start, paragraph.end):
        end = match.end()
        look_back = max(cuts[-1], match.start() - _LONGEST_ABBREVIATION_CHARS)
        if match.group() == "." and _ABBREVIATION.search(text, look_back, end):
            continue
        if text[end : end + 1].isspace() and not _STARTS_SENTENCE.match(text, end):
            continue
        cuts.append(end)
    if cuts[-1] != paragraph.end:
        cuts.append(paragraph.end)
    spans = []
    for start, end in pairwise(cuts):
        body = text[start:end]
        lead = len(body) - len(body.lstrip())
        if body.strip():
            spans.append(Span(start + lead, start + len(body.rstrip())))
    return spans


def kept_text(text: str, removed: Iterable[RemovedSpan]) -> str:
    r"""Return `text` without the removed spans; blank lines they leave behind go too.

    Examples
    --------
    >>> kept_text("One.\nTwo.\nOne.", [RemovedSpan(start=10, end=14, reason="repeated")])
    'One.\nTwo.'
    """
    kept, position = [], 0
    for span in sorted(removed, key=lambda s: s.start):
        kept.append(text[position : span.start])
        position = max(position, span.end)
    kept.append(text[position:])
    return "\n".join(line.strip() for line in "".join(kept).splitlines() if line.strip())
