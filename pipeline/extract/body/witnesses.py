"""What others take for the text of a page, and how far each block agrees with them.

A witness is never believed alone: its text only says which of the page's own blocks it holds.
"""

from __future__ import annotations

from copy import copy

from lxml.etree import strip_elements
from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text
from trafilatura import bare_extraction
from trafilatura.settings import Document

__all__ = ["agreement", "plain", "resiliparse_text", "trafilatura_text"]

_NEVER_TEXT = ("style", "svg", "noscript", "template", "iframe", "select", "button", "link",
               "input", "source", "canvas", "nav", "footer")  # fmt: skip
_LIST_MARKS = "-|"  # how trafilatura begins list items and separates cells
_SURE_CHARS = 25  # a text this long is no chance find inside of another (guess)
_LONG_CHARS = 60  # of a block so long, either end will do: witnesses cut paragraphs
_END_CHARS = 40


def resiliparse_text(html: str) -> str:
    """Return the main content by resiliparse: quick, complete, with much around it.

    Its .92 (scrapinghub) and .85 (wcxb_dev) are the weakest texts, yet where trafilatura has lost
    a live blog or a body split over containers, resiliparse has it.
    """
    return extract_plain_text(
        html,
        preserve_formatting=True,
        main_content=True,
        list_bullets=False,
        alt_texts=False,
        comments=False,
        post_meta=False,
    )


def trafilatura_text(tree: HtmlElement, *, precise: bool = True) -> str:
    """Return the main text by trafilatura; empty where it finds none.

    Its precision setting is the better witness; the other finds something nearly anywhere.
    """
    page = copy(tree)
    if precise:  # it looks at each element a hundred times, and would drop these in the end
        strip_elements(page, *_NEVER_TEXT, with_tail=False)
    document = bare_extraction(page, favor_precision=precise, include_comments=False)
    return (document.text or "") if isinstance(document, Document) else ""


def plain(text: str) -> str:
    """Return a text without white space, which each witness sets in its own way."""
    return "".join(text.split())


def agreement(blocks: list[str], text: str) -> list[float]:
    """Return for each block how far a text holds it: 1, or .5 where only its start or end is there.

    Parameters
    ----------
    blocks
        As `plain` makes them. Short ones must be a line of the text.
    text
        What the witness says.
    """
    if not text:
        return [0.0] * len(blocks)
    lines = {plain(line).strip(_LIST_MARKS) for line in text.splitlines()}
    whole = plain(text)
    return [_held(block, lines, whole) for block in blocks]


def _held(block: str, lines: set[str], whole: str) -> float:
    if not block:
        return 0.0
    if block in lines or (len(block) >= _SURE_CHARS and block in whole):
        return 1.0
    if len(block) >= _LONG_CHARS and (block[:_END_CHARS] in whole or block[-_END_CHARS:] in whole):
        return 0.5
    return 0.0
