"""Where the tokens of a text were said before: exact matches, followed across small edits."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import product
from typing import NamedTuple

__all__ = ["LONGEST_EDIT", "Match", "align", "in_step"]

# All in tokens, and guesses that natural articles and the development set agree with.
_ANCHOR = 4  # an exact match begins with this many; shorter ones are everywhere
LONGEST_EDIT = 8  # a longer gap in a copy is no small edit
_RESYNC = 3  # this many must agree after an edit for the copy to go on
_STEADY = 8  # a shorter match may be chance and is not followed across edits
_BACKWARD = 32  # how far a match may grow to the left over a shorter one
_MOST_CANDIDATES = 8  # earlier places tried for one anchor: bounds the work on periodic texts
# (tokens only the source has, tokens only the copy has), the smallest edit first.
_EDITS = sorted(product(range(LONGEST_EDIT + 1), repeat=2), key=lambda edit: (sum(edit), edit))[1:]


class Match(NamedTuple):
    """Tokens from `copy` on that equal those from `source` on; the source ends before the copy."""

    source: int
    copy: int
    length: int

    @property
    def source_end(self) -> int:
        """First token after the source."""
        return self.source + self.length

    @property
    def copy_end(self) -> int:
        """First token after the copy."""
        return self.copy + self.length


def align(keys: list[str]) -> list[Match]:
    """Return matches in the order of their copies, which never overlap; greedy, longest first."""
    anchors = list(zip(*(keys[shift:] for shift in range(_ANCHOR)), strict=False))
    counts = Counter(anchors)
    places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    matches: list[Match] = []
    copy = known = 0
    while copy < len(anchors):
        if counts[anchors[copy]] == 1:  # nearly all: this decides what a normal text costs
            copy += 1
            continue
        while known + _ANCHOR <= copy:
            anchor = anchors[known]
            if counts[anchor] > 1 and len(places[anchor]) < _MOST_CANDIDATES:
                places[anchor].append(known)
            known += 1
        spots = places.get(anchors[copy], [])
        if not spots:
            copy += 1
            continue
        candidates = [Match(spot, copy, _agreeing(keys, spot, copy, copy)) for spot in spots]
        longest = max(candidates, key=lambda match: match.length)  # the earliest of equal ones
        _append(matches, _grown_left(keys, longest))
        _follow(keys, matches)
        copy = matches[-1].copy_end
    return matches


def in_step(first: Match, second: Match) -> bool:
    """Whether `second` goes on where `first` ended, up to a small edit."""
    return (
        0 <= second.source - first.source_end <= LONGEST_EDIT
        and 0 <= second.copy - first.copy_end <= LONGEST_EDIT
    )


def _agreeing(keys: list[str], source: int, copy: int, source_limit: int) -> int:
    """Return how many tokens agree from here on, the source staying before its limit."""
    most = min(source_limit - source, len(keys) - copy)
    length = 0
    while length < most and keys[source + length] == keys[copy + length]:
        length += 1
    return length


def _grown_left(keys: list[str], match: Match) -> Match:
    source, copy, length = match
    room = min(_BACKWARD, source, copy - match.source_end)
    grown = 0
    while grown < room and keys[source - grown - 1] == keys[copy - grown - 1]:
        grown += 1
    return Match(source - grown, copy - grown, length + grown)


def _append(matches: list[Match], match: Match) -> None:
    """Add a match; where it overlaps others, the longer one keeps the tokens."""
    while matches and matches[-1].copy_end > match.copy:
        last = matches[-1]
        overlap = last.copy_end - match.copy
        if last.length >= match.length:
            match = Match(match.source + overlap, match.copy + overlap, match.length - overlap)
            break
        matches.pop()
        if last.length > overlap:
            matches.append(Match(last.source, last.copy, last.length - overlap))
    matches.append(match)


def _follow(keys: list[str], matches: list[Match]) -> None:
    """Follow the last match across small edits."""
    limit = matches[-1].copy
    if matches[-1].length < _STEADY:
        return
    while edit := _smallest_edit(keys, matches[-1], limit):
        source, copy = matches[-1].source_end + edit[0], matches[-1].copy_end + edit[1]
        matches.append(Match(source, copy, _agreeing(keys, source, copy, limit)))


def _smallest_edit(keys: list[str], match: Match, limit: int) -> tuple[int, int] | None:
    """Return how many tokens of source and copy an edit takes, after which they agree again."""
    for lost, new in _EDITS:
        source, copy = match.source_end + lost, match.copy_end + new
        after = keys[copy : copy + _RESYNC]
        if (
            len(after) == _RESYNC
            and source + _RESYNC <= limit
            and keys[source : source + _RESYNC] == after
        ):
            return lost, new
    return None
