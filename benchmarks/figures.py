"""What a task measures, the floors it must hold, and the table it prints.

``floors.json``, ``targets.json`` and ``peers.json`` have one object for each task, with one member
for each figure; README.md says what they mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

QUALITY_NOISE = 0.0005  # what trafilatura's own gate allows; our stages have no randomness at all
SPEED_NOISE = 0.2  # share of the figure; guess from a few runs on two busy cores

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number; higher is better.

    Parameters
    ----------
    name
        What was measured on which set.
    value
        Ours.
    peer, peer_name
        The same figure of a peer run beside it on the same input, and who that is.
    noise
        How far the figure may move without a change of ours.
    gated
        Whether it gets a floor. Figures of few rows, which jump, and the like are only reported.
    """

    name: str
    value: float
    peer: float | None = None
    peer_name: str = ""
    noise: float = QUALITY_NOISE
    gated: bool = True


class Floor(NamedTuple):
    """The lowest value that passes is ``floor - noise``."""

    floor: float
    noise: float


class Target(NamedTuple):
    """What the tracker asks for: `floor` must be reached, `aim` is hoped for."""

    floor: float
    aim: float | None = None
    above_peer: bool = False


def speed(name: str, ratio: float, peer_name: str) -> Figure:
    """Return the figure of a speed ratio; the peer beside it has 1 by definition."""
    noise = round(SPEED_NOISE * ratio, 4)
    return Figure(name=name, value=ratio, peer=1.0, peer_name=peer_name, noise=noise)


def load_floors(path: Path, task: str) -> dict[str, Floor]:
    """Read the floors of one task; none yet is an empty table."""
    return {name: Floor(**members) for name, members in _load(path, task).items()}


def broken_floors(figures: Sequence[Figure], floors: Mapping[str, Floor]) -> list[str]:
    """Return a line for each figure below its floor, and for each floor that lost its figure."""
    values = {figure.name: figure.value for figure in figures}
    lines = []
    for name, (floor, noise) in floors.items():
        if name not in values:
            lines.append(f"{name}: has a floor of {floor} and is no longer measured")
        elif not values[name] >= floor - noise:  # so that NaN breaks it too
            lines.append(f"{name}: {values[name]:.4f} is below its floor {floor} - {noise} noise")
    return lines


def raise_floors(
    figures: Sequence[Figure], floors: Mapping[str, Floor], *, allow_lower: bool = False
) -> dict[str, Floor]:
    """Return the floors after a measurement: each figure less its noise.

    A floor only rises, and a floor without a figure stays, unless `allow_lower`.
    """
    raised = {} if allow_lower else dict(floors)
    for figure in figures:
        if not figure.gated:
            continue
        noise = raised[figure.name].noise if figure.name in raised else figure.noise
        candidate = Floor(round(figure.value - noise, 4), noise)
        raised[figure.name] = max(candidate, raised.get(figure.name, candidate))
    return dict(sorted(raised.items()))


def save_floors(path: Path, task: str, floors: Mapping[str, Floor]) -> None:
    """Write the floors of one task; those of other tasks stay."""
    every = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    every[task] = {name: floor._asdict() for name, floor in floors.items()}
    path.write_text(json.dumps(every, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def table(task: str, figures: Sequence[Figure], floors: Mapping[str, Floor]) -> str:
    """Return a Markdown table: ours, the peer beside us, the best recorded one, floor, target."""
    recorded = _load(HERE / "peers.json", task)
    targets = {
        name: Target(**members) for name, members in _load(HERE / "targets.json", task).items()
    }
    rows = [
        (task, "ours", "peer beside us", "best recorded peer", "floor", "target", "aim"),
        ("---",) * 7,
    ]
    for figure in figures:
        target, floor = targets.get(figure.name), floors.get(figure.name)
        rows.append(
            (
                figure.name,
                _number(figure.value),
                _number(figure.peer, figure.peer_name),
                _best(recorded.get(figure.name, {})),
                _number(floor.floor if floor else None),
                _number(_goal(target.floor, target, figure) if target else None),
                _number(_goal(target.aim, target, figure) if target else None),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(f"| {' | '.join(map(str.ljust, row, widths))} |" for row in rows)


def as_json(figures: Sequence[Figure]) -> list[dict[str, object]]:
    """Return the figures for a results file."""
    return [asdict(figure) for figure in figures]


def _goal(goal: float | None, target: Target, figure: Figure) -> float | None:
    if goal is None or not target.above_peer:
        return goal
    return None if figure.peer is None else figure.peer + goal


def _best(recorded: Mapping[str, float]) -> str:
    if not recorded:
        return ""
    name = max(recorded, key=lambda peer: recorded[peer])
    return _number(recorded[name], name)


def _number(value: float | None, name: str = "") -> str:
    return "" if value is None else f"{value:.3f} {name}".rstrip()


def _load(path: Path, task: str) -> dict[str, dict[str, Any]]:
    """Read one task's object of a file; a file or task that is not there is empty."""
    tasks: dict[str, dict[str, dict[str, Any]]] = {}
    if path.exists():
        tasks = json.loads(path.read_text(encoding="utf-8"))
    return tasks.get(task, {})
