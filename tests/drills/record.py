"""What a drill has to tell. The drills are tests; `python -m tests.drills` makes a table of what they record."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Drill:
    """`seconds` is the worst time from the fault to the moment that everything is in order again, `within` what it may
    be; `lost` and `doubled` are rows, None where the drill writes none."""

    done: str
    within: float | None = None
    seen: str = ""
    seconds: float | None = None
    lost: int | None = None
    doubled: int | None = None

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Around the time that counts; of several times the worst stands."""
        started = time.monotonic()
        yield
        self.seconds = max(self.seconds or 0.0, time.monotonic() - started)

    def count(self, found: Iterable[object], wanted: Iterable[object]) -> None:
        """The rows that stand against those that should."""
        there, due = Counter(found), Counter(wanted)
        self.lost, self.doubled = (due - there).total(), (there - due).total()

    @property
    def in_time(self) -> bool:
        return self.within is None or (self.seconds is not None and self.seconds <= self.within)
