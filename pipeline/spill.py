"""Arrays that stay in memory while they are small and go to temporary files when they are not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import StateError

__all__ = ["Partitions", "Rows"]

Scalar = TypeVar("Scalar", bound=np.generic)

_IN_MEMORY_BYTES = 32 * 2**20  # of one collection; 10,000 articles need no file
_PARTS = 64  # of a million articles, a part has some megabytes; a power of two


class Rows(Generic[Scalar]):
    """Rows of one kind of number, appended once and read in any order.

    Parameters
    ----------
    path
        Where the file goes, once one is needed.
    kind
        Of the numbers.
    """

    def __init__(self, path: Path, kind: type[Scalar]) -> None:
        self._path = path
        self._kind = np.dtype(kind)
        self._recent: list[NDArray[Scalar]] = []
        self._recent_bytes = 0
        self._file: int | None = None
        self._lengths: list[NDArray[np.int64]] = []
        self._joined: NDArray[Scalar] | None = None

    def append(self, rows: Sequence[NDArray[Scalar]]) -> None:
        """Add rows at the end."""
        if not rows:
            return
        values = np.concatenate(rows)
        self._lengths.append(np.array([row.size for row in rows], dtype=np.int64))
        self._recent.append(values)
        self._recent_bytes += values.nbytes
        if self._recent_bytes > _IN_MEMORY_BYTES:
            self._flush()

    def offsets(self) -> NDArray[np.int64]:
        """Return where each row begins, and the end of the last."""
        lengths = [np.zeros(1, dtype=np.int64), *self._lengths]
        return np.cumsum(np.concatenate(lengths), dtype=np.int64)

    def read(self, start: int, end: int) -> NDArray[Scalar]:
        """Return the numbers from one offset to another."""
        if self._file is None:
            if self._joined is None:
                self._joined = np.concatenate([np.zeros(0, dtype=self._kind), *self._recent])
                self._recent = []
            return self._joined[start:end]
        self._flush()
        size = self._kind.itemsize
        # Not mapped: what is mapped counts as memory of the process.
        found = os.pread(self._file, (end - start) * size, start * size)
        return np.frombuffer(found, dtype=self._kind)

    def close(self) -> None:
        """Close the file; it is removed with its folder."""
        if self._file is not None:
            os.close(self._file)

    def _flush(self) -> None:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        for values in self._recent:
            _write(self._file, values)
        self._recent, self._recent_bytes = [], 0


class Partitions:
    """64-bit numbers in parts, so that each part can be sorted by itself.

    Parameters
    ----------
    folder
        Where the files go, once they are needed; created then.
    shift
        Numbers that are equal from this bit on are in the same part.
    """

    def __init__(self, folder: Path, shift: int) -> None:
        self._folder = folder
        self._shift = np.uint64(shift)
        self._recent: list[NDArray[np.uint64]] = []
        self._recent_bytes = 0
        self._spilled = False

    def append(self, values: NDArray[np.uint64]) -> None:
        """Add numbers, in any order."""
        self._recent.append(values)
        self._recent_bytes += values.nbytes
        if self._recent_bytes > _IN_MEMORY_BYTES:
            self._flush()

    def parts(self) -> Iterator[NDArray[np.uint64]]:
        """Yield the numbers of each part."""
        if not self._spilled:
            yield np.concatenate([np.zeros(0, dtype=np.uint64), *self._recent])
            return
        self._flush()
        for part in range(_PARTS):
            path = self._folder / str(part)
            if path.exists():
                yield np.fromfile(path, dtype=np.uint64)

    def remove(self) -> None:
        """Forget all numbers, and give their disk space back."""
        self._recent = []
        for part in range(_PARTS if self._spilled else 0):
            (self._folder / str(part)).unlink(missing_ok=True)

    def _flush(self) -> None:
        self._folder.mkdir(exist_ok=True)
        self._spilled = True
        values = np.concatenate([np.zeros(0, dtype=np.uint64), *self._recent])
        self._recent, self._recent_bytes = [], 0
        # By the low bits: samples are minima, so most of them begin alike.
        part_of = (values >> self._shift).astype(np.uint8) & np.uint8(_PARTS - 1)
        order = np.argsort(part_of, kind="stable")
        bounds = np.searchsorted(part_of[order], np.arange(1, _PARTS))
        for part, places in enumerate(np.split(order, bounds)):
            if places.size:
                with (self._folder / str(part)).open("ab") as file:
                    _write(file.fileno(), values[places])


def _write(file: int, values: NDArray[Any]) -> None:
    left = memoryview(values.tobytes())
    try:
        while left:
            left = left[os.write(file, left) :]
    except OSError as error:
        raise StateError(
            f"{gettempdir()}: cannot be written ({error.strerror}); "
            "set TMPDIR to a folder with more room"
        ) from None
