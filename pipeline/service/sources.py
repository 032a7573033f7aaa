"""Sources: what is known of them, whether they answer, and subscriptions in and out."""

from __future__ import annotations

import json
import tomllib
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.config import Settings, SourceSettings, load_settings, source_kind
from pipeline.engines import in_workers, listing_of_page
from pipeline.errors import ConfigError, UnreadableError
from pipeline.feeds.opml import opml_text, read_opml
from pipeline.fetch import fetch_all
from pipeline.records import Failed, Fetched, ListedLink, Listing, RawPage, Visit
from pipeline.service.listed import latest_date
from pipeline.service.stored import open_state
from pipeline.storage.view import write_file
from pipeline.story_record import Fields, instant_text

__all__ = ["SourceCheck", "check_sources", "export_opml", "import_opml", "list_sources"]

_DATED_LINKS = 200  # of a listing, to find its latest date; sitemaps have the latest first


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """Whether a source answers, and with what.

    Parameters
    ----------
    name, url
        The source.
    reason
        ``ok``, or the stable code of what is wrong.
    detail
        For a person; empty where it is ok.
    articles
        Articles it lists now.
    listings
        Further listings it leads to, such as the sitemaps of an index.
    newest
        Latest date it states, of those that can be true; None where it states none.
    """

    name: str
    url: str
    reason: str
    detail: str = ""
    articles: int = 0
    listings: int = 0
    newest: datetime | None = None


def list_sources(settings: Settings) -> list[Fields]:
    """Return a row for each source: what is set, and how its last visit went."""
    urls = [source.url for source in settings.sources if source.url]
    memories = {}
    if urls and settings.paths.state.exists():
        with open_state(settings) as state:
            memories = state.memories.of_urls(urls)
    rows: list[Fields] = []
    for source in settings.sources:
        memory = memories.get(source.url or "")
        fetched_at, not_before = (memory.fetched_at, memory.not_before) if memory else (None, None)
        rows.append(
            {
                "name": source.name,
                "kind": source_kind(source),
                "place": source.url or str(source.path),
                "outlet": source.outlet,
                "family": source.family,
                "lang": source.lang,
                "country": source.country,
                "fetched_at": fetched_at and instant_text(fetched_at),
                "not_before": not_before and instant_text(not_before),
                "failures": memory.failures if memory else 0,
            }
        )
    return rows


def check_sources(settings: Settings, names: Collection[str] = ()) -> Iterator[SourceCheck]:
    """Ask sources on the web, politely, whether they answer; yields as they do. Keeps nothing.

    Parameters
    ----------
    names
        The sources to ask; empty asks all that have a URL, but WARC files.

    Raises
    ------
    ConfigError
        A name is unknown, or no source can be asked.
    """
    asked = _asked(settings, names)
    failed: list[SourceCheck] = []
    waiting: deque[tuple[SourceSettings, RawPage]] = deque()

    def pages() -> Iterator[RawPage]:
        visits = [
            Visit(url=str(source.url), source=name, purpose="listing")
            for name, source in asked.items()
        ]
        for outcome in fetch_all(visits, settings.fetch, {}, None):
            source = asked[outcome.visit.source]
            if isinstance(outcome.result, Fetched):
                waiting.append((source, _page(outcome.result, source.name)))
                yield waiting[-1][1]
            else:
                failed.append(_no_answer(source, outcome.result))

    for read in in_workers(pages(), settings, listing_of_page):
        yield from failed
        failed.clear()
        yield _answer(*waiting.popleft(), read)
    yield from failed


def _asked(settings: Settings, names: Collection[str]) -> dict[str, SourceSettings]:
    known = {source.name: source for source in settings.sources}
    if unknown := sorted(set(names) - known.keys()):
        raise ConfigError(f"no source is named {unknown[0]!r}; `samestory sources list` has all")
    asked = {
        name: source
        for name, source in known.items()
        if source.url and source_kind(source) != "warc" and (not names or name in names)
    }
    if not asked:
        raise ConfigError("no source to test: none of them is a feed, sitemap or list on the web")
    return asked


