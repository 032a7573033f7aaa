"""Lines of a text that are not the report, and where a report was taken over from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.credits import body_lines, dateline
from pipeline.extract.wire import agency_in, agency_named, first_credit
from pipeline.records import WireCredit

LEAD = "A ferry hit the pier at Calder Haven on Monday and injured 14 people, the police said."


@pytest.mark.parametrize(
    ("line", "agency"),
    [
        ("CALDER HAVEN, March 3 (AP) — ", "Associated Press"),
        ("London (Reuters) - ", "Reuters"),
        ("(Reuters) - ", "Reuters"),
        ("PARIS, le 3 mars (AFP) — ", "Agence France-Presse"),
        ("Madrid, 3 mar (EFE).- ", "EFE"),
        ("(ANSA) - ROMA, 3 MAR - ", "ANSA"),
        ("New Delhi [India], March 3 (ANI): ", "Asian News International"),
        ("Berlin/Hafen (dpa/lno) – ", "Deutsche Presse-Agentur"),
        ("MUMBAI (PTI) ", "Press Trust of India"),
        ("新华社北京3月3日电 ", "Xinhua"),
        ("NEW DELHI: ", None),
        ("CALDER HAVEN — ", None),
        ("LOS ANGELES, Calif. -- ", None),
        ("Calder Haven · ", None),
        ("COLLEGE STATION, Texas — ", None),
    ],
)
def test_a_dateline_is_found_with_its_agency(line: str, agency: str | None) -> None:
    found = dateline(line + LEAD)
    assert found is not None
    length, credit = found
    assert (line + LEAD)[length:] == LEAD
    assert (credit and credit.name) == agency


@pytest.mark.parametrize(
    "start",
    [
        "WATCH: ",
        "CLAIM: ",
        "UPDATE — ",
        "Kim Roe (Reuters) said on Monday that ",
        "A picture (AP) shows how ",
        "In Paris (AFP) the ",
        "The pier - ",
        "Calder Haven: ",
        "It is late · ",
        "(Ada Roe) - ",
        "TLDR: ",
        "DISCLOSURE: ",
        "QUICK SUMMARY: ",
        "BAKING IN A SMALL KITCHEN: ",
        "BORDER AGGRESSION: ",
        "",
    ],
)
def test_other_openings_are_no_datelines(start: str) -> None:
    assert dateline(start + LEAD) is None


def reasons(*lines: str, title: str = "", authors: tuple[str, ...] = ()) -> dict[str, str]:
    text = "\n".join(lines)
    found = body_lines(text, title, authors)
    return {text[span.start : span.end]: span.reason for span in found.removed}


def test_lines_around_the_report_leave_it_each_with_its_reason() -> None:
    assert reasons(
        "Ferry hits pier",
        "By Ada Roe and Bo Lund",
        f"CALDER HAVEN (AP) — {LEAD}",
        "Photo: Cy Dent/Getty Images",
        LEAD,
        "Reporting by Ada Roe; Editing by Cy Dent",
        "(With inputs from PTI)",
        "© 2026 The Associated Press. All rights reserved.",
        title="Ferry Hits Pier!",
    ) == {
        "Ferry hits pier": "title",
        "By Ada Roe and Bo Lund": "byline",
        "CALDER HAVEN (AP) — ": "dateline",
        "Photo: Cy Dent/Getty Images": "image_credit",
        "Reporting by Ada Roe; Editing by Cy Dent": "credit",
        "(With inputs from PTI)": "credit",
        "© 2026 The Associated Press. All rights reserved.": "copyright",
    }


def test_a_dateline_may_have_a_line_of_its_own() -> None:
    assert reasons("NEW DELHI:", LEAD) == {"NEW DELHI:": "dateline"}


def test_initials_and_helpers_below_the_report_leave_it() -> None:
    helpers = "Associated Press writers Ada Roe and Bo Lund contributed to this report."
    assert reasons(LEAD, helpers, "(ado/dpa)") == {helpers: "credit", "(ado/dpa)": "credit"}
    assert reasons(LEAD, "(ado)") == {"(ado)": "byline"}
    assert reasons("(ado)", LEAD) == {}


def test_a_line_that_says_where_it_was_first_published_names_the_outlet() -> None:
    line = "This article was originally published on The Valley Courier."
    found = body_lines(f"{LEAD}\n{LEAD}\n{line}")
    assert [(credit.name, credit.raw) for credit in found.wire] == [("The Valley Courier", line)]


def test_a_name_alone_above_the_report_is_a_byline() -> None:
    assert reasons("Ada Roe/Bo Lund", LEAD) == {"Ada Roe/Bo Lund": "byline"}
    assert reasons("ADA ROE", LEAD) == {"ADA ROE": "byline"}
    assert reasons("Ada Roe", "Bo Lund") == {}


def test_a_heading_is_no_byline() -> None:
    assert reasons("Key Points", f"{LEAD} These points are key to the case.") == {}
    assert reasons(LEAD, "Ada Roe", LEAD) == {}
    assert reasons("Cy Dent", LEAD, authors=("Ada Roe",)) == {}


def test_a_line_of_the_stated_authors_is_a_byline() -> None:
    assert reasons(LEAD, "Ada Roe", LEAD, authors=("Ada Roe",)) == {"Ada Roe": "byline"}
    assert reasons("Ada Roe, our reporter, went to see it", LEAD, authors=("Ada Roe",)) == {}


def test_what_the_report_says_stays() -> None:
    assert not reasons(
        "By noon the ferry was afloat again.",
        LEAD,
        "Photos of the pier were shown to the court, which will decide in May.",
        "Source of the fire was a cable, the brigade said.",
        "Editing by hand is slow, said the printer.",
        "The copyright law of 1911 is to blame, he said, and asked for a new one.",
        "The Associated Press asked the operator for comment.",
    )


def test_a_text_of_one_line_is_never_a_credit() -> None:
    assert reasons("Photo: Cy Dent") == {}


def test_evidence_for_the_agency_comes_in_order_of_trust() -> None:
    text = f"CALDER HAVEN (AP) — {LEAD}\n{LEAD}\nSource: AFP"
    wire = body_lines(text).wire
    assert [(credit.name, credit.evidence) for credit in wire] == [
        ("Associated Press", "dateline"),
        ("Agence France-Presse", "credit_line"),
    ]
    assert first_credit(wire, "The Courier") == wire[0]


def test_what_an_agency_publishes_is_taken_over_from_nobody() -> None:
    credit = WireCredit(name="Associated Press", evidence="dateline", raw="(AP)")
    assert first_credit([credit], "AP") is None
    assert first_credit([None, credit], "The Courier") == credit


def test_an_agency_is_known_by_its_names_as_written() -> None:
    assert agency_named("THE ASSOCIATED PRESS") == "Associated Press"
    assert agency_named("dpa") == "Deutsche Presse-Agentur"
    assert agency_named("ap") is None
    assert agency_in("dpa-infocom, dpa:260303") == "Deutsche Presse-Agentur"
    assert agency_in("EFEKT") is None


@given(
    st.lists(st.sampled_from([LEAD, "Photo: X", "By Ada Roe", "© 2026 A", "Ada Roe", "AFP", " "]))
)
def test_removed_lines_never_overlap_and_lie_in_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    removed = body_lines(text, "Ada Roe").removed
    edges = [edge for span in removed for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(0 <= span.start < span.end <= len(text) for span in removed)


@pytest.mark.parametrize(
    ("last", "tail"),
    [
        ("The pier is closed. (c)AFP", " (c)AFP"),
        ("The pier is closed. (AP)", " (AP)"),
        ("The pier is closed. — Reuters", " — Reuters"),
        ("町の桟橋は月曜日まで閉鎖される。(c)AFP", "(c)AFP"),
        ("「桟橋は閉鎖される」©AFP/Ada ROE", "©AFP/Ada ROE"),
        (LEAD * 6 + " (dpa)", " (dpa)"),
    ],
)
def test_an_agency_behind_the_last_sentence_goes_and_the_sentence_stays(
    last: str, tail: str
) -> None:
    text = f"{LEAD}\n{last}"
    found = body_lines(text)
    assert [(text[one.start : one.end], one.reason) for one in found.removed] == [(tail, "credit")]
    assert [credit.evidence for credit in found.wire] == ["credit_line"]


@pytest.mark.parametrize(
    "last",
    [
        "The pier is closed (see map).",
        "The pier is closed, said AFP",
        "The pier is closed. (Ada Roe)",
        "桟橋の閉鎖はAFPが伝えたもので町の人々は月曜日まで待たなければならない",
    ],
)
def test_a_last_sentence_without_a_signature_stays_whole(last: str) -> None:
    assert body_lines(f"{LEAD}\n{last}").removed == ()


def test_what_a_camera_films_is_no_image_credit() -> None:
    assert body_lines(f"{LEAD}\nVideo: 4K/30p, no crop\n{LEAD}").removed == ()
    found = body_lines(f"{LEAD}\nVideo: Ada Roe\n{LEAD}").removed
    assert [one.reason for one in found] == ["image_credit"]


def test_a_heading_that_leads_to_what_follows_is_no_repeated_title() -> None:
    text = f"BAKING IN A SMALL KITCHEN:\nBread for two\n{LEAD}"
    assert body_lines(text, title="Baking in a small kitchen").removed == ()
