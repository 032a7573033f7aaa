"""The compiled loops, where somebody asked for them: numba is an extra, and slow to load."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

__all__ = ["WORTH_COMPILING", "compiled", "load_compiled"]

# Articles from which on loading the compiled loops surely pays; measured on two busy cores.
WORTH_COMPILING = 50_000

_MODULE = "pipeline.near_duplicates.compiled"


def load_compiled() -> bool:
    """Load the compiled loops for the rest of the process; say whether they are at hand.

    Loading takes a third of a second, and compiling, once for an installation, ten seconds.
    Without the extra ``fast`` numpy does all; the results are the same to the bit.
    """
    try:
        import_module(_MODULE)
    except ImportError:  # also what numba raises beside a numpy that it does not know
        return False
    return True


def compiled() -> ModuleType | None:
    """Return the compiled loops if they were loaded."""
    return sys.modules.get(_MODULE)
