"""What is known about each block of a page, as numbers: the input of the judge.

Three views: the block alone, its place on the page, and the blocks of its kind. The third decides
most: blocks that one template made are nearly always in the text together or out of it together,
so what the witnesses say about all of them counts more than what they say about one.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.extract.body.outline import HINTS, KINDS, Boxes, Outline

__all__ = ["Features", "Measured", "measure", "testimony"]

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.intp]

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)]*(?:\s|$)")
_LINE_ENDS = frozenset(".!?…。！？»”\"'’:;)")
# What readers are sent elsewhere with, and what credits are written with, in the languages of news.
_ELSEWHERE = re.compile(
    r"\W*(?:also read|read (?:also|more|next|the full)|(?:see|more) (?:also|on this|from)|related"
    r"|don.t miss|recommended|click here|sign up|subscribe|follow (?:us|our)|watch|listen"
    r"|lesen sie (?:auch|hier)|mehr (?:zum thema|dazu|lesen)|lesetipp|siehe auch|auch interessant"
    r"|(?:à )?lire aussi|à voir aussi|voir aussi|en savoir plus|lees (?:ook|meer)|les også|les mer"
    r"|läs (?:också|mer|även)|læs også|lue myös|leggi anche|leia (?:também|mais)|veja também"
    r"|lea también|lee también|te puede interesar|ver también|czytaj (?:też|także|więcej)"
    r"|zobacz też|przeczytaj|čtěte|olvasta már|читайте|смотрите также|читати|bkz|ayrıca|اقرأ|関連)",
)
# How those begin: it spares most texts the pattern.
_ELSEWHERE_STARTS = frozenset(
    ("al", "re", "se", "mo", "do", "cl", "si", "su", "fo", "wa", "li", "le", "me", "au", "à ", "vo",
     "en", "lä", "læ", "lu", "ve", "te", "cz", "zo", "pr", "čt", "ol", "чи", "см", "bk", "ay", "اق",
     "関連")
)  # fmt: skip
_CREDIT = re.compile(
    r"©|\(c\)|copyright|getty|reuters|shutterstock|all rights reserved|(?P<label>photo|foto|image"
    r"|picture|credit|bild|quelle|source|crédit|fotografía|zdj\.)\w*\s*(?:[:/|]|by\b)"
)
# What it may begin with: to look for each takes a tenth of the time of a search for all.
_CREDIT_STARTS = (
    "©", "(c)", "copyright", "getty", "reuters", "shutterstock", "all rights reserved", "photo",
    "foto", "image", "picture", "credit", "bild", "quelle", "source", "crédit", "zdj.",
)  # fmt: skip
_WORD_CHAR = re.compile(r"\w")
_SHORT_CHARS = 300  # longer blocks are no notes (guess)
_BESIDE = sum(1 << KINDS.index(kind) for kind in ("nav", "footer", "aside"))
_HEADING = 1 << KINDS.index("h1")
_PROSE_CHARS = 60  # a block so long, with few links, is a paragraph (guess)
_PROSE_LINKED = 0.5
_FADING = 0.72  # of a paragraph's weight for each box further out, so that inner ones win (guess)
_MOST_SENTENCES = 10
_NO_HEADING = 999.0
_NEAR = 4  # blocks before and after that are a block's surroundings

# Names of the features, in the order in which they are made.
_ALONE = ("chars", "words", "word_length", "linked", "links", "emphasised", "ends", "sentences",
          "lines", "elsewhere", "credit")  # fmt: skip
_PLACE = ("up", "down", "depth", "prose_around", "prose_share", "prose_share_around",
          "prose_share_further", "prose_before")  # fmt: skip
_MARKS = (
    *(f"near_{name}" for name in HINTS),
    *(f"inside_{name}" for name in HINTS),
    *(f"in_{name}" for name in KINDS),
)
_SAID = ("as_title", "as_summary", "repeats", "from_heading")
_OF_GROUP = ("count", "chars", "share", "length", "sentences", "since", "until", "linked", "ends")
_GROUPS = ("like", "with", "around")
_BESIDE_NAMES = ("chars", "linked", "ends", "up")
_SHIFTS = {"before_2": -2, "before": -1, "after": 1, "after_2": 2}
_NAMES = (
    *_ALONE,
    *_PLACE,
    *_MARKS,
    *_SAID,
    *(f"{group}_{name}" for group in _GROUPS for name in _OF_GROUP),
    *(f"{name}_{when}" for when in _SHIFTS for name in _BESIDE_NAMES),
)


class Features(NamedTuple):
    """Names, and for each of them a row with a number for each block."""

    names: tuple[str, ...]
    rows: Numbers

    def beside(self, other: Features) -> Features:
        """Return both together."""
        return Features(self.names + other.names, np.concatenate([self.rows, other.rows]))


class _Group(NamedTuple):
    """Blocks put together: the number of each one's group, and the characters of each group.

    A number may have no blocks; then what is said about its group is never read.
    """

    of_block: Places
    mass: Numbers

    def mean(self, weighted: Numbers) -> Numbers:
        """Return the mean over each block's group of what is weighted by characters."""
        means: Numbers = (np.bincount(self.of_block, weighted) / self.mass)[self.of_block]
        return means


