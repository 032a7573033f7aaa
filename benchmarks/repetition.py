"""Repetition inside one text: which words go, and which texts come out right."""

from __future__ import annotations

from pathlib import Path

from benchmarks import gold, metrics, periodic
from benchmarks.figures import Figure
from pipeline.config import RepetitionSettings
from pipeline.repetition import find_repeats

_NOISE = 0.1  # of times in milliseconds on a busy machine

NEEDS = ("duplicates/repetition_dev.jsonl",)


def measure(folder: Path, limit: int | None = None, jobs: int = 1) -> list[Figure]:
    """Measure on all texts, on each kind, and apart on the tenth that is held back."""
    del jobs  # one process is done in seconds
    settings = RepetitionSettings()
    rows = gold.first(gold.repeats(folder), limit)
    removed = {
        row.text_id: [(span.start, span.end) for span in find_repeats(row.text, settings)]
        for row in rows
    }
    scores = metrics.repeats(rows, removed)
    tenth = metrics.repeats([row for row in rows if gold.held_back(row.text_id)], removed)
    growth = periodic.slowest_growth(find_repeats, limit or periodic.SIZE)
    return [
        # 1 where twice the text takes twice the time, less where it takes longer.
        Figure(name="linear time, slowest text", value=2 / growth, noise=_NOISE),
        Figure(name="words F1", value=scores.words.f1),
        Figure(name="texts right", value=scores.right),
        *(
            Figure(name=f"texts right, {kind}", value=right)
            for kind, right in scores.right_by_kind.items()
        ),
        Figure(name="words F1, held back", value=tenth.words.f1, gated=False),
        Figure(name="texts right, held back", value=tenth.right, gated=False),
    ]
