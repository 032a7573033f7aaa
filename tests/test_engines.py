"""Pages in worker processes: order kept, one bad page harms no other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.config import ExtractSettings, RunSettings, Settings
from pipeline.engines import contents_of_page, extract_pages, in_workers
from pipeline.records import Article, Failed, RawPage

BAD_WORK = """
import os, signal

def eats_memory(page, settings):
    return len([bytearray(2**20) for _ in range(4000)])

def crashes(page, settings):
    os.kill(os.getpid(), signal.SIGSEGV)
"""


def page(name: str, body: str) -> RawPage:
    return RawPage(
        uri=f"file:{name}",
        source="s",
        media_type="text/html",
        body=body.encode(),
        fetched_at=datetime(2026, 3, 2, tzinfo=UTC),
    )


def report(subject: str) -> str:
    return (
        f"<html lang=en><head><title>The {subject} at Calder Haven</title></head><body><article>"
        f"<p>The {subject} at Calder Haven was closed on Monday after an inspection by divers, the "
        "harbour master said, and it will stay closed until the end of the week at least.</p>"
        "<p>Travellers are asked to take the bus to Tolmouth instead, where ferries leave every "
        "hour from seven in the morning until late in the evening.</p></article></body></html>"
    )


def settings(**extract: float) -> Settings:
    return Settings(run=RunSettings(n_jobs=2), extract=ExtractSettings(**extract))


def test_results_come_in_the_order_of_the_pages_and_a_slow_one_is_given_up() -> None:
    slow = "<html><body><article>" + "<p>some words here</p>" * 90_000
    pages = [page(f"{n}", report(f"pier {n}")) for n in range(6)]
    pages.insert(2, page("slow", slow))
    found = [
        outcome[0]
        for outcome in extract_pages(pages, settings(timeout_seconds=2.0), contents_of_page)
    ]
    assert [x.uri if isinstance(x, Article) else x.input for x in found] == [p.uri for p in pages]
    assert isinstance(found[2], Failed)
    assert found[2].reason == "timeout"
    assert all(isinstance(x, Article) for x in found[:2] + found[3:])


@pytest.mark.parametrize(
    ("work", "reason"), [("eats_memory", "memory"), ("crashes", "worker_died")]
)
def test_a_worker_that_breaks_is_replaced_and_its_page_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str, reason: str
) -> None:
    (tmp_path / "bad_work.py").write_text(BAD_WORK)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    import bad_work  # noqa: PLC0415 - written just now

    function: Callable[[RawPage, Settings], object] = getattr(bad_work, work)
    pages = [page("a", ""), page("b", "")]
    found = list(in_workers(pages, settings(memory_mib=1024), function))
    assert [(f.input, f.reason) for f in found if isinstance(f, Failed)] == [
        ("file:a", reason),
        ("file:b", reason),
    ]
    del sys.modules["bad_work"]


def test_a_page_that_breaks_its_worker_costs_no_other_page_of_its_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one_bad_page.py").write_text(
        "import os\n\n\ndef work(page, settings):\n"
        "    return os._exit(7) if page.uri == 'file:5' else page.uri\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    import one_bad_page  # noqa: PLC0415 - written just now

    pages = [page(f"{n}", "") for n in range(10)]
    found = list(in_workers(pages, settings(), one_bad_page.work))
    assert [x.input if isinstance(x, Failed) else x for x in found] == [p.uri for p in pages]
    assert [x.reason for x in found if isinstance(x, Failed)] == ["worker_died"]
    del sys.modules["one_bad_page"]
