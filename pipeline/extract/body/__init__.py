"""The text of an article on a page.

The page is cut into blocks (`outline`), and each is judged: in the text or not. What the judge
(`judge`) weighs are features of the block (`features`), above all how far those of its kind agree
with witnesses (`witnesses`): the JSON-LD body, resiliparse, and, where these leave doubt,
trafilatura. The fast profile asks not even resiliparse where the page itself leaves little doubt.
So the text is always the page's own, in its order and paragraphs, and says nothing twice that the
page says once.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from html import unescape
from importlib.resources import files
from pathlib import Path

import numpy as np
from htmldate import find_date
from lxml.etree import ElementDefaultClassLookup, HTMLParser, ParserError, XPath
from lxml.html import HtmlElement, document_fromstring
from numpy.typing import NDArray

from pipeline.errors import UnreadableError
from pipeline.extract.body.features import Features, Measured, measure, testimony
from pipeline.extract.body.judge import Judge, probabilities, read_judge
from pipeline.extract.body.outline import Outline, read_outline
from pipeline.extract.body.witnesses import (
    agreement,
    plain,
    resiliparse_text,
    trafilatura_text,
)
from pipeline.extract.parts import PageParts

__all__ = [
    "Hearing",
    "Judges",
    "hear",
    "hear_resiliparse",
    "hear_trafilatura",
    "load_judges",
    "main_text",
    "page_date",
    "parse",
]

# Cross-validated by host on the development pages, see benchmarks/README.md.
_LEAST_PROBABILITY = 0.45  # .4 to .5 differ by .002
# Expected share of wrong characters; .06 asks trafilatura twice as often, for .0003.
_MOST_DOUBT = 0.12
# The same before resiliparse is asked, in the fast profile. One page in seven leaves more doubt; up
# to .2 the text is no worse than with resiliparse for all, at .3 it is by .007 on one set.
_MOST_DOUBT_ALONE = 0.18
_HIDDEN_SHARE = 0.5  # guess
_SHORT_CHARS = 250  # trafilatura's own minimum: below, a text is a remainder rather than an article

# Trafilatura is quadratic in the inline elements of one parent: 152 KiB of them take 13 s.
_MOST_INLINE_CHILDREN = 1000
_INLINE = ("a", "abbr", "b", "code", "em", "font", "i", "q", "s", "small", "span", "strong",
           "sub", "sup", "u")  # fmt: skip
_COUNT = XPath("count(//*)")
_CROWDED = XPath(
    f"//*[count(*) > {_MOST_INLINE_CHILDREN} and count(*[not(self::br)]) > {_MOST_INLINE_CHILDREN}"
    f" and not(*[not({' or '.join(f'self::{tag}' for tag in (*_INLINE, 'br'))})])]"
)
_FIRST_WEB_DAY = "1995-01-01"
# Control characters that XML cannot hold; trafilatura fails on them.
_CONTROLS = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
# They stand between paragraphs of one template, so all their company is text.
_AD_LABELS = frozenset(
    {"advertisement", "advertisements", "advertising", "article continues below advertisement",
     "story continues below advertisement", "ad", "sponsored", "anzeige", "werbung", "publicité",
     "publicidad", "publicidade", "pubblicità", "advertentie", "reclame", "annonse", "annons",
     "annonce", "mainos", "reklama", "reklam", "реклама", "広告", "广告", "廣告", "광고"}
)  # fmt: skip
_MARKUP = re.compile(r"</?(?:p|div|br|h\d|li|span|a)\b[^>]*>")
_CELLS = frozenset({"td", "th"})


@dataclass(frozen=True, slots=True)
class Judges:
    """Who has heard whom: `alone` the JSON-LD body, `quick` resiliparse too, `careful` all."""

    alone: Judge
    quick: Judge
    careful: Judge


@cache
def load_judges(weights: str = "") -> Judges:
    """Read the judges of this package, or of a file that `benchmarks/train_body.py` wrote."""
    shipped = files("pipeline").joinpath("reference/body.json")
    rows = json.loads((Path(weights) if weights else shipped).read_text(encoding="utf-8"))
    return Judges(*(read_judge(rows[name]) for name in ("alone", "quick", "careful")))


@cache
def _parser() -> HTMLParser:
    """Make every element an `HtmlElement`: asking lxml.html for the class of each is slow."""
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, collect_ids=False)
    parser.set_element_class_lookup(ElementDefaultClassLookup(element=HtmlElement))
    return parser


def parse(text: str, max_elements: int) -> HtmlElement:
    """Return the tree of a page as trafilatura reads it, made safe for its slow spots.

    Raises
    ------
    UnreadableError
        ``no_text`` where there is no markup in it; ``too_large`` where there is too much.
    """
    if "<" not in text:
        raise UnreadableError("no_text", "the page holds no HTML elements")
    page = _bytes(text)
    try:
        tree = document_fromstring(page, parser=_parser())
    except ParserError as error:
        raise UnreadableError("no_text", f"the page holds no HTML elements: {error}") from error
    # Few tags make few elements: the parser adds less than one to each. numpy counts the signs that
    # begin them in a tenth of the time of a walk.
    tags = np.count_nonzero(np.frombuffer(page, dtype=np.uint8) == ord("<"))
    if tags <= min(max_elements // 2, _MOST_INLINE_CHILDREN):
        return tree
    count = int(_COUNT(tree))
    if count > max_elements:
        raise UnreadableError(
            "too_large", f"{count} elements are more than extract.max_elements = {max_elements}"
        )
    if count > _MOST_INLINE_CHILDREN:  # else nobody has so many children; few pages are larger
        for parent in _CROWDED(tree):
            _flatten(parent)
    return tree


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace").translate(None, _CONTROLS)


def main_text(parts: PageParts, html: str, profile: str, judges: Judges) -> str:
    """Return the main text, a line for each paragraph; empty where there is none.

    Parameters
    ----------
    parts, html
        A page whose tree is from `parse`, left as it is; and what that was made from.
    profile
        See `pipeline.config.ExtractSettings`.
    judges
        From `load_judges`.
    """
    hearing = hear(parts)
    if hearing is None:  # all of it may be where no reader looks, as in an open noscript
        if profile == "fast":
            return _stated(parts)
        return trafilatura_text(parts.tree, precise=False)
    if profile == "fast":
        text, doubt = _judged(judges.alone, hearing.features, hearing)
        if doubt <= _MOST_DOUBT_ALONE and len(text) >= _SHORT_CHARS:
            return text
    features = hear_resiliparse(hearing, html)
    text, doubt = _judged(judges.quick, features, hearing)
    if len(text) >= _SHORT_CHARS and (profile == "fast" or doubt <= _MOST_DOUBT):
        return text
    if profile == "fast":
        return _rescued(_stated(parts), hearing, text)
    features = hear_trafilatura(hearing, features, trafilatura_text(parts.tree))
    text, _ = _judged(judges.careful, features, hearing)
    if len(text) >= _SHORT_CHARS:
        return text
    return _rescued(trafilatura_text(parts.tree, precise=False), hearing, text)


def _judged(judge: Judge, features: Features, hearing: Hearing) -> tuple[str, float]:
    """Return the likely text and how doubtful it is."""
    chances = probabilities(judge, features)
    return _joined(chances, hearing), _doubt(chances, hearing)


def _rescued(generous: str, hearing: Hearing, text: str) -> str:
    """Return what a generous reading finds where next to nothing was left.

    Where even the page's own blocks do not hold it, it comes from what the page does not show,
    such as a JSON-LD body on a page that scripts fill: better than nothing.
    """
    if len(generous) < max(_SHORT_CHARS, len(text)):
        return text
    shown = _joined(np.array(agreement(hearing.plain, generous)), hearing)
    return shown if len(shown) > _HIDDEN_SHARE * len(generous) else generous


@dataclass(frozen=True, slots=True)
class Hearing:
    """The blocks of a page and what is known of each before an extractor is asked."""

    outline: Outline
    plain: list[str]
    measured: Measured
    features: Features


def hear(parts: PageParts) -> Hearing | None:
    """Measure all blocks and hear the JSON-LD body; None of a page without words."""
    outline = read_outline(parts.tree)
    if not outline.texts:
        return None
    titles = (*parts.meta.get("og:title", ()), *parts.headings, *parts.titles)
    summaries = (*parts.meta.get("og:description", ()), *parts.meta.get("description", ()))
    words = [plain(text) for text in outline.texts]
    measured = measure(
        outline, words, plain(next(iter(titles), "")), plain(next(iter(summaries), ""))
    )
    linked = testimony(measured, "json_ld", agreement(words, _linked_body(parts)))
    return Hearing(outline, words, measured, measured.features.beside(linked))


def hear_resiliparse(hearing: Hearing, html: str) -> Features:
    """Return the features of a hearing with those for what resiliparse takes for the text."""
    said = agreement(hearing.plain, resiliparse_text(html))
    return hearing.features.beside(testimony(hearing.measured, "resiliparse", said))


def hear_trafilatura(hearing: Hearing, features: Features, text: str) -> Features:
    """Return what was heard so far, `features`, with what a text by trafilatura says."""
    said = agreement(hearing.plain, text)
    return features.beside(testimony(hearing.measured, "trafilatura", said))


def page_date(page: str, url: str | None, latest: datetime, *, extensive: bool) -> str | None:
    """Return the day that trafilatura's date finder guesses from anything on the page (ISO).

    Parameters
    ----------
    page
        All of it: scripts hold dates, too.
    url
        Address of the page, which may hold the date.
    latest
        No later day is returned.
    extensive
        Whether to look at every number on the page, after all that is likely to be a date.
    """
    return find_date(
        document_fromstring(_bytes(page), parser=_parser()),
        url=url,
        original_date=True,
        extensive_search=extensive,
        min_date=_FIRST_WEB_DAY,
        max_date=(latest + timedelta(days=1)).strftime("%Y-%m-%d"),
    )


def _flatten(parent: HtmlElement) -> None:
    """Replace all children but line breaks by their words; lxml's `strip_tags` is quadratic too."""
    line_break, words = None, [parent.text or ""]
    for child in list(parent):
        if child.tag == "br":
            _put(parent, line_break, words)
            line_break, words = child, [child.tail or ""]
        else:
            words += [*child.itertext(), child.tail or ""]
            parent.remove(child)
    _put(parent, line_break, words)


