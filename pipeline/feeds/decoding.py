"""The text of a listing, whatever was done to its bytes."""

from __future__ import annotations

import codecs
import re
import zlib

from pipeline.errors import UnreadableError

__all__ = ["listing_text"]

_MAX_UNPACKED_BYTES = 16 * 2**20  # twice the body that is fetched; 50,000 plain URLs are 8 MiB
_GZIP = b"\x1f\x8b"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"{\0", "utf-16-le"),
    (b"\0{", "utf-16-be"),
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})["']""")
# What a declaration means in practice (WHATWG Encoding Standard): the larger set.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
# Python's text codecs that are no encodings of documents; decoding with these is quadratic.
_NO_ENCODINGS = frozenset({"idna", "punycode"})
_NOT_IN_XML = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WINDOWS_QUOTE = re.compile(r"&#(?:x([89][0-9a-f])|(1[2-5]\d));", re.IGNORECASE)
_DECLARATION = re.compile(r"\s*<\?xml[^>]*>\s*")
_BEGINNING = re.compile(r"<\?xml\s|<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_LONGEST_JUNK_CHARS = 4096  # warnings of a server's script before the document (guess)


def listing_text(body: bytes) -> str:
    r"""Return a listing as text: unpacked, decoded, without what stands before its beginning.

    Entities that a document declares for itself are not kept: nothing can be expanded later.
    Control characters that XML forbids are dropped.

    Raises
    ------
    UnreadableError
        ``broken_gzip`` or ``too_large``.

    Examples
    --------
    >>> listing_text(b'<?xml version="1.0" encoding="iso-8859-1"?>\n<rss>F\xe4hre</rss>')
    '<rss>Fähre</rss>'
    """
    text = _NOT_IN_XML.sub("", _decoded(_unpacked(body))).lstrip("\ufeff \t\r\n")
    if text[:1] not in "{[":
        beginning = _BEGINNING.search(text, 0, _LONGEST_JUNK_CHARS)
        text = text[beginning.start() :] if beginning else text
    declaration = _DECLARATION.match(text)
    text = text[declaration.end() :] if declaration else text
    text = _WINDOWS_QUOTE.sub(_windows_quote, text)
    # Without its keyword a declaration is an error that every parser skips or stops at.
    return text.replace("<!ENTITY", "<!IGNORED") if "<!DOCTYPE" in text else text


def _windows_quote(reference: re.Match[str]) -> str:
    """Return what browsers make of ``&#146;``, a control character that was meant as a quote."""
    number = int(reference[1], 16) if reference[1] else int(reference[2])
    return bytes([number]).decode("cp1252", "ignore")


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(_GZIP):
        return body
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked = member.decompress(body, _MAX_UNPACKED_BYTES + 1)
    except zlib.error as error:
        raise UnreadableError("broken_gzip", str(error)) from None
    if len(unpacked) > _MAX_UNPACKED_BYTES:
        raise UnreadableError("too_large", f"more than {_MAX_UNPACKED_BYTES} bytes unpacked")
    if not member.eof:
        raise UnreadableError("broken_gzip", "the end is missing")
    return unpacked


def _decoded(body: bytes) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    for beginning, encoding in _UNMARKED:
        if body.startswith(beginning):
            return body.decode(encoding, "replace")
    for encoding in (_declared(body), "utf-8"):
        try:
            return body.decode(encoding)
        except (UnicodeError, LookupError):
            continue  # servers lie about it; the last resort below never fails
    return body.decode("cp1252", "replace")


def _declared(body: bytes) -> str:
    """Return the encoding an XML declaration names, widened as browsers do; else UTF-8."""
    found = _DECLARED.match(body[:300])
    if not found:
        return "utf-8"
    try:
        name = codecs.lookup(found[1].decode("ascii", "replace")).name
    except LookupError:
        return "utf-8"
    # A document that can be read so far is not in UTF-16, whatever it says.
    if name in _NO_ENCODINGS or name.startswith(("utf-16", "utf-32")):
        return "utf-8"
    return _WIDER.get(name, name)
