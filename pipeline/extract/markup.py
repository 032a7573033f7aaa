"""What a page's markup claims about its article, apart from JSON-LD: each claim with its origin."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import NamedTuple, TypeAlias

from lxml.etree import XPath
from lxml.html import HtmlElement

__all__ = [
    "AUTHORS",
    "CONTENT_TIERS",
    "HEADLINES",
    "IMAGES",
    "LANGUAGES",
    "MODIFIED",
    "PUBLISHED",
    "SECTIONS",
    "SITE_NAMES",
    "SOURCES",
    "TITLES",
    "Claim",
    "Elements",
    "MarkedLines",
    "author_links",
    "by_name",
    "bylines",
    "card_authors",
    "category_links",
    "date_lines",
    "editors",
    "headings",
    "json_ld_blocks",
    "lines_around_heading",
    "links",
    "meta",
    "meta_claims",
    "page_languages",
    "page_titles",
    "rows_around_heading",
    "shown_headings",
    "visible_text",
]

# Names of meta elements, surest first. Open Graph, Dublin Core, Parse.ly, Sailthru, schema.org
# microdata, Cxense, and what content systems made up.
PUBLISHED = (
    "article:published_time", "article:published", "og:article:published_time",
    "article:published:time", "datepublished", "parsely-pub-date", "sailthru.date",
    "dc.date.issued", "dcterms.issued", "dcterms.date", "dc.date", "dc.date.created",
    "dcterms.created", "date.available", "date.created", "pubdate", "publishdate", "publish-date",
    "publish_date", "published_at", "publication_date", "publishtime", "publicationdate",
    "originalpublicationdate", "article.published", "article:publishdate", "date",
    "last-published", "cxenseparse:recs:publishtime", "og:pubdate", "og:published_time", "ptime",
    "article_date_original", "creation_date", "datecreated", "created",
)  # fmt: skip
MODIFIED = (
    "article:modified_time", "article:modified", "og:updated_time", "datemodified",
    "article:modified:time", "dcterms.modified", "dc.date.modified", "date.modified",
    "last-modified", "lastmod", "article.updated", "revised",
)  # fmt: skip
AUTHORS = (
    "author", "article:author", "parsely-author", "sailthru.author", "dc.creator",
    "dcterms.creator", "byl", "cxenseparse:author", "article:author_name", "article.author",
    "citation_author", "creator", "og:article:author",
)  # fmt: skip
HEADLINES = ("headline",)
TITLES = ("og:title", "twitter:title", "dc.title", "sailthru.title", "parsely-title",
          "title")  # fmt: skip
SITE_NAMES = ("og:site_name", "site_name", "application-name", "apple-mobile-web-app-title",
              "publisher", "dc.publisher")  # fmt: skip
SECTIONS = ("article:section", "og:article:section", "section", "parsely-section", "articlesection",
            "cxenseparse:section", "sailthru.section", "content_category", "category")  # fmt: skip
IMAGES = ("og:image", "og:image:url", "twitter:image", "twitter:image:src", "image")
CONTENT_TIERS = ("article:content_tier", "content_tier", "article:content-tier")
SOURCES = ("syndication-source", "original-source", "article:source", "news_source", "dc.source",
           "source", "copyright", "author", "byl")  # fmt: skip
LANGUAGES = ("og:locale", "language", "content-language", "dc.language", "inlanguage")

_BESIDE_TAGS = ("aside", "nav", "footer", "form")
_BESIDE = " or ".join(f"ancestor::{tag}" for tag in _BESIDE_TAGS)
_LOWER_HEADINGS = XPath(f"(//h2|//h3|//h4)[not({_BESIDE})]")
_MOST_BELOW, _MOST_ABOVE = 30, 12  # elements next to the headline
_PAGE_TITLE = XPath("/html/head/title|/html/title")
_LANGUAGE = XPath("/html/@lang|/html/@xml:lang")
_NAMED = ("script", "meta", "link", "h1", "h2", "a", "body", "article")


_LONGEST_LINE_CHARS = 160  # of a dateline or byline; longer ones are text
_LONGEST_LONE_DATE = 60  # characters: "Wednesday, 18 September 2025, 18:40 Uhr" with a label
_MOST_PARTS_OF_A_ROW = 8  # guess: "By", name, role, place, date
_MOST_LINES = 8  # looked at: what stands further down belongs to other articles


_DATE_MARK = re.compile(
    r"date|publish|posted|timestamp|byline|entry-?meta|post-?meta|datum", re.IGNORECASE
)
_BYLINE_MARK = re.compile(r"byline|author|article-by|writer", re.IGNORECASE)
_MARKS = (_DATE_MARK, _BYLINE_MARK)
_BOTH = 3  # bits
_OTHER_MARK = re.compile(r"comment|bio|avatar|image|photo|social|follow|related", re.IGNORECASE)
_MARKING = frozenset({"class", "id", "itemprop", "rel"})
_LINE_TAGS = ("time", "span", "p", "div", "li", "b", "em", "small", "abbr", "address", "a", "cite",
              "h2", "h3", "h4", "h5", "h6", "ul", "dd", "strong")  # fmt: skip
_AUTHOR_PAGE = re.compile(
    r"/(?:authors?|autor(?:en|es|in|innen)?|auteurs?|autore|autori|writers?|reporters?|journalists?|"
    r"redakteure?|staff|contributors?|profile)/(?:[\w-]+/)?[^/?#]*[a-z][^/?#]*",
    re.IGNORECASE,
)
_AUTHOR_LABEL = re.compile(
    r"\s*(?:autor(?:in)?(?:[/*:]\s?(?:in|autor))?|author|written\s+by|reporter|auteur|autore|penulis|"
    r"yazar|автор|記者|记者|作者)\s*:?\s*",
    re.IGNORECASE,
)
_EDITOR_LABEL = re.compile(r"\s*(?:(?:editor|penyunting)\s*:|edited\s+by\b)\s*", re.IGNORECASE)
_LABEL_TAGS = ("p", "div", "span", "b", "strong", "li", "em", "td")
_CARD = re.compile(r"twitter:misc:(?:written by|verfasst von|écrit par|escrito por)")
_CARD_LABEL = re.compile(
    r"(?:written by|verfasst von|geschrieben von|écrit par|escrito por|scritto da|geschreven door)",
    re.IGNORECASE,
)
_ASIDE_TAGS = ("aside", "nav", "footer", "form", "blockquote")  # quoted: embedded posts
_KNOWN_VALUES = 20_000  # distinct class names and ids remembered (guess)


class Claim(NamedTuple):
    """Something stated, and where."""

    origin: str
    text: str


Elements: TypeAlias = Mapping[str, Sequence[HtmlElement]]


class MarkedLines:
    """The first elements that are marked as a date or as a byline, and are not beside the article.

    They are looked for when they are asked for: on half of all pages what is stated is enough.

    Parameters
    ----------
    tree
        The page.
    """

    def __init__(self, tree: HtmlElement) -> None:
        self._tree = tree

    @property
    def dates(self) -> Sequence[HtmlElement]:
        """Return the elements marked as dates, in page order."""
        return self._found[0]

    @property
    def bylines(self) -> Sequence[HtmlElement]:
        """Return the elements marked as bylines, in page order; all time elements are."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[list[HtmlElement], list[HtmlElement]]:
        return _lines_marked(self._tree)


