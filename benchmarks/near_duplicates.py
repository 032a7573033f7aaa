"""Near-duplicates: pairs, their measures, groups, time from text to pairs, memory, the command."""

from __future__ import annotations

import json
import random
import resource
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import duplicate_peers, gold, metrics
from benchmarks.figures import Figure, speed
from benchmarks.gold import GoldPair
from benchmarks.timing import times_as_fast
from pipeline.config import NearDuplicateSettings
from pipeline.near_duplicates import (
    find_candidates,
    find_duplicates,
    group,
    load_compiled,
    relate,
    sketch,
)
from pipeline.records import Article, ArticleId

NEEDS = tuple(f"duplicates/dev/{name}.jsonl" for name in ("docs", "pairs", "groups"))

_COMPILED = "pipeline.near_duplicates.compiled"
_PAGES, _COPIED = 10_000, 200  # of one template, and how many have a copy
_MEMORY_DOCUMENTS = 20_000
_MEMORY_MB = 400  # the floor; the figure is this over what was used, so that higher is better
_SCRIPT = Path(__file__).with_name("datasketch_script.py")


def measure(folder: Path, limit: int | None = None, jobs: int = 1) -> list[Figure]:
    """Measure pairs and groups against gold, then speed and memory beside other tools."""
    del jobs  # the speed is that of one core
    documents = gold.first(gold.documents(folder), limit)
    return [
        *_quality(folder, documents),
        *_boilerplate(_PAGES if limit is None else limit),
        *_speed(documents),
        *_memory(documents, _MEMORY_DOCUMENTS if limit is None else limit),
        *_command(documents),
    ]


def _quality(folder: Path, documents: Sequence[Article]) -> list[Figure]:
    settings = NearDuplicateSettings()
    ids = {document.article_id for document in documents}
    gold_pairs = [pair for pair in gold.duplicate_pairs(folder) if {pair.a, pair.b} <= ids]
    gold_groups = {a: name for a, name in gold.duplicate_groups(folder).items() if a in ids}
    found = find_duplicates(documents, settings)
    pairs = metrics.duplicate_pairs(
        gold_pairs,
        [GoldPair(a=p.a, b=p.b, jaccard=p.jaccard, in_a=p.in_a, in_b=p.in_b) for p in found],
    )
    found_groups: dict[str, str] = {name: name for name in ids}
    for copies in group(documents, relate(documents, settings)):
        found_groups.update(dict.fromkeys(copies.members, copies.canonical))
    rand = metrics.adjusted_rand(gold_groups, found_groups)
    return [
        Figure(name="recall, Jaccard >= .7", value=pairs.recall_jaccard),
        Figure(name="recall, containment >= .7", value=pairs.recall_containment),
        Figure(name="claims with containment >= .5", value=pairs.precision),
        Figure(name="measures exact", value=pairs.exact),
        Figure(name="groups, adjusted Rand index", value=rand),
    ]


def _speed(documents: Sequence[Article]) -> list[Figure]:
    """Compare the time from text to pairs: with numpy alone, then compiled, beside each peer."""

    def ours() -> object:
        return find_duplicates(documents, NearDuplicateSettings())

    def beside(name: str, pairs: int = 3) -> float:
        peer = duplicate_peers.PEERS[name]
        return times_as_fast(ours, lambda: peer.pairs(documents), pairs)

    with _numpy_alone():
        figures = [speed("speed ratio, text to pairs", beside("datasketch"), "datasketch")]
    if not load_compiled():
        print("near_duplicates: numba is absent (extra `fast`), so compiled speed is not measured")
        return figures
    for name, peer in duplicate_peers.PEERS.items():
        if absent := peer.absent():
            print(f"near_duplicates: {', '.join(absent)} is absent (extra `bench`): no {name}")
            continue
        figures.append(speed(f"compiled speed ratio, beside {name}", beside(name), name))
    return figures


@contextmanager
def _numpy_alone() -> Iterator[None]:
    """Work as if nobody had loaded the compiled loops."""
    loaded = sys.modules.pop(_COMPILED, None)
    try:
        yield
    finally:
        if loaded is not None:
            sys.modules[_COMPILED] = loaded


