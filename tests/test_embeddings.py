"""The embedding model of the settings: which one it is, what is wrong with it, and a whole run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from invented_feed import MIDNIGHT, feed, published

from pipeline.config import PathSettings, RunSettings, Settings, SourceSettings, StorySettings
from pipeline.embeddings import load_encoder, model_digest
from pipeline.errors import ConfigError, StateError
from pipeline.service import placing, run
from pipeline.service.doctor import examine
from pipeline.service.limits import RunLimits
from pipeline.service.run import ingest, rebuild
from pipeline.service.stored import open_state


def model_folder(folder: Path, config: str = "{}", weights: bytes = b"\0" * 64) -> Path:
    """Lay out what looks like a model from outside."""
    folder.mkdir()
    (folder / "config.json").write_text(config)
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def settings_in(folder: Path, model: str = "") -> Settings:
    data = folder / "data"
    return Settings(
        paths=PathSettings(
            raw=data / "raw",
            state=data / "state.sqlite3",
            clusters=data / "clusters",
            runs=data / "runs",
        ),
        sources=(SourceSettings(name="wire", path=folder / "in"),),
        stories=StorySettings(embeddings=model),
        run=RunSettings(n_jobs=1),
    )


def quiet(_step: str, _done: int, _total: int) -> None:
    pass


def test_no_setting_is_no_model() -> None:
    assert load_encoder("") is None
    assert model_digest("") == ""


def test_a_model_has_one_name_wherever_it_lies_and_another_has_another(tmp_path: Path) -> None:
    one = model_digest(str(model_folder(tmp_path / "one")))
    assert model_digest(str(model_folder(tmp_path / "copy"))) == one
    assert model_digest(str(model_folder(tmp_path / "tuned", weights=b"\1" * 64))) != one
    assert model_digest(str(model_folder(tmp_path / "other", config='{"a": 1}'))) != one


def test_a_path_without_a_model_is_a_setting_to_mend(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no folder; give the folder of a model"):
        load_encoder(str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match="no folder"):
        model_digest(str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match="there is no model in"):
        load_encoder(str(tmp_path))


def test_what_is_wrong_with_the_model_is_said_before_anything_is_written(tmp_path: Path) -> None:
    model = model_folder(tmp_path / "model", config='{"model_type": "model2vec"}')
    own = settings_in(tmp_path, str(model))
    (tmp_path / "in").mkdir()
    # Either the extra is not installed, or these are no weights.
    with pytest.raises(ConfigError, match=r"stories\.embeddings.*(pip install|cannot be loaded)"):
        ingest(own, RunLimits(now=MIDNIGHT), quiet)
    assert not own.paths.raw.exists()
    found = {one.check: one for one in examine(own)}
    assert found["model"].result == "broken"


def test_a_state_made_with_another_model_says_to_rebuild(tmp_path: Path) -> None:
    one = str(model_folder(tmp_path / "one"))
    other = str(model_folder(tmp_path / "other", weights=b"\0" * 65))
    with open_state(settings_in(tmp_path, one)):
        pass
    with open_state(settings_in(tmp_path, one)):
        pass
    for wrong in (other, ""):
        with pytest.raises(StateError, match=r"embeddings = .*samestory rebuild"):
            open_state(settings_in(tmp_path, wrong))


def letters(texts: Sequence[str]) -> np.ndarray:
    """Return how often each letter is in a text, less what is usual."""
    counts = [[text.lower().count(chr(97 + n)) / len(text) for n in range(26)] for text in texts]
    return np.array(counts, dtype=np.float32) - 0.03


def test_a_rebuild_gives_the_same_bytes_with_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in (run, placing):
        monkeypatch.setattr(room, "load_encoder", lambda path: letters if path else None)
    own = settings_in(tmp_path, str(model_folder(tmp_path / "model")))
    (tmp_path / "in").mkdir()
    articles = feed(9, size=24, hours=60)
    for number, part in enumerate((articles[:12], articles[12:])):
        lines = [
            {"title": a.title, "text": a.text, "published": published(a).isoformat()} for a in part
        ]
        body = "".join(json.dumps(line) + "\n" for line in lines)
        (tmp_path / "in" / f"{number}.jsonl").write_text(body)
        ingest(own, RunLimits(now=MIDNIGHT + timedelta(days=number + 1)), quiet)
    before = _stored(own), _view(own)
    rebuild(own, MIDNIGHT + timedelta(days=9), quiet)
    assert (_stored(own), _view(own)) == before
    assert len(before[1]) > 2


def _stored(own: Settings) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(own.paths.state)) as db:
        return db.execute("SELECT article_id, terms, weights FROM vectors ORDER BY 1").fetchall()


def _view(own: Settings) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in own.paths.clusters.rglob("*") if p.is_file()}
