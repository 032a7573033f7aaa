"""Who wrote the article of a page: where it is stated, and where a reader sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

from pipeline.extract import json_ld, markup
from pipeline.extract.parts import PageParts
from pipeline.extract.people import names_only, people, starts_with_by
from pipeline.extract.wire import agency_named

__all__ = ["personal_sites", "read_authors"]

_TYPED_IN = frozenset({"json-ld", "meta"})  # by who posted it
_FIRST_NOT_LATIN = "\u0250"
_PIECES = re.compile(r"\s*[|•·]\s*")
# Chinese sites often name nobody else; the character classes are simplified and traditional.
_EDITOR_IN_CHARGE = re.compile(
    r"(?:责任编辑|责编|責任編輯|責編)\s*[:：]\s*(?P<names>[^()（）\n]{2,40})"
)


def read_authors(
    parts: PageParts, no_people: Sequence[str], lang: str | None
) -> tuple[tuple[str, ...], str]:
    """Take the authors from the first place that names people, and say which one it is.

    Parameters
    ----------
    parts
        The page.
    no_people
        Names of the outlet and its sections.
    lang
        Language of the text.

    Returns
    -------
    tuple
        Names and origin; both empty where nobody is named.
    """
    stated = (
        ("json-ld", json_ld.names(node.get("author"), parts.linked)) for node in parts.articles
    )
    meta = (("meta", parts.meta.get(key, ())) for key in markup.AUTHORS)
    cards = (("meta", [name]) for name in markup.card_authors(parts.meta))
    for origin, names in chain(stated, meta, cards, _byline_claims(parts), _editors(parts, lang)):
        if found := people(names, no_people):
            if origin == "json-ld" and (writer := _beside_editor(found, parts, no_people)):
                return writer, "byline"
            whole = _in_full(found, parts, no_people) if origin in _TYPED_IN else found
            return whole, origin if whole == found else "byline"
    return (), ""


def _beside_editor(
    names: tuple[str, ...], parts: PageParts, no_people: Sequence[str]
) -> tuple[str, ...]:
    """Return who is shown as the author of what JSON-LD says that its editor wrote.

    Some systems state the account that put an article online. Looked for only where one person is
    stated, and nowhere else.
    """
    stated = (name for key in markup.AUTHORS for name in parts.meta.get(key, ()))
    if len(names) > 1 or names[0] in stated:
        return ()
    editors = people(markup.editors(parts.tree), no_people)
    if names[0] not in editors:
        return ()
    shown = (people(line, no_people) for _, line in _byline_claims(parts))
    return next((found for found in shown if found and not {*found} & {*editors}), ())


def _in_full(names: tuple[str, ...], parts: PageParts, no_people: Sequence[str]) -> tuple[str, ...]:
    """Complete first names and accounts to the names that the page shows: ``adaroe``, Ada Roe."""
    if not any(map(_is_partial, names)):
        return names
    shown = [name for _, line in _byline_claims(parts) for name in people(line, no_people)]
    return tuple(
        next((full for full in shown if _is_partial(name) and _extends(full, name)), name)
        for name in names
    )


def _is_partial(name: str) -> bool:
    """Tell whether a name is one Latin word: in other scripts that may be all of it."""
    return " " not in name and name[0] < _FIRST_NOT_LATIN and not agency_named(name)


def _extends(full: str, name: str) -> bool:
    words, short = full.casefold().split(), name.casefold()
    return len(words) > 1 and short in {words[0], "".join(words), ".".join(words)}


def personal_sites(parts: PageParts) -> frozenset[str]:
    """Return the names of publishers that are persons: a blog may be called after its author."""
    return frozenset(
        name
        for node in parts.articles
        for name in json_ld.names(node.get("publisher"), parts.linked)
        if json_ld.is_person(node.get("publisher"), parts.linked)
    )


def _byline_claims(parts: PageParts) -> Iterator[tuple[str, list[str]]]:
    """Yield the bylines that the page shows; only looked for where nothing states an author."""
    marked = markup.bylines(parts.marked)
    near = (line for line in markup.rows_around_heading(parts.tree) if names_only(line))
    for line in chain(filter(starts_with_by, marked), filter(starts_with_by, near)):
        # "By Ada Roe | World | 3 comments": only what the "By" stands before is a name.
        yield from (("byline", [piece]) for piece in _PIECES.split(line))
    yield from (("byline", [line]) for line in marked if not starts_with_by(line))
    yield from (("byline", [line]) for line in markup.author_links(parts.tree, parts.elements))


def _editors(parts: PageParts, lang: str | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the editor in charge of a Chinese article."""
    if lang == "zh":
        shown = "".join(parts.tree.itertext())
        yield from (("byline", [line["names"]]) for line in _EDITOR_IN_CHARGE.finditer(shown))
