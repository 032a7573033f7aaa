"""Under which address an article is known."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from courlan import extract_domain

from pipeline.identity import canonical_url
from pipeline.outlets import OutletTable, host_of, outlet_at

__all__ = ["absolute_url", "article_url"]


def article_url(uri: str, stated: Iterable[str], outlets: OutletTable) -> str | None:
    """Return the canonical URL of an article.

    Parameters
    ----------
    uri
        What it was fetched from; not always a web address.
    stated
        Addresses that the page calls its own (``rel=canonical``, ``og:url``), surest first. One
        that leads to a front page, or to another outlet than `uri`, is not believed: it would
        make two articles one.
    outlets
        Tells that two hosts are one outlet.
    """
    own = canonical_url(uri) if host_of(uri) else None
    for address in filter(None, stated):
        candidate = _canonical(address, uri)
        if candidate and not _is_front_page(candidate) and _same_site(candidate, own, outlets):
            return candidate
    return own


def absolute_url(address: str, uri: str) -> str:
    """Return the web address that a page at `uri` means, or an empty string."""
    try:
        full = urljoin(uri, address) if host_of(uri) else address
    except ValueError:
        return ""
    return full if host_of(full) else ""


def _canonical(address: str, uri: str) -> str | None:
    try:
        return canonical_url(urljoin(uri, address) if host_of(uri) else address)
    except ValueError:
        return None


def _is_front_page(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path.strip("/") in {"", "index.html", "index.php", "home"} and not parts.query


def _same_site(candidate: str, own: str | None, outlets: OutletTable) -> bool:
    if own is None:
        return True
    hosts = host_of(candidate), host_of(own)
    if hosts[0] == hosts[1] or extract_domain(candidate) == extract_domain(own):
        return True
    known = outlet_at(outlets, hosts[0])
    return known is not None and known == outlet_at(outlets, hosts[1])
