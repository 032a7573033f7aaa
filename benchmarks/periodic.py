"""Texts that make a search for repeats slow if anything does: periodic, and without any period."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

# Words, and twice as many: more than articles have, and they stay in the cache. Odd in sentences,
# so that no text is twice its half: that would be found at once.
SIZE = 5_000
_RUNS = 9

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
    return max(_growth(work, text, double) for (_, text), (_, double) in pairs)


def _growth(work: Callable[[str], object], text: str, double: str) -> float:
    """Time both in alternation, so that a busy machine slows both; the fastest runs count."""
    runs = [(_seconds(work, text), _seconds(work, double)) for _ in range(_RUNS)]
    return min(two for _, two in runs) / min(one for one, _ in runs)


def _seconds(work: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    work(text)
    return max(time.process_time() - start, 1e-9)


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
    "(ab)^n": lambda size: ("ab" * size)[:size],
    "Fibonacci": _fibonacci,
    "de Bruijn": _de_bruijn,
}
