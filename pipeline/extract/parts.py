"""A page taken apart once: its meta elements, JSON-LD, headings and language tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from pipeline.extract import json_ld, markup
from pipeline.extract.markup import Claim

__all__ = ["PageParts", "take_apart"]


@dataclass(frozen=True, slots=True)
class PageParts:
    """A page taken apart once."""

    tree: HtmlElement
    elements: markup.Elements
    marked: markup.MarkedLines
    meta: dict[str, list[str]]
    linked: list[json_ld.Found]
    articles: list[json_ld.Node]
    canonical: list[str]
    headings: list[str]
    titles: list[str]
    tags: list[str]  # language tags, surest first

    def stated(self, *keys: str) -> list[str]:
        """Return what the JSON-LD of the article says under these keys."""
        return [
            text for node in self.articles for key in keys for text in json_ld.texts(node.get(key))
        ]

    def claims(self, keys: Sequence[str], names: Iterable[str]) -> list[Claim]:
        """Return what JSON-LD says under these keys, then what meta elements of these names say."""
        linked = [Claim("json-ld", text) for text in self.stated(*keys)]
        return linked + markup.meta_claims(self.meta, names)


def take_apart(tree: HtmlElement, uri: str) -> PageParts:
    """Read a page; its canonical address, else `uri`, tells its JSON-LD from that of others."""
    elements = markup.by_name(tree)
    contents = markup.meta(elements)
    linked = json_ld.read_nodes(markup.json_ld_blocks(elements))
    canonical, headings = markup.links(elements), markup.headings(elements)
    titles = markup.page_titles(tree)
    called = [*headings, *contents.get("og:title", []), *titles]
    articles = json_ld.article_nodes(linked, next(iter(canonical), uri), called)
    languages = markup.meta_claims(contents, markup.LANGUAGES)
    stated = [tag for node in articles for tag in json_ld.texts(node.get("inLanguage"))]
    tags = [*markup.page_languages(tree, elements), *stated, *(claim.text for claim in languages)]
    return PageParts(
        tree=tree,
        elements=elements,
        marked=markup.MarkedLines(tree),
        meta=contents,
        linked=linked,
        articles=articles,
        canonical=canonical,
        headings=headings,
        titles=titles,
        tags=tags,
    )
