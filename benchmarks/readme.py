"""Writes the table of figures in the README, and the reliability plot, from the last results."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from benchmarks.reliability import Bin, reliability_plot

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
SHOWN = {
    "extraction": (
        "scrapinghub text F1",
        "fundus text F1",
        "fundus_eval text F1",
        "wcxb_dev text F1",
        "fundus title",
        "fundus day",
        "fundus instant",
        "fundus authors",
        "speed ratio, page to article",
        "speed ratio, page to article, fast",
    ),
    "repetition": ("words F1", "texts right"),
    "near_duplicates": (
        "recall, Jaccard >= .7",
        "recall, containment >= .7",
        "groups, adjusted Rand index",
        "speed ratio, text to pairs",
        "compiled speed ratio, beside datasketch",
        "compiled speed ratio, beside daft",
        "compiled speed ratio, beside rensa",
    ),
    "stories": (
        "mean B-Cubed F1",
        "mean pairwise F1",
        "ecbplus B-Cubed F1",
        "stream_us_2022_02_15 pairwise F1",
        "stream_us_2023_06_21 pairwise F1",
    ),
    "increment": (
        "four weeks in one run and in runs of a day",
        "four weeks in one run and in runs of a day, begun at seven",
        "recall of neighbours above .25",
        "speed ratio, vectors to neighbours",
        "speed ratio, articles to neighbours",
    ),
}


def table() -> str:
    """Return the figures that the README shows, with the peer that ran beside them."""
    rows = ["| | samestory | beside it |", "|---|---|---|"]
    for task, names in SHOWN.items():
        result = json.loads((RESULTS / f"{task}.json").read_text("utf-8"))
        figures = {figure["name"]: figure for figure in result["figures"]}
        for name in names:
            figure = figures[name]
            whose = (
                f"trafilatura {figure['peer_name']}"
                if task == "extraction"
                else figure["peer_name"]
            )
            peer = f"{figure['peer']:.3f} ({whose})" if figure["peer_name"] else ""
            rows.append(f"| {task.replace('_', '-')}: {name} | {figure['value']:.3f} | {peer} |")
    return "\n".join(rows)


def claims() -> list[Bin]:
    """Return for each bin of claims the mean of them and the share that is true."""
    result = json.loads((RESULTS / "stories.json").read_text("utf-8"))
    return [Bin(f["peer"], f["value"]) for f in result["figures"] if f["peer_name"] == "claimed"]


def main() -> int:
    """Put the table between its marks, and the plot beside this file."""
    (ROOT / "benchmarks" / "reliability.svg").write_text(reliability_plot(claims()), "utf-8")
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    marks = re.compile(r"(<!-- figures -->\n).*?(<!-- end -->)", re.DOTALL)
    readme.write_text(marks.sub(lambda m: f"{m[1]}{table()}\n{m[2]}", text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
