"""What a drill has to tell. The drills are tests; `python -m tests.drills` makes a table of what they record."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass(frozen=True)
class Figure:
    """A number that has a target. Of the same figure in several drills the worst stands, or the sum of what must
    be none."""

    name: str
    value: float
    at_most: float
    exact: bool = False

    @property
    def ok(self) -> bool:
        return self.value == self.at_most if self.exact else self.value <= self.at_most

    def told(self) -> dict[str, Any]:
        target = f"{'==' if self.exact else '<='} {self.at_most:g}"
        return {"name": self.name, "value": round(self.value, 4), "target": target, "ok": self.ok}


@dataclass
class Drill:
    """`seconds` is the worst time from the fault to the moment that everything is in order again, `within` what it may
    be; `lost` and `doubled` are rows, None where the drill writes none. `figure` names the target that `seconds` is."""

    done: str
    within: float | None = None
    seen: str = ""
    seconds: float | None = None
    lost: int | None = None
    doubled: int | None = None
    figure: str = ""
    figures: list[Figure] = field(default_factory=list)

    @contextmanager
    def clock(self) -> Iterator[None]:
        """Around the time that counts; of several times the worst stands."""
        started = time.monotonic()
        yield
        self.took(time.monotonic() - started)

    def took(self, seconds: float) -> None:
        self.seconds = max(self.seconds or 0.0, seconds)

    def count(self, found: Iterable[object], wanted: Iterable[object]) -> None:
        """The rows that stand against those that should. Counts on where it is called again."""
        there, due = Counter(found), Counter(wanted)
        self.lost = (self.lost or 0) + (due - there).total()
        self.doubled = (self.doubled or 0) + (there - due).total()

    def compare(self, found: Mapping[str, list[str]], wanted: Mapping[str, list[str]]) -> None:
        """Whole tables, row by row."""
        self.count(_rows(found), _rows(wanted))

    def at_most(self, name: str, value: float, target: float) -> None:
        self.figures.append(Figure(name, value, target))

    def exactly(self, name: str, value: float, target: float) -> None:
        self.figures.append(Figure(name, value, target, exact=True))

    @property
    def in_time(self) -> bool:
        return self.within is None or (self.seconds is not None and self.seconds <= self.within)

    def all_figures(self) -> Iterator[Figure]:
        yield from self.figures
        if self.figure and self.within is not None and self.seconds is not None:
            yield Figure(self.figure, self.seconds, self.within)
        for name, rows in (("rows lost", self.lost), ("rows doubled", self.doubled)):
            if rows is not None:
                yield Figure(name, rows, 0, exact=True)


# Where a test's drill is kept, for the plugin that makes the table.
DRILL = pytest.StashKey[Drill]()


def _rows(tables: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    return ((table, row) for table, rows in tables.items() for row in rows)


def worst(figures: Iterable[Figure]) -> list[Figure]:
    """One of each name: the sum where there must be none, else the worst."""
    found: dict[str, Figure] = {}
    for figure in figures:
        before = found.get(figure.name)
        if before is None:
            found[figure.name] = figure
        elif figure.exact and not figure.at_most:
            found[figure.name] = Figure(figure.name, before.value + figure.value, 0, exact=True)
        elif (before.ok and not figure.ok) or (before.ok == figure.ok and figure.value > before.value):
            found[figure.name] = figure
    return sorted(found.values(), key=lambda figure: figure.name)
