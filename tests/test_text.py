"""Words, sentences and paragraphs of any script, with their offsets."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import RemovedSpan
from pipeline.text import kept_text, normalize, paragraphs, sentences, words


def sentence_texts(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


def paragraph_texts(text: str) -> list[str]:
    return [text[span.start : span.end] for span in paragraphs(text)]


def removal(text: str, part: str) -> RemovedSpan:
    start = text.index(part)
    return RemovedSpan(start=start, end=start + len(part), reason="repeated")


# --- normalize ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        pytest.param("“Storm”, said ‘she’", "\"storm\", said 'she'", id="quotes"),
        pytest.param("Ost\u200bwick\ufeff", "ostwick", id="characters without width"),
        pytest.param("har\u00adbour", "harbour", id="soft hyphens"),
        pytest.param("ﬁre", "fire", id="ligatures"),
        pytest.param("ＦＩＲＥ １２", "fire 12", id="full width"),
        pytest.param("two\u00a0words", "two words", id="no-break spaces"),
        pytest.param("STRASSE", "straße", id="sharp s"),
        pytest.param("cafe\u0301", "café", id="decomposed letters"),
        pytest.param("bell\x07\x00", "bell", id="controls"),
    ],
)
def test_what_looks_alike_is_normalized_alike(text: str, same_as: str) -> None:
    assert normalize(text) == normalize(same_as)


def test_line_breaks_and_tabs_survive_normalization() -> None:
    assert normalize("One\n\tTwo\r\n") == "one\n\ttwo\r\n"


@given(st.text())
def test_normalized_text_holds_no_invisible_characters(text: str) -> None:
    kinds = {unicodedata.category(c) for c in normalize(text) if c not in "\n\t\r"}
    assert not kinds & {"Cf", "Cc"}


# --- words and paragraphs -------------------------------------------------------------------------


def test_words_are_runs_of_letters_and_digits() -> None:
    text = "Größe: 3,5 km – Μία γέφυρα!"
    assert [text[w.start : w.end] for w in words(text)] == [
        "Größe",
        "3",
        "5",
        "km",
        "Μία",
        "γέφυρα",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029", "\x85", "\n \n"])
def test_every_kind_of_line_end_parts_paragraphs(end: str) -> None:
    assert paragraph_texts(f"{end}  One more.{end}Two. {end}") == ["One more.", "Two."]


def test_blank_texts_have_no_paragraphs() -> None:
    assert paragraphs("") == []
    assert paragraphs(" \n\t\u3000\n") == []


@given(st.text())
def test_paragraphs_hold_all_that_is_not_white_space(text: str) -> None:
    assert "".join("".join(paragraph_texts(text)).split()) == "".join(text.split())


# --- sentences ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(["He left.", "She stayed."], id="plain"),
        pytest.param(["“Why now?” he asked.", "Nobody knew."], id="question in a quote"),
        pytest.param(["It is over!", "“Never.”", "(Nobody cheered.)", "They left."], id="closers"),
        pytest.param(["Dr. Roe met Sen. J. P. Hale on Jan. 5.", "They talked."], id="titles"),
        pytest.param(["The U.S. Navy came at 5.30 p.m. on Monday.", "It left."], id="initials"),
        pytest.param(["Prices rose 3.5 percent.", "Rents fell."], id="decimals"),
        pytest.param(["Wait… what?", "Yes."], id="dots that end nothing"),
        pytest.param(["El puente cerró.", "¿Por qué?", "¡Nadie lo sabe!"], id="Spanish"),
        pytest.param(["Die Brücke bleibt z. B. am 3. Mai zu.", "Warum?"], id="German"),
        pytest.param(["Мост закрыт.", "Почему?", "Никто не знает."], id="Russian"),
        pytest.param(["Γιατί έκλεισε η γέφυρα;", "Κανείς δεν ξέρει."], id="Greek"),
        pytest.param(["Γιατί έκλεισε\u037e", "Κανείς δεν ξέρει."], id="Greek question mark"),
        pytest.param(["It closed; nobody knew why.", "They left."], id="semicolon"),
        pytest.param(["أغلق الجسر.", "لماذا؟", "لا أحد يعلم."], id="Arabic"),
        pytest.param(["پل بند ہے۔", "کیوں؟"], id="Urdu"),
        pytest.param(["पुल बंद है।", "क्यों?", "कोई नहीं जानता।"], id="Hindi"),
        pytest.param(["Կամուրջը փակ է։", "Ոչ ոք չգիտի։"], id="Armenian"),
        pytest.param(["ድልድዩ ተዘግቷል።", "ለምን?"], id="Amharic"),
        pytest.param(["ស្ពានត្រូវបានបិទ។", "គ្មាននរណាដឹងទេ។"], id="Khmer"),
    ],
)
def test_a_line_is_cut_into_its_sentences(parts: list[str]) -> None:
    assert sentence_texts(" ".join(parts)) == parts


def test_scripts_without_spaces_need_none_between_sentences() -> None:
    parts = ["桥关闭了。", "“为什么？”", "没有人知道！", "「本当です。」", "と言った。"]
    assert sentence_texts("".join(parts)) == parts


@pytest.mark.parametrize(
    "parts",
    [
        ["They left the city.", "The mayor stayed behind."],
        ["They left at dawn!", "The mayor stayed behind."],
        ["“We left the deteriorating harbour.”", "The mayor stayed behind."],
    ],
)
def test_sentences_that_lost_the_space_between_them_are_parted(parts: list[str]) -> None:
    assert sentence_texts("".join(parts)) == parts


@pytest.mark.parametrize(
    "name", ["Earth.Org", "iGen.Fr", "Node.Js", "www.Ostwick.example", "U.S.A"]
)
def test_a_stop_inside_a_name_ends_no_sentence(name: str) -> None:
    text = f"The site {name} says so."
    assert sentence_texts(text) == [text]


def test_no_sentence_crosses_a_line_break() -> None:
    assert sentence_texts("A bridge too\nfar away. It fell") == [
        "A bridge too",
        "far away.",
        "It fell",
    ]


@given(st.text(alphabet="aA .?!\n”。", max_size=200))
def test_sentences_hold_all_that_is_not_white_space_in_order(text: str) -> None:
    assert "".join("".join(sentence_texts(text)).split()) == "".join(text.split())


# --- kept text ------------------------------------------------------------------------------------


def test_kept_text_has_no_blank_lines_where_paragraphs_were() -> None:
    text = "One bridge.\n\nTwo bridges.\n\nThree bridges."
    assert kept_text(text, [removal(text, "Two bridges.")]) == "One bridge.\nThree bridges."


def test_kept_text_has_one_space_where_a_sentence_was() -> None:
    text = "One bridge. Two bridges. Three bridges."
    assert kept_text(text, [removal(text, "Two bridges.")]) == "One bridge. Three bridges."


def test_kept_text_takes_removals_in_any_order() -> None:
    text = "One.\nTwo.\nThree."
    spans = [removal(text, "Three."), removal(text, "One.")]
    assert kept_text(text, spans) == kept_text(text, spans[::-1]) == "Two."


@given(st.text())
def test_keeping_all_twice_changes_nothing_more(text: str) -> None:
    once = kept_text(text, [])
    assert kept_text(once, []) == once


def test_every_character_without_width_is_dropped() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    unseen = [c for c in every if unicodedata.category(c) in {"Cf", "Cc"} and c not in "\n\t\r"]
    assert normalize("".join(unseen)) == ""
