"""What can go wrong, in three classes: the input of one item, the configuration, the run.

One bad item never raises past its own item: it becomes a `Failed` record. Only a `ConfigError`
or a `StateError` stops a run.
"""

from __future__ import annotations

__all__ = ["ConfigError", "LockedError", "SamestoryError", "StateError", "UnreadableError"]


class SamestoryError(Exception):
    """Base class of everything samestory raises on purpose."""


class UnreadableError(SamestoryError):
    """One input cannot be turned into an article.

    Parameters
    ----------
    reason
        Stable code for counting, such as ``empty`` or ``binary``.
    detail
        What was seen and what to do, for a person.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[UnreadableError], tuple[str, str]]:
        """Rebuild from both arguments; the default pickles only the message."""
        return type(self), (self.reason, self.detail)


class ConfigError(SamestoryError):
    """The configuration cannot be used. Nothing has been written."""


class StateError(SamestoryError):
    """Archive or state cannot be read or written, or was made with other settings."""


class LockedError(SamestoryError):
    """Another run holds the lock."""
