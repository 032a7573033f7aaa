"""Where all that comes in goes: into the archive if it is new, then on to extraction."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.archive import ArchiveWriter, page_digest
from pipeline.records import Failed, Fetched, RawPage, Visit
from pipeline.service.ahead import ExtractionAhead
from pipeline.storage import State

__all__ = ["Intake"]


@dataclass(slots=True)
class Intake:
    """Archives new pages, marks batches, and counts what a run has brought in so far.

    Parameters
    ----------
    now
        When the run began; aware.
    batch_pages
        So many pages are a batch; the last one of a run may have fewer.
    seen, new
        Inputs that the sources offered; those of them the archive did not have.
    postponed
        Requests put off to a later run.
    listings_cut
        Listings that have more than this run takes.
    refused
        Inputs that cannot be used.
    recovered
        Addresses that failed in an earlier run, and answered now.
    """

    state: State
    archive: ArchiveWriter
    ahead: ExtractionAhead
    now: datetime
    batch_pages: int
    seen: int = 0
    new: int = 0
    postponed: int = 0
    listings_cut: int = 0
    refused: list[Failed] = field(default_factory=list)
    recovered: set[str] = field(default_factory=set)
    _marks: int = 0
    _unmarked: int = 0

    def take(self, page: RawPage) -> None:
        """Archive a page, unless these bytes are known under its name."""
        if self._is_new(page):
            self.archive.write(page)
            # As the archive gives it back: it keeps seconds.
            self._count(replace(page, fetched_at=page.fetched_at.replace(microsecond=0)))

    def take_answer(self, answer: Fetched, visit: Visit) -> RawPage:
        """Archive what a server answered, unless it is known; returns it as the archive would."""
        page = _page(answer, visit)
        if self._is_new(page):
            self.archive.write_response(answer, visit)
            self._count(page)
        return page

    def finish(self) -> None:
        """Mark what is left as a batch, with what an interrupted run left."""
        if self._unmarked or (not self._marks and self.state.has_unmarked_pages()):
            self._mark()

    def _is_new(self, page: RawPage) -> bool:
        return not self.state.knows_page(page.source, page.uri, page_digest(page.body))

    def _count(self, page: RawPage) -> None:
        self.ahead.offer(page)
        self.new += 1
        self._unmarked += 1
        if self._unmarked == self.batch_pages:
            self._mark()

    def _mark(self) -> None:
        self.archive.mark_batch(self.state.next_batch() + self._marks, self.now)
        self._marks += 1
        self._unmarked = 0


def _page(answer: Fetched, visit: Visit) -> RawPage:
    headers = {name.lower(): value for name, value in answer.headers}
    media_type = headers.get("content-type", "application/octet-stream")
    return RawPage(
        uri=answer.final_url,
        source=visit.source,
        media_type=media_type.partition(";")[0].strip().lower(),
        body=answer.body,
        fetched_at=answer.fetched_at.replace(microsecond=0),  # the archive keeps seconds
        via=answer.url if answer.url != answer.final_url else "",
        is_listing=visit.purpose == "listing",
    )
