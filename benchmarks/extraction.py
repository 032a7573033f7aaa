"""Main text and metadata of saved pages, with trafilatura beside us on the same pages."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain
from pathlib import Path
from typing import cast

import trafilatura
from trafilatura.settings import Document

from benchmarks import gold, metrics
from benchmarks.figures import Figure, speed
from benchmarks.gold import GoldPage
from benchmarks.timing import times_as_fast
from pipeline.config import ExtractSettings, Settings
from pipeline.engines import clean_articles_of_page
from pipeline.records import Article, RawPage, Timestamp
from pipeline.text import kept_text

SETS = (
    "scrapinghub",
    "fundus",
    "fundus_eval",
    "wcxb_dev",
    "trafilatura",
    "newspaper4k",
    "htmldate_default",
)
NEEDS = tuple(f"pages/{name}{end}" for name in SETS for end in ("", ".jsonl"))

_TIMED_SETS = ("scrapinghub", "fundus", "fundus_eval", "wcxb_dev", "trafilatura")
_TIMED_PAGES = 12  # of each: 60 pages take trafilatura about 3 s
_SMALL_SETS = ("newspaper4k",)  # one of its 20 pages moves a figure by .05
_WEIGHTS = Path(__file__).parent / "folds"
_FAST_FIGURES = ("text F1", "snippets")
_CHUNK = 8  # pages that go to a worker at once
_FETCHED_AT = datetime(2027, 1, 1, tzinfo=UTC)  # later than each page, so that none is "future"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one extractor made of one page; `published` is ISO 8601 or empty."""

    text: str = ""
    title: str = ""
    published: str = ""
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """One page, read by us in both profiles and by trafilatura in its two usual settings."""

    ours: Reading
    fast: Reading
    precision: Reading
    default: Reading


def measure(folder: Path, limit: int | None = None, jobs: int = 2) -> list[Figure]:
    """Measure each set, whole and the tenth that is held back, and the speed."""
    sets = {name: gold.first(gold.pages(folder, name), limit) for name in SETS}
    readings = iter(_read_all(list(chain.from_iterable(sets.values())), jobs))
    figures, held_back = [], []
    for name, pages in sets.items():
        read = [(page, next(readings)) for page in pages]
        tenth = [(page, reading) for page, reading in read if gold.held_back(page.page_id)]
        figures += _figures(name, "", read)
        held_back += _figures(name, ", held back", tenth)
    timed = [page for name in _TIMED_SETS for page in _spread(sets[name], _TIMED_PAGES)]
    return [*figures, *held_back, *_speeds([gold.html(page) for page in timed])]


def read_ours(html: bytes, **extract: str) -> Reading:
    """Read a page as a worker of the pipeline does; one that is refused reads as nothing.

    Parameters
    ----------
    html
        The page.
    extract
        Settings of `pipeline.config.ExtractSettings` that are not the default.
    """
    page = RawPage(
        # No address: trafilatura gets none either, and dates can be read from addresses.
        uri="file:page.html",
        source="benchmark",
        media_type="text/html",
        body=html,
        fetched_at=_FETCHED_AT,
    )
    settings = Settings(extract=ExtractSettings.model_validate(extract))
    article = next(iter(clean_articles_of_page(page, settings)), None)
    if not isinstance(article, Article):
        return Reading()
    return Reading(
        text=kept_text(article.text, article.removed),
        title=article.title,
        published=_iso(article.published),
        authors=article.authors,
    )


def read_trafilatura(html: bytes, *, precision: bool) -> Reading:
    """Run trafilatura with its metadata and without comments."""
    document = trafilatura.bare_extraction(
        html, include_comments=False, with_metadata=True, favor_precision=precision
    )
    if document is None:
        return Reading()
    found = cast("Document", document)  # a dict only with `as_dict`, which is deprecated
    return Reading(
        text=found.text or "",
        title=found.title or "",
        published=found.date or "",
        authors=tuple(name.strip() for name in (found.author or "").split(";") if name.strip()),
    )