def by_name(tree: HtmlElement) -> Elements:
    """Return the elements that a page is asked for by name, in page order.

    One walk finds them all: each of its own takes a fiftieth of the time of a whole page.
    """
    found: dict[str, list[HtmlElement]] = {name: [] for name in _NAMED}
    for element in tree.iter(*_NAMED):
        found[element.tag].append(element)
    return found


def json_ld_blocks(elements: Elements) -> list[str]:
    """Return the texts of all JSON-LD script elements."""
    scripts = elements["script"]
    return [s.text_content() for s in scripts if "ld+json" in s.get("type", "").lower()]


def meta(elements: Elements) -> dict[str, list[str]]:
    """Return the contents of all meta elements by lower-case property, name or itemprop."""
    contents: dict[str, list[str]] = {}
    for element in elements["meta"]:
        content = " ".join((element.get("content") or "").split())
        if not content:
            continue
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            key = (element.get(attribute) or "").strip().lower()
            if key:
                contents.setdefault(key, []).append(content)
    return contents


def meta_claims(contents: Mapping[str, list[str]], keys: Iterable[str]) -> list[Claim]:
    """Return what meta elements of these names say, in the order of `keys`."""
    return [Claim("meta", content) for key in keys for content in contents.get(key, ())]


def headings(elements: Elements) -> list[str]:
    """Return the texts of all top headings that are not beside the article."""
    tops = _not_beside(elements["h1"])
    return [text for element in tops if (text := visible_text(element))]


