"""Loads a sentence embedding model from a folder. Nothing is ever downloaded.

The extra `embeddings` installs what reads the two kinds of models: static ones, a table with a row
for each token (model2vec), and those of sentence-transformers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError

__all__ = ["load_encoder", "model_digest"]

_HINT = "install it with `pip install 'samestory[embeddings]'`, or set stories.embeddings to \"\""
_KEPT = 4096  # embeddings of the latest texts: `check` asks for the same ones again; 6 MB
_SMALL_BYTES = 1 << 20  # a larger file is known by its size alone


def load_encoder(path: str) -> Callable[[Sequence[str]], NDArray[np.float32]] | None:
    """Return the function from texts to embeddings that a model is; None for an empty path.

    Each text is encoded by itself and on one core, so its embedding is the same in any batch. It
    is not the same to the last bit on every kind of processor and in every version of a library.

    Parameters
    ----------
    path
        Folder of a model2vec or sentence-transformers model. Loaded once a process.

    Raises
    ------
    ConfigError
        It is no folder, there is no model in it, or the extra is not installed.
    """
    return _loaded(_folder(path)) if path else None


def model_digest(path: str) -> str:
    """Return a name for the model in a folder: a hash of its small files and all sizes.

    Raises
    ------
    ConfigError
        It is no folder.
    """
    if not path:
        return ""
    folder, digest = _folder(path), hashlib.blake2b(digest_size=8)
    for file in sorted(p for p in folder.rglob("*") if p.is_file()):
        size = file.stat().st_size
        digest.update(f"{file.relative_to(folder).as_posix()}\0{size}\0".encode())
        if size <= _SMALL_BYTES:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _folder(path: str) -> Path:
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise ConfigError(
            f"stories.embeddings: {path} is no folder; give the folder of a model2vec or "
            'sentence-transformers model (nothing is downloaded), or "" to do without'
        )
    return folder.resolve()


@cache
def _loaded(folder: Path) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
        raise ConfigError(
            f"stories.embeddings: there is no model in {folder} (neither modules.json nor "
            "config.json); give the folder that a model was saved to"
        )
    try:
        one = _static(folder) if _is_static(folder) else _transformer(folder)
    except ImportError as error:
        raise ConfigError(f"stories.embeddings needs {error.name}: {_HINT}") from None
    # A library raises anything for files it cannot read; the setting is what to mend.
    except Exception as error:  # noqa: BLE001 - as said
        problem = f"{type(error).__name__}: {error}".splitlines()[0]
        raise ConfigError(
            f"stories.embeddings: the model in {folder} cannot be loaded ({problem}); "
            "give the folder of a model2vec or sentence-transformers model"
        ) from None
    remembered = lru_cache(_KEPT)(one)

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([remembered(text) for text in texts])

    return encode


def _is_static(folder: Path) -> bool:
    """Say whether model2vec made the model; its folder may also be one of sentence-transformers."""
    try:
        config: Any = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("model_type") == "model2vec"


def _static(folder: Path) -> Callable[[str], NDArray[np.float32]]:
    from model2vec import StaticModel

    model = StaticModel.from_pretrained(folder)
    return lambda text: np.asarray(model.encode([text])[0], dtype=np.float32)


def _transformer(folder: Path) -> Callable[[str], NDArray[np.float32]]:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # a run under cron is silent

    # How a sum is split over cores changes its last bits.
    torch.set_num_threads(1)
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    def encode(text: str) -> NDArray[np.float32]:
        found = model.encode([text], show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(found[0], dtype=np.float32)

    return encode
