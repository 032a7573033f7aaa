"""Where all that comes in goes: into the archive if it is new, then on to extraction."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.archive import ArchiveWriter, page_digest
from pipeline.records import Failed, Fetched, RawPage, Visit
from pipeline.service.ahead import ExtractionAhead
from pipeline.storage import State

__all__ = ["Intake"]


@dataclass(slots=True)
class Intake:
    """Archives new pages, and counts what a run has brought in so far.

    Parameters
    ----------
    seen, new
        Inputs that the sources offered; those of them the archive did not have.
    postponed
        Requests put off to a later run.
    listings_cut
        Listings that have more than this run takes.
    refused
        Inputs that cannot be used.
    """

    state: State
    archive: ArchiveWriter
    ahead: ExtractionAhead
    seen: int = 0
    new: int = 0
    postponed: int = 0
    listings_cut: int = 0
    refused: list[Failed] = field(default_factory=list)

    def take(self, page: RawPage) -> None:
        """Archive a page, unless these bytes are known under its name."""
        if self._is_new(page):
            self.archive.write(page)
            self.ahead.offer(page)

    def take_answer(self, answer: Fetched, visit: Visit) -> RawPage:
        """Archive what a server answered, unless it is known; returns it as the archive would."""
        page = _page(answer, visit)
        if self._is_new(page):
            self.archive.write_response(answer, visit)
            self.ahead.offer(page)
        return page

    def _is_new(self, page: RawPage) -> bool:
        known = self.state.knows_page(page.source, page.uri, page_digest(page.body))
        self.new += not known
        return not known


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
