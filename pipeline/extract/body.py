"""The text of an article on a page, by trafilatura: the only module that knows it."""

from __future__ import annotations

from datetime import datetime, timedelta

from htmldate import find_date
from lxml.etree import XPath
from lxml.html import HtmlElement
from trafilatura import bare_extraction, load_html
from trafilatura.settings import Document

from pipeline.errors import UnreadableError

__all__ = ["main_text", "page_date", "parse"]

# On the development pages precision alone finds .956/.934/.919/.900 of the text, balanced
# .953/.934/.930/.924, and this choice .964/.938/.933/.920, with a second run on 5-14 % of pages.
_LOST_SHARE = 0.5  # precision has lost the article where balanced finds more than twice as much
_SUSPICIOUS_SHARE = 0.6  # of the characters in paragraphs: below, balanced is asked too
_SUSPICIOUS_CHARS = 250  # trafilatura's own minimum for an article
_PARAGRAPHS = XPath(
    "//p[not(ancestor::nav or ancestor::footer or ancestor::aside or ancestor::form)]"
)

# Trafilatura is quadratic in the inline elements of one parent: 152 KiB of them take 13 s.
_MOST_INLINE_CHILDREN = 1000
_INLINE = ("a", "abbr", "b", "code", "em", "font", "i", "q", "s", "small", "span", "strong",
           "sub", "sup", "u")  # fmt: skip
_CROWDED = XPath(
    f"//*[count(*) > {_MOST_INLINE_CHILDREN} and count(*[not(self::br)]) > {_MOST_INLINE_CHILDREN}"
    f" and not(*[not({' or '.join(f'self::{tag}' for tag in (*_INLINE, 'br'))})])]"
)
_FIRST_WEB_DAY = "1995-01-01"


def parse(text: str, max_elements: int) -> HtmlElement:
    """Return the tree of a page as trafilatura reads it, made safe for its slow spots.

    Raises
    ------
    UnreadableError
        ``no_text`` where there is no markup in it; ``too_large`` where there is too much.
    """
    tree = load_html(text)
    if tree is None:
        raise UnreadableError("no_text", "the page holds no HTML elements")
    count = sum(1 for _ in tree.iter())
    if count > max_elements:
        raise UnreadableError(
            "too_large", f"{count} elements are more than extract.max_elements = {max_elements}"
        )
    for parent in _CROWDED(tree):
        _flatten(parent)
    return tree


def main_text(tree: HtmlElement, favor: str) -> str:
    """Return the main text, a line for each paragraph; empty where there is none.

    Parameters
    ----------
    tree
        From `parse`; left as it is.
    favor
        See `pipeline.config.ExtractSettings`.
    """
    if favor != "auto":
        return _extracted(tree, precise=favor == "precision")
    strict = _extracted(tree, precise=True)
    enough = max(_SUSPICIOUS_CHARS, _SUSPICIOUS_SHARE * _paragraph_chars(tree))
    if len(strict) >= enough:
        return strict
    generous = _extracted(tree, precise=False)
    return generous if len(strict) < _LOST_SHARE * len(generous) else strict


def page_date(tree: HtmlElement, url: str | None, latest: datetime) -> str | None:
    """Return the day that trafilatura's date finder guesses from anything on the page (ISO).

    Parameters
    ----------
    tree
        From `parse`; the search may change it, so it comes last.
    url
        Address of the page, which may hold the date.
    latest
        No later day is returned.
    """
    return find_date(
        tree,
        url=url,
        original_date=True,
        extensive_search=True,
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


def _extracted(tree: HtmlElement, *, precise: bool) -> str:
    document = bare_extraction(tree, favor_precision=precise, include_comments=False)
    return (document.text or "") if isinstance(document, Document) else ""


def _paragraph_chars(tree: HtmlElement) -> int:
    return sum(len(" ".join(paragraph.text_content().split())) for paragraph in _PARAGRAPHS(tree))
