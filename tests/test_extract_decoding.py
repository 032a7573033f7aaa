"""Bytes become readable text or are refused; never mojibake."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.errors import UnreadableError
from pipeline.extract.decoding import decode

SENTENCES = {
    "german": "Die Bürger fürchten Überschwemmungen. Größere Städte müssen Dämme erhöhen, während "
    "kleinere Gemeinden über Förderung verhandeln.",
    "russian": "Власти города обещали помощь, но люди ждут решений правительства о поддержке.",
    "greek": "Ο πρωθυπουργός ανακοίνωσε νέα μέτρα στήριξης για τους κατοίκους της περιοχής.",
    "japanese": "首相は火曜日、被災した住民への新たな支援策を発表した。政府は来週にもまとめる。",
    "chinese": "总理星期二宣布了对受灾居民的新支持措施。政府计划下周提出预算草案。",
    "korean": "총리는 화요일 피해 주민들을 위한 새로운 지원책을 발표했다. 정부는 마련한다.",
    "turkish": "Başbakan salı günü selden etkilenen bölge halkı için yeni önlemleri açıkladı.",
    "polish": "Rząd ogłosił, że żadna ze szkół nie zostanie zamknięta, a łąki są zalane.",
}


def page(text: str, charset: str, declared: str) -> bytes:
    head = f'<html><head><meta charset="{declared}"><title>' if declared else "<html><title>"
    return head.encode() + (f"{text}</title><p>{text}</p>" * 3).encode(charset)


@pytest.mark.parametrize(
    ("language", "charset", "declared"),
    [
        ("german", "cp1252", "iso-8859-1"),
        ("german", "cp1252", ""),
        ("german", "cp1252", "utf-8"),
        ("german", "utf-8", "iso-8859-1"),
        ("russian", "cp1251", "windows-1251"),
        ("russian", "cp1251", "utf-8"),
        ("russian", "koi8-r", "koi8-r"),
        ("russian", "utf-8", "windows-1251"),
        ("greek", "iso-8859-7", "iso-8859-7"),
        ("japanese", "cp932", "shift_jis"),
        ("japanese", "euc_jp", "utf-8"),
        ("japanese", "iso2022_jp", "iso-2022-jp"),
        ("chinese", "gb18030", "gb2312"),
        ("chinese", "gb18030", "utf-8"),
        ("korean", "cp949", "euc-kr"),
        ("turkish", "cp1254", "iso-8859-9"),
        ("polish", "iso-8859-2", "iso-8859-2"),
        ("polish", "utf-8", "no-such-charset"),
    ],
)
def test_pages_are_read_whatever_their_label_says(
    language: str, charset: str, declared: str
) -> None:
    text = SENTENCES[language]
    assert text in decode(page(text, charset, declared))


@pytest.mark.parametrize("language", ["russian", "japanese", "chinese"])
def test_text_that_no_charset_explains_is_refused_or_right(language: str) -> None:
    text = SENTENCES[language]
    broken = page(text, "utf-8", "iso-8859-1").replace(b"\x8f", b"\xff").replace(b"\x81", b"\xfe")
    try:
        assert "Ð" not in decode(broken)
    except UnreadableError as error:
        assert error.reason == "encoding"  # noqa: PT017


def test_one_broken_character_does_not_cost_the_page() -> None:
    text = SENTENCES["german"]
    assert text in decode(page(text, "utf-8", "utf-8") + b"<p>\xff</p>")
    assert text in decode(page(text, "utf-8", "utf-8")[:-9] + "ü".encode()[:1])


def test_newlines_become_one_kind() -> None:
    assert decode(b"One\r\ntwo\rthree\nfour") == "One\ntwo\nthree\nfour"


@given(st.text(min_size=1))
@example("\ufffd")  # a replacement character that somebody wrote
def test_utf8_is_always_read_back(text: str) -> None:
    try:
        found = decode(("Dam holds. " * 20 + text).encode())
    except UnreadableError as error:
        assert error.reason == "binary"  # noqa: PT017
    else:
        plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        assert found.endswith(plain) or "\x1b$" in text


@given(st.binary())
def test_any_bytes_give_text_or_a_reason(body: bytes) -> None:
    try:
        decode(body).encode()
    except UnreadableError as error:
        assert error.reason in {"empty", "binary", "encoding"}  # noqa: PT017
