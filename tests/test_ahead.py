"""Extraction beside fetching gives what extraction from the archive gives."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from pipeline.archive import page_digest
from pipeline.config import ExtractSettings, RunSettings, Settings
from pipeline.engines import contents_of_page, extract_pages
from pipeline.records import Failed, RawPage
from pipeline.service import ahead
from pipeline.service.ahead import ExtractionAhead, PageKey

SETTINGS = Settings(run=RunSettings(n_jobs=1), extract=ExtractSettings(min_words=5))


def page(name: str, words: str = "The ferry struck the pier at Calder Haven on Monday.") -> RawPage:
    return RawPage(
        uri=f"file:{name}.html",
        source="pier",
        media_type="text/html",
        body=f"<html><title>{name}</title><article><p>{words}</p></article></html>".encode(),
        fetched_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def key(raw: RawPage) -> PageKey:
    return PageKey(raw.source, raw.uri, page_digest(raw.body))


def test_what_was_extracted_ahead_is_what_comes_out_later() -> None:
    pages = [page("one"), page("two", "Wheat closed higher in Chicago."), page("three", "Short.")]
    with ExtractionAhead(SETTINGS) as running:
        for raw in pages:
            running.offer(raw)
        ready = running.finish()
    later = list(extract_pages(pages, SETTINGS, contents_of_page))
    assert [ready[key(raw)].contents for raw in pages] == later
    assert {ready[key(raw)].fetched_at for raw in pages} == {pages[0].fetched_at}
    assert isinstance(later[2][0], Failed)


def test_what_there_is_no_room_for_is_left_to_its_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "_WAITING_BYTES", 10)
    with ExtractionAhead(SETTINGS) as running:
        running.offer(page("one"))
        assert running.finish() == {}


def break_off() -> None:
    with ExtractionAhead(SETTINGS) as running:
        for number in range(20):
            running.offer(page(str(number)))
        raise KeyboardInterrupt


def test_a_run_that_breaks_off_leaves_no_thread() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert threading.active_count() <= before + 1  # the pool's own starter may be ending
