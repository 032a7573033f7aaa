"""How a long step says how far it is."""

from collections.abc import Callable

__all__ = ["Progress"]

Progress = Callable[[str, int, int], None]
"""Called with the name of a step, the units done and the units in all (0 where unknown)."""
