"""Which sentences are copies as a whole, and which say something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from pipeline.records import Span
from pipeline.repetition.alignment import LONGEST_EDIT, Match, in_step
from pipeline.repetition.reading import CURRENCY, Page, ends_sentence

__all__ = ["Copy", "Likeness", "agreement", "is_figure", "judge", "kind_of_fact", "other_facts"]

_WORDS_PER_NEW_WORD = 6  # a copy may hold one new word among so many (development set)

# Numbers and negations that are written in small letters. A copy that has one more of these, or
# of the months and days, says something else. English, German, French, Spanish, Italian,
# Portuguese, Dutch.
_NUMBERS = frozenset(
    """
    one two three four five six seven eight nine ten eleven twelve dozen twenty thirty forty fifty
    sixty seventy eighty ninety hundred thousand million billion trillion half third quarter twice
    not no never none neither nor without cannot
    zwei drei vier fünf sechs sieben acht neun zehn elf zwölf hundert tausend nicht kein keine nie
    deux trois quatre cinq sept huit neuf dix onze douze vingt trente cent mille ne pas jamais
    dos tres cuatro cinco seis siete ocho nueve diez cien mil nunca sin
    due quattro cinque sei sette otto nove dieci cento non mai
    dois três quatro sete oito dez cem não twee drie vijf zes zeven acht negen tien niet geen
    """.split()  # noqa: SIM905 - a list would be a page long
) | {"tre"}  # codespell:ignore tre
_SMALL_CALENDAR = frozenset(
    """
    lundi mardi mercredi jeudi vendredi samedi dimanche janvier février mars avril juin juillet
    août septembre octobre novembre décembre lunes martes miércoles jueves viernes sábado domingo
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    lunedì martedì mercoledì giovedì venerdì sabato domenica gennaio febbraio aprile maggio giugno
    luglio settembre ottobre dicembre janeiro fevereiro março maio junho julho setembro outubro
    novembro dezembro maandag dinsdag woensdag donderdag vrijdag zaterdag zondag januari februari
    maart mei augustus
    """.split()  # noqa: SIM905
) | {"juni", "juli", "oktober"}  # codespell:ignore juni,juli,oktober
_TELLING = _NUMBERS | _SMALL_CALENDAR
# With capitals they are facts anyhow; this is only to call them dates.
_CALENDAR = (
    _SMALL_CALENDAR
    | frozenset(
        """
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday märz mai montag dienstag
    mittwoch donnerstag freitag samstag sonntag
    """.split()  # noqa: SIM905
    )
    | {"januar", "februar", "dezember"}
)


class Copy(NamedTuple):
    """A sentence that says again what the tokens from `source_start` to `source_end` say."""

    sentence: int
    source_start: int
    source_end: int
    agreeing: int  # tokens of the copy that the source has, too
    size: int  # tokens of copy or source, whichever has more
    added: int  # tokens that only the copy has


class Likeness(NamedTuple):
    """A sentence beside what it resembles: the tokens that only one of both has."""

    copy: Copy
    new: list[int]  # only in the sentence
    lost: list[int]  # only in its source


def agreement(copies: list[Copy]) -> float:
    """Return the share of tokens on which copies and sources agree, 0-1."""
    return sum(copy.agreeing for copy in copies) / sum(copy.size for copy in copies)


def judge(view: Page, matches: list[Match], similarity: float) -> list[Copy]:
    """Return the sentences that are copies, in their order, each with its best source."""
    best = (
        max(copies, key=lambda copy: copy.agreeing)
        for likenesses in _likenesses(view, matches, similarity)
        if (copies := [one.copy for one in likenesses if not _says_otherwise(view, one)])
    )
    return list(best)


def other_facts(view: Page, matches: list[Match], similarity: float) -> list[Likeness]:
    """Return the sentences that would be copies, had they not another figure or name."""
    best = (
        max(likenesses, key=lambda one: one.copy.agreeing)
        for likenesses in _likenesses(view, matches, similarity)
        if likenesses and all(_says_otherwise(view, one) for one in likenesses)
    )
    return [one for one in best if _facts(view, (*one.new, *one.lost))]


def _likenesses(view: Page, matches: list[Match], similarity: float) -> Iterator[list[Likeness]]:
    """Yield, for each sentence that has any, the earlier passages it is similar enough to."""
    matches = _with_cut_word(view, matches)
    position = 0
    for number in range(len(view.sentences)):
        start, end = view.firsts[number], view.firsts[number + 1]
        while position < len(matches) and matches[position].copy_end <= start:
            position += 1
        stop = position
        while stop < len(matches) and matches[stop].copy < end:
            stop += 1
        strides = _strides(matches, position, stop)
        compared = [_compared(view, number, matches, stride, similarity) for stride in strides]
        if found := [one for one in compared if one]:
            yield found


def _with_cut_word(view: Page, matches: list[Match]) -> list[Match]:
    """Return the matches, the last one with the word inside which the text breaks off."""
    if not matches or ends_sentence(view.text, view.sentences[-1].span):
        return matches
    *rest, last = matches
    cut = last.copy_end == len(view.keys) - 1 and view.keys[last.source_end].startswith(
        view.keys[-1]
    )
    return [*rest, last._replace(length=last.length + 1)] if cut else matches


def _strides(matches: list[Match], start: int, stop: int) -> Iterator[range]:
    """Yield the stretches of matches that go on in step."""
    first = start
    for index in range(start, stop):
        if index + 1 == stop or not in_step(matches[index], matches[index + 1]):
            yield range(first, index + 1)
            first = index + 1


def _compared(
    view: Page, number: int, matches: list[Match], stride: range, similarity: float
) -> Likeness | None:
    start, end = view.firsts[number], view.firsts[number + 1]
    pieces = [_clipped(matches[index], start, end) for index in stride]
    source_start = _source_start(view, matches, stride, pieces[0])
    source_end = _source_end(view, matches, stride, pieces[-1])
    unmatched = max(pieces[0].source - source_start, source_end - pieces[-1].source_end)
    if unmatched > LONGEST_EDIT or source_end > start:
        return None
    new, lost = _edits(view.keys, pieces, Span(source_start, source_end), Span(start, end))
    added = (Counter(view.keys[t] for t in new) - Counter(view.keys[t] for t in lost)).total()
    size = max(end - start, source_end - source_start)
    agreeing = end - start - added
    if agreeing < similarity * size:
        return None
    return Likeness(Copy(number, source_start, source_end, agreeing, size, added), new, lost)


def _clipped(match: Match, start: int, end: int) -> Match:
    first, last = max(match.copy, start), min(match.copy_end, end)
    return Match(match.source + first - match.copy, first, last - first)


def _source_start(view: Page, matches: list[Match], stride: range, piece: Match) -> int:
    """Return where the source of a sentence begins: what it has more at its start belongs to it."""
    match = matches[stride.start]
    if match.copy < piece.copy:
        return piece.source
    sentence_start = view.firsts[view.owners[piece.source]]
    if stride.start and in_step(matches[stride.start - 1], match):
        return max(sentence_start, matches[stride.start - 1].source_end)
    return sentence_start


def _source_end(view: Page, matches: list[Match], stride: range, piece: Match) -> int:
    match = matches[stride.stop - 1]
    # Where the text ends, it may break off inside a sentence.
    if match.copy_end > piece.copy_end or match.copy_end == len(view.keys):
        return piece.source_end
    sentence_end = view.firsts[view.owners[piece.source_end - 1] + 1]
    if stride.stop < len(matches) and in_step(match, matches[stride.stop]):
        return min(sentence_end, matches[stride.stop].source)
    return sentence_end


def _edits(
    keys: list[str], pieces: list[Match], source: Span, copy: Span
) -> tuple[list[int], list[int]]:
    """Return the tokens of the copy, and those of its source, that have no equal at their place."""
    lefts = [(source.start, copy.start), *((piece.source_end, piece.copy_end) for piece in pieces)]
    rights = [*((piece.source, piece.copy) for piece in pieces), (source.end, copy.end)]
    new: list[int] = []
    lost: list[int] = []
    for (source_left, copy_left), (source_right, copy_right) in zip(lefts, rights, strict=True):
        there, here = keys[source_left:source_right], keys[copy_left:copy_right]
        for tag, a, b, c, d in SequenceMatcher(None, there, here, autojunk=False).get_opcodes():
            if tag != "equal":
                lost += range(source_left + a, source_left + b)
                new += range(copy_left + c, copy_left + d)
    return new, lost


def _says_otherwise(view: Page, likeness: Likeness) -> bool:
    """Whether figures or names differ or stand in another order, or the copy says more."""
    if any(_is_fact(view, token) for token in (*likeness.new, *likeness.lost)):
        return True
    added, dropped = _difference(view, likeness)
    allowed = min(dropped.total() + 1, likeness.copy.size / _WORDS_PER_NEW_WORD)
    return added.total() > allowed or any(map(_is_telling, added))


def _difference(view: Page, likeness: Likeness) -> tuple[Counter[str], Counter[str]]:
    new = Counter(view.keys[token] for token in likeness.new)
    lost = Counter(view.keys[token] for token in likeness.lost)
    return new - lost, lost - new


def _is_telling(key: str) -> bool:
    # Names of scripts without capitals cannot be told from other words.
    return key in _TELLING or key.lower() == key.upper()


def _facts(view: Page, tokens: Iterable[int]) -> list[int]:
    return [t for t in tokens if _is_fact(view, t) or _is_telling(view.keys[t])]


def _is_fact(view: Page, token: int) -> bool:
    key = view.keys[token]
    if is_figure(key):
        return True
    written = view.text[view.tokens[token].start : view.tokens[token].end]
    return written != written.lower() and not (view.begins(token) and key in view.lower)


def kind_of_fact(keys: Collection[str]) -> Literal["date", "figure", "name"]:
    """Return what sort of fact differs where these tokens do."""
    if any(key in _CALENDAR for key in keys):
        return "date"
    return "figure" if any(is_figure(key) or key in _NUMBERS for key in keys) else "name"


def is_figure(key: str) -> bool:
    """Whether a token is a number, in digits or numerals of any script, or a currency sign."""
    return key in CURRENCY or any(map(str.isnumeric, key))
