"""Pages that list articles and tell none: front pages, sections, archives."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from lxml.html import HtmlElement

from pipeline.extract import markup
from pipeline.extract.languages import SPACELESS
from pipeline.extract.parts import PageParts

__all__ = ["listed_articles"]

# Of 2,216 annotated pages two reach all of these: a front page, and one whose own text is missing.
_LEAST_LISTED = 5
_LEAST_SHARE = 0.8  # of the text in teasers; the next pages have .78 (ten dates), .67, .64
_HEADLINE_WORDS = 4
_HEADLINE_CHARS = 8  # in scripts without spaces
_LONGEST_LABEL = 25  # letters before a headline: a section, "3 hours ago"
_LINES_READ, _LINKS_READ = 200, 400  # that is enough to know
_LINES_TRIED = 8  # guess
_GAPS = re.compile(r"\W+")


class _Link(NamedTuple):
    """A link that may be a headline: its element and those around it, address, and words."""

    around: list[HtmlElement]
    address: str
    text: str


def listed_articles(parts: PageParts, text: str) -> int:
    """Return how many other articles a page lists, if it does nothing else; else 0.

    A teaser is all that stands around a linked headline and no other; nearly all of the text must
    be in teasers, and nothing may state that the page is an article.

    Parameters
    ----------
    parts
        The page.
    text
        What was found to be its text.
    """
    if parts.articles or parts.claims(["datePublished"], markup.PUBLISHED):
        return 0
    linked = list(islice(_headlines(parts.elements), _LINKS_READ))
    if len({link.address for link in linked}) < _LEAST_LISTED:
        return 0
    said = [line for line in islice(text.splitlines(), _LINES_READ) if line.strip()]
    around = ["".join(teaser.itertext()) for teaser in _teasers(linked)]
    if not _may_tell(around, said):
        return 0
    lines = [_letters(line) for line in said]
    addresses, told = set(), []
    for link, teaser in zip(linked, map(_letters, around), strict=True):
        title = _letters(link.text)
        is_first = 0 <= teaser.find(title) <= _LONGEST_LABEL
        if is_first and any(line in teaser or title in line for line in lines):
            addresses.add(link.address)
            told.append(teaser)
    teasers = "".join(told)
    share = sum(len(line) for line in lines if line in teasers) / max(1, sum(map(len, lines)))
    return len(addresses) if len(addresses) >= _LEAST_LISTED and share >= _LEAST_SHARE else 0


def _headlines(elements: markup.Elements) -> Iterator[_Link]:
    """Yield the links that are as long as a headline, the first of several to one address."""
    last = None
    for element in elements["a"]:
        address = (element.get("href") or "").partition("#")[0]
        if not address or address == last:
            continue
        # Most links of a page have one word or two and nothing inside.
        text = "".join(element.itertext()) if len(element) else element.text or ""
        if _is_headline(text):
            last = address
            yield _Link([element, *element.iterancestors()], address, text)


def _is_headline(text: str) -> bool:
    if len(text.split()) >= _HEADLINE_WORDS:
        return True
    return not text.isascii() and len(SPACELESS.findall(text)) >= _HEADLINE_CHARS


def _may_tell(teasers: Sequence[str], lines: Sequence[str]) -> bool:
    """Tell quickly what no teasers tell: half of the longest lines have a long word in them."""
    every = "".join(teasers)
    longest = sorted(lines, key=len)[-_LINES_TRIED:]
    return 2 * sum(max(line.split(), key=len) in every for line in longest) >= len(longest)


def _teasers(links: list[_Link]) -> Iterator[HtmlElement]:
    """Yield for each link the largest element that holds none of its neighbours."""
    around = [set(), *(set(link.around) for link in links), set()]
    for link, (before, after) in zip(links, zip(around, around[2:], strict=False), strict=True):
        own = [e for e in link.around if e not in before and e not in after]
        yield own[-1] if own else link.around[0]


def _letters(text: str) -> str:
    return _GAPS.sub("", text).casefold()
