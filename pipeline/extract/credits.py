"""Lines of a text that are not the report: headline, dateline, byline, credits, copyright."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pipeline.extract.people import names_only, people
from pipeline.extract.wire import agency_in
from pipeline.records import RemovedSpan, Span, WireCredit
from pipeline.text import paragraphs

__all__ = ["IMAGE_CREDIT", "BodyLines", "body_lines", "dateline"]

_MOST_HEAD_LINES = 4  # headline, standfirst, byline, place and date
_LONGEST_LINE_CHARS = 200  # of a credit; a longer paragraph is text
_LONGEST_COPYRIGHT_CHARS = 400  # "... may not be published, broadcast, rewritten or ..."
_LONGEST_SIGNATURE_CHARS = 50  # "©Agence France-Presse/Ada ROE"; guess
_LONGEST_DATELINE_CHARS = 90
_FEWEST_WORDS_AFTER = 15  # what follows a bare name must be a paragraph, or the name is a heading
_FEWEST_NAME_WORDS, _MOST_NAME_WORDS = 2, 4

IMAGE_CREDIT = re.compile(
    r"^\W*(?:(?:image|photo|picture|pic|video|file\s+(?:photo|image|picture)|photograph|"
    r"representational\s+image|foto|bild|imagen|immagine|crédit\s+photo|фото|写真)s?\s*"
    r"(?:credits?|courtesy|source|by\b|/|:|：)|credits?\s*:)(?!\s*\d)",  # "Video: 4K/30p"
    re.IGNORECASE,
)
_SIGNED_BY_AN_ARCHIVE = re.compile(
    r"(?:/|\bvia\s|©\s?)(?:Getty\s?Images|Shutterstock|iStock|Alamy|Unsplash|Pexels|Imago|EPA|"
    r"AP\s(?:Photo|Images)|Reuters|AFP)\W*$",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"^\W*(?:©|\(c\)\s*(?:\d{4}|copyright)|copyright\s*(?:©|\(c\)|\d{4}|by\b|:)|all\s+rights\s+reserved|"
    r"alle\s+rechte\s+vorbehalten|tous\s+droits\s+réservés|todos\s+los\s+derechos\s+reservados|"
    r"todos\s+os\s+direitos\s+reservados|tutti\s+i\s+diritti\s+riservati)",
    re.IGNORECASE,
)
_AGENCY_LINE = re.compile(
    r"^\W*(?:(?:with\s+)?(?:additional\s+)?(?:inputs?|reports?|reporting|files)\s+(?:from|by)\b|"
    r"with\s+agency\s+inputs|"
    r"source|quelle|fuente|fonte|kilde|källa|bron|zdroj|источник)\b\s*:?",
    re.IGNORECASE,
)
_REPORTING = re.compile(
    r"^\W*(?:reporting|writing|editing|compiled)\s+by\s+(?-i:[A-ZÀ-Þ])|"
    r"\scontributed\s+(?:reporting|to\s+this\s+(?:report|story|article))\W*$",
    re.IGNORECASE,
)
_TAKEN_OVER = re.compile(
    r"^\W*(?:this\s+(?:article|story|report)\s+(?:was\s+|is\s+)?)?(?:first|originally|re)-?\s?"
    r"(?:published|appeared)\s+(?:in|by|on|from|at)\s+(?P<name>[^.,;(]{2,60}?)"
    r"(?:\s+(?:under|with|on\s+\w+\s\d).*)?\W*$",
    re.IGNORECASE,
)
# Behind the last sentence: (c)AFP, ©AFP/Ada ROE, (AP), — Reuters.
_SIGNED_AT_THE_END = re.compile(
    r"(?<=[.!?…。！？」』”\"'’»])\s*(?:(?:©|ⓒ|[(（]c[)）])\s?[^()\n.]{2,40}|"
    r"[(\[（【][^()（）\[\]\n]{2,30}[)\]）】]|(?:—|–|--)\s?[^\n.]{2,30})\s*$",
    re.IGNORECASE,
)
_COPYRIGHT_SIGN = re.compile(r"^\s*(?:©|ⓒ|[(（]c[)）])", re.IGNORECASE)
_INITIALS = re.compile(r"\([^\W\d_]{2,4}(?:/[^\W\d_]{2,12})*\)")  # (ado), (ado/dpa)
_BYLINE = re.compile(
    r"^\W*(?:by|von|par|por|di|door|af|av|oleh|text|words|story|author|autor(?:in)?|written\s+by)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"[.!?…。！？।,;:]['\"”’»)]*$")

_PLACE = (
    r"[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][\w.'’/ -]{1,38}?(?:,\s?[A-ZÀ-Þ][\w.'’ -]{1,20}?)?(?:\s?\[\w[\w ]{1,20}\])?"
)
_DAY = r"(?:,?\s(?:le\s)?(?:\d{1,2}\.?\s?[^\W\d]{3,9}\.?|[^\W\d]{3,9}\.?\s\d{1,2})(?:,?\s\d{4})?)?"
_MARK = r"\s?(?:—|–|--|\.?-|:|\.)\s?"
_CAPITAL = r"(?=[\"“'‘«„]?[A-ZÀ-ÖØ-ÞΑ-ΩА-Я])"
_AGENCY = r"\((?P<agency>[^()]{2,24})\)"
_NAME = r"[A-ZÀ-Þ][\w.'’/-]{1,20}"
_CAPITALS = r"[A-ZÀ-Þ][A-ZÀ-Þ.'’ -]{2,30}"
_DATELINES = tuple(
    re.compile(form)
    for form in (
        rf"{_PLACE}{_DAY},?\s?{_AGENCY}(?:{_MARK}|\s{_CAPITAL})",  # LONDON, March 3 (Reuters) -
        rf"{_AGENCY}{_MARK}(?:[A-ZÀ-Þ][A-ZÀ-Þ ]{{2,20}}{_DAY}{_MARK})?",  # (ANSA) - ROMA, 3 MAR -
        r"【?(?P<agency>新华社|新華社|中新社|中新网)[^，。\s]{2,20}[日]?(?:电|電)】?\s?",
        rf"(?P<bare>{_NAME}(?:[ -]{_NAME}){{0,2}})\s·\s{_CAPITAL}",  # Calder Haven · A ferry
        # NEW DELHI: and LONDON — have no agency; a place is written in capitals then.
        rf"(?P<bare>{_CAPITALS}(?:,\s?[A-Z][\w.]{{1,15}})?){_DAY}\s?(?:—|–|--|\s-|:)\s+{_CAPITAL}",
    )
)
# What else stands in capitals before a colon or dash.
_LABELS = frozenset(
    """also analysis background breaking claim comment conclusion context correction dear developing
    disclaimer disclosure editorial exclusive explained explainer fact factbox faq gallery important
    interview intro introduction just listen live must news note now opinion overview photos pics
    poll quick read recap related review see spoiler summary synopsis tip tl tldr update updated
    verdict video warning watch what when where who why how""".split()  # noqa: SIM905 - a list would be half a page long
)
# Words that are in headings and in no name of a place, and the ends of abstract ones. "College
# Station" is a place.
_NOT_IN_PLACES = re.compile(
    r"\b(?:an?|are|can|for|from|how|in|is|our|to|with|you|your|\w{2,}(?:[gr]ess|[st]?s)ions?|"
    r"\w{3,}(?:ration|nation|cation|ness|ism|ology))\b"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLines:
    """What stands in a text beside the report.

    Parameters
    ----------
    removed
        Spans with reason ``title``, ``byline``, ``dateline``, ``image_credit``, ``credit`` or
        ``copyright``, in order.
    bylines
        The words of the bylines among them.
    wire
        What a dateline, else a credit or copyright line, says about where the report is from.
    """

    removed: tuple[RemovedSpan, ...]
    bylines: tuple[str, ...]
    wire: tuple[WireCredit, ...]


def body_lines(
    text: str,
    title: str = "",
    authors: Collection[str] = (),
    known: Sequence[RemovedSpan] = (),
) -> BodyLines:
    """Find the lines of a text that are not the report itself.

    Parameters
    ----------
    text
        A line for each paragraph.
    title
        The headline, which some pages repeat in the body.
    authors
        Who is stated elsewhere to have written it: a line of these names alone is a byline. Where
        nobody is stated, a first line of words that the text writes only with capitals is one.
    known
        Lines at the head of the text that are known not to be the report; they stay among the
        removed ones.
    """
    head = max((line.end for line in known), default=0)
    spans = [span for span in paragraphs(text) if span.start >= head]
    found = [*known, *_whole_lines(text, spans, title, authors)]
    gone = {(line.start, line.end) for line in found}
    first = next((span for span in spans if tuple(span) not in gone), None)
    credit = None
    if first:
        # Some pages give the dateline a line of its own; what follows is looked at with it.
        line, behind = text[slice(*first)], text[first.end : first.end + 2]
        length, credit = dateline(line) or dateline(line + behind) or (0, None)
        if length:
            end = min(first.end, first.start + length)
            found.append(_removed(Span(first.start, end), "dateline"))
    removed = tuple(sorted(found, key=lambda line: line.start))
    lines = [(line.reason, text[line.start : line.end]) for line in removed]
    stated = (_credit(words) for reason, words in lines if reason in {"credit", "copyright"})
    return BodyLines(
        removed=removed,
        bylines=tuple(words for reason, words in lines if reason == "byline"),
        wire=tuple(one for one in (credit, *stated) if one),
    )


def dateline(paragraph: str) -> tuple[int, WireCredit | None] | None:
    """Return how long the dateline at the start of a paragraph is, and the agency it names.

    Examples
    --------
    >>> length, credit = dateline("CALDER HAVEN, March 3 (AP) — A ferry hit the pier.")
    >>> length, credit.name
    (29, 'Associated Press')
    """
    for pattern in _DATELINES:
        match = pattern.match(paragraph[:_LONGEST_DATELINE_CHARS])
        if not match or match.end() == len(paragraph):
            continue
        parts = match.groupdict()
        if "bare" in parts:
            words = re.findall(r"\w+", parts["bare"].casefold())
            if words and words[0] not in _LABELS and not _NOT_IN_PLACES.search(" ".join(words)):
                return match.end(), None
        elif agency := agency_in(parts["agency"]):
            raw = match.group().strip()
            return match.end(), WireCredit(name=agency, evidence="dateline", raw=raw)
    return None


def _whole_lines(
    text: str, spans: list[Span], title: str, authors: Collection[str]
) -> Iterator[RemovedSpan]:
    if len(spans) == 1:
        return
    wanted = _plain(title)
    above = True  # the report has not begun
    for number, span in enumerate(spans):
        line = text[slice(*span)]
        if len(line) > _LONGEST_COPYRIGHT_CHARS:
            if number + 1 == len(spans) and (tail := _agency_behind(line)):
                yield _removed(Span(span.start + tail, span.end), "credit")
            continue
        last = number + 1 == len(spans)
        # A colon at the end leads to what follows, which would be lost without it.
        if (
            number < _MOST_HEAD_LINES
            and wanted
            and _plain(line) == wanted
            and not line.endswith((":", "："))
        ):
            yield _removed(span, "title")
        elif number < _MOST_HEAD_LINES and (
            _is_byline(line) or _is_name(line, authors, text[span.end :] if above else "")
        ):
            yield _removed(span, "byline")
        elif last and (tail := _agency_behind(line)):
            yield _removed(Span(span.start + tail, span.end), "credit")
        elif reason := _reason(line, last=last):
            yield _removed(span, reason)
        above = above and not _STOP.search(line)


def _reason(line: str, *, last: bool) -> str | None:
    if _COPYRIGHT.match(line):
        return "copyright"
    if len(line) > _LONGEST_LINE_CHARS:
        return None
    # Most lines are prose and end with a stop, which is quickly seen.
    if IMAGE_CREDIT.match(line) or (not _STOP.search(line) and _SIGNED_BY_AN_ARCHIVE.search(line)):
        return "image_credit"
    if _REPORTING.search(line) or (_AGENCY_LINE.match(line) and agency_in(line)):
        return "credit"
    if _TAKEN_OVER.match(line) or (last and _is_agency(line)):
        return "credit"
    if last and _INITIALS.fullmatch(line):
        return "credit" if agency_in(line) else "byline"
    return None


def _is_agency(line: str) -> bool:
    """Tell whether a line is an agency's name alone, or with a desk: ``(dpa/lno)``."""
    bare = _COPYRIGHT_SIGN.sub("", line).strip(" ()[]（）【】–—-.")
    named = agency_in(bare.split("/")[0])
    # Characters too: a sentence may be written without spaces.
    short = len(bare) <= _LONGEST_SIGNATURE_CHARS and len(bare.split()) <= _FEWEST_NAME_WORDS
    return bool(named) and short and named == agency_in(line)


