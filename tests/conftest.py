"""What all tests share: no network but this machine's own, and articles in one line."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from pipeline.records import Article, ArticleId

ROOT = Path(__file__).resolve().parent.parent

# Two shared cores: a deadline tests the machine. The same examples at each run, so that a red
# test is the change's own; `make verify` looks at new ones, ten times as many.
settings.register_profile("quick", deadline=None, max_examples=40, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=400)
settings.load_profile("quick")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def only_local(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_local)


@pytest.fixture
def root() -> Path:
    """Return the checkout, or the copy of it that the tests run in."""
    return ROOT


@pytest.fixture
def data_sets() -> Path:
    """Return the folder of the public research data, or skip where it is not at hand."""
    folder = Path(os.environ.get("SAMESTORY_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data sets at {folder}; set SAMESTORY_DATA")
    return folder


@pytest.fixture
def article() -> Callable[..., Article]:
    """Build an article from an id and a text."""

    def build(name: str, text: str = "", **fields: object) -> Article:
        return Article(article_id=ArticleId(name), text=text, **fields)

    return build
