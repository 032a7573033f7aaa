"""Extracts pages beside the fetching of others: the one waits for servers, the other for cores.

What comes out of a page depends on the page and the settings alone, so it makes no difference
whether it was extracted ahead or, from the archive, when its batch is applied. Pages that the
workers have no time for are left to that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import NamedTuple, Self, TypeAlias

from pipeline.archive import page_digest
from pipeline.config import Settings
from pipeline.engines import PageContent, contents_of_page, extract_pages
from pipeline.records import RawPage

__all__ = ["Extracted", "ExtractionAhead", "PageKey", "Ready"]

_WAITING_BYTES = 64 * 2**20  # of pages in the queue: some 300 real ones (guess)


class PageKey(NamedTuple):
    """What the archive knows a page by."""

    source: str
    uri: str
    digest: str


class Extracted(NamedTuple):
    """What is in a page, and when it was fetched."""

    fetched_at: datetime
    contents: list[PageContent]


Ready: TypeAlias = Mapping[PageKey, Extracted]


class ExtractionAhead:
    """Takes pages as they come in; gives what is in them when all have come.

    Use as a context manager. All methods belong to one thread.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._thread: Thread | None = None
        self._queue: SimpleQueue[tuple[PageKey, RawPage] | None] = SimpleQueue()
        self._begun: list[tuple[PageKey, datetime]] = []
        self._ready: dict[PageKey, Extracted] = {}
        self._offered_bytes = self._taken_bytes = 0
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        """Nothing starts before the first page."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no thread behind: what waits is forgotten."""
        while not self._queue.empty():
            self._queue.get()
        self._end()

    def offer(self, page: RawPage) -> None:
        """Extract a page if the workers keep up; `page` is as the archive gives it back."""
        if self._offered_bytes - self._taken_bytes + len(page.body) > _WAITING_BYTES:
            return
        if self._thread is None:
            self._thread = Thread(target=self._extract, name="extraction", daemon=True)
            self._thread.start()
        self._offered_bytes += len(page.body)
        self._queue.put((PageKey(page.source, page.uri, page_digest(page.body)), page))

    def finish(self) -> Ready:
        """Wait for what was begun, and return it."""
        self._end()
        if self._error is not None:
            raise self._error
        return self._ready

    def _end(self) -> None:
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _extract(self) -> None:
        try:
            outcomes = extract_pages(self._pages(), self._settings, contents_of_page)
            for number, outcome in enumerate(outcomes):
                key, fetched_at = self._begun[number]
                self._ready[key] = Extracted(fetched_at, outcome)
        except BaseException as error:  # noqa: BLE001 - raised again where the result is wanted
            self._error = error

    def _pages(self) -> Iterator[RawPage]:
        while (waiting := self._queue.get()) is not None:
            key, page = waiting
            self._taken_bytes += len(page.body)
            self._begun.append((key, page.fetched_at))
            yield page
