"""A page as blocks of text in boxes: what the markup says about each, in one walk over the tree.

A *block* is a stretch of words that no block-level element interrupts: a paragraph, a heading, a
list item, a cell. A *box* is a block-level element. What a class or id hints at ("related",
"caption") is kept as bits, of the box alone and of all boxes around it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from lxml.etree import iterwalk
from lxml.html import HtmlElement

__all__ = ["HINTS", "KINDS", "Boxes", "Outline", "read_outline"]

_SKIPPED = (
    "script", "style", "noscript", "template", "svg", "iframe", "select", "option", "textarea",
    "input", "head", "object", "embed", "canvas", "audio", "video", "map", "math", "datalist",
    "footer",
)  # fmt: skip
_PLAIN = (
    "abbr", "acronym", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "font", "ins",
    "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "sub",
    "sup", "time", "tt", "u", "var", "wbr", "img", "picture", "nobr", "source", "track", "link",
    "meta",
)  # fmt: skip
# What an element is to the text; whatever is not listed is a box.
_BOX, _INLINE, _LINK, _EMPHASIS, _BREAK, _NAV, _HIDDEN_FROM_TEXT = range(7)
_ROLES = (
    dict.fromkeys(_SKIPPED, _HIDDEN_FROM_TEXT)
    | dict.fromkeys(_PLAIN, _INLINE)
    | dict.fromkeys(("b", "strong", "em", "i"), _EMPHASIS)
    | {"a": _LINK, "br": _BREAK, "nav": _NAV}
)

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
_NAMES = frozenset({"class", "id", "itemprop", "role", "data-testid", "data-component"})
_HIDING = frozenset({"style", "hidden", "aria-hidden"})
_KNOWN_NAMES = 20_000  # distinct attribute texts remembered; a site uses a few hundred (guess)
_LINE_BREAK = "\0"  # no tree holds one


_Box: TypeAlias = tuple[int, str, int, int, int, int, int]  # what `Boxes` says about one


class Boxes(NamedTuple):
    """All block-level elements of a page, in its order; one entry of each list is about one.

    Parameters
    ----------
    parent
        Its place in these lists; of the outermost box, 0: itself.
    tag, depth
        Name of the element; number of boxes around it.
    hints, hints_around
        Bits of `HINTS`: of its own names, and of these and all boxes around it.
    kinds
        Bits of `KINDS`: of the element and all boxes around it.
    template
        The same number for the same tag and class, as boxes have that one template made.
    """

    parent: list[int]
    tag: list[str]
    depth: list[int]
    hints: list[int]
    hints_around: list[int]
    kinds: list[int]
    template: list[int]


class Outline(NamedTuple):
    r"""All blocks of a page with text in them, in page order, and the boxes that they lie in.

    Parameters
    ----------
    texts
        Words that belong together, on one line; forced line breaks are ``\n``.
    box
        Place of each block's innermost box in `boxes`.
    linked_chars, emphasised_chars
        Characters of each block inside links, and in bold or italic type.
    links
        Number of links of each block.
    boxes
        Where they lie.
    """

    texts: list[str]
    box: list[int]
    linked_chars: list[int]
    emphasised_chars: list[int]
    links: list[int]
    boxes: Boxes


def read_outline(tree: HtmlElement) -> Outline:  # noqa: PLR0912, PLR0915
    """Take a page apart; linear in its elements, and the tree stays as it is."""
    body = tree.find("body")
    root = tree if body is None else body
    # What body is called is about the whole page, so it hints at nothing.
    boxes: list[_Box] = [(0, root.tag, 0, 0, 0, 0, 0)]
    blocks: list[tuple[str, int, int, int, int]] = []
    templates: dict[tuple[str, str | None], int] = {(root.tag, None): 0}
    words = [root.text] if root.text else []
    box = links = linked = emphasised = links_open = emphases = 0
    is_blank = False  # white space, without words so far: what stands between most boxes

    def close_block() -> None:
        nonlocal links, linked, emphasised, is_blank
        if text := _on_one_line("".join(words)):
            size = len(text)
            blocks.append((text, box, min(linked, size), min(emphasised, size), links))
        words.clear()
        links = linked = emphasised = 0
        is_blank = False

    walker, skipped = iterwalk(root, events=("start", "end")), None
    next(walker)
    # One loop, nearly without calls, for what most elements are: it sees each of them twice.
    for event, element in walker:
        tag = element.tag
        role = _ROLES.get(tag, _BOX)
        if event == "start":
            if role >= _NAV and (role == _HIDDEN_FROM_TEXT or _only_links(element)):
                walker.skip_subtree()
                skipped = element
                continue
            if role == _BREAK:
                # Two in a row are how some systems write paragraphs.
                if _ends_with_break(words):
                    close_block()
                else:
                    words.append(_LINE_BREAK)
                continue
            if role == _LINK:
                links += 1
                links_open += 1
            elif role == _EMPHASIS:
                emphases += 1
            elif role != _INLINE:
                if words:
                    close_block()
                elif is_blank:
                    links = linked = emphasised = 0
                    is_blank = False
                boxes.append(_opened(element, box, boxes[box], templates))
                box = len(boxes) - 1
            text = element.text
            if text and tag == "pre":
                text = text.replace("\n", _LINE_BREAK)
        else:
            if element is skipped or role in _ENDS_NOTHING:
                pass
            elif role == _LINK:
                links_open -= 1
            elif role == _EMPHASIS:
                emphases -= 1
            else:
                if words:
                    close_block()
                elif is_blank:
                    links = linked = emphasised = 0
                    is_blank = False
                box = boxes[box][0]
            text = element.tail if element is not root else None
        if text:
            if words or not text.isspace():
                words.append(text)
            else:
                is_blank = True
            if links_open:
                linked += len(text)
            if emphases:
                emphasised += len(text)
    columns = Boxes(*map(list, zip(*boxes, strict=True)))
    if not blocks:
        return Outline([], [], [], [], [], columns)
    texts, within, linked_chars, emphasised_chars, link_counts = map(
        list, zip(*blocks, strict=True)
    )
    return Outline(texts, within, linked_chars, emphasised_chars, link_counts, columns)


_ENDS_NOTHING = (_INLINE, _BREAK)


def _on_one_line(text: str) -> str:
    if _LINE_BREAK not in text:
        return " ".join(text.split())
    lines = (" ".join(part.split()) for part in text.split(_LINE_BREAK))
    return "\n".join(line for line in lines if line)


def _ends_with_break(words: list[str]) -> bool:
    said = words[:-1] if words and not words[-1].strip(" \n") else words
    return bool(said) and said[-1] == _LINE_BREAK


def _only_links(nav: HtmlElement) -> bool:
    """Tell menus from the .7 % of all gold text that some sites wrap into one."""
    return next(nav.iter("p", "article", "main"), None) is None


def _opened(
    element: HtmlElement,
    box: int,
    around: _Box,
    templates: dict[tuple[str, str | None], int],
) -> _Box:
    """Return the box that an element opens inside of another."""
    tag, hints, classes = element.tag, 0, None
    attributes = element.items()
    if attributes:
        classes = ""
        for name, value in attributes:
            if name == "class":
                classes = value
            if name in _NAMES:
                hints |= _named_hints(value)
            elif name in _HIDING and _hides(name, value):
                hints |= _HIDDEN
    _, _, depth, _, hints_around, kinds, _ = around
    template = templates.setdefault((tag, classes), len(templates))
    kinds |= _KIND_BITS.get(tag, 0)
    return box, tag, depth + 1, hints, hints_around | hints, kinds, template


def _hides(name: str, value: str) -> bool:
    if name == "style":
        return "display" in value and "none" in value
    return name == "hidden" or (name == "aria-hidden" and value == "true")


@lru_cache(maxsize=_KNOWN_NAMES)
def _named_hints(names: str) -> int:
    names = names.lower()
    return sum(1 << place for place, search in enumerate(_HINT_SEARCHES) if search(names))
