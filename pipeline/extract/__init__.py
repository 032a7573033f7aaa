"""Pages and files to articles: text, title, authors, dates, language, outlet, address.

Rooms: `trimming` (a page without scripts and the like) and `decoding` (bytes to text); for HTML
`body` (the one place that knows trafilatura), `teasers` (does it only list others) and `metadata`,
which chooses among what `json_ld` and `markup` find in the `parts` of a page, with its dates in
`publication` and its authors in `authors`; `plain` for text files; `entry` for feed entries and
JSON Lines. All share `credits` (lines of the text that are not the report), `wire` (agencies),
`dates`, `zones`, `people`, `titles`, `languages` and `addresses`.
"""

from __future__ import annotations

import re
from itertools import islice

from pipeline.config import ExtractSettings
from pipeline.errors import UnreadableError
from pipeline.extract.body import Judges, load_judges, main_text, parse
from pipeline.extract.decoding import decode
from pipeline.extract.entry import ENTRY_MEDIA_TYPE, read_entry
from pipeline.extract.languages import SPACELESS, load_languages
from pipeline.extract.metadata import read_metadata
from pipeline.extract.parts import take_apart
from pipeline.extract.plain import read_plain
from pipeline.extract.teasers import listed_articles
from pipeline.extract.trimming import without_code
from pipeline.identity import article_id
from pipeline.outlets import OutletTable
from pipeline.records import Article, RawPage

__all__ = ["Judges", "extract", "load_judges", "load_languages"]

_PLAIN = "text/plain"
_HTML = frozenset({"text/html", "application/xhtml+xml"})
# Two characters of a script without spaces make about one word (guess).
_SPACELESS_CHARS_OF_A_WORD = 2
_WORD = re.compile(r"\w+")
_SURELY_A_WORD_CHARS = 60  # per word wanted: no text has longer ones throughout


def extract(
    page: RawPage,
    settings: ExtractSettings,
    outlets: OutletTable,
    judges: Judges | None = None,
) -> Article:
    """Turn one input into an article.

    Deterministic, without state between calls. Cost is about that of trafilatura; a hostile page
    can take long, so callers bound time and memory from outside.

    Parameters
    ----------
    page
        HTML, plain text or an entry (``application/x-samestory-entry+json``). Nothing published
        more than a day after `RawPage.fetched_at` is believed.
    settings
        Limits and how strict to be.
    outlets
        Known outlets, see `pipeline.outlets.load_outlets`.
    judges
        What decides which blocks of a page are its text; None takes those of the package.

    Returns
    -------
    Article
        `Article.removed` holds the lines that are not the report (headline, byline, dateline,
        credits, copyright); what the article repeats is found by another stage.

    Raises
    ------
    UnreadableError
        ``unsupported`` media type; ``empty``; ``too_large``; ``binary``; ``encoding``;
        ``bad_entry``; ``no_text``; ``list_page``; ``too_short``; ``parser_error``.
    MemoryError
        Where the caller has limited it.
    """
    if len(page.body) > settings.max_bytes:
        raise UnreadableError(
            "too_large",
            f"{len(page.body)} bytes are more than extract.max_bytes = {settings.max_bytes}",
        )
    try:
        article = _read(page, settings, outlets, judges or load_judges())
    except (UnreadableError, MemoryError):  # out of memory is the caller's limit at work
        raise
    except Exception as error:  # a broken page can fail anywhere below lxml and trafilatura
        raise UnreadableError(
            "parser_error", f"{type(error).__name__} while reading the page: {error}"
        ) from error
    _refuse_short(article.text, settings.min_words)
    return article


def _read(
    page: RawPage, settings: ExtractSettings, outlets: OutletTable, judges: Judges
) -> Article:
    if page.media_type == ENTRY_MEDIA_TYPE:
        return read_entry(page, outlets)
    if page.media_type == _PLAIN:
        return read_plain(decode(page.body), page, outlets)
    if page.media_type in _HTML:
        return _read_html(page, settings, outlets, judges)
    raise UnreadableError(
        "unsupported", f"no reader for {page.media_type}; pass HTML, plain text or JSON Lines"
    )


def _read_html(
    page: RawPage, settings: ExtractSettings, outlets: OutletTable, judges: Judges
) -> Article:
    html = decode(without_code(page.body, menus=settings.profile == "full"))
    parts = take_apart(parse(html, settings.max_elements), page.uri)
    text = main_text(parts, html, settings.profile, judges)
    if listed := listed_articles(parts, text):
        raise UnreadableError(
            "list_page", f"the page lists {listed} other articles and tells none; fetch those"
        )
    known, lines = read_metadata(parts, text, page, outlets, settings.profile)
    return Article(
        article_id=article_id(known.url, known.title, text),
        text=text,
        title=known.title,
        url=known.url,
        outlet=known.outlet,
        authors=known.authors,
        lang=known.lang,
        published=known.published,
        modified=known.modified,
        removed=lines.removed,
        uri=page.uri,
        section=known.section,
        image=known.image,
        paywalled=known.paywalled,
        wire=known.wire,
        origins=known.origins,
    )


def _refuse_short(text: str, min_words: int) -> None:
    if not text.strip():
        raise UnreadableError("no_text", "no main text was found; is it an article?")
    # Whether there are enough is the question, not how many there are.
    count = sum(1 for _ in islice(_WORD.finditer(text), min_words))
    if count < min_words and not text.isascii():
        start = text[: min_words * _SURELY_A_WORD_CHARS]
        count = max(count, len(SPACELESS.findall(start)) // _SPACELESS_CHARS_OF_A_WORD)
    if count < min_words:
        raise UnreadableError(
            "too_short", f"{count} words are fewer than extract.min_words = {min_words}"
        )