def _read_all(pages: Sequence[GoldPage], jobs: int) -> Iterable[Readings]:
    if jobs == 1:
        return map(_read, pages)
    # A fresh interpreter for each worker: forking one that has threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        return list(pool.map(_read, pages, chunksize=_CHUNK))


def _read(page: GoldPage) -> Readings:
    html = gold.html(page)
    # What was learned without this host; the shipped weights may know the page by heart.
    weights = str(_WEIGHTS / f"body-{gold.fold(page)}.json")
    return Readings(
        ours=read_ours(html, weights=weights),
        fast=read_ours(html, weights=weights, profile="fast"),
        precision=read_trafilatura(html, precision=True),
        default=read_trafilatura(html, precision=False),
    )


def _figures(name: str, part: str, read: Sequence[tuple[GoldPage, Readings]]) -> list[Figure]:
    """Return a figure for each thing that the set is annotated for."""
    precision = _means((page, readings.precision) for page, readings in read)
    default = _means((page, readings.default) for page, readings in read)
    ours = _means((page, readings.ours) for page, readings in read)
    fast = _means((page, readings.fast) for page, readings in read)
    named = {f"{name} {what}{part}": (what, value) for what, value in ours.items()}
    named |= {
        f"{name} {what}, fast{part}": (what, value)
        for what, value in fast.items()
        if what in _FAST_FIGURES
    }
    return [
        Figure(
            name=figure,
            value=value,
            peer=max(precision[what], default[what]),
            peer_name="precision" if precision[what] > default[what] else "default",
            gated=not part and name not in _SMALL_SETS,
        )
        for figure, (what, value) in named.items()
    ]


def _means(read: Iterable[tuple[GoldPage, Reading]]) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for page, reading in read:
        for what, found in _measures(page, reading).items():
            values.setdefault(what, []).extend(found)
    return {what: metrics.mean(found) for what, found in values.items() if found}


def _measures(page: GoldPage, reading: Reading) -> dict[str, list[float]]:
    """Return what one page adds to each figure: nothing where it is not annotated."""
    single = {
        "text F1": metrics.text_f1(page.text, reading.text),
        "title": metrics.same_title(page.title, reading.title),
        "day": metrics.same_day(page.published, reading.published),
        "instant": metrics.same_instant(page.published, reading.published),
        "authors": metrics.same_authors(page.authors, reading.authors),
    }
    snippets = metrics.snippets_right(page.required, page.forbidden, reading.text)
    values = {what: [] if value is None else [float(value)] for what, value in single.items()}
    return values | {"snippets": [float(right) for right in snippets]}


def _spread(pages: Sequence[GoldPage], count: int) -> Sequence[GoldPage]:
    """Return at most `count` pages, evenly over the set."""
    return pages[:: max(1, len(pages) // count)][:count]


def _speeds(pages: Sequence[bytes]) -> list[Figure]:
    return [
        speed(f"speed ratio, page to article{what}", _ratio(pages, profile), "default")
        for what, profile in (("", "full"), (", fast", "fast"))
    ]


def _ratio(pages: Sequence[bytes], profile: str) -> float:
    read_ours(pages[0], profile=profile)
    read_trafilatura(pages[0], precision=False)
    gc.collect()
    gc.freeze()  # as a worker does: what is loaded by then is looked over for neither side
    try:
        return times_as_fast(
            ours=lambda: [read_ours(html, profile=profile) for html in pages],
            peer=lambda: [read_trafilatura(html, precision=False) for html in pages],
        )
    finally:
        gc.unfreeze()


def _iso(stated: Timestamp | None) -> str:
    """Write a day without a time, and a time in the offset it was stated in, as the commands do."""
    if stated is None:
        return ""
    if stated.precision == "day":
        return stated.instant.date().isoformat()
    minutes = (stated.offset_minutes or 0) if stated.zone == "stated" else 0
    return stated.instant.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
