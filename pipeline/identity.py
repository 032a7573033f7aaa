"""Names that last: of URLs, articles, stories and texts."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import urlsplit, urlunsplit

from courlan import clean_url

from pipeline.records import ArticleId, StoryId

__all__ = ["address", "article_id", "canonical_url", "content_digest", "story_id"]

_ID_BYTES = 10  # 80 bits: a collision among 10^9 articles has odds of about 4e-7.
# https://developers.google.com/amp/cache/overview: ``s/`` means that the page came by https.
_AMP_VIEWER = re.compile(
    r"https?://(?:[\w-]+\.cdn\.ampproject\.org/[a-z]|(?:www\.)?google\.[a-z.]{2,6}/amp)/"
    r"(?P<secure>s/)?(?P<address>[\w-]+(?:\.[\w-]+)+(?:[/?].*)?)$",
    re.IGNORECASE,
)
_AMP_PARAMETER = re.compile(
    r"(?<=[?&])(?:amp(?:=1|=true)?|outputtype=amp)(?:&|(?=#)|$)", re.IGNORECASE
)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_ID_BYTES).hexdigest()


def canonical_url(url: str) -> str | None:
    """Return the form of a web address under which an article is known, or None if it is none.

    Lower-case host, no fragment, no tracking parameters, https for http, no default port. An AMP
    page in a cache or viewer of Google's is the page it shows; a parameter that asks for AMP goes.

    Examples
    --------
    >>> canonical_url("http://WWW.Courier.example:80/a?utm_source=x&id=3#top")
    'https://www.courier.example/a?id=3'
    >>> canonical_url("https://courier-example.cdn.ampproject.org/c/s/courier.example/a?amp=1")
    'https://courier.example/a'
    """
    # Before cleaning, which reads "&amp" as an ampersand.
    plain = _AMP_PARAMETER.sub("", _without_viewer(url.strip()))
    cleaned = clean_url(plain) or ""
    try:
        parts = urlsplit(cleaned)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host:
        return None
    if port not in {None, 80, 443}:
        host = f"{host}:{port}"
    # The same page answers at http and https nearly always; keeping both would double the article.
    return urlunsplit(("https", host, parts.path or "/", parts.query, ""))


def _without_viewer(url: str) -> str:
    """Return the address of the page that an AMP cache or viewer shows."""
    while shown := _AMP_VIEWER.match(url):
        url = f"{'https' if shown['secure'] else 'http'}://{shown['address']}"
    return url


def address(name: str) -> str:
    """Return the canonical form of a web address, or the name itself where it is none."""
    return canonical_url(name) or name


def article_id(url: str | None, title: str, text: str) -> ArticleId:
    """Return the name of an article: of its canonical URL, or of its words where it has none."""
    content = f"{title}\n{text}"
    return ArticleId(f"a1-{_digest(url or content)}")


def story_id(founder: ArticleId) -> StoryId:
    """Return the name of the story that `founder` opens. The prefix is the scheme's version."""
    return StoryId(f"s1-{_digest('story ' + founder)}")


def content_digest(title: str, text: str) -> str:
    """Return the name of one version of an article: changes when a word of it changes."""
    return _digest(title + "\n" + text)