def _boilerplate(count: int) -> list[Figure]:
    """Measure a collection of pages that share 90 % of their text, some of them copied."""
    frame = _words(0, 360)
    own = [_words(page, 40) for page in range(1, count + 1)]
    pages = [
        Article(article_id=ArticleId(f"a{i:05}"), text=" ".join([*frame, *text]))
        for i, text in enumerate(own)
    ]
    copied = range(0, count, max(1, count // _COPIED))
    pages += [
        Article(
            article_id=ArticleId(f"b{i:05}"), text=" ".join([*frame, *own[i][:20], *own[i][21:]])
        )
        for i in copied
    ]
    start = time.process_time()
    sketches = sketch(pages, NearDuplicateSettings())
    candidates = set(find_candidates(sketches))
    seconds = time.process_time() - start
    found = sum((f"a{i:05}", f"b{i:05}") in candidates for i in copied)
    print(
        f"near_duplicates: {len(pages)} pages of 90 % boilerplate: {seconds:.1f} s to candidates, "
        f"{len(candidates) / len(pages):.1f} a page of {len(pages)} others"
    )
    return [Figure(name="copies found in boilerplate", value=found / len(copied))]


def _words(seed: int, count: int) -> list[str]:
    draw = random.Random(seed)  # noqa: S311  # no cryptography
    return ["".join(draw.choices(string.ascii_lowercase, k=6)) for _ in range(count)]


def _memory(documents: Sequence[Article], count: int) -> list[Figure]:
    """Measure the peak memory of the command and of the library."""
    copies = -(-count // len(documents))
    rows = [_again(one, n) for n in range(copies) for one in documents][:count]
    code = (
        "import sys, json; from pipeline import Article, find_duplicates; find_duplicates("
        "[Article(article_id=r['id'], title=r['title'], text=r['text'])"
        " for r in map(json.loads, open(sys.argv[1], encoding='utf-8'))])"
    )
    figures = []
    with _as_file(rows) as path:
        for name, command in (
            ("library", [sys.executable, "-c", code, str(path)]),
            ("command", _dedup(path)),
        ):
            megabytes = _used(command).ru_maxrss * 1024 / 1e6
            print(f"near_duplicates: {name}, {len(rows)} documents: {megabytes:.0f} MB at most")
            label = f"{_MEMORY_MB} MB over peak memory, {name}"
            figures.append(Figure(name=label, value=_MEMORY_MB / megabytes, noise=0.05))
    return figures


def _again(document: Article, copy: int) -> Article:
    """Return a document, or another one of the same length that has no shingle in common with it.

    Every fourth word of the copy is another one, which leaves no five in a row.
    """
    if copy == 0:
        return document
    words = [f"{w}x{copy}" if i % 4 == 0 else w for i, w in enumerate(document.text.split(" "))]
    return Article(
        article_id=ArticleId(f"{document.article_id}-{copy}"),
        title=document.title,
        text=" ".join(words),
    )


def _command(documents: Sequence[Article]) -> list[Figure]:
    """Compare the CPU time of two whole commands, from a file to pairs: ours and a plain script."""
    with _as_file(documents) as path:
        script = [sys.executable, str(_SCRIPT), str(path)]
        ratios = [_cpu(_used(script)) / _cpu(_used(_dedup(path))) for _ in range(3)]
    return [speed("speed ratio, whole command", statistics.median(ratios), "datasketch script")]


def _dedup(path: Path) -> list[str]:
    return [sys.executable, "-c", "from pipeline.cli.app import main; main()", "dedup", str(path)]


def _cpu(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


def _used(command: Sequence[str]) -> resource.struct_rusage:
    """Run a command in a process of its own and return what it used."""
    starter = (
        "import json, resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
        "print(json.dumps(list(resource.getrusage(resource.RUSAGE_CHILDREN))))"
    )
    done = subprocess.run(  # noqa: S603  # our own commands
        [sys.executable, "-c", starter, *command], capture_output=True, check=True, text=True
    )
    return resource.struct_rusage(json.loads(done.stdout))


@contextmanager
def _as_file(documents: Sequence[Article]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "documents.jsonl"
        with path.open("w", encoding="utf-8") as lines:
            for one in documents:
                row = {"id": one.article_id, "title": one.title, "text": one.text}
                lines.write(json.dumps(row) + "\n")
        yield path
