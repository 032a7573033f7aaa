"""Which outlet an address or a name belongs to, and the country that tells its time zone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlsplit

from pipeline.config import Outlet

__all__ = [
    "OutletTable",
    "country_of_host",
    "host_of",
    "is_at",
    "is_named",
    "load_outlets",
    "outlet_at",
    "outlet_named",
    "outlet_table",
]

# Country codes that are sold to anybody (registries' own marketing), so they tell no country.
_SOLD_DOMAINS = frozenset(
    {
        *("ac", "ai", "am", "as", "bz", "cc", "cd", "co", "dj", "eu", "fm", "gg", "gl", "io"),
        *("la", "ly", "me", "ms", "mu", "nu", "pw", "sc", "sh", "so", "st", "su", "tk", "to"),
        *("tv", "vc", "vg", "ws"),
    }
)
_NOT_ISO = {"uk": "GB"}
_COUNTRY_CODE_LETTERS = 2


@dataclass(frozen=True, slots=True)
class OutletTable:
    """Known outlets by lower-case domain and by folded name."""

    by_domain: Mapping[str, Outlet]
    by_name: Mapping[str, Outlet]


def load_outlets(own: Iterable[Outlet] = ()) -> OutletTable:
    """Read the outlets that come with the package; `own` ones take precedence.

    Parameters
    ----------
    own
        From the settings; replaces what the package says about the same domain or name.
    """
    listed = json.loads(
        files("pipeline").joinpath("reference/outlets.json").read_text(encoding="utf-8")
    )
    return outlet_table([*(Outlet.model_validate(outlet) for outlet in listed), *own])


def outlet_table(outlets: Iterable[Outlet]) -> OutletTable:
    """Index `outlets`; of two that share a domain or name the later one counts."""
    listed = list(outlets)
    return OutletTable(
        by_domain={domain.lower(): outlet for outlet in listed for domain in outlet.domains},
        by_name={_folded(outlet.name): outlet for outlet in listed},
    )


def outlet_at(table: OutletTable, host: str) -> Outlet | None:
    """Return the outlet at a host, the most specific domain first.

    Examples
    --------
    >>> table = outlet_table([Outlet(name="The Courier", domains=("courier.example",))])
    >>> outlet_at(table, "www.Courier.example").name
    'The Courier'
    """
    labels = host.lower().rstrip(".").split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels)))
    return next((table.by_domain[name] for name in parents if name in table.by_domain), None)


def outlet_named(table: OutletTable, name: str) -> Outlet | None:
    """Return the outlet of that name; case, a leading "The" and punctuation do not matter."""
    return table.by_name.get(_folded(name))


def is_at(outlet: Outlet, host: str) -> bool:
    """Tell whether a host is one of the outlet's domains, or below one."""
    host = host.lower().rstrip(".")
    return any(f".{host}".endswith(f".{domain.lower()}") for domain in outlet.domains)


def is_named(outlet: Outlet, name: str) -> bool:
    """Tell whether a name is the outlet's; case, a leading "The" and punctuation do not matter."""
    return _folded(outlet.name) == _folded(name)


def host_of(url: str) -> str:
    """Return the lower-case host of a web address, or an empty string."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in {"http", "https"} else ""


def country_of_host(host: str) -> str | None:
    """Return the country that a host's top domain stands for, if it stands for one.

    Examples
    --------
    >>> country_of_host("news.example.co.uk"), country_of_host("example.com")
    ('GB', None)
    """
    top = host.lower().rstrip(".").rpartition(".")[2]
    if len(top) != _COUNTRY_CODE_LETTERS or not top.isalpha() or top in _SOLD_DOMAINS:
        return None
    return _NOT_ISO.get(top, top.upper())


def _folded(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold())).removeprefix("the ")
