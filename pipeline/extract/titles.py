"""The headline: candidates cleaned of site names, then chosen by where they stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache

from pipeline.extract.markup import Claim

__all__ = ["choose_title", "without_site_name"]

_LONGEST_TITLE_CHARS = 400
_CUT_TITLE_CHARS = 95  # a headline of search engines has 110 at most, less a word
_SHORTEST_SITE_NAME_CHARS = 4  # shorter ones are parts of any name
_SEPARATOR = re.compile(r"\s+[-–—·•*›»:|~/]+\s+|\s*[|｜ㅣ]\s*|\s*--\s*|\s*_\s*(?=[^_]*$)")
_MAY_SEPARATE = re.compile(r"[-–—·•*›»:|~/｜ㅣ_]")  # most titles have none of them
_ARROW = re.compile(r"\s*[»›]\s*")  # in a title that quotes with the same mark it is none
_KNOWN_NAMES = 1000  # texts remembered; a page has a few, and each is compared many times
_DATE_ONLY = re.compile(r"[\d./\s-]{6,}$")


def choose_title(
    claims: Sequence[Claim],
    site_names: Collection[str],
    *,
    sections: Collection[str] = (),
    shown: Collection[str] = (),
) -> Claim:
    """Return what the page calls its article, without site and section names.

    What JSON-LD calls headline is it (on the development pages it is right forty times where the
    title element differs and is right twice), unless all other places agree on another that the
    page shows. Without JSON-LD the one most places agree on; the first on a tie.

    Parameters
    ----------
    claims
        What several places of a page call it, surest place first.
    site_names
        Names of the outlet, its site and its address.
    sections
        Names of the section it stands in.
    shown
        Headings that a reader sees.

    Returns
    -------
    Claim
        With an empty text where there is none.
    """
    own = {_plain(name) for name in site_names} - {""}
    parts = {_plain(name) for name in sections} - {""}
    cleaned: list[Claim] = []
    for origin, text in claims:
        title = _without_names(text[:_LONGEST_TITLE_CHARS].strip(), own, parts)
        # The first of a place that is not the site's own name; a logo is a heading too.
        if not _names_site(title, own) and origin not in {claim.origin for claim in cleaned}:
            cleaned.append(Claim(origin, _shortest_form(title, cleaned)))
    if not cleaned:
        return Claim("", "")
    seen = {_plain(_without_names(text, own, parts)) for text in shown}
    stated = [claim for claim in cleaned if claim.origin == "json-ld"]
    if stated and not _belied(stated[0], cleaned, seen):
        return stated[0] if _plain(stated[0].text) in seen else _whole(stated[0], cleaned)
    if stated:
        cleaned.remove(stated[0])
        cleaned = [claim for claim in cleaned if _plain(claim.text) in seen]
    votes = [
        sum(_plain(other.text) == _plain(claim.text) for other in cleaned) for claim in cleaned
    ]
    return cleaned[votes.index(max(votes))]


def _belied(stated: Claim, claims: Sequence[Claim], shown: Collection[str]) -> bool:
    """Tell whether a headline is one for search engines, or none.

    Then it is nowhere but in the title element, and all other places have one that is shown.
    """
    others = {claim.origin: _plain(claim.text) for claim in claims if claim is not stated}
    if others.get("title") == _plain(stated.text):
        del others["title"]
    agreed = set(others.values())
    one = len(others) > 1 and len(agreed) == 1
    return one and agreed <= set(shown) and _plain(stated.text) not in shown


def _whole(stated: Claim, claims: Sequence[Claim]) -> Claim:
    """Return the headline, or the longer claim that it was cut from: search engines cut at 110."""
    start = _plain(stated.text)
    longer = (c for c in claims if _plain(c.text).startswith(start) and _plain(c.text) != start)
    cut = len(stated.text) >= _CUT_TITLE_CHARS or stated.text.endswith(("…", "..."))
    return next(longer, stated) if cut else stated


def without_site_name(title: str, site_names: Collection[str]) -> str:
    """Take off leading and trailing parts that name the site, and a date behind the title.

    Examples
    --------
    >>> without_site_name("Dam holds, for now - World | The Courier", ["Courier", "World"])
    'Dam holds, for now'
    """
    return _without_names(title, {_plain(name) for name in site_names} - {""}, ())


def _without_names(title: str, own: Collection[str], sections: Collection[str]) -> str:
    if not _MAY_SEPARATE.search(title):
        return title
    whole = title
    while separators := [*_SEPARATOR.finditer(title), *_arrows(title)]:
        first = min(separators, key=lambda match: match.start())
        last = max(separators, key=lambda match: match.start())
        head, tail = title[: first.start()], title[last.end() :]
        if _DATE_ONLY.match(tail) or _names_site(tail, own) or _plain(tail) in sections:
            title = title[: last.start()]
        elif _names_site(head, own):
            title = title[first.end() :]
        else:
            break
    return _without_glued_section(title, sections) if title != whole else title


def _without_glued_section(title: str, sections: Collection[str]) -> str:
    """Take off a section behind a hyphen without spaces: ``Dam holds-World | The Courier``."""
    head, _, tail = title.rpartition("-")
    return head.strip() if head.strip() and _plain(tail) in sections else title


def _arrows(title: str) -> list[re.Match[str]]:
    return [] if "«" in title or "‹" in title else list(_ARROW.finditer(title))


def _names_site(part: str, own: Collection[str]) -> bool:
    plain = _plain(part)
    if not plain:
        return True
    squeezed = plain.replace(" ", "")
    inside = len(squeezed) >= _SHORTEST_SITE_NAME_CHARS
    return plain in own or (inside and any(squeezed in name.replace(" ", "") for name in own))


def _shortest_form(title: str, others: Sequence[Claim]) -> str:
    """Return the other title that this one only adds a section or site to, else the title."""
    for other in others:
        rest = title.removeprefix(other.text)
        if rest != title and (_SEPARATOR.match(rest) or _ARROW.match(rest)):
            return other.text
    return title


@lru_cache(maxsize=_KNOWN_NAMES)
def _plain(text: str) -> str:
    plain = " ".join(re.findall(r"\w+", text.casefold().replace("\u00ad", "")))
    return plain.removeprefix("the ").removesuffix(" online")
