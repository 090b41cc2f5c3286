"""How CPU time grows with a text, measured so that other programs on the machine do not decide."""

import time
from collections.abc import Callable

ATTEMPTS = 100


def growth(work: Callable[[str], object], short: str, long: str, *, most: float) -> float:
    """CPU time of `work(long)` divided by that of `work(short)`.

    Each is the smallest of up to 101 measurements; it ends as soon as the ratio is at most `most`, or far beyond it.
    """
    best_short, best_long = _seconds(work, short), _seconds(work, long)
    for attempt in range(ATTEMPTS):
        if best_long <= most * best_short or (attempt > 2 and best_long > 2 * most * best_short):
            break
        best_short, best_long = min(best_short, _seconds(work, short)), min(best_long, _seconds(work, long))
    return best_long / best_short


def _seconds(work: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started