def _not_beside(elements: Iterable[HtmlElement]) -> list[HtmlElement]:
    return [e for e in elements if next(e.iterancestors(*_BESIDE_TAGS), None) is None]


def shown_headings(elements: Elements, top: list[str]) -> list[str]:
    """Return the `top` headings and those of the second level: some sites have no others."""
    return [*top, *(text for element in elements["h2"] if (text := visible_text(element)))]


def page_titles(tree: HtmlElement) -> list[str]:
    """Return the texts of the title element; titles inside of pictures do not count."""
    return [text for element in _PAGE_TITLE(tree) if (text := visible_text(element))]


def page_languages(tree: HtmlElement, elements: Elements) -> list[str]:
    """Return the language tags of the elements around the article."""
    around = chain(elements["body"], elements["article"])
    inner = (tag for element in around if (tag := element.get("lang")) is not None)
    return [*map(str, _LANGUAGE(tree)), *inner]


def links(elements: Elements) -> list[str]:
    """Return the addresses that the page calls canonical."""
    canonical = (e for e in elements["link"] if e.get("rel", "").lower() == "canonical")
    return [address.strip() for link in canonical if (address := link.get("href")) is not None]


def date_lines(lines: MarkedLines) -> list[Claim]:
    """Return what may state the date in the visible page: time elements first, in page order.

    An element's ``datetime`` comes before the words it shows.
    """
    marked, shown = [], []
    for element in lines.dates:
        stated = element.get("datetime") or element.get("content")
        if stated:
            marked.append(Claim("time", stated))
        text = visible_text(element)
        if text and len(text) <= 2 * _LONGEST_LINE_CHARS:  # "posted on ... under ... by ..."
            shown.append(Claim("text", text[:_LONGEST_LINE_CHARS]))
    return [*marked[:_MOST_LINES], *shown[:_MOST_LINES]]


def lines_around_heading(tree: HtmlElement) -> list[Claim]:
    """Return the short lines next to the headline, those below it first.

    Of several top headings the longest is the headline; the others name the site or a section.
    """
    texts = (" ".join((element.text or "").split()) for element in _around_heading(tree))
    return [Claim("text", text) for text in texts if text and len(text) <= _LONGEST_LONE_DATE]


def rows_around_heading(tree: HtmlElement) -> list[str]:
    """Return the words of short elements next to the headline, with all that is inside of them."""
    texts = (visible_text(e) for e in _around_heading(tree) if len(e) <= _MOST_PARTS_OF_A_ROW)
    return [text for text in texts if text and len(text) <= _LONGEST_LINE_CHARS]


def _around_heading(tree: HtmlElement) -> list[HtmlElement]:
    tops = _not_beside(tree.iter("h1")) or _LOWER_HEADINGS(tree)
    heading = max(tops, key=lambda element: len(visible_text(element)), default=None)
    if heading is None:
        return []
    around = [*islice(_below(heading), _MOST_BELOW), *islice(_above(heading), _MOST_ABOVE)]
    return [element for element in around if element.tag in _LINE_TAGS]


