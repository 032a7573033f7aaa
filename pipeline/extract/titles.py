"""The headline: candidates cleaned of site names, then chosen by how many agree."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from pipeline.extract.markup import Claim

__all__ = ["choose_title", "without_site_name"]

_LONGEST_TITLE_CHARS = 400
_SHORTEST_SITE_NAME_CHARS = 4  # shorter ones are parts of any name
_SEPARATOR = re.compile(r"\s+[-–—·•›»:|~/]+\s+|\s*[|｜ㅣ»›]\s*|\s*--\s*|\s*_\s*(?=[^_]*$)")
_DATE_ONLY = re.compile(r"[\d./\s-]{6,}$")


def choose_title(claims: Sequence[Claim], site_names: Collection[str]) -> Claim:
    """Return the claim that most others agree with once site names are off; the first on a tie.

    Parameters
    ----------
    claims
        What several places of a page call it, surest place first.
    site_names
        Names of the outlet, its site and its address.

    Returns
    -------
    Claim
        With an empty text where there is none.
    """
    own = {_plain(name) for name in site_names} - {""}
    cleaned: list[Claim] = []
    for origin, text in claims:
        title = without_site_name(text[:_LONGEST_TITLE_CHARS].strip(), own)
        # The first of a place that is not the site's own name; a logo is a heading too.
        if not _names_site(title, own) and origin not in {claim.origin for claim in cleaned}:
            cleaned.append(Claim(origin, _shortest_form(title, cleaned)))
    if not cleaned:
        return Claim("", "")
    votes = [
        sum(_plain(other.text) == _plain(claim.text) for other in cleaned) for claim in cleaned
    ]
    return cleaned[votes.index(max(votes))]


def without_site_name(title: str, site_names: Collection[str]) -> str:
    """Take off leading and trailing parts that name the site, and a date behind the title.

    Examples
    --------
    >>> without_site_name("Dam holds, for now - World | The Courier", ["Courier", "World"])
    'Dam holds, for now'
    """
    own = {_plain(name) for name in site_names} - {""}
    while True:
        separators = list(_SEPARATOR.finditer(title))
        if not separators:
            return title
        head, tail = title[: separators[0].start()], title[separators[-1].end() :]
        if _DATE_ONLY.match(tail) or _names_site(tail, own):
            title = title[: separators[-1].start()]
        elif _names_site(head, own):
            title = title[separators[0].end() :]
        else:
            return title


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
        if rest != title and _SEPARATOR.match(rest):
            return other.text
    return title


def _plain(text: str) -> str:
    plain = " ".join(re.findall(r"\w+", text.casefold().replace("\u00ad", "")))
    return plain.removeprefix("the ").removesuffix(" online")
