"""Waiting for what another process or thread writes."""

import time
from collections.abc import Callable


def until(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Looks again every 20 ms; fails when the time is over."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.02)
