"""JSON-LD as pages really carry it: several blocks, graphs, entities, comments, broken commas."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

__all__ = ["Found", "Node", "addresses", "article_nodes", "is_person", "names", "read_nodes",
           "texts", "truth"]  # fmt: skip

Node: TypeAlias = Mapping[str, object]

_LARGEST_REPAIR_CHARS = 500_000
_MOST_NODES = 5_000  # pages of structured comments; the article stands near the start
_DEEPEST = 20  # schema.org nests a publisher's logo four deep; the rest is no article
_WRAPPING = re.compile(r"^\s*(?://|/\*)?\s*(?:<!\[CDATA\[|<!--)\s*(?:\*/)?")
_WRAPPING_END = re.compile(r"(?://|/\*)?\s*(?:\]\]>|-->)\s*(?:\*/)?\s*$")
# A string is matched first, so that nothing inside of one counts as a comment or stray comma.
_NOISE = re.compile(
    r'("(?:[^"\\]|\\.)*(?:"|\Z))|/\*.{0,500}?\*/|//[^\n]{0,500}|,(?=\s{0,99}[}\]])', re.DOTALL
)
_BAD_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')
_ARTICLE = re.compile(r"(?:Article|BlogPosting|Posting|Report|Review)$")
_PAGE = re.compile(r"(?:Page|VideoObject|Recipe|Event)$")
_LISTING_KEYS = frozenset(
    {"itemListElement", "hasPart", "relatedLink", "liveBlogUpdate", "citation", "mentions",
     "comment", "isPartOf", "isBasedOn", "itemReviewed", "about", "video", "image"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """A node, and whether it stands inside a list of other things or is a part of the article."""

    node: Node
    listed: bool


def read_nodes(blocks: Iterable[str]) -> list[Found]:
    """Read every node of a page's JSON-LD blocks in document order, outer nodes first.

    A block that cannot be read even after repair is left out.
    """
    found: list[Found] = []
    for block in blocks:
        for value in _values(block):
            found.extend(_walk(value, listed=False, depth=0))
            if len(found) > _MOST_NODES:
                return found[:_MOST_NODES]
    return found


def article_nodes(found: list[Found], url: str | None, titles: Iterable[str]) -> list[Node]:
    """Choose the nodes that speak about the article of this page, the surest first.

    Parameters
    ----------
    found
        From `read_nodes`.
    url
        The page's address; only its path counts, for mirrors carry each other's markup.
    titles
        What the page calls itself elsewhere.

    Returns
    -------
    list
        Empty where nodes are there but all of them speak about other pages, as on a front page.
    """
    wanted = {_plain(title) for title in titles}
    path = _path(url or "")
    ranked = []
    for entry in found:
        kind = _kind(entry.node)
        if kind is None or entry.listed:
            continue
        paths = {_path(address) for address in _pages(entry.node)} - {""}
        elsewhere = bool(path and paths) and path not in paths
        titled = any(_plain(text) in wanted for text in texts(entry.node.get("headline")))
        ranked.append((kind, elsewhere and not titled, not titled, entry.node))
    articles = [rank for rank in ranked if rank[0] == 0]
    if len(articles) > 1:
        ranked = [rank for rank in ranked if not rank[1]]
    return [rank[3] for rank in sorted(ranked, key=lambda rank: rank[:3])]


def texts(value: object) -> list[str]:
    """Flatten a value to its strings that are not empty, entities decoded, on one line each."""
    if isinstance(value, str):
        # Twice: a template escapes what the database had escaped already.
        line = " ".join(html.unescape(html.unescape(value)).split())
        return [line] if line else []
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [str(value)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    if isinstance(value, Mapping):
        return texts(value.get("@value"))
    return []


def names(value: object, found: list[Found]) -> list[str]:
    """Return the names of persons or organisations, following references by ``@id``.

    Examples
    --------
    >>> names([{"givenName": "Ada", "familyName": "Roe"}, "Bo Lund"], [])
    ['Ada Roe', 'Bo Lund']
    """
    if isinstance(value, list):
        return [name for part in value for name in names(part, found)]
    if not isinstance(value, Mapping):
        return texts(value)
    for node in (value, *_same_id(value, found)):
        parts = texts(node.get("givenName")) + texts(node.get("familyName"))
        own = texts(node.get("name")) or ([" ".join(parts)] if parts else [])
        if own:
            return own
    return []


def addresses(value: object, found: list[Found]) -> list[str]:
    """Return the addresses of images or pages, following references by ``@id``."""
    if isinstance(value, list):
        return [address for part in value for address in addresses(part, found)]
    if not isinstance(value, Mapping):
        return texts(value)
    for node in (value, *_same_id(value, found)):
        own = texts(node.get("url")) or texts(node.get("contentUrl"))
        if own:
            return own
    return []


def is_person(value: object, found: list[Found]) -> bool:
    """Tell whether this is a person, following references by ``@id``."""
    if not isinstance(value, Mapping):
        return False
    return any("Person" in texts(node.get("@type")) for node in (value, *_same_id(value, found)))


def truth(value: object) -> bool | None:
    """Return a truth value however it is written: ``false``, ``"False"``, ``schema.org/False``."""
    if isinstance(value, bool):
        return value
    words = [text.rpartition("/")[2].casefold() for text in texts(value)]
    known = [word == "true" for word in words if word in {"true", "false"}]
    return known[0] if known else None


def _same_id(value: Node, found: list[Found]) -> list[Node]:
    wanted = value.get("@id")
    return [entry.node for entry in found if entry.node.get("@id") == wanted] if wanted else []


def _values(block: str) -> Iterator[object]:
    text = _WRAPPING.sub("", block).strip()
    if text.endswith((">", "*/")):  # to search for an end looks at all of it
        text = _WRAPPING_END.sub("", text).strip()
    text = text.rstrip(";")
    for attempt in (_as_is, _repaired):
        try:
            yield from attempt(text)
        except (ValueError, RecursionError):
            continue
        return


def _as_is(text: str) -> list[object]:
    return [json.loads(text, strict=False)]


def _repaired(text: str) -> list[object]:
    """Read after taking out comments and stray commas; also several objects one after another."""
    if len(text) > _LARGEST_REPAIR_CHARS:
        raise ValueError("too large to repair")
    if '"' not in text:
        text = html.unescape(text)
    text = _NOISE.sub(lambda match: match[1] or " ", text)
    text = _BAD_ESCAPE.sub(r"\\\\", text)
    decoder = json.JSONDecoder(strict=False)
    values, position = [], 0
    while position < len(text):
        value, position = decoder.raw_decode(text, position)
        values.append(value)
        while position < len(text) and text[position] in " \t\r\n,;":
            position += 1
    return values


def _walk(value: object, *, listed: bool, depth: int) -> Iterator[Found]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for part in value:
            yield from _walk(part, listed=listed, depth=depth + 1)
    elif isinstance(value, dict):
        if "@type" in value or "@id" in value:
            yield Found(value, listed)
        for key, part in value.items():
            if isinstance(part, (dict, list)):
                inside = listed or key in _LISTING_KEYS
                yield from _walk(part, listed=inside, depth=depth + 1)


def _kind(node: Node) -> int | None:
    """Return 0 for an article, 1 for a page, None for anything else."""
    kinds = texts(node.get("@type"))
    if any(_ARTICLE.search(kind) for kind in kinds):
        return 0
    return 1 if any(_PAGE.search(kind) for kind in kinds) else None


def _pages(node: Node) -> list[str]:
    page = node.get("mainEntityOfPage")
    inner = [page.get("@id"), page.get("url")] if isinstance(page, Mapping) else [page]
    return [text for value in (node.get("url"), *inner) for text in texts(value)]


def _path(url: str) -> str:
    try:
        return unquote(urlsplit(url).path).rstrip("/").casefold()
    except ValueError:
        return ""


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.casefold()))