class Measured(NamedTuple):
    """What is known of the blocks before anybody is asked.

    Parameters
    ----------
    features
        Of each block.
    groups
        Ways of grouping the blocks.
    chars, prose
        Characters of each block; the same where it looks like a paragraph, else 0.
    """

    features: Features
    groups: tuple[_Group, ...]
    chars: Numbers
    prose: Numbers


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
    boxes, own = outline.boxes, np.array(outline.box)
    parent = np.array(boxes.parent)
    kinds = np.array(boxes.kinds)[own]
    chars = np.array([len(text) for text in outline.texts], dtype=float)
    alone = _alone(outline, chars)
    linked, ends, sentences = (
        alone[_ALONE.index(name)] for name in ("linked", "ends", "sentences")
    )
    is_prose = (chars >= _PROSE_CHARS) & (linked < _PROSE_LINKED) & (kinds & _BESIDE == 0)
    prose = np.where(is_prose, chars * (1 - linked), 0.0)
    place = _place(outline, own, parent, prose)
    weight = chars + 1
    groups = [
        _Group(number, np.maximum(1.0, np.bincount(number, weight)))
        for number in _groupings(boxes, own, parent)
    ]
    parts = [
        alone,
        place,
        _marks(boxes, own, parent, kinds),
        _said(kinds, plain, title, summary),
        *(_of_group(group, weight, sentences, linked, ends) for group in groups),
        _neighbours(np.array([alone[0], linked, ends, place[0]])),
    ]
    return Measured(Features(_NAMES, np.concatenate(parts)), tuple(groups), chars, prose)


def testimony(measured: Measured, name: str, votes: Sequence[float]) -> Features:
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
    names = (
        *(name, f"{name}_near", f"{name}_so_far", f"{name}_of_prose"),
        *(f"{group}_{name}" for group in _GROUPS),
        *(f"{name}_{when}" for when in _SHIFTS),
    )
    count = len(said)
    if not said.any():  # most pages have no JSON-LD body
        nothing = np.zeros((len(names) - len(_SHIFTS), count))
        return Features(names, np.concatenate([nothing, _neighbours(said[None])]))
    start = np.maximum(0, np.arange(count) - _NEAR)
    end = np.minimum(count, np.arange(count) + _NEAR + 1)
    mass, heard = np.zeros(count + 1), np.zeros(count + 1)
    chars.cumsum(out=mass[1:])
    (said * chars).cumsum(out=heard[1:])
    weighted = said * (chars + 1)
    rows = [
        said,
        (heard[end] - heard[start]) / np.maximum(1, mass[end] - mass[start]),
        heard[:-1] / max(1.0, heard[-1]),
        np.full(count, heard[-1] / max(1.0, measured.prose.sum())),
        *(group.mean(weighted) for group in measured.groups),
    ]
    return Features(names, np.concatenate([np.array(rows), _neighbours(said[None])]))


def _alone(outline: Outline, chars: Numbers) -> Numbers:
    texts = outline.texts
    breaks = [text.count("\n") for text in texts]
    words = np.array([text.count(" ") + 1.0 for text in texts]) + breaks
    return np.array(
        [
            np.log1p(chars),
            np.log1p(words),
            chars / words,
            outline.linked_chars / chars,
            outline.links,
            outline.emphasised_chars / chars,
            [text[-1] in _LINE_ENDS for text in texts],
            np.minimum([len(_SENTENCE_END.findall(text)) for text in texts], _MOST_SENTENCES),
            breaks,
            *_notes(texts),
        ]
    )


def _notes(texts: Sequence[str]) -> tuple[list[bool], list[bool]]:
    """Tell which short texts send readers elsewhere, and which are credits."""
    short = [text.lower() if len(text) < _SHORT_CHARS else "" for text in texts]
    elsewhere = [_may_lead_elsewhere(text) and _ELSEWHERE.match(text) is not None for text in short]
    # One search over all of them: nothing that is looked for has the separator in it.
    joined, credit = "\0".join(short), [False] * len(short)
    starts = list(accumulate((len(text) + 1 for text in short), initial=0))
    for place in chain.from_iterable(_places_of(start, joined) for start in _CREDIT_STARTS):
        found = _CREDIT.match(joined, place)
        # A label begins a word.
        if found and not (found["label"] and _WORD_CHAR.match(joined, max(0, place - 1), place)):
            credit[bisect(starts, place) - 1] = True
    return elsewhere, credit


