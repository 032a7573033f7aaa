"""What is known about each block of a page, as numbers: the input of the judge.

Three views: the block alone, its place on the page, and the blocks of its kind. The third decides
most: blocks that one template made are nearly always in the text together or out of it together,
so what the witnesses say about all of them counts more than what they say about one.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.extract.body.outline import HINTS, KINDS, Block, Box, Outline

__all__ = ["Columns", "Measured", "measure", "testimony"]

Column: TypeAlias = NDArray[np.float64]
Columns: TypeAlias = dict[str, Column]

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)]*(?:\s|$)")
_LINE_END = re.compile(r"[.!?…。！？»”\"'’:;)]\s*$")
# What readers are sent elsewhere with, and what credits are written with, in the languages of news.
_ELSEWHERE = re.compile(
    r"\W*(?:also read|read (?:also|more|next|the full)|(?:see|more) (?:also|on this|from)|related"
    r"|don.t miss|recommended|click here|sign up|subscribe|follow (?:us|our)|watch|listen"
    r"|lesen sie (?:auch|hier)|mehr (?:zum thema|dazu|lesen)|lesetipp|siehe auch|auch interessant"
    r"|(?:à )?lire aussi|à voir aussi|voir aussi|en savoir plus|lees (?:ook|meer)|les også|les mer"
    r"|läs (?:också|mer|även)|læs også|lue myös|leggi anche|leia (?:também|mais)|veja também"
    r"|lea también|lee también|te puede interesar|ver también|czytaj (?:też|także|więcej)"
    r"|zobacz też|przeczytaj|čtěte|olvasta már|читайте|смотрите также|читати|bkz|ayrıca|اقرأ|関連)",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"©|\(c\)|copyright|getty|reuters|shutterstock|all rights reserved|\b(?:photo|foto|image"
    r"|picture|credit|bild|quelle|source|crédit|fotografía|zdj\.)\w*\s*(?:[:/|]|by\b)",
    re.IGNORECASE,
)
_SHORT_CHARS = 300  # longer blocks are no notes (guess)
_BESIDE = sum(1 << KINDS.index(kind) for kind in ("nav", "footer", "aside"))
_HEADING = 1 << KINDS.index("h1")
_PROSE_CHARS = 60  # a block so long, with few links, is a paragraph (guess)
_PROSE_LINKED = 0.5
_FADING = 0.72  # of a paragraph's weight for each box further out, so that inner ones win (guess)
_MOST_SENTENCES = 10
_NO_HEADING = 999.0
_NEAR = 4  # blocks before and after that are a block's surroundings
_SHIFTS = {"before_2": -2, "before": -1, "after": 1, "after_2": 2}
_BESIDE_COLUMNS = ("chars", "linked", "ends", "up")


class Measured(NamedTuple):
    """What is known of the blocks before anybody is asked.

    Parameters
    ----------
    columns
        Features by name, each of shape ``(n_blocks,)``.
    groups
        For each way of grouping the blocks, the number of each block's group.
    chars, prose
        Characters of each block; the same where it looks like a paragraph, else 0.
    """

    columns: Columns
    groups: dict[str, NDArray[np.intp]]
    chars: Column
    prose: Column


def measure(outline: Outline, plain: Sequence[str], title: str, summary: str) -> Measured:
    """Measure all blocks of a page.

    Parameters
    ----------
    outline
        At least one block.
    plain
        The blocks' letters and digits alone.
    title, summary
        The same of what the page calls itself, and of its description.
    """
    blocks, boxes = outline
    kinds = np.array([boxes[block.box].kinds for block in blocks], dtype=np.int64)
    chars = np.array([len(block.text) for block in blocks], dtype=float)
    columns = _alone(blocks)
    linked = columns["linked"]
    is_prose = (chars >= _PROSE_CHARS) & (linked < _PROSE_LINKED) & (kinds & _BESIDE == 0)
    prose = np.where(is_prose, chars * (1 - linked), 0.0)
    columns |= _place(blocks, boxes, prose) | _marks(blocks, boxes, kinds)
    columns |= _said_elsewhere(plain, title, summary)
    columns["from_heading"] = _from_heading(kinds, plain, title)
    groups = {"like": _signatures(blocks, boxes)} | _shared_boxes(blocks, boxes)
    for name, group in groups.items():
        columns |= _of_group(name, group, chars, columns)
    for name in _BESIDE_COLUMNS:
        columns |= _neighbours(name, columns[name])
    return Measured(columns, groups, chars, prose)


def testimony(measured: Measured, name: str, votes: Sequence[float]) -> Columns:
    """Return the features that one witness adds.

    Parameters
    ----------
    measured
        From `measure`.
    name
        Begins or ends the names of the features.
    votes
        Its agreement with each block, 0-1.
    """
    said, chars = np.array(votes), measured.chars
    count = len(said)
    start = np.maximum(0, np.arange(count) - _NEAR)
    end = np.minimum(count, np.arange(count) + _NEAR + 1)
    mass = np.concatenate([[0.0], chars.cumsum()])
    heard = np.concatenate([[0.0], (said * chars).cumsum()])
    found = {
        name: said,
        f"{name}_near": (heard[end] - heard[start]) / np.maximum(1, mass[end] - mass[start]),
        f"{name}_so_far": heard[:-1] / max(1.0, heard[-1]),
        f"{name}_of_prose": np.full(count, heard[-1] / max(1.0, measured.prose.sum())),
    }
    for group_name, group in measured.groups.items():
        found[f"{group_name}_{name}"] = _mean_by(group, said, chars + 1)
    return found | _neighbours(name, said)


def _alone(blocks: Sequence[Block]) -> Columns:
    rows = np.array([_of_text(block) for block in blocks], dtype=float)
    names = ("chars", "words", "word_length", "linked", "links", "emphasised", "ends", "sentences",
             "lines", "elsewhere", "credit")  # fmt: skip
    return dict(zip(names, rows.T, strict=True))


def _of_text(block: Block) -> tuple[float, ...]:
    text = block.text
    size, words = len(text), len(text.split())
    return (
        math.log1p(size),
        math.log1p(words),
        size / max(1, words),
        block.linked_chars / size,
        block.links,
        block.emphasised_chars / size,
        1.0 if _LINE_END.search(text, max(0, size - 3)) else 0.0,
        min(len(_SENTENCE_END.findall(text)), _MOST_SENTENCES),
        text.count("\n"),
        1.0 if size < _SHORT_CHARS and _ELSEWHERE.match(text) else 0.0,
        1.0 if size < _SHORT_CHARS and _CREDIT.search(text) else 0.0,
    )


def _place(blocks: Sequence[Block], boxes: Sequence[Box], prose: Column) -> Columns:
    """Where a block lies, seen from the box with most of the prose.

    `up` boxes must be left to stand on the way from the page to that box, `down` more lead to it.
    """
    held = np.zeros(len(boxes))
    weight = np.zeros(len(boxes))
    for block, size in zip(blocks, prose.tolist(), strict=True):
        if size:
            for place, box in enumerate(_boxes_around(block.box, boxes)):
                held[box] += size
                weight[box] += size * _FADING ** max(0, place - 1)
    main = int(weight.argmax())
    way = {box: steps for steps, box in enumerate(_boxes_around(main, boxes))}
    steps = [_steps(block.box, boxes, way) for block in blocks]
    own = np.array([block.box for block in blocks])
    parents = np.array([max(box.parent, 0) for box in boxes])
    total = max(1.0, prose.sum())
    return {
        "up": np.array([up for up, _ in steps], dtype=float),
        "down": np.array([down for _, down in steps], dtype=float),
        "depth": np.array([boxes[block.box].depth for block in blocks], dtype=float),
        "prose_around": np.log1p(held[parents[own]]),
        "prose_share": held[own] / total,
        "prose_share_around": held[parents[own]] / total,
        "prose_share_further": held[parents[parents[own]]] / total,
        "prose_before": (prose.cumsum() - prose) / total,
    }


def _boxes_around(box: int, boxes: Sequence[Box]) -> Iterator[int]:
    while box >= 0:
        yield box
        box = boxes[box].parent


def _steps(box: int, boxes: Sequence[Box], way: Mapping[int, int]) -> tuple[int, int]:
    up = 0
    while box not in way:
        box, up = boxes[box].parent, up + 1
    return up, way[box]


def _marks(blocks: Sequence[Block], boxes: Sequence[Box], kinds: NDArray[np.int64]) -> Columns:
    """Hints of the box and the one around it, hints of all boxes around, kinds of boxes."""
    near, around = [], []
    for block in blocks:
        box = boxes[block.box]
        near.append(box.hints | (boxes[box.parent].hints if box.parent >= 0 else 0))
        around.append(box.hints_around)
    return {
        **_bits("near", HINTS, np.array(near, dtype=np.int64)),
        **_bits("inside", HINTS, np.array(around, dtype=np.int64)),
        **_bits("in", KINDS, kinds),
    }


def _bits(prefix: str, names: Sequence[str], bits: NDArray[np.int64]) -> Columns:
    table = (bits[:, None] >> np.arange(len(names))) & 1
    return {f"{prefix}_{name}": table[:, place].astype(float) for place, name in enumerate(names)}


def _said_elsewhere(plain: Sequence[str], title: str, summary: str) -> Columns:
    counts = Counter(plain)
    return {
        "as_title": np.array([_alike(text, title) for text in plain]),
        "as_summary": np.array([1.0 if _in_summary(text, summary) else 0.0 for text in plain]),
        "repeats": np.array([counts[text] for text in plain], dtype=float),
    }


_LEAST_TITLE = 15  # letters that a part of a title must have
_LEAST_SUMMARY = 20
_SUMMARY_START = 60  # descriptions are cut off


def _alike(text: str, title: str) -> float:
    if text and text == title:
        return 1.0
    return 0.5 if title and len(text) > _LEAST_TITLE and (text in title or title in text) else 0.0


def _in_summary(text: str, summary: str) -> bool:
    if not summary or len(text) <= _LEAST_SUMMARY:
        return False
    return text in summary or summary[:_SUMMARY_START] in text


def _from_heading(kinds: NDArray[np.int64], plain: Sequence[str], title: str) -> Column:
    """Count blocks since the first top heading, or else since the title is said; below 0 before."""
    headings = (place for place, kind in enumerate(kinds.tolist()) if kind & _HEADING)
    titles = (place for place, text in enumerate(plain) if title and text == title)
    heading = next(headings, next(titles, None))
    if heading is None:
        return np.full(len(plain), _NO_HEADING)
    return np.arange(len(plain), dtype=float) - heading


def _signatures(blocks: Sequence[Block], boxes: Sequence[Box]) -> NDArray[np.intp]:
    """Give each template a number: the tags and classes of the box and of the two around it."""
    numbers: dict[tuple[str, ...], int] = {}
    keys = []
    for block in blocks:
        box = boxes[block.box]
        parent = boxes[box.parent] if box.parent >= 0 else None
        further = boxes[parent.parent] if parent and parent.parent >= 0 else None
        key = tuple(b.signature if b else "" for b in (box, parent, further))
        keys.append(numbers.setdefault(key, len(numbers)))
    return np.array(keys)


def _shared_boxes(blocks: Sequence[Block], boxes: Sequence[Box]) -> dict[str, NDArray[np.intp]]:
    parents = [max(0, boxes[block.box].parent) for block in blocks]
    further = [max(0, boxes[parent].parent) for parent in parents]
    return {
        "with": np.unique(parents, return_inverse=True)[1],
        "around": np.unique(further, return_inverse=True)[1],
    }


def _of_group(name: str, group: NDArray[np.intp], chars: Column, columns: Columns) -> Columns:
    """Size, place and means of the group that each block belongs to."""
    weight, count, place = chars + 1, len(chars), np.arange(len(chars))
    members, mass = np.bincount(group), np.bincount(group, weight)
    first, last = np.full(len(members), count), np.zeros(len(members))
    np.minimum.at(first, group, place)
    np.maximum.at(last, group, place)
    return {
        f"{name}_count": np.log1p(members)[group],
        f"{name}_chars": np.log1p(mass)[group],
        f"{name}_share": mass[group] / weight.sum(),
        f"{name}_length": (mass / members)[group],
        f"{name}_sentences": (np.bincount(group, columns["sentences"]) / members)[group],
        f"{name}_since": (place - first[group]) / count,
        f"{name}_until": (last[group] - place) / count,
        f"{name}_linked": _mean_by(group, columns["linked"], weight),
        f"{name}_ends": _mean_by(group, columns["ends"], weight),
    }


def _mean_by(group: NDArray[np.intp], values: Column, weight: Column) -> Column:
    return (np.bincount(group, values * weight) / np.bincount(group, weight))[group]


def _neighbours(name: str, values: Column) -> Columns:
    """Return the values of the two blocks before and after; -1 where the page ends."""
    edge = np.full(2, -1.0)
    padded, count = np.concatenate([edge, values, edge]), len(values)
    return {
        f"{name}_{when}": padded[2 + shift : 2 + shift + count] for when, shift in _SHIFTS.items()
    }
