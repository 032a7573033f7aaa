"""Speed as a ratio to a peer run beside it: the only kind of speed that another machine repeats."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable


def times_as_fast(ours: Callable[[], object], peer: Callable[[], object], pairs: int = 5) -> float:
    """Return the CPU time of `peer` over that of `ours`: 2 means half the time.

    Both run once unmeasured, so that imports and caches count for neither. Then they run in
    alternation, and the median over the pairs is taken: a busy neighbour slows both sides of a
    pair or spoils one pair, not the median. Time is that of this process and all of its threads.
    """
    ours()
    peer()
    return statistics.median(_cpu_seconds(peer) / _cpu_seconds(ours) for _ in range(pairs))


def _cpu_seconds(work: Callable[[], object]) -> float:
    gc.collect()
    start = time.process_time()
    work()
    return max(time.process_time() - start, 1e-9)