def _places_of(part: str, text: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _may_lead_elsewhere(text: str) -> bool:
    return text[:2] in _ELSEWHERE_STARTS or not text[:1].isalnum()


def _place(outline: Outline, own: Places, parent: Places, prose: Numbers) -> Numbers:
    """Where a block lies, seen from the box with most of the prose.

    `up` boxes must be left to stand on the way from the page to that box, `down` more lead to it.
    """
    parents = outline.boxes.parent
    held, weight = [0.0] * len(parents), [0.0] * len(parents)
    for place in np.flatnonzero(prose).tolist():
        size = faded = prose.item(place)
        for steps, box in enumerate(_boxes_around(outline.box[place], parents)):
            held[box] += size
            weight[box] += faded
            if steps:
                faded *= _FADING
    main = weight.index(max(weight))
    way = {box: steps for steps, box in enumerate(_boxes_around(main, parents))}
    up, down = [0] * len(parents), [way[0]] * len(parents)
    for box, around_it in enumerate(parents):
        if box in way:
            down[box] = way[box]
        else:
            up[box], down[box] = up[around_it] + 1, down[around_it]
    total, holding = max(1.0, prose.sum()), np.array(held)
    around = parent[own]
    return np.array(
        [
            np.array(up)[own],
            np.array(down)[own],
            np.array(outline.boxes.depth)[own],
            np.log1p(holding[around]),
            holding[own] / total,
            holding[around] / total,
            holding[parent[around]] / total,
            (prose.cumsum() - prose) / total,
        ]
    )


def _boxes_around(box: int, parents: Sequence[int]) -> Iterator[int]:
    while box:
        yield box
        box = parents[box]
    yield 0


def _marks(boxes: Boxes, own: Places, parent: Places, kinds: NDArray[np.int64]) -> Numbers:
    """Hints of the box and the one around it, hints of all boxes around, kinds of boxes."""
    hints = np.array(boxes.hints)
    near, around = hints[own] | hints[parent[own]], np.array(boxes.hints_around)[own]
    return np.concatenate(
        [_bits(near, len(HINTS)), _bits(around, len(HINTS)), _bits(kinds, len(KINDS))]
    )


def _bits(bits: NDArray[np.int64], count: int) -> Numbers:
    table: Numbers = ((bits >> np.arange(count)[:, None]) & 1).astype(float)
    return table


def _said(kinds: NDArray[np.int64], plain: Sequence[str], title: str, summary: str) -> Numbers:
    counts = Counter(plain)
    return np.array(
        [
            [_alike(text, title) for text in plain],
            [_in_summary(text, summary) for text in plain],
            [counts[text] for text in plain],
            _from_heading(kinds, plain, title),
        ]
    )


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


def _from_heading(kinds: NDArray[np.int64], plain: Sequence[str], title: str) -> Numbers:
    """Count blocks since the first top heading, or else since the title is said; below 0 before."""
    count = np.arange(len(plain), dtype=float)
    headings = np.flatnonzero(kinds & _HEADING).tolist()
    if headings:
        return count - headings[0]
    if title and title in plain:
        return count - plain.index(title)
    return np.full(len(plain), _NO_HEADING)


def _groupings(boxes: Boxes, own: Places, parent: Places) -> list[Places]:
    """Group the blocks by their template, by the box around theirs, and by the one around that.

    Of one template are blocks whose box and the two around it have the same tags and classes.
    """
    around = parent[own]
    further = parent[around]
    template, count = np.array(boxes.template), max(boxes.template) + 1
    key = (template[own] * count + template[around]) * count + template[further]
    return [np.unique(key, return_inverse=True)[1], around, further]


def _of_group(
    group: _Group, weight: Numbers, sentences: Numbers, linked: Numbers, ends: Numbers
) -> Numbers:
    """Size, place and means of the group that each block belongs to."""
    number, mass = group
    members, place = np.maximum(1, np.bincount(number)), np.arange(len(number))
    count, first, last = len(number), np.zeros(len(members)), np.zeros(len(members))
    first[number[::-1]], last[number] = place[::-1], place  # what is written last stays
    of_group = np.array(
        [
            np.log1p(members),
            np.log1p(mass),
            mass / weight.sum(),
            mass / members,
            np.bincount(number, sentences) / members,
        ]
    )
    return np.concatenate(
        [
            of_group[:, number],
            [
                (place - first[number]) / count,
                (last[number] - place) / count,
                group.mean(linked * weight),
                group.mean(ends * weight),
            ],
        ]
    )


def _neighbours(rows: Numbers) -> Numbers:
    """Return the values of the two blocks before and after; -1 where the page ends."""
    count = rows.shape[1]
    padded = np.full((len(rows), count + 4), -1.0)
    padded[:, 2:-2] = rows
    return np.concatenate([padded[:, 2 + by : 2 + by + count] for by in _SHIFTS.values()])
