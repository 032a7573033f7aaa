"""The archive gives back what was put in, whatever a crash left of the last file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipeline.archive import ArchiveWriter, archive_files, foreign_pages, read_page, recover, scan
from pipeline.errors import StateError
from pipeline.records import ArchivedPage, BatchMark, RawPage, Retry

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def page(name: str, body: bytes = b"<p>Tide tables", source: str = "harbour") -> RawPage:
    return RawPage(
        uri=f"file:{name}.html", source=source, media_type="text/html", body=body, fetched_at=NOON
    )


def archive(folder: Path, pages: list[RawPage]) -> list[ArchivedPage]:
    with ArchiveWriter(folder, NOON) as writer:
        places = [writer.write(one) for one in pages]
        writer.mark_batch(1, NOON)
    return places


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5))
def test_every_page_is_read_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("raw")
    pages = [page(f"p{n}", body, source="Häfen & Küste") for n, body in enumerate(bodies)]
    places = archive(folder, pages)
    assert [read_page(folder, place) for place in places] == pages


def test_a_scan_lists_pages_in_order_and_then_the_mark_of_their_batch(tmp_path: Path) -> None:
    places = archive(tmp_path, [page("a"), page("b", b"<p>Ferry")])
    (file,) = archive_files(tmp_path)
    assert list(scan(tmp_path, file.name)) == [*places, BatchMark(number=1)]


def test_nothing_to_write_leaves_no_file(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path / "raw", NOON):
        pass
    assert not (tmp_path / "raw").exists()


def test_a_torn_file_is_cut_back_to_its_last_whole_record(tmp_path: Path) -> None:
    places = archive(tmp_path, [page(f"p{n}", b"<p>Tide %d" % n) for n in range(4)])
    (file,) = archive_files(tmp_path)
    whole = file.read_bytes()
    ends = [place.offset for place in places[1:]] + [len(whole)]
    for length in range(0, len(whole), 61):
        file.unlink(missing_ok=True)
        (tmp_path / f"{file.name}.open").write_bytes(whole[:length])
        recover(tmp_path)
        survivors = [
            item.uri
            for path in archive_files(tmp_path)
            for item in scan(tmp_path, path.name)
            if isinstance(item, ArchivedPage)
        ]
        expected = sum(end <= length for end in ends[:3]) + (length >= _end_of_pages(whole, places))
        assert len(survivors) == expected
        assert not list(tmp_path.glob("*.open"))


def _end_of_pages(whole: bytes, places: list[ArchivedPage]) -> int:
    """Return where the last page ends: at the batch mark, the last gzip member."""
    return whole.rindex(b"\x1f\x8b", places[-1].offset + 1)


def test_the_file_is_a_warc_that_any_reader_reads(tmp_path: Path) -> None:
    archive(tmp_path, [page("a")])
    with archive_files(tmp_path)[0].open("rb") as file:
        kinds = [record.rec_type for record in ArchiveIterator(file, check_digests="raise")]
    assert kinds == ["warcinfo", "resource", "metadata"]


def test_own_archives_are_ordinary_input(tmp_path: Path) -> None:
    archive(tmp_path, [page("a"), page("b")])
    with archive_files(tmp_path)[0].open("rb") as file:
        records = list(foreign_pages(file, "old.warc.gz", "old", 1 << 20, NOON))
    pages = [r.content for r in records if isinstance(r.content, RawPage)]
    assert [(p.uri, p.source) for p in pages] == [("file:a.html", "old"), ("file:b.html", "old")]


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    (place,) = archive(tmp_path, [page("a")])
    archive_files(tmp_path)[0].unlink()
    with pytest.raises(StateError, match=r"file:a\.html.*samestory rebuild"):
        read_page(tmp_path, place)


def test_retries_survive_in_the_archive_as_they_were(tmp_path: Path) -> None:
    retry = Retry(input="file:feed.xml#ä", source="Häfen", uri="file:feed.xml", digest="00ff")
    with ArchiveWriter(tmp_path, NOON) as archive:
        archive.write_retries([retry], NOON)
    (file,) = archive_files(tmp_path)
    assert list(scan(tmp_path, file.name)) == [retry]
