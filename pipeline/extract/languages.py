"""The language of an article: what it states, unless its own words contradict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from string import ascii_letters

from py3langid import classify

__all__ = ["SPACELESS", "language", "language_origin", "load_languages"]

_SAMPLE_CHARS = 4000
_FEWEST_LETTERS = 40  # guess: fewer letters name no language
_CODE = re.compile(r"^([A-Za-z]{2})(?:[-_].*)?$")
_MISTAKEN = {"jp": "ja", "kr": "ko", "cn": "zh", "gr": "el", "cz": "cs", "dk": "da", "ua": "uk",
             "iw": "he", "in": "id", "se": "sv", "nb": "no", "nn": "no"}  # fmt: skip
# Scripts that tell languages apart: a range of letters, and who writes with them.
_SCRIPTS = {
    "Ͱ-Ͽ": "el", "Ѐ-ӿ": "ru uk bg sr mk be kk ky mn tg uz az bs", "Ա-֏": "hy", "א-ת": "he yi",
    "؀-ۿ": "ar fa ur ps ug ku sd ks", "ऀ-ॿ": "hi mr ne sa", "ঀ-৿": "bn as", "਀-੿": "pa",
    "઀-૿": "gu", "଀-୿": "or", "஀-௿": "ta", "ఀ-౿": "te", "ಀ-೿": "kn", "ഀ-ൿ": "ml",
    "඀-෿": "si", "ก-๿": "th", "ກ-໿": "lo", "က-႟": "my", "Ⴀ-ჿ": "ka", "ሀ-፿": "am ti",
    "ក-៿": "km", "가-힯": "ko", "ぁ-ヿ": "ja", "一-鿿": "zh ja yue", "A-Za-zÀ-ɏ": "",
}  # fmt: skip
# Letters of scripts written without spaces.
SPACELESS = re.compile(r"[぀-ヿ㐀-鿿豈-﫿฀-๿຀-໿က-႟ក-៿]")
_LATIN = "A-Za-zÀ-ɏ"
_NO_LETTERS = bytes({*range(256)} - {*ascii_letters.encode()})
_LATIN_TOO = frozenset({"sr", "bs", "uz", "az", "kk", "ku", "mn", "tg"})
_WRITERS = {letters: frozenset(codes.split()) for letters, codes in _SCRIPTS.items()}
_NEVER_LATIN = frozenset().union(*_WRITERS.values()) - _LATIN_TOO
_LETTERS = {letters: re.compile(f"[{letters}]+") for letters in _SCRIPTS}


def language(stated: Iterable[str], text: str) -> str | None:
    """Return the ISO 639-1 code of `text`.

    Parameters
    ----------
    stated
        Language tags or locales that the page carries (``en-GB``, ``de_DE``), surest first. The
        first is believed where all agree and the script of the text fits; else the text decides.
    text
        The article; its first 4,000 characters are looked at.
    """
    sample = text[:_SAMPLE_CHARS]
    script = _script(sample)
    codes = [code for tag in stated if (code := _code(tag)) and _fits(code, script)]
    if len(set(codes)) == 1 or (codes and script is None):
        return codes[0]
    if script is None:
        return None
    return str(classify(sample)[0])


def load_languages() -> None:
    """Load the model that tells languages apart, which the first text would have to wait for."""
    classify("")


def language_origin(stated: Iterable[str], lang: str | None) -> str:
    """Return whether a language was ``stated`` or found in the ``text``; empty for none."""
    if lang is None:
        return ""
    return "stated" if lang in map(_code, stated) else "text"


def _code(tag: str) -> str | None:
    match = _CODE.match(tag.strip())
    return _MISTAKEN.get(match[1].lower(), match[1].lower()) if match else None


def _script(sample: str) -> str | None:
    # More than half of most texts are ASCII letters, and those are counted ten times as quickly.
    letters = len(sample.encode("ascii", "ignore").translate(None, _NO_LETTERS))
    if letters >= _FEWEST_LETTERS and 2 * letters > len(sample):
        return _LATIN
    latin = _count(_LETTERS[_LATIN], sample)
    if sample.isascii() or 2 * latin > len(sample):  # more than all other scripts together
        return _LATIN if latin >= _FEWEST_LETTERS else None
    counts = Counter({name: _count(pattern, sample) for name, pattern in _LETTERS.items()})
    name, count = counts.most_common(1)[0]
    return name if count >= _FEWEST_LETTERS else None


def _count(letters: re.Pattern[str], sample: str) -> int:
    return sum(map(len, letters.findall(sample)))


def _fits(code: str, script: str | None) -> bool:
    if script is None:
        return True
    return code not in _NEVER_LATIN if script == _LATIN else code in _WRITERS[script]
