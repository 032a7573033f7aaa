"""Web addresses as listings write them."""

from __future__ import annotations

from urllib.parse import urldefrag, urljoin, urlsplit

__all__ = ["web_link"]

_LONGEST_URL_CHARS = 2048  # the sitemap protocol's limit
_AS_BROWSERS_DO = {ord("\t"): None, ord("\n"): None, ord("\r"): None, ord(" "): "%20"}


def web_link(base: str, stated: str | None) -> str | None:
    """Return an absolute http or https URL without fragment, or None where there is none.

    Parameters
    ----------
    base
        The URL of the listing; a ``file:`` one resolves nothing.
    stated
        As written in it.

    Examples
    --------
    >>> web_link("https://tide.example/feeds/all.xml", " ../ferry?id=3#top ")
    'https://tide.example/ferry?id=3'
    >>> web_link("https://tide.example/", "javascript:alert(1)")
    """
    written = (stated or "").strip().translate(_AS_BROWSERS_DO)
    if not written or len(written) > _LONGEST_URL_CHARS:
        return None
    try:
        url = urldefrag(urljoin(base, written)).url
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return None
    return url if usable else None