def _put(parent: HtmlElement, line_break: HtmlElement | None, words: list[str]) -> None:
    if line_break is None:
        parent.text = "".join(words)
    else:
        line_break.tail = "".join(words)


def _linked_body(parts: PageParts) -> str:
    """Return the longest article body of the page's JSON-LD."""
    bodies = (found.node.get("articleBody") for found in parts.linked)
    return max((body for body in bodies if isinstance(body, str)), key=len, default="")


def _stated(parts: PageParts) -> str:
    """Return the JSON-LD body, a line for each paragraph; it may be written as HTML."""
    body = unescape(_linked_body(parts))
    if _MARKUP.search(body):
        lines = read_outline(document_fromstring(_bytes(body), parser=_parser())).texts
    else:
        lines = [" ".join(line.split()) for line in body.splitlines()]
    return "\n".join(line for line in lines if line)


def _doubt(chances: NDArray[np.float64], hearing: Hearing) -> float:
    """Return the characters expected to be judged wrong, as a share of those in the text."""
    chars = hearing.measured.chars
    wrong = (chars * np.minimum(chances, 1 - chances)).sum()
    return float(wrong / max(1.0, (chars * chances).sum()))


def _joined(chances: NDArray[np.float64], hearing: Hearing) -> str:
    """Write the likely blocks one a line, the cells of a table row on one line together."""
    outline = hearing.outline
    lines: list[str] = []
    row = -1
    for place in np.flatnonzero(chances >= _LEAST_PROBABILITY).tolist():
        text, box = outline.texts[place], outline.box[place]
        if text.casefold() in _AD_LABELS:
            continue
        in_row = outline.boxes.parent[box] if outline.boxes.tag[box] in _CELLS else -1
        if in_row >= 0 and in_row == row:
            lines[-1] += f" | {text}"
        else:
            lines.append(text)
        row = in_row
    return "\n".join(lines)
