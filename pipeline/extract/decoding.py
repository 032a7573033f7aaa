"""Bytes to text: believe bytes before labels, and refuse what would come out as mojibake."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from pipeline.errors import UnreadableError

__all__ = ["decode"]

_SNIFFED_BYTES = 4096
_MAGIC = (
    (b"%PDF-", "PDF"), (b"\x89PNG", "PNG"), (b"GIF8", "GIF"), (b"\xff\xd8\xff", "JPEG"),
    (b"PK\x03\x04", "ZIP"), (b"\x1f\x8b", "gzip"), (b"RIFF", "RIFF"), (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "Zstandard"), (b"\x7fELF", "ELF"),
    (b"\x00\x00\x01\x00", "icon"), (b"OggS", "Ogg"), (b"ID3", "MP3"), (b"wOF", "font"),
)  # fmt: skip
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,30})""")
# What browsers do with these labels (WHATWG Encoding Standard, "Names and labels").
_AS_BROWSERS = {
    "iso-8859-1": "cp1252", "latin-1": "cp1252", "latin1": "cp1252", "us-ascii": "cp1252",
    "ascii": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932",
    "windows-31j": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "big5": "big5hkscs",
}  # fmt: skip
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # not ESC: ISO-2022-JP shifts with it
_LINE_ENDS = re.compile(r"\r\n?")
_TAGS = re.compile(rb"<[^<>]{0,2000}>")
_DETECTED_BYTES = 20_000  # enough for a guess, and charset-normalizer is slow
# Wrong charsets show as symbols that hardly anybody writes, or as symbols inside of words.
_MOJIBAKE = re.compile(
    r"[¤¦¨¬¯±²³´µ¶¸¹¼½¾\x80-\x9f]|(?<=[^\W\d_])[¡-¿×÷](?=[^\W\d_])|[À-ß]{3}|[à-ÿ]{4}"
    r"|[ÃÂÐÑ][€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸ]"
)
_FOREIGN = re.compile(r"[^\x00-\x7f\s]")
_MOST_CONTROLS = 0.02  # guess: share of control bytes beyond which it is no text
_MOST_DAMAGE = 0.05  # guess: share of the non-ASCII characters that may be lost
_MOST_UTF8_DAMAGE = 0.25  # hardly any other charset makes three valid sequences in four by chance
_ALWAYS_FORGIVEN = 2  # characters, where as many are well
_UTF16_NULS = 0.4  # half of a page's bytes are NUL in UTF-16: its markup is ASCII
_LEAST_EVIDENCE = 8  # letters: fewer prove nothing about a charset


def decode(body: bytes) -> str:
    r"""Return the text of a page or file, newlines as ``\n``.

    Raises
    ------
    UnreadableError
        ``empty``; ``binary`` for another kind of file; ``encoding`` where no charset gives
        plausible text.
    """
    if not body.strip():
        raise UnreadableError("empty", "there are no bytes but white space; fetch it again")
    _refuse_binary(body)
    text = _with_byte_order_mark(body) or _utf16(body) or _bytes_first(body) or _detected(body)
    if text is None:
        raise UnreadableError(
            "encoding", f"no charset gives readable text (declared: {_declared(body) or 'none'})"
        )
    if "\r" in text:
        text = _LINE_ENDS.sub("\n", text)  # a fourth of the time of two replacements
    return text.replace("\x00", "") if "\x00" in text else text


def _refuse_binary(body: bytes) -> None:
    for magic, kind in _MAGIC:
        if body.startswith(magic):
            raise UnreadableError("binary", f"the bytes are a {kind} file, not text")
    head = body[:_SNIFFED_BYTES]
    wide = body.startswith(tuple(mark for mark, _ in _BYTE_ORDER_MARKS)) or _utf16_order(body)
    if not wide and len(_CONTROLS.findall(head)) > _MOST_CONTROLS * len(head):
        raise UnreadableError("binary", "the bytes are full of control characters, not text")


def _with_byte_order_mark(body: bytes) -> str | None:
    for mark, charset in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(charset, "replace")
            return text if _little_damage(text) else None
    return None


def _utf16_order(body: bytes) -> str | None:
    """Recognise UTF-16 without a mark by the NUL bytes beside its ASCII characters."""
    head = body[:_SNIFFED_BYTES]
    half = max(1, len(head) // 2)
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > _UTF16_NULS and even < odd / 10:
        return "utf-16-le"
    return "utf-16-be" if even > _UTF16_NULS and odd < even / 10 else None


def _utf16(body: bytes) -> str | None:
    order = _utf16_order(body)
    if order is None:
        return None
    text = body.decode(order, "replace")
    return text if _little_damage(text) else None


def _bytes_first(body: bytes) -> str | None:
    """Believe UTF-8 that is valid or nearly so, then the declared charset where it is plausible."""
    # How ISO-2022-JP shifts, whose bytes are all ASCII; one byte is looked for far more quickly.
    if b"\x1b" in body and b"\x1b$" in body:
        return _strict(body, "iso2022_jp")
    try:
        return body.decode("utf-8")  # a replacement character in it was written, not made by us
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    declared = _declared(body)
    if _little_damage(text, _MOST_UTF8_DAMAGE):
        return text
    as_declared = _strict(body, declared) if declared else None
    return as_declared if as_declared is not None and _plausible(as_declared) else None


def _detected(body: bytes) -> str | None:
    sample = b" ".join(part for part in _TAGS.split(body) if not part.isascii())
    guesses = [guess.encoding for guess in from_bytes(sample[:_DETECTED_BYTES])]
    for charset in (*guesses, "cp1252"):  # what browsers fall back to
        text = _strict(body, charset)
        if text is not None and _plausible(text):
            return text
    return None


def _declared(body: bytes) -> str | None:
    """Return the Python name of the charset that the head of a page declares, if there is one."""
    match = _DECLARED.search(body[:_SNIFFED_BYTES])
    if not match:
        return None
    label = match[1].decode("ascii").lower()
    try:
        return codecs.lookup(_AS_BROWSERS.get(label, label)).name
    except LookupError:
        return None


def _strict(body: bytes, charset: str) -> str | None:
    """Decode with a little tolerance: legacy pages carry a broken character now and then."""
    try:
        text = body.decode(charset, "replace")
    except (LookupError, UnicodeError):
        return None
    return text if _little_damage(text) else None


def _little_damage(text: str, most: float = _MOST_DAMAGE) -> bool:
    if "\ufffd" not in text:
        return True
    lost = text.count("\ufffd")
    others = sum(1 for c in text if c > "\x7f") - lost
    return lost <= max(most * others, min(others, _ALWAYS_FORGIVEN))


def _plausible(text: str) -> bool:
    foreign = len(_FOREIGN.findall(text))
    if foreign < _LEAST_EVIDENCE:
        return True
    return len(_MOJIBAKE.findall(text)) <= _MOST_DAMAGE * foreign
