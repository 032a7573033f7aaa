"""Runs the work on single pages in worker processes that can be killed.

Parsers of hostile HTML hang, eat memory and crash. Each page has a wall-clock limit and each
worker a memory limit; a worker that breaks one is replaced and its page becomes a `Failed`.
Workers are reused, and pages go to them in chunks.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import resource
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, islice
from typing import TypeAlias, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from pipeline.config import Outlet, Settings, known_outlets
from pipeline.errors import UnreadableError
from pipeline.extract import Judges, extract, load_judges
from pipeline.feeds import ENTRY_TYPE, entries, is_feed, read_listing
from pipeline.outlets import OutletTable, load_outlets
from pipeline.records import Article, Failed, ListedLink, Listing, RawPage, RemovedSpan
from pipeline.repetition import find_repeats

__all__ = [
    "PageContent",
    "articles_of_page",
    "clean_articles_of_page",
    "contents_of_page",
    "extract_pages",
    "in_workers",
    "listing_of_page",
    "worker_count",
]

T = TypeVar("T")
PageContent: TypeAlias = Article | Failed | ListedLink

_CHUNK_PAGES = 4  # pages that a worker gets at once (guess; see `_chunks`)
_CHUNKS_AHEAD = 2  # chunks in flight for each worker: keeps it busy, bounds memory (guess)


def articles_of_page(page: RawPage, settings: Settings) -> list[Article | Failed]:
    """Turn one page into its articles: one for a page, many for a feed.

    ``extract.min_words`` tells articles from other pages. Entries of feeds and rows of JSON Lines
    are meant as articles, however short.
    """
    if page.media_type == ENTRY_TYPE:
        return [_article(page, _any_length(settings))]
    if not is_feed(page):
        return [_article(page, settings)]
    try:
        parts = entries(page)
    except UnreadableError as error:
        return [_failed(page, error.reason, error.detail, stage="feeds")]
    return [_article(part, _any_length(settings)) for part in parts]


def _any_length(settings: Settings) -> Settings:
    limits = settings.extract.model_copy(update={"min_words": 0})
    return settings.model_copy(update={"extract": limits})


def clean_articles_of_page(page: RawPage, settings: Settings) -> list[Article | Failed]:
    """Turn one page into its articles, with what each repeats inside itself marked."""
    return [
        item if isinstance(item, Failed) else _with_repeats(item, settings)
        for item in articles_of_page(page, settings)
    ]


def contents_of_page(page: RawPage, settings: Settings) -> list[PageContent]:
    """Turn an archived page into its articles; one that was fetched as a listing into links too.

    What is wrong with a listing was reported when it was fetched.
    """
    if not page.is_listing:
        return [*clean_articles_of_page(page, settings)]
    listing = listing_of_page(page, settings)
    if isinstance(listing, Failed):
        return []
    entries = (clean_articles_of_page(entry, settings) for entry in listing.entries)
    return [*listing.links, *chain.from_iterable(entries)]


def extract_pages(
    pages: Iterable[RawPage], settings: Settings, work: Callable[[RawPage, Settings], list[T]]
) -> Iterator[list[T | Failed]]:
    """Yield what each page holds, in the order of the pages.

    Parameters
    ----------
    pages, settings
        As for `in_workers`.
    work
        `articles_of_page` or one that does more.
    """
    for outcome in in_workers(pages, settings, work):
        yield [outcome] if isinstance(outcome, Failed) else [*outcome]


def in_workers(
    pages: Iterable[RawPage], settings: Settings, work: Callable[[RawPage, Settings], T]
) -> Iterator[T | Failed]:
    """Yield the outcome for each page, in the order of the pages, whatever the number of workers.

    Parameters
    ----------
    pages
        Read lazily, a few ahead of the results.
    settings
        ``run.n_jobs`` workers, with the limits of ``extract``.
    work
        A function of this module.
    """
    workers = worker_count(settings.run.n_jobs)
    limit = settings.extract.timeout_seconds
    waiting: deque[tuple[list[RawPage], ProcessFuture[list[T]]]] = deque()
    with _pool(workers, settings) as pool:

        def send(chunk: list[RawPage]) -> ProcessFuture[list[T]]:
            return pool.schedule(_work_on, args=(work, chunk, settings), timeout=limit)

        for chunk in _chunks(pages):
            waiting.append((chunk, send(chunk)))
            if len(waiting) >= workers * _CHUNKS_AHEAD:
                yield from _results(*waiting.popleft(), send, settings)
        while waiting:
            yield from _results(*waiting.popleft(), send, settings)


def listing_of_page(page: RawPage, settings: Settings) -> Listing | Failed:  # noqa: ARG001
    """Read what a feed, sitemap or list of URLs lists. All work has the same two arguments."""
    try:
        return read_listing(page)
    except UnreadableError as error:
        return _failed(page, error.reason, error.detail, stage="feeds")


def worker_count(n_jobs: int) -> int:
    """Return the number of workers: `n_jobs`, or one for each core this process may use."""
    return n_jobs or len(os.sched_getaffinity(0))


def _article(page: RawPage, settings: Settings) -> Article | Failed:
    try:
        article = extract(
            page,
            settings.extract,
            _outlets(known_outlets(settings)),
            _judges(settings.extract.weights),
        )
    except UnreadableError as error:
        return _failed(page, error.reason, error.detail)
    source = next((s for s in settings.sources if s.name == page.source), None)
    return replace(
        article,
        uri=page.uri,
        outlet=article.outlet or (source.outlet if source else None),
        lang=article.lang or (source.lang if source else None),
    )


@cache
def _outlets(own: tuple[Outlet, ...]) -> OutletTable:
    """Read the table once a worker; the user's own entries come first."""
    return load_outlets(own)


