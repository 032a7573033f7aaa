"""What bounds a run, as its operator said when starting it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["RunLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """When a run began, and what it leaves to others. All times are aware.

    Parameters
    ----------
    now
        When the run began.
    deadline
        No request begins after it; what is left waits for the next run.
    since
        What its source dates earlier is passed over: links of listings, captures of WARC files,
        files of folders by their last change.
    """

    now: datetime
    deadline: datetime | None = None
    since: datetime | None = None

    def is_over(self) -> bool:
        """Say whether the deadline has passed."""
        return self.deadline is not None and self.deadline <= datetime.now(UTC)
