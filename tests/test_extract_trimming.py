"""What leaves a page before it is parsed, and what must stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract.trimming import without_code


@pytest.mark.parametrize(
    ("page", "left"),
    [
        (b"<p>Ice</p><script>a < b</script><p>broke</p>", b"<p>Ice</p><p>broke</p>"),
        (b"<SCRIPT async>track()</SCRIPT >\n<p>Ice", b"\n<p>Ice"),
        (b"<style media='print'>p > b {}</style><b>Ice</b>", b"<b>Ice</b>"),
        (b"<a><svg><title>Bird</title><path d=''/></svg>Follow</a>", b"<a>Follow</a>"),
        (b"<!-- <script> --><p>Ice</p><!-- </script> -->", b"<p>Ice</p>"),
        (b"<!--><p>Ice</p><!-- -->", b"<p>Ice</p>"),
        (b"<svg><svg></svg><text>Ice</text></svg>", b"<svg><text>Ice</text></svg>"),
        (b"<script>write('<!--')</script><p>Ice</p><!-- ad -->", b"<p>Ice</p>"),
    ],
    ids=[
        "script",
        "capitals",
        "style",
        "drawing",
        "comment",
        "empty comment",
        "nested drawing",
        "comment in script",
    ],
)
def test_scripts_styles_drawings_and_comments_leave_a_page(page: bytes, left: bytes) -> None:
    assert without_code(page) == left


@pytest.mark.parametrize(
    "page",
    [
        b'<script type="application/ld+json">{"a": "<!--"}</script><p>Ice</p>',
        b"<script type=application/ld&#x2B;json>{}</script>",
        b"<script-player>Ice</script-player><svg-icon>Ice</svg-icon>",
        b"<p>Ice</p><script>never closed",
        b"<p>Ice</p><!-- never closed",
        b"Ice < stone, <styled>",
        "<p>Ice</p><script>x()</script>".encode("utf-16"),
        b"",
    ],
    ids=["JSON-LD", "escaped", "names that begin alike", "open script", "open comment",
         "no markup", "UTF-16", "nothing"],
)  # fmt: skip
def test_what_a_reader_may_need_or_nobody_can_end_stays(page: bytes) -> None:
    assert without_code(page) == page


@pytest.mark.parametrize(
    ("page", "left"),
    [
        (b"<nav><a href=/>Home</a></nav><p>Ice</p>", b"<p>Ice</p>"),
        (b"<p>Ice</p><FOOTER id=f><p>Imprint</p></FOOTER>", b"<p>Ice</p>"),
        (b"<nav><ul><nav>More</nav></ul></nav>", b"<nav><ul></ul></nav>"),
        (b"<footer><script>x()</script><a rel='author'>Roe</a></footer>",
         b"<footer><a rel='author'>Roe</a></footer>"),
    ],
    ids=["menu", "footer", "nested menu", "script in a footer that stays"],
)  # fmt: skip
def test_menus_and_footers_leave_a_page_that_is_read_fast(page: bytes, left: bytes) -> None:
    assert without_code(page, menus=False) == left
    assert b"<nav>" in without_code(page) or b"footer" in without_code(page).lower()


@pytest.mark.parametrize(
    "page",
    [
        b"<nav><a href=/>Home</a><p>Ice broke.</p></nav>",
        b"<footer>in <a rel='category tag'>Ice</a></footer>",
        b"<footer><script type='application/ld+json'>{}</script></footer>",
        b"<nav>never closed <p>Ice</p>",
        b"<navigation>Ice</navigation>",
    ],
    ids=["paragraph", "section", "JSON-LD", "open menu", "name that begins alike"],
)
def test_a_menu_or_footer_that_tells_something_stays(page: bytes) -> None:
    assert without_code(page, menus=False) == page


@given(
    st.lists(st.sampled_from(["<script>", "</script>", "<!--", "-->", "<svg>", "</svg>", "ice"]))
)
def test_what_is_left_of_a_page_is_in_its_order_and_holds_no_whole_script(parts: list[str]) -> None:
    page = "".join(parts).encode()
    left = without_code(page)
    rest = iter(page)
    assert all(byte in rest for byte in left)
    if "<svg>" not in parts:
        assert b"<script>" not in left or b"</script>" not in left.partition(b"<script>")[2]


@pytest.mark.parametrize(
    "part", [b"<script ", b"<!--", b"<svg>", b"<style>", b"<", b"<nav>", b"<footer>", b"<nav><p>"]
)
def test_markup_that_never_ends_takes_no_longer_than_its_size(part: bytes) -> None:
    page = part * (2**21 // len(part))  # a quadratic search would take minutes
    assert without_code(page) == page
    assert without_code(page, menus=False) == page
    ended = page + b"</nav></footer>"
    assert len(without_code(ended, menus=False)) >= len(page) - len(part)
