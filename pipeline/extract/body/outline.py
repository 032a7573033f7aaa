"""A page as blocks of text in boxes: what the markup says about each, in one walk over the tree.

A *block* is a stretch of words that no block-level element interrupts: a paragraph, a heading, a
list item, a cell. A *box* is a block-level element. What a class or id hints at ("related",
"caption") is kept as bits, of the box alone and of all boxes around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from lxml.etree import iterwalk
from lxml.html import HtmlElement

__all__ = ["HINTS", "KINDS", "Block", "Box", "Outline", "read_outline"]

_SKIPPED = frozenset(
    {"script", "style", "noscript", "template", "svg", "iframe", "select", "option", "textarea",
     "input", "head", "object", "embed", "canvas", "audio", "video", "map", "math", "datalist",
     "footer"}
)  # fmt: skip
_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
     "font", "i", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small",
     "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "img", "picture",
     "nobr", "source", "track", "link", "meta"}
)  # fmt: skip
_EMPHASIS = frozenset({"b", "strong", "em", "i"})

# Kinds of boxes that tell body from surroundings, each a bit of `Box.kinds`.
KINDS = ("article", "main", "section", "aside", "nav", "header", "footer", "figure", "figcaption",
         "form", "ul", "ol", "table", "blockquote", "details", "dl", "address", "h1", "h2", "h3",
         "h4", "p", "li", "td", "pre")  # fmt: skip
_KIND_BITS = {kind: 1 << place for place, kind in enumerate(KINDS)}

# Parts of class names and ids, each a bit of `Box.hints`. Words that content systems and the sites
# of many languages share; what each is worth is learned (`benchmarks/train_body.py`).
_HINT_PATTERNS = {
    "body": r"article-?_?body|articlebody|story-?_?body|(?:post|entry|article|story|page|news|"
    r"single|main)[-_]*(?:content|body|text|copy|inner)|body-?_?(?:text|copy|content)|"
    r"rich-?text|wysiwyg|prose",
    "content": r"content|main|article|story|post|entry|text|paragraph",
    "related": r"relat|recommend|more|also|popular|trending|most|latest|recirc|outbrain|taboola|"
    r"next|prev|similar|suggest|read|explore",
    "card": r"teaser|promo|card|tile|item|grid|list|feed|carousel|slider|swiper|thumb",
    "share": r"shar(?:e|ing)|social|follow|addthis|twitter|facebook|whatsapp|tweet",
    "sign_up": r"newsletter|subscri|sign-?_?up|register|login|paywall|donat|member|premium|offer",
    "comment": r"comment|disqus|respond|reply|discussion|review",
    "meta": r"byline|author|date|time|meta|info|publish|credit|bio|writer",
    "caption": r"caption|figure|image|photo|gallery|media|video|slide|picture|img",
    "nav": r"nav|menu|crumb|masthead|topbar|toolbar|skip|tabs?\b|pagination|pager",
    "foot": r"footer|copyright|legal|cookie|consent|sitemap|privacy|disclaimer|foot\b|bottom",
    "head": r"header|hero|banner|top",
    "side": r"sidebar|aside|rail|widget|secondary|complementary|column|module",
    "ad": r"(?<![a-z])ads?(?![a-z])|advert|sponsor|promot|dfp|affiliate|commerc",
    "tags": r"tags?\b|topics?|categor|keyword|label|badge",
    "title": r"headline|title|heading",
    "summary": r"summary|standfirst|lead|lede|intro|excerpt|dek\b|abstract|subtitle|description|"
    r"perex|subhead|sapo|vorspann",
    "quote": r"quote|citation",
    "contents": r"toc\b|table-?_?of-?_?contents|contents-list|jump",
    "hidden": r"hidden|sr-only|visually|d-none|screen-?reader|collapsed|invisible",
    "layer": r"modal|popup|pop-up|overlay|dialog|tooltip|drawer|lightbox",
    "box": r"infobox|fact-?_?box|box\b|embed|inset|note|callout|notice|correction",
}
HINTS = tuple(_HINT_PATTERNS)
_HINT_SEARCHES = [re.compile(pattern).search for pattern in _HINT_PATTERNS.values()]
_HIDDEN = 1 << HINTS.index("hidden")
_NAMES = ("class", "id", "itemprop", "role", "data-testid", "data-component")
_KNOWN_NAMES = 20_000  # distinct attribute texts remembered; a site uses a few hundred (guess)


class Box(NamedTuple):
    """A block-level element.

    Parameters
    ----------
    parent
        Its place in `Outline.boxes`; of the outermost box, -1.
    tag, depth
        Name of the element; number of boxes around it.
    hints, hints_around
        Bits of `HINTS`: of its own names, and of these and all boxes around it.
    kinds
        Bits of `KINDS`: of the element and all boxes around it.
    signature
        Tag and class, equal for boxes that one template made.
    """

    parent: int
    tag: str
    depth: int
    hints: int
    hints_around: int
    kinds: int
    signature: str


class Block(NamedTuple):
    r"""Words of a page that belong together.

    Parameters
    ----------
    text
        On one line; forced line breaks are ``\n``.
    box
        Place of the innermost box in `Outline.boxes`.
    linked_chars, emphasised_chars
        Characters inside links, and in bold or italic type.
    links
        Number of links.
    """

    text: str
    box: int
    linked_chars: int
    emphasised_chars: int
    links: int


class Outline(NamedTuple):
    """All blocks of a page with text in them, in page order, and the boxes that they lie in."""

    blocks: list[Block]
    boxes: list[Box]


def read_outline(tree: HtmlElement) -> Outline:  # noqa: PLR0912
    """Take a page apart; linear in its elements, and the tree stays as it is."""
    body = tree.find("body")
    root = tree if body is None else body
    writer = _Writer(root)
    read, close_block = writer.read, writer.close_block
    walker, skipped = iterwalk(root, events=("start", "end")), None
    next(walker)
    read(root.text)
    # One loop without calls for what most elements are: it sees each of them twice.
    for event, element in walker:
        tag = element.tag
        if event == "start":
            if tag in _SKIPPED or (tag == "nav" and _only_links(element)):
                walker.skip_subtree()
                skipped = element
                continue
            if tag == "br":
                writer.break_line()
                continue
            if tag not in _INLINE:
                close_block()
                writer.open_box(element)
            elif tag == "a":
                writer.links += 1
                writer.links_open += 1
            elif tag in _EMPHASIS:
                writer.emphases += 1
            if element.text:
                read(element.text, as_written=tag == "pre")
            continue
        if element is skipped or tag == "br":
            pass
        elif tag not in _INLINE:
            close_block()
            writer.close_box()
        elif tag == "a":
            writer.links_open -= 1
        elif tag in _EMPHASIS:
            writer.emphases -= 1
        if element.tail and element is not root:
            read(element.tail)
    return Outline(writer.blocks, writer.boxes)


def _only_links(nav: HtmlElement) -> bool:
    """Tell menus from the .7 % of all gold text that some sites wrap into one."""
    return next(nav.iter("p", "article", "main"), None) is None


class _Writer:
    """The blocks and boxes so far, the open box, and the words since the last block."""

    __slots__ = ("blocks", "box", "boxes", "emphases", "emphasised",
                 "linked", "links", "links_open", "words")  # fmt: skip

    def __init__(self, root: HtmlElement) -> None:
        # What body is called is about the whole page, so it hints at nothing.
        self.boxes = [Box(-1, root.tag, 0, 0, 0, 0, root.tag)]
        self.box = 0
        self.blocks: list[Block] = []
        self.words: list[str] = []
        self.linked = self.emphasised = self.links = 0
        self.links_open = self.emphases = 0

    def read(self, text: str | None, *, as_written: bool = False) -> None:
        if not text:
            return
        self.words.append(text if as_written else text.replace("\n", " "))
        if self.links_open:
            self.linked += len(text)
        if self.emphases:
            self.emphasised += len(text)

    def close_block(self) -> None:
        if not self.words:
            return
        text = "".join(self.words)
        if "\n" in text:
            text = "\n".join(line for part in text.split("\n") if (line := " ".join(part.split())))
        else:
            text = " ".join(text.split())
        if text:
            size = len(text)
            self.blocks.append(
                Block(
                    text, self.box, min(self.linked, size), min(self.emphasised, size), self.links
                )
            )
        self.words = []
        self.linked = self.emphasised = self.links = 0

    def break_line(self) -> None:
        """Two line breaks in a row are how some systems write paragraphs."""
        said = self.words[:-1] if self.words and self.words[-1].strip(" ") == "" else self.words
        if said and said[-1] == "\n":
            self.close_block()
        else:
            self.words.append("\n")

    def open_box(self, element: HtmlElement) -> None:
        tag, attributes = element.tag, element.attrib
        around = self.boxes[self.box]
        hints, signature = 0, tag
        if attributes:
            hints = _hints_of(attributes)
            signature = f"{tag}.{attributes.get('class', '')}"
        self.boxes.append(
            Box(
                self.box,
                tag,
                around.depth + 1,
                hints,
                around.hints_around | hints,
                around.kinds | _KIND_BITS.get(tag, 0),
                signature,
            )
        )
        self.box = len(self.boxes) - 1

    def close_box(self) -> None:
        self.box = self.boxes[self.box].parent


def _hints_of(attributes: Mapping[str, str]) -> int:
    given = dict(attributes)
    names = " ".join([given[name] for name in _NAMES if name in given])
    hints = _named_hints(names.lower()) if names else 0
    style = given.get("style", "")
    unseen = ("display" in style and "none" in style) or "hidden" in given
    if unseen or given.get("aria-hidden") == "true":
        hints |= _HIDDEN
    return hints


@lru_cache(maxsize=_KNOWN_NAMES)
def _named_hints(names: str) -> int:
    return sum(1 << place for place, search in enumerate(_HINT_SEARCHES) if search(names))
