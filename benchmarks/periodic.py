"""Texts that make a search for repeats slow if anything does: periodic, and without any period."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

SIZE = 20_000  # words; far more than articles have
_RUNS = 5  # the fastest counts: whatever else the machine does only slows

_A = "The ferry hit the old pier at noon."
_B = "A man was hurt and taken away."


def texts(size: int) -> Iterator[tuple[str, str]]:
    """Yield names and texts of about `size` words.

    a^n, (ab)^n, the Fibonacci word (every factor returns soon, no period) and de Bruijn sequences
    (every short factor once), of words, of sentences in one line, and of lines.
    """
    for name, letters in _WORDS.items():
        yield f"{name}, words", " ".join(letters(size))
        sentences = [{"a": _A, "b": _B}[letter] for letter in letters(size // len(_A.split()))]
        yield f"{name}, sentences", " ".join(sentences)
        yield f"{name}, lines", "\n".join(sentences)


def slowest_growth(work: Callable[[str], object], size: int) -> float:
    """Return how many times longer a text of twice the size takes, of the text that grows worst."""
    pairs = zip(texts(size), texts(2 * size), strict=True)
    return max(_seconds(work, double) / _seconds(work, text) for (_, text), (_, double) in pairs)


def _seconds(work: Callable[[str], object], text: str) -> float:
    def once() -> float:
        start = time.process_time()
        work(text)
        return time.process_time() - start

    return max(min(once() for _ in range(_RUNS)), 1e-9)


def _fibonacci(size: int) -> str:
    last, word = "a", "ab"
    while len(word) < size:
        last, word = word, word + last
    return word[:size]


def _de_bruijn(size: int) -> str:
    """Return a sequence in which each factor of its order occurs once."""
    order = max(2, size.bit_length())
    return "".join(islice(_lyndon("ab", order), size))


def _lyndon(letters: str, order: int) -> Iterator[str]:
    """Yield the Lyndon words whose length divides `order`, in order (Fredricksen and Maiorana)."""
    word = [-1]
    while word:
        word[-1] += 1
        if order % len(word) == 0:
            yield from (letters[digit] for digit in word)
        length = len(word)
        while len(word) < order:
            word.append(word[len(word) - length])
        while word and word[-1] == len(letters) - 1:
            word.pop()


_WORDS: dict[str, Callable[[int], str]] = {
    "a^n": lambda size: "a" * size,
    "(ab)^n": lambda size: "ab" * (size // 2),
    "Fibonacci": _fibonacci,
    "de Bruijn": _de_bruijn,
}