@cache
def _judges(weights: str) -> Judges:
    """Read them once a worker."""
    return load_judges(weights)


def _with_repeats(article: Article, settings: Settings) -> Article:
    repeats = find_repeats(article.text, settings.repetition)
    return replace(article, removed=_in_order(article.removed, repeats))


def _in_order(
    lines: Sequence[RemovedSpan], repeats: Sequence[RemovedSpan]
) -> tuple[RemovedSpan, ...]:
    """Join both kinds of removals; a repeat that touches a line already removed is dropped."""
    apart = [r for r in repeats if all(r.end <= x.start or x.end <= r.start for x in lines)]
    return tuple(sorted([*lines, *apart], key=lambda span: span.start))


def _failed(page: RawPage, reason: str, detail: str, *, stage: str = "extract") -> Failed:
    return Failed(stage=stage, reason=reason, input=page.uri, detail=detail, when=page.fetched_at)


def _pool(workers: int, settings: Settings) -> ProcessPool:
    """Start workers from a clean process: forking this one would copy its threads' locks."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "pipeline.preloaded"])
    return ProcessPool(
        max_workers=workers,
        context=context,
        initializer=_prepare_worker,
        initargs=(settings.extract.memory_mib,),
    )


def _prepare_worker(memory_mib: int) -> None:
    for name in ("htmldate", "trafilatura"):  # they warn about every odd page
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # What is loaded stays: to look it over for garbage again and again is a tenth of the work.
    gc.freeze()
    limit = memory_mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _chunks(pages: Iterable[RawPage]) -> Iterator[list[RawPage]]:
    """Send several pages at once: waking a worker for each costs more than reading a short one."""
    rest = iter(pages)
    while chunk := list(islice(rest, _CHUNK_PAGES)):
        yield chunk


def _work_on(
    work: Callable[[RawPage, Settings], T], chunk: list[RawPage], settings: Settings
) -> list[T]:
    return [work(page, settings) for page in chunk]


def _results(
    chunk: list[RawPage],
    job: ProcessFuture[list[T]],
    send: Callable[[list[RawPage]], ProcessFuture[list[T]]],
    settings: Settings,
) -> Iterator[T | Failed]:
    """Yield what came of a chunk. One that breaks a limit is sent again page by page.

    So a chunk has the limits of a page, and only the page that breaks them alone has failed.
    """
    try:
        yield from job.result()
    except (TimeoutError, MemoryError, ProcessExpired) as error:
        if len(chunk) == 1:
            yield _broken(chunk[0], error, settings)
            return
        for page in chunk:
            yield from _results([page], send([page]), send, settings)


def _broken(page: RawPage, error: BaseException, settings: Settings) -> Failed:
    limits = settings.extract
    if isinstance(error, TimeoutError):
        detail = f"no answer within extract.timeout_seconds = {limits.timeout_seconds:g}"
        return _failed(page, "timeout", detail)
    if isinstance(error, MemoryError):
        return _failed(page, "memory", f"needs more than extract.memory_mib = {limits.memory_mib}")
    code = error.exitcode if isinstance(error, ProcessExpired) else "unknown"
    detail = f"the worker died with exit code {code}, as a parser crash does"
    return _failed(page, "worker_died", detail)
