"""Build ``pipeline/reference/lookalikes.json``: letters of other scripts that look like Latin ones.

From Unicode's table of confusable characters (UTS #39), as the package confusable_homoglyphs ships
it (extra `bench`): ``python -m benchmarks.build_lookalikes``. Facts, no prose.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

OUTPUT = Path(__file__).parents[1] / "pipeline" / "reference" / "lookalikes.json"
_ALL = 0x0370, 0x058F  # Greek, Cyrillic, Armenian
_CYRILLIC = 0x0400, 0x052F


def main() -> None:
    """Write the table: a casefolded letter and the casefolded Latin letter that it looks like."""
    source = files("confusable_homoglyphs").joinpath("confusables.json")
    confusable = json.loads(source.read_text(encoding="utf-8"))
    table: dict[str, str] = {}
    # A small letter's own likeness counts before that of its capital, which small Cyrillic letters
    # look like, but Greek ones do not: a micrometre is no millimetre.
    for letters, (first, last) in ((str.lower, _ALL), (str.upper, _CYRILLIC)):
        for code in range(first, last + 1):
            letter = chr(code).casefold()
            latin = sorted(
                other["c"].casefold()
                for other in confusable.get(letters(letter), [])
                if len(other["c"]) == 1 and other["c"].isascii() and other["c"].isalpha()
            )
            if latin and len(letter) == 1 and letter.isalpha():
                table.setdefault(letter, latin[0])
    rows = json.dumps(dict(sorted(table.items())), ensure_ascii=False, indent=0)
    OUTPUT.write_text(rows + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