def _page(answer: Fetched, source: str) -> RawPage:
    return RawPage(
        uri=answer.final_url,
        source=source,
        media_type="application/octet-stream",  # a listing is known by what it holds
        body=answer.body,
        fetched_at=answer.fetched_at,
    )


def _no_answer(source: SourceSettings, result: Failed | None) -> SourceCheck:
    if result is None:
        detail = "the server asks to come back later"
        return SourceCheck(name=source.name, url=str(source.url), reason="postponed", detail=detail)
    return SourceCheck(
        name=source.name, url=str(source.url), reason=result.reason, detail=result.detail
    )


def _answer(source: SourceSettings, page: RawPage, read: Listing | Failed) -> SourceCheck:
    if isinstance(read, Failed):
        return _no_answer(source, read)
    empty = not (read.links or read.further)
    return SourceCheck(
        name=source.name,
        url=str(source.url),
        reason="no_articles" if empty else "ok",
        detail="it answers, but lists no article with a web address" if empty else "",
        articles=len(read.links),
        listings=len(read.further),
        newest=latest_date(read.links[:_DATED_LINKS], source, page.fetched_at),
    )


def import_opml(file: Path, into: Path | None = None) -> str:
    """Return the feeds of an OPML file as ``[[sources]]`` of a settings file.

    Parameters
    ----------
    file
        OPML.
    into
        Settings file to append them to, whole or not at all; feeds whose URL it has already are
        left out.

    Raises
    ------
    ConfigError
        A file cannot be read or written, or a name is taken by another feed. Nothing was written.
    """
    try:
        feeds = read_opml(file.read_bytes())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except UnreadableError as error:
        raise ConfigError(f"{file}: {error.detail}") from None
    if into is None:
        return _blocks(_named(feeds))
    known = load_settings(into, {}).settings.sources if into.exists() else ()
    urls = {source.url for source in known}
    named = _named(feed for feed in feeds if feed.url not in urls)
    taken = sorted({source.name for source in known} & named.keys())
    if taken:
        raise ConfigError(
            f"{into}: a source is named {taken[0]!r} already, with another address; "
            f"rename one, there or in {file}"
        )
    blocks = _blocks(named)
    if blocks:
        _append(into, blocks)
    return blocks


def _named(feeds: Iterable[ListedLink]) -> dict[str, ListedLink]:
    """Give each feed its title as a name, or its host; of those that agree, later ones a number."""
    named: dict[str, ListedLink] = {}
    for feed in feeds:
        title = feed.title or urlsplit(feed.url).hostname or feed.url
        name, number = title, 2
        while name in named:
            name, number = f"{title} ({number})", number + 1
        named[name] = feed
    return named


def _blocks(named: dict[str, ListedLink]) -> str:
    # A JSON string is a TOML string, but for one character that XML allows and TOML does not.
    lines = (
        f"[[sources]]\nname = {json.dumps(name, ensure_ascii=False)}\n"
        f"url = {json.dumps(feed.url, ensure_ascii=False)}\n"
        for name, feed in named.items()
    )
    return "\n".join(lines).replace("\x7f", "\\u007f")


def _append(into: Path, blocks: str) -> None:
    before = into.read_text(encoding="utf-8").rstrip("\n") if into.exists() else ""
    text = f"{before}\n\n{blocks}" if before else blocks
    try:
        tomllib.loads(text)
        write_file(into.resolve(), text.encode())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{into}: sources cannot be appended to it: {error}") from None
    except OSError as error:
        raise ConfigError(f"{into}: cannot be written ({error.strerror})") from None


def export_opml(settings: Settings) -> str:
    """Return all sources that are feeds on the web as OPML."""
    feeds = (
        ListedLink(url=source.url, title=source.name, lang=source.lang)
        for source in settings.sources
        if source.url and source_kind(source) == "feed"
    )
    return opml_text("samestory sources", feeds)