def _agency_behind(line: str) -> int | None:
    """Return where the agency begins that stands behind the last sentence."""
    found = _SIGNED_AT_THE_END.search(line, max(0, len(line) - _LONGEST_SIGNATURE_CHARS))
    return found.start() if found and _is_agency(found.group().strip()) else None


def _is_byline(line: str) -> bool:
    if len(line) > _LONGEST_LINE_CHARS or _STOP.search(line) or not _BYLINE.match(line):
        return False
    return names_only(line) and bool(people([line]))


def _is_name(line: str, authors: Collection[str], text_behind: str) -> bool:
    """Tell whether a line is a name alone: ``Ada Roe``, ``ADA ROE/BO LUND``."""
    if len(line) > _LONGEST_LINE_CHARS or _STOP.search(line):
        return False
    names = people([line])
    if authors:
        named = " ".join(_plain(name) for name in names).split()
        more = len(_plain(line).split()) - len(named)
        known = {_plain(name) for name in names} <= {_plain(author) for author in authors}
        return bool(names) and known and more < _FEWEST_NAME_WORDS
    return bool(text_behind) and bool(names) and _reads_as_names(names, line, text_behind)


def _reads_as_names(names: Collection[str], line: str, text_behind: str) -> bool:
    words = [word for name in names for word in name.split()]
    if any(not _FEWEST_NAME_WORDS <= len(name.split()) <= _MOST_NAME_WORDS for name in names):
        return False
    if not all(word[0].isupper() and word.replace("-", "").isalpha() for word in words):
        return False
    if len(re.findall(r"\w+", line)) > len(words) + len(names) - 1:
        return False  # there is more than names
    following = text_behind.strip().partition("\n")[0]
    behind = set(re.findall(r"\w+", text_behind))
    return (
        len(following.split()) >= _FEWEST_WORDS_AFTER
        and bool(_STOP.search(following))
        and not any(word.lower() in behind for word in words)
    )


def _credit(line: str) -> WireCredit | None:
    taken_over = _TAKEN_OVER.match(line)
    name = agency_in(line) or (taken_over and taken_over["name"].strip(" “”\"'"))
    return WireCredit(name=name, evidence="credit_line", raw=line) if name else None


def _removed(span: Span, reason: str) -> RemovedSpan:
    return RemovedSpan(start=span.start, end=span.end, reason=reason)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