def _below(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield what follows an element and is not around it; for XPath that is all of the page."""
    for outer in (element, *element.iterancestors()):
        for sibling in outer.itersiblings():
            yield from sibling.iter()


def _above(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield what comes before an element and is not around it, the nearest first."""
    for outer in (element, *element.iterancestors()):
        for sibling in outer.itersiblings(preceding=True):
            yield from reversed(deque(sibling.iter(), maxlen=_MOST_ABOVE))


def bylines(lines: MarkedLines) -> list[str]:
    """Return the words of short elements that are marked as bylines, in page order."""
    found = []
    for element in lines.bylines:
        text = visible_text(element)
        if text and len(text) <= _LONGEST_LINE_CHARS and not _OTHER_MARK.search(_marks(element)):
            found.append(text)
    return found[:_MOST_LINES]


def category_links(elements: Elements) -> list[Claim]:
    """Return the words of links to the categories of the article (``rel="category tag"``)."""
    linked = (a for a in elements["a"] if "category" in (a.get("rel") or "").split())
    return [Claim("link", text) for a in linked if (text := visible_text(a))]


def author_links(tree: HtmlElement, elements: Elements) -> list[str]:
    """Return the words of links to pages about authors, and of lines with a label for them."""
    linked = (a for a in elements["a"] if _AUTHOR_PAGE.search(a.get("href") or ""))
    found = [visible_text(e) for e in islice(chain(_labelled(tree), linked), _MOST_LINES)]
    return [text for text in found if text and len(text) <= _LONGEST_LINE_CHARS]


def _labelled(tree: HtmlElement) -> Iterator[HtmlElement]:
    """Yield the elements around a label such as ``Author`` that also hold what it labels."""
    for element in tree.iter("strong", "b", "span", "dt", "em"):
        if _AUTHOR_LABEL.fullmatch(element.text or "") and element.getparent() is not None:
            yield element.getparent()


def editors(tree: HtmlElement) -> list[str]:
    """Return who is named behind a label such as ``Editor:`` in short lines."""
    labelled = (e for e in tree.iter(*_LABEL_TAGS) if _EDITOR_LABEL.match(e.text or ""))
    texts = (visible_text(element) for element in islice(labelled, _MOST_LINES))
    lines = (text for text in texts if len(text) <= _LONGEST_LINE_CHARS)
    return [_EDITOR_LABEL.sub("", line) for line in lines]


def card_authors(contents: Mapping[str, list[str]]) -> list[str]:
    """Return the authors that cards for messages name, such as label ``Written by``."""
    named = [text for key, texts in contents.items() if _CARD.fullmatch(key) for text in texts]
    for number in ("1", "2"):
        labels = contents.get(f"twitter:label{number}", [])
        if any(_CARD_LABEL.fullmatch(label) for label in labels):
            named += contents.get(f"twitter:data{number}", [])
    return named


def visible_text(element: HtmlElement) -> str:
    """Return the words of an element on one line, with a space wherever an element ends."""
    if not len(element):  # most of them; a walk takes three times as long
        return " ".join((element.text or "").split())
    return " ".join(" ".join(element.itertext()).split())


def _lines_marked(tree: HtmlElement) -> tuple[list[HtmlElement], list[HtmlElement]]:
    """Return the first elements whose class, id, itemprop or rel is that of dates, and of bylines.

    Time elements are both; those beside the article are neither.
    """
    found: tuple[list[HtmlElement], list[HtmlElement]] = ([], [])
    for element in tree.iter(*_LINE_TAGS):
        # Written out, because it runs for hundreds of elements of a page.
        kinds = _BOTH if element.tag == "time" else 0
        for name, value in element.items():
            if name in _MARKING:
                kinds |= _kinds_marked(value)
        if kinds and next(element.iterancestors(*_ASIDE_TAGS), None) is None:
            for kind, lines in enumerate(found):
                if kinds >> kind & 1 and len(lines) < 4 * _MOST_LINES:
                    lines.append(element)
            if all(len(lines) == 4 * _MOST_LINES for lines in found):
                break
    return found


@lru_cache(maxsize=_KNOWN_VALUES)
def _kinds_marked(value: str) -> int:
    """Return a bit for each kind of line that an attribute marks: dates first, then bylines."""
    return sum(1 << bit for bit, mark in enumerate(_MARKS) if mark.search(value))


def _marks(element: HtmlElement) -> str:
    return " ".join(value for name, value in element.items() if name in _MARKING)
