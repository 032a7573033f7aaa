"""Letters of other scripts in the place of Latin ones, and the other way round.

A copy whose letters were exchanged for look-alikes reads the same and shares no word. No language
mixes Latin with Greek, Cyrillic or Armenian letters in one word, so such words give it away.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["LOOKALIKES", "unmasked"]

LOOKALIKES = ("\u0370", "\u058f")  # Greek, Cyrillic and Armenian: from, up to

_LATIN = re.compile(r"[a-z]")
_WORD = re.compile(r"\w+")


def unmasked(folded: str) -> str:
    r"""Return casefolded text with each mixed word in one script, letter for letter.

    That is the script of which the text has more letters that no other script has. Words of
    look-alikes alone are of that script too; a word that cannot be in it stays as it is. A text
    without mixed words is returned as it is.

    Examples
    --------
    >>> unmasked("the d\u0430m \u0430bove \u0430rnholt")
    'the dam above arnholt'
    """
    if not _mixed().search(folded):
        return folded
    to_latin, to_other = _tables()
    only_latin, only_other = _undoubled()
    latin = len(only_latin.findall(folded)) >= len(only_other.findall(folded))
    return _WORD.sub(lambda m: _in_one_script(m.group(), to_latin, to_other, latin=latin), folded)


def _in_one_script(
    word: str, to_latin: Mapping[int, str], to_other: Mapping[int, str], *, latin: bool
) -> str:
    if latin:
        ours = word.translate(to_latin)
        return word if _undoubled()[1].search(ours) else ours
    theirs = word.translate(to_other)
    return word if _LATIN.search(theirs) else theirs


@cache
def _letters() -> Mapping[str, str]:
    source = files("pipeline").joinpath("reference/lookalikes.json")
    table: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return table


@cache
def _tables() -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Return what stands for a look-alike in Latin, and for a Latin letter in Cyrillic."""
    cyrillic = {
        latin: c for c, latin in reversed(list(_letters().items())) if "\u0400" <= c <= "\u045f"
    }
    return str.maketrans(dict(_letters())), str.maketrans(cyrillic)


@cache
def _undoubled() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Match Latin letters without a double in Cyrillic, and other letters without a Latin one."""
    to_latin, to_other = _tables()
    latin = "".join(c for c in map(chr, range(ord("a"), ord("z") + 1)) if ord(c) not in to_other)
    first, last = map(ord, LOOKALIKES)
    other = "".join(chr(code) for code in range(first, last + 1) if code not in to_latin)
    return re.compile(f"[{latin}]"), re.compile(f"[{re.escape(other)}]")


@cache
def _mixed() -> re.Pattern[str]:
    """Match two letters of a word, of two scripts; the rarer one first, because that is quicker."""
    letters = "".join(_letters())
    return re.compile(f"[{letters}](?:(?<=[a-z].)|(?=[a-z]))")
