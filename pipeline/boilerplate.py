"""Finds what a site says in many of its articles: newsletter lines, disclaimers, calls to follow.

Learned for each host from the paragraphs of its latest articles, so nothing is listed by hand. What
was learned is a set of hashes for each article; whoever calls keeps them and passes them in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from pipeline.config import BoilerplateSettings
from pipeline.outlets import host_of
from pipeline.records import Article, ArticleId, RemovedSpan, Span
from pipeline.text import folded_words, kept_text, paragraphs, words

__all__ = ["VERSION", "PageParagraphs", "find_boilerplate", "page_paragraphs"]

VERSION = "1"  # raise when the same paragraph gets another key
_KEY_BYTES = 8
_NOTICE_WORDS = 50  # "Your browser is not supported": shorter than what reports say; guess


@dataclass(frozen=True, slots=True, kw_only=True)
class PageParagraphs:
    """The paragraphs of one article, without those that are removed for another reason.

    Parameters
    ----------
    host
        Of the article's URL, without ``www.``.
    article_id
        The article; one for each URL.
    keys
        64-bit hashes of the paragraphs' words, sorted, each once.
    title
        The same of the title; 0 where there is none.
    """

    host: str
    article_id: ArticleId
    keys: tuple[int, ...]
    title: int = 0


def page_paragraphs(article: Article) -> PageParagraphs | None:
    """Return what is learned from an article; None where it has no URL, so no host."""
    host = host_of(article.url or "").removeprefix("www.")
    if not host:
        return None
    keys = sorted({key for key, _ in _keyed(article)})
    return PageParagraphs(
        host=host, article_id=article.article_id, keys=tuple(keys), title=_key(article.title)
    )


def find_boilerplate(
    articles: Sequence[Article],
    own: Collection[PageParagraphs],
    known: Iterable[PageParagraphs],
    settings: BoilerplateSettings,
) -> dict[ArticleId, tuple[RemovedSpan, ...]]:
    """Return the paragraphs of articles that their hosts show in many articles.

    A paragraph counts once for each URL, the article's own included, so what a host shows once
    never goes. Where more than half of an article would go, it is a copy of others and keeps all;
    but a few words that are all there is under many titles are a notice of the site.

    Parameters
    ----------
    articles
        At most one version of each; in any order.
    own
        What is learned from these.
    known
        Earlier articles of the same hosts. One that is among `articles` is passed over.
    settings
        Thresholds.

    Returns
    -------
    dict
        Spans of `Article.text` in order, for the articles that have any.
    """
    new = {page.article_id: page for page in own}
    pages = [*own, *(page for page in known if page.article_id not in new)]
    urls = Counter(page.host for page in pages)
    seen = Counter((page.host, key) for page in pages for key in page.keys)
    common = {
        (host, key)
        for (host, key), count in seen.items()
        if count >= max(settings.min_urls, settings.min_share * urls[host])
    }
    titles = {(page.host, page.keys, page.title) for page in pages if page.keys and page.title}
    notices = Counter((host, keys) for host, keys, _ in titles)
    found = {}
    for article in articles:
        page = new.get(article.article_id)
        is_notice = (
            page is not None
            and notices[page.host, page.keys] >= settings.min_urls
            and len(words(article.text)) <= _NOTICE_WORDS
        )
        shown = (
            {key for key in page.keys if is_notice or (page.host, key) in common} if page else set()
        )
        spans = [span for key, span in _keyed(article) if key in shown] if shown else []
        if spans and (is_notice or _is_a_part(article, spans, settings.max_share)):
            found[article.article_id] = tuple(
                RemovedSpan(start=start, end=end, reason="boilerplate") for start, end in spans
            )
    return found


def _keyed(article: Article) -> list[tuple[int, Span]]:
    """Return the paragraphs that no other removal touches, with their keys.

    Those that are boilerplate already count again, or the site would seem to show them less often.
    """
    text = article.text
    others = (cut for cut in article.removed if cut.reason != "boilerplate")
    spans, cuts = paragraphs(text), iter(sorted(others, key=lambda cut: cut.start))
    keyed, cut = [], next(cuts, None)
    for span in spans:
        while cut and cut.end <= span.start:
            cut = next(cuts, None)
        if cut is None or cut.start >= span.end:
            keyed.append((_key(text[span.start : span.end]), span))
    return [(key, span) for key, span in keyed if key]


def _key(paragraph: str) -> int:
    """Return a hash of the words; 0 where there are none."""
    said = " ".join(folded_words(paragraph))
    digest = blake2b(said.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
    return int.from_bytes(digest, "little") if said else 0


def _is_a_part(article: Article, spans: Sequence[Span], max_share: float) -> bool:
    size = sum(len(words(article.text[start:end])) for start, end in spans)
    return size <= max_share * len(words(kept_text(article.text, article.removed)))
