"""Near-duplicates of a whole file of articles, for people who have a corpus and no pipeline.

Texts are read once and forgotten; what is kept of them goes to temporary files when it grows, so
memory holds some bytes an article, what is related, and one part at a time of all else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates import load_compiled, sketch
from pipeline.near_duplicates.candidates import (
    HIGHER_BITS,
    NUMBER_BITS,
    Codes,
    Entries,
    band_entries,
    codes_of_bands,
    codes_of_samples,
    enough_shared,
    inside,
    numbers_of,
    of_firsts,
    renumbered,
    same_words,
    sample_entries,
    unfold,
)
from pipeline.near_duplicates.groups import facts_of, group_by_facts
from pipeline.near_duplicates.kernels import WORTH_COMPILING
from pipeline.near_duplicates.relations import Measured, joined, measure, settle, split_unrelated
from pipeline.near_duplicates.shingles import Ragged, ragged
from pipeline.records import Article, ArticleId, Failed, NearDuplicate, Timestamp
from pipeline.service.progress import Progress
from pipeline.spill import Partitions, Rows
from pipeline.story_record import Fields, relation_fields

__all__ = ["dedup_rows"]

_BATCH = 512  # articles whose texts are in memory at once
_PAIRS_AT_ONCE = 2**16  # measured between two signs of progress


def dedup_rows(
    articles: Iterable[Article | Failed],
    settings: NearDuplicateSettings,
    progress: Progress,
    *,
    groups: bool,
) -> Iterator[Fields | Failed]:
    """Yield the pairs of articles that are copies, or each article's group.

    Pairs are sorted by id within what hangs together; groups come in the order of the input. Of
    articles with the same id the first one counts, the others are failures.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="samestory-")))
        corpus = _Corpus(folder, settings)
        stack.callback(corpus.close)
        yield from corpus.read(articles, progress)
        yield from corpus.number()
        related = _related(corpus, settings, progress)
        yield from _groups(corpus, related) if groups else _pairs(corpus, related)


