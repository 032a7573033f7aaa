"""Files become pages, and what cannot be read becomes a reason."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.fetch import read_files
from pipeline.records import Failed, RawPage

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def read(path: Path, max_bytes: int = 1000) -> list[RawPage | Failed]:
    return list(read_files(path, "harbour", max_bytes, NOW))


def test_a_folder_gives_its_readable_files_in_order_whatever_the_disk_says(tmp_path: Path) -> None:
    for name in ("b.html", "a.txt", "deep/c.HTM", "notes.md", ".hidden.html", ".git/x.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = [(page.uri, page.media_type) for page in read(tmp_path) if isinstance(page, RawPage)]
    assert found == [
        ("file:a.txt", "text/plain"),
        ("file:b.html", "text/html"),
        ("file:deep/c.HTM", "text/html"),
    ]


def test_gzipped_pages_are_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(b"<p>Ferry"))
    (page,) = read(tmp_path)
    assert isinstance(page, RawPage)
    assert (page.uri, page.body, page.media_type) == ("file:a.html.gz", b"<p>Ferry", "text/html")


def test_each_json_line_is_a_page_named_by_its_own_id(tmp_path: Path) -> None:
    rows = [json.dumps({"id": "wire/7", "text": "x"}), "", json.dumps({"text": "y"}), "{broken"]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    assert [page.uri for page in read(tmp_path) if isinstance(page, RawPage)] == [
        "file:a.jsonl#wire%2F7",
        "file:a.jsonl#3",
        "file:a.jsonl#4",
    ]


def test_each_row_of_a_parquet_file_is_a_page_with_its_times_and_bytes_as_text(
    tmp_path: Path,
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra parquet is not installed")
    table = pytest.importorskip("pyarrow").table(
        {"id": ["wire/7", None], "text": [b"x", b"y"], "published": [NOW, None]}
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    first, second = read(tmp_path)
    assert isinstance(first, RawPage)
    assert isinstance(second, RawPage)
    assert (first.uri, second.uri) == ("file:a.parquet#wire%2F7", "file:a.parquet#2")
    assert json.loads(first.body) == {
        "id": "wire/7",
        "text": "x",
        "published": "2026-03-02T12:00:00+00:00",
    }


def test_a_parquet_file_that_is_none_is_one_failure(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="the extra parquet is not installed")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 but no more")
    (failed,) = read(tmp_path)
    assert isinstance(failed, Failed)
    assert failed.reason == "broken_parquet"


def test_parquet_without_its_extra_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'samestory\[parquet\]'"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("big.html", b"x" * 1001, "too_large"),
        ("bomb.html.gz", gzip.compress(b"\0" * 10**7), "too_large"),
        ("torn.html.gz", gzip.compress(b"<p>Ferry")[:-6], "broken_gzip"),
        ("no.html.gz", b"<p>Ferry", "broken_gzip"),
        ("rows.jsonl", b'{"text": "' + b"x" * 1001 + b'"}', "too_large"),
    ],
)
def test_an_unusable_file_is_one_failure_with_its_reason(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    (failed,) = read(tmp_path)
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.reason) == ("fetch", reason)
    assert failed.input.startswith(f"file:{name}")


def test_a_dangling_link_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.html").symlink_to(tmp_path / "gone.html")
    (tmp_path / "b.html").write_bytes(b"x")
    assert [page.uri for page in read(tmp_path) if isinstance(page, RawPage)] == ["file:b.html"]


@pytest.mark.parametrize("name", ["gone", "picture.png"])
def test_a_source_that_cannot_be_read_at_all_is_a_configuration_error(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "picture.png").write_bytes(b"x")
    with pytest.raises(ConfigError, match=name):
        read(tmp_path / name)
