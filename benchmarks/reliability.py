"""Draws how far claimed probabilities are true: the reliability plot of the task `stories`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Bin", "reliability_plot"]

_SIDE, _LEFT, _TOP = 320, 56, 16  # pixels
_WIDTH, _HEIGHT = _LEFT + _SIDE + 20, _TOP + _SIDE + 52
_TRUE = "share that is one story"
_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_STYLE = (
    "<style>text{font:13px sans-serif;fill:#333}.axis{stroke:#999}.even{stroke:#999;"
    "stroke-dasharray:4 4}.said{fill:none;stroke:#0b62a4;stroke-width:2}circle{fill:#0b62a4}"
    "</style>"
)


class Bin(NamedTuple):
    """Mean claim of some pairs, and the share of them that is one story, 0-1."""

    claimed: float
    true: float


def reliability_plot(bins: Sequence[Bin]) -> str:
    """Return a drawing (SVG) with a point for each bin; true claims lie on the dashed line."""
    places = [(_x(one.claimed), _y(one.true)) for one in bins]
    said = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    ticks = [
        f'<text x="{_x(tick):.1f}" y="{_y(0) + 18}" text-anchor="middle">{tick:g}</text>'
        f'<text x="{_LEFT - 8}" y="{_y(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>'
        for tick in _TICKS
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}">',
        "<title>Claimed probability of one story, and the share of pairs that are one</title>",
        _STYLE,
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<rect class="axis" x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" fill="none"/>',
        f'<line class="even" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>',
        f'<polyline class="said" points="{said}"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>' for x, y in places),
        *ticks,
        f'<text x="{_x(0.5)}" y="{_y(0) + 40}" text-anchor="middle">claimed probability</text>',
        f'<text transform="rotate(-90)" x="{-_y(0.5)}" y="16" text-anchor="middle">{_TRUE}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _x(share: float) -> float:
    return _LEFT + share * _SIDE


def _y(share: float) -> float:
    return _TOP + (1 - share) * _SIDE