class _Corpus:
    """What is kept of the articles of a file.

    While they are read they are numbered as they come. Then those that can have copies are
    numbered anew, by id, so that the order of the file decides nothing: `ids` and all that asks
    for `numbers` goes by these.
    """

    def __init__(self, folder: Path, settings: NearDuplicateSettings) -> None:
        self.folder = folder
        self.settings = settings
        self.read_ids: list[ArticleId] = []
        self.ids: list[ArticleId] = []
        self._published: list[Timestamp | None] = []
        self._titles: list[NDArray[np.int64]] = []
        self._digests: list[NDArray[np.uint64]] = []
        self._sample_sizes: list[NDArray[np.int64]] = []
        self._words = Rows(folder / "words", np.uint32)
        self._signatures = Rows(folder / "signatures", np.uint32)
        self._bands = Partitions(folder / "bands", NUMBER_BITS)
        self._samples = Partitions(folder / "samples", NUMBER_BITS)
        self._order: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._places: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._offsets = self._words.offsets()

    def read(self, articles: Iterable[Article | Failed], progress: Progress) -> Iterator[Failed]:
        """Read all articles; yields what was none."""
        remaining = iter(articles)
        while batch := list(islice(remaining, _BATCH)):
            yield from (one for one in batch if isinstance(one, Failed))
            self._add([one for one in batch if isinstance(one, Article)])
            progress("reading", len(self.read_ids), 0)

    def _add(self, articles: Sequence[Article]) -> None:
        if len(self.read_ids) < WORTH_COMPILING <= len(self.read_ids) + len(articles):
            load_compiled()
        sketches = sketch(articles, self.settings)
        start = len(self.read_ids)
        self.read_ids += [one.article_id for one in sketches]
        self._published += [article.published for article in articles]
        self._titles.append(np.array([one.title for one in sketches], dtype=np.int64))
        self._digests.append(np.array([one.digest for one in sketches], dtype=np.uint64))
        sizes = np.array([one.sample.size for one in sketches], dtype=np.int64)
        self._sample_sizes.append(sizes)
        self._words.append([one.words for one in sketches])
        self._signatures.append([one.signature for one in sketches])
        self._bands.append(band_entries([one.bands for one in sketches], start))
        self._samples.append(sample_entries([one.sample for one in sketches], start))

    def number(self) -> Iterator[Failed]:
        """Give numbers by id to those that can have copies; yields those with an id of others."""
        self._offsets = self._words.offsets()
        order: list[int] = []
        again: set[int] = set()
        for n in sorted(range(len(self.read_ids)), key=self.read_ids.__getitem__):
            if order and self.read_ids[order[-1]] == self.read_ids[n]:
                again.add(n)
            else:
                order.append(n)
        for n in sorted(again):
            yield _repeated(self.read_ids[n])
        worded = [n for n in order if self._offsets[n] < self._offsets[n + 1]]
        self._order = np.array(worded, dtype=np.int64)
        self._places = np.full(len(self.read_ids), -1, dtype=np.int64)
        self._places[self._order] = np.arange(self._order.size)
        self.ids = [self.read_ids[n] for n in worded]
        self.read_ids = [one for n, one in enumerate(self.read_ids) if n not in again]

    def bands(self) -> Iterator[Entries]:
        """Yield the entries of all bands, in parts."""
        return (renumbered(part, self._places) for part in self._bands.parts())

    def samples(self) -> Iterator[Entries]:
        """Yield the entries of all samples, in parts."""
        return (renumbered(part, self._places) for part in self._samples.parts())

    def digests(self) -> NDArray[np.uint64]:
        """Return the digest of each number."""
        return np.concatenate([np.zeros(0, dtype=np.uint64), *self._digests])[self._order]

    def titles(self) -> NDArray[np.int64]:
        """Return the hash of each number's title."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._titles])[self._order]

    def sample_sizes(self) -> NDArray[np.int64]:
        """Return the size of each number's sample."""
        return np.concatenate([np.zeros(0, dtype=np.int64), *self._sample_sizes])[self._order]

    def published(self, number: int) -> Timestamp | None:
        """Return when an article came out."""
        return self._published[int(self._order[number])]

    def words(self, numbers: NDArray[np.int64]) -> Ragged:
        """Return the words of some numbers."""
        places = self._order[numbers]
        bounds = zip(
            self._offsets[places].tolist(), self._offsets[places + 1].tolist(), strict=True
        )
        return ragged([self._words.read(start, end) for start, end in bounds])

    def signatures(self, numbers: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Return the signatures of some numbers."""
        size = self.settings.num_perm
        places = self._order[numbers].tolist()
        return np.stack([self._signatures.read(n * size, (n + 1) * size) for n in places])

    def close(self) -> None:
        """Close the files."""
        self._words.close()
        self._signatures.close()


def _repeated(article_id: ArticleId) -> Failed:
    return Failed(
        stage="input",
        reason="repeated_id",
        input=article_id,
        detail="another row has this id; the first one counts",
        when=datetime.now(UTC),
    )


def _related(
    corpus: _Corpus, settings: NearDuplicateSettings, progress: Progress
) -> Iterator[tuple[Measured, list[NearDuplicate]]]:
    """Yield all relations, by what hangs together, with what they were measured from."""
    titles, measured = corpus.titles(), []
    for done, codes in _candidates(corpus, settings, progress):
        first, second = numbers_of(codes)
        measured.append(measure(first, second, corpus.words, titles, settings))
        progress("comparing", done, 0)
    for part in split_unrelated(joined(measured), len(corpus.ids)):
        yield part, settle(part, corpus.ids, corpus.words, settings)


def _candidates(
    corpus: _Corpus, settings: NearDuplicateSettings, progress: Progress
) -> Iterator[tuple[int, Codes]]:
    """Yield pairs that are worth measuring, and how many there have been."""
    classes, crowd = same_words(corpus.digests()), settings.crowd
    pairs = Partitions(corpus.folder / "pairs", HIGHER_BITS)
    pairs.append(inside(classes, crowd))
    progress("finding pairs", 0, 0)
    bands = (of_firsts(part, classes) for part in corpus.bands())
    for codes in codes_of_bands(bands, corpus.signatures, crowd):
        pairs.append(codes)
    sampled, sizes = Partitions(corpus.folder / "sampled", HIGHER_BITS), corpus.sample_sizes()
    samples = (of_firsts(part, classes) for part in corpus.samples())
    for codes in codes_of_samples(samples, sizes, crowd):
        sampled.append(codes)
    for codes in sampled.parts():
        pairs.append(enough_shared(codes, sizes))
    sampled.remove()
    done = 0
    for part in pairs.parts():
        codes = unfold(part, classes, crowd)
        for start in range(0, codes.size, _PAIRS_AT_ONCE):
            some = codes[start : start + _PAIRS_AT_ONCE]
            done += some.size
            yield done, some


def _pairs(
    corpus: _Corpus, related: Iterable[tuple[Measured, list[NearDuplicate]]]
) -> Iterator[Fields]:
    for _, relations in related:
        for one in relations:
            if max(one.in_a, one.in_b) >= corpus.settings.listed:
                yield relation_fields(one)


def _groups(
    corpus: _Corpus, related: Iterable[tuple[Measured, list[NearDuplicate]]]
) -> Iterator[Fields]:
    titles = corpus.titles()
    canonical: dict[ArticleId, ArticleId] = {}
    for measured, relations in related:
        numbers = np.unique(np.concatenate((measured.first, measured.second)))
        rows = corpus.words(numbers).rows()
        facts = {
            corpus.ids[n]: facts_of(row, int(titles[n]), corpus.published(n))
            for n, row in zip(numbers.tolist(), rows, strict=True)
        }
        for one in group_by_facts(facts, relations):
            canonical |= dict.fromkeys(one.members, one.canonical)
    for own in corpus.read_ids:
        place = canonical.get(own, own)
        yield {"id": own, "group": place, "canonical": place == own}
