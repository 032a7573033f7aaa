"""robots.txt after RFC 9309: whom it lets in, and how long to wait between visits."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from protego import Protego

from pipeline.config import FetchSettings
from pipeline.records import HostMemory

__all__ = ["Rules", "are_known", "rules_of", "with_robots"]

# A server that cannot tell its rules is not asked for them all day long, nor given up for a day.
_UNAVAILABLE_HOURS = 1.0
_AGENT_LINE = re.compile(r"\s*user[ -]?agent\s*[:\s]\s*([^#]*)", re.IGNORECASE)
_FOUND = range(200, 300)
# RFC 9309 2.3.1: redirects that lead nowhere count as no robots.txt; 429 asks for patience.
_ABSENT = frozenset(range(300, 500)) - {429}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of one host for this program.

    Parameters
    ----------
    status
        With which robots.txt came; decides alone where there is no `parsed`.
    parsed
        The file, where there is one.
    agent
        The name that rules are looked up for.
    """

    status: int
    parsed: Protego | None
    agent: str

    def allow(self, url: str) -> bool:
        """Tell whether a URL may be fetched. No robots.txt (4xx) allows, a fault disallows."""
        if self.parsed is not None:
            return self.parsed.can_fetch(url, self.agent)
        return self.status in _ABSENT

    def delay(self, settings: FetchSettings) -> float:
        """Return the pause between two visits: ours, or a longer Crawl-delay (seconds)."""
        asked = None if self.parsed is None else self.parsed.crawl_delay(self.agent)
        return max(settings.delay_seconds, min(asked or 0.0, settings.max_crawl_delay_seconds))


def rules_of(memory: HostMemory, settings: FetchSettings) -> Rules:
    """Return the rules that a host told."""
    agent = settings.user_agent.partition("/")[0]
    parsed = None if memory.robots is None else _parsed(memory.robots, agent)
    return Rules(status=memory.robots_status or 0, parsed=parsed, agent=agent)


def are_known(memory: HostMemory, now: datetime) -> bool:
    """Tell whether a host's rules are remembered and not too old."""
    return memory.robots_until is not None and now < memory.robots_until


def with_robots(
    memory: HostMemory, status: int, body: bytes, settings: FetchSettings, now: datetime
) -> HostMemory:
    """Remember what a host answered to the request for its robots.txt."""
    known = status in _FOUND or status in _ABSENT
    hours = settings.robots_hours if known else min(_UNAVAILABLE_HOURS, settings.robots_hours)
    return replace(
        memory,
        robots=body.decode("utf-8-sig", "replace") if status in _FOUND else None,
        robots_status=status,
        robots_until=now + timedelta(hours=hours),
    )


def _parsed(text: str, agent: str) -> Protego:
    lines = (_shortened(line, agent.lower()) for line in text.splitlines())
    return Protego.parse("\n".join(lines))


def _shortened(line: str, agent: str) -> str:
    """Give all other crawlers one name: Protego needs minutes for thousands of names and rules."""
    found = _AGENT_LINE.match(line)
    if found is None:
        return line
    name = found.group(1).strip().lower()
    return line if name == "*" or name.strip("*") in agent else "User-agent: -"
