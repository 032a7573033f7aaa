"""Takes out of a page what no reader sees, before anything parses it.

Scripts, styles, drawings and comments are more than half of the bytes of a news page. The decoder
and two parsers would look at each of them; to find their ends takes a tenth of that time.
"""

from __future__ import annotations

import re

__all__ = ["without_code"]

# Begins with a literal byte, so that the search passes over all else; and knows no case but the
# two that are written, for the same reason.
_BEGINS = re.compile(rb"<(?:!--|(script|SCRIPT|style|STYLE|svg|SVG)(?=[\s/>]))")
_LINKED_DATA = re.compile(rb"ld[^\s>]{1,6}json", re.IGNORECASE)  # some write &#x2B; for the plus


def without_code(page: bytes) -> bytes:
    """Return a page without its scripts, styles, drawings and comments, but with its JSON-LD.

    Parameters
    ----------
    page
        In any charset: where markup is not written in ASCII, nothing is found. An element that
        does not end stays, and so does a drawing inside of another.

    Examples
    --------
    >>> without_code(b"<p>Ice.<script>track()</script><!-- ad --></p><style>p {}</style>")
    b'<p>Ice.</p>'
    """
    kept, position, last = [], 0, page.rfind(b">")
    marks: dict[bytes, int] = {}  # where each is next, so that no byte is searched twice
    found = _BEGINS.search(page)
    while found:
        start, over, name = found.start(), found.end(), found[1] or b""
        mark = b"</" + name if name else b"-->"
        if marks.get(mark, start) <= start:
            end = page.find(mark, start + 2)  # <!--> is a whole comment
            marks[mark] = end if end >= 0 else len(page)
        nested = name.lower() == b"svg" and page.find(b"<" + name, over, marks[mark]) >= 0
        if marks[mark] < last and not nested:
            linked = name.lower() == b"script" and _is_linked_data(page, over)
            over = page.find(b">", marks[mark]) + 1
            if not linked:
                kept.append(page[position:start])
                position = over
        found = _BEGINS.search(page, over)
    kept.append(page[position:])
    return b"".join(kept)


def _is_linked_data(page: bytes, start: int) -> bool:
    return _LINKED_DATA.search(page, start, page.find(b">", start)) is not None
