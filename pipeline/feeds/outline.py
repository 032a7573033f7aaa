"""What the fast reader of feeds drops: origins, dates as written, all authors, and the frame."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

__all__ = ["ItemFacts", "Outline", "local_name", "read_outline", "walk"]

_ITEMS = frozenset({"item", "entry"})
_FRAMES = frozenset({"channel", "feed", "rdf", "rss"})
_READ_WELL = frozenset({"rss", "feed"})  # of RDF fastfeedparser drops the content
_PUBLISHED = ("pubdate", "published", "issued", "created", "date")
_MODIFIED = ("updated", "modified", "lastbuilddate")
NEXT_RELATIONS = frozenset({"next", "prev-archive"})  # RFC 5005: paged and archived feeds
_NAME_AND_MAIL = re.compile(r"\S+@\S+\s*\(([^()]+)\)|([^()<>@]+)[(<]\S+@\S+[)>]")
_LONGEST_NAME_CHARS = 200  # the pattern above is quadratic
_TEXTS = frozenset({"title", "summary", "description", "content", "encoded"})
_WHOLE_DOCUMENTS = frozenset({"body", "div", "fullitem"})
_OTHER_VOCABULARIES = ("search.yahoo.com/mrss", "itunes.com")
_XML = "{http://www.w3.org/XML/1998/namespace}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """What is said of one entry, as written."""

    published: str | None = None
    modified: str | None = None
    authors: tuple[str, ...] = ()
    outlet: str | None = None


@dataclass(slots=True, kw_only=True)
class Outline:
    """The frame of a feed, filled while its document is walked through.

    Parameters
    ----------
    root
        Local name of the outermost element, lower case; empty where there is none.
    plain
        The document is without a fault and uses nothing that the fast reader does not know.
    too_deep
        It nests elements beyond all reason.
    frame
        Texts of the channel's own elements: ``title language ttl updateperiod updatefrequency``.
    next_page
        Where the feed goes on, as written.
    items
        A record for each entry, in order.
    """

    root: str = ""
    plain: bool = True
    too_deep: bool = False
    frame: dict[str, str] = field(default_factory=dict)
    next_page: str | None = None
    items: list[ItemFacts] = field(default_factory=list)


def walk(body: bytes, faults: list[str]) -> Iterator[tuple[str, etree._Element]]:
    """Yield ``start`` and ``end`` of all elements of a document, however broken.

    Nothing is loaded or expanded, and no more than 256 levels are entered.

    Parameters
    ----------
    body
        XML in UTF-8.
    faults
        Takes the names of what was wrong, when all is walked through.
    """
    steps = etree.iterparse(
        io.BytesIO(body),
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        yield from steps
    except etree.XMLSyntaxError:
        faults.append("ERR_DOCUMENT_EMPTY")
    faults += [entry.type_name for entry in steps.error_log]


def local_name(element: etree._Element) -> str:
    """Return an element's name without namespace, in lower case; empty for an entity."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def read_outline(body: bytes) -> Outline:
    """Read what the fast reader drops from XML in UTF-8."""
    outline, faults = Outline(), list[str]()
    for event, element in walk(body, faults):
        if event == "start":
            outline.root = outline.root or local_name(element)
            continue
        parent = element.getparent()
        if parent is None or local_name(parent) not in _FRAMES:
            continue
        if local_name(element) in _ITEMS:
            outline.items.append(_item(element))
            outline.plain = outline.plain and not _is_odd(element)
            element.clear()
        else:
            _note(outline, element, parent)
    outline.too_deep = "ERR_RESOURCE_LIMIT" in faults
    outline.plain = outline.plain and not faults and outline.root in _READ_WELL
    return outline


def _note(outline: Outline, element: etree._Element, parent: etree._Element) -> None:
    outline.plain = outline.plain and not (parent.get(f"{_XML}base") or element.get("mode"))
    if language := parent.get(f"{_XML}lang"):
        outline.frame.setdefault("language", language)
    name, text = local_name(element), (element.text or "").strip()
    if name == "link" and element.get("rel") in NEXT_RELATIONS:
        outline.next_page = outline.next_page or element.get("href")
    elif text:
        outline.frame.setdefault(name, text)


def _item(item: etree._Element) -> ItemFacts:
    texts: dict[str, str] = {}
    authors, outlet = list[str](), None
    for child in item:
        name, text = local_name(child), (child.text or "").strip()
        if name in {"author", "creator"}:
            authors += _names(child, text)
        elif name == "source":
            outlet = text or next((t.text for t in child if local_name(t) == "title"), None)
        elif text:
            texts.setdefault(name, text)
    return ItemFacts(
        published=_first(texts, _PUBLISHED),
        modified=_first(texts, _MODIFIED),
        authors=tuple(dict.fromkeys(authors)),
        outlet=outlet,
    )


def _names(author: etree._Element, text: str) -> list[str]:
    inner = [(part.text or "").strip() for part in author if local_name(part) == "name"]
    mailed = _NAME_AND_MAIL.fullmatch(text[:_LONGEST_NAME_CHARS])
    name = (mailed[1] or mailed[2]).strip() if mailed else text[:_LONGEST_NAME_CHARS]
    return [n for n in (*inner, name) if n and "@" not in n]


def _first(texts: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((texts[name] for name in names if name in texts), None)


def _is_odd(item: etree._Element) -> bool:
    """Tell whether an entry holds what the fast reader loses or takes for something else."""
    seen = set[str]()
    for part in (item, *item):
        name = local_name(part)
        if part.get(f"{_XML}base") or part.get("mode") or name in _WHOLE_DOCUMENTS:
            return True
        if name in _TEXTS:
            foreign = any(owner in part.tag for owner in _OTHER_VOCABULARIES)
            if foreign and name not in seen:
                return True  # the caption of a picture would become the title
            if len(part) and not foreign:
                return True  # markup that is no text
            seen.add(name)
    return False
