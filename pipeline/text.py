"""Words, sentences and paragraphs of any script, with their offsets in the original text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise

from pipeline.lookalikes import unmasked
from pipeline.records import RemovedSpan, Span

__all__ = [
    "each_sentence",
    "folded_words",
    "kept_text",
    "normalize",
    "paragraphs",
    "sentences",
    "words",
]

_WORD = re.compile(r"\w+")
_STRAIGHT = str.maketrans(dict.fromkeys("‘’‚‛′", "'") | dict.fromkeys("“”„‟″", '"'))


def normalize(text: str) -> str:
    r"""Return `text` so that copies look alike: NFKC, casefold, straight quotes, no Cf and Cc.

    Letters of other scripts in Latin words become the Latin letters that they look like.

    Line breaks and tabs stay, so that paragraphs survive. Zero-width characters alone take the
    Jaccard similarity of two copies from 1 to .006; they are of category Cf.

    Examples
    --------
    >>> normalize("“Ｗhat’s\u200b up?”")
    '"what\'s up?"'
    """
    if text.isascii():  # most words of most texts: nothing to compose, no odd quotes
        folded = text.lower()
        return folded if folded.isprintable() else _dropped().sub("", folded)
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_STRAIGHT)
    return unmasked(_dropped().sub("", folded))


@cache
def _dropped() -> re.Pattern[str]:
    """Match what `normalize` drops; made on first use, because it looks at many code points.

    Planes 2 to 13 and the private ones have no characters of these categories.
    """
    every = map(chr, (*range(0x20000), *range(0xE0000, 0xE1000)))
    dropped = (c for c in every if unicodedata.category(c) in {"Cf", "Cc"} and c not in "\n\t\r")
    return re.compile(f"[{re.escape(''.join(dropped))}]")


def words(text: str) -> list[Span]:
    """Return the spans of all words (runs of letters, digits and underscores)."""
    return [Span(*m.span()) for m in _WORD.finditer(text)]


def folded_words(text: str) -> list[str]:
    """Return all words in normal form.

    Examples
    --------
    >>> folded_words("The “Lady Ismay” has sailed.")
    ['the', 'lady', 'ismay', 'has', 'sailed']
    """
    return _WORD.findall(normalize(text))


def paragraphs(text: str) -> list[Span]:
    r"""Return the spans of all lines that are not blank, without their outer white space.

    Examples
    --------
    >>> paragraphs("One.\n\n  Two. ")
    [Span(start=0, end=4), Span(start=8, end=12)]
    """
    spans, start = [], 0
    for line in text.splitlines(keepends=True):
        if body := line.strip():
            left = start + len(line) - len(line.lstrip())
            spans.append(Span(left, left + len(body)))
        start += len(line)
    return spans


# A sentence ends at a terminal mark (Latin, CJK, Arabic, Devanagari, Armenian, Ethiopic, Khmer,
# Burmese, ...) with its closing quotes or brackets. Only scripts with spaces need one after it,
# and extraction loses that one now and then ("... left the city.The mayor ...").
_CLOSERS = "\"'”’»›）」』】\\)\\]"
_GLUED_WORD = r"[\"“‘«]?[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][\w'’-]*[\s,]"
_SENTENCE_END = re.compile(
    rf"(?:[.!?…؟۔։।॥።၊။។\u037e][.!?…]*[{_CLOSERS}]*(?=\s)|[.!?…][{_CLOSERS}]?(?={_GLUED_WORD})"
    rf"|[。！？｡][{_CLOSERS}]*|;(?=\s)(?<=[\u0370-\u03ff];))"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Sen|Rep|Gov|Gen|Col|Lt|Sgt|Capt|Rev|Hon|St|Jr|Sr|vs|No|Nos|Inc|Ltd|Co|"
    r"Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec|approx|ca|bzw|Nr|Mio|Mrd|Hr|Fr|Art|Abs|"
    r"etc|Mme|Mlle|Sra)|\b[A-Za-zÀ-ÖØ-ÞА-ЯΑ-Ω]|\b(?:[A-Za-z]\.)+[A-Za-z])\.$"
)
_GERMAN_DATE = re.compile(r"(?<=\d\.)\s(?:Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sept|Okt|Nov|Dez)")
_LOOK_BACK_CHARS = 30  # the longest word that counts; no bound would make long lines quadratic
_SMALL_WORD = re.compile(r"(?<![\w.@/])[^\W\d_A-ZÀ-ÖØ-ÞΑ-ΩА-Я]{2,}\Z")
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
    return list(each_sentence(text))


def each_sentence(text: str) -> Iterator[Span]:
    """Yield the spans of all sentences; what is not asked for is not looked at."""
    for paragraph in paragraphs(text):
        yield from _split(text, paragraph)


def _split(text: str, paragraph: Span) -> list[Span]:
    cuts = [paragraph.start]
    for match in _SENTENCE_END.finditer(text, paragraph.start, paragraph.end):
        end = match.end()
        look_back = max(cuts[-1], match.start() - _LOOK_BACK_CHARS)
        if match.group() == "." and _ABBREVIATION.search(text, look_back, end):
            continue
        if text[end : end + 1].isspace():
            if not _STARTS_SENTENCE.match(text, end) or _GERMAN_DATE.match(text, end):
                continue
        elif match.group()[0] == "." and not _SMALL_WORD.search(text, look_back, match.start()):
            continue  # "iGen.Fr", "Node.Js"
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
        before = text[position : span.start]
        kept.append(before.rstrip(" ") if text[span.end : span.end + 1].isspace() else before)
        position = max(position, span.end)
    kept.append(text[position:])
    return "\n".join(line.strip() for line in "".join(kept).splitlines() if line.strip())
