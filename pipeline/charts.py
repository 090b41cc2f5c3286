"""A job's last thirty days as numbers: a template draws them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 320, 172
_LEFT, _TOP, _AXIS = 64, 16, 100
# The rows stand in a lane of their own under the durations.
_ROWS_TOP, ROWS_AXIS = 116, 148
_LEAST = 3.0
# What a scale may end at, in seconds: 1 s to 12 h.
_STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200)


@dataclass(frozen=True)
class Day:
    """A day's runs of one job; `seconds` is the longest of them, `rows` the most that one read (0: none said)."""

    day: date
    seconds: float
    runs: int = 1
    failed: int = 0
    partial: int = 0
    rows: int = 0


@dataclass(frozen=True)
class Bar:
    """In the drawing's units (y grows downwards); `css` tells the worst outcome of the day."""

    day: Day
    x: float
    middle: float
    y: float
    width: float
    height: float
    css: str
    # Of the line of rows; 0 where none was read.
    rows_y: float


@dataclass(frozen=True)
class Line:
    y: float
    text_y: float
    seconds: float


@dataclass(frozen=True)
class Label:
    """`middle` of the day's place on the axis."""

    middle: float
    day: date


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    labels: tuple[Label, ...]
    runs: int
    failed: int
    longest: float
    most_rows: int

    @property
    def rows_line(self) -> str:
        """The path through the days on which rows were read."""
        points = [f"{bar.middle} {bar.rows_y}" for bar in self.bars if bar.day.rows]
        return "M" + "L".join(points) if points else ""


def chart(days: Sequence[Day], until: date, slots: int = 30) -> Chart:
    """`slots` calendar days ending at `until`; days outside are left out, days without a run stay empty."""
    first = until - timedelta(days=slots - 1)
    shown = [day for day in days if first <= day.day <= until]
    longest = max((day.seconds for day in shown), default=0.0)
    shown.sort(key=lambda day: day.day)
    top, rows = scale(longest), max((day.rows for day in shown), default=0)
    width = (WIDTH - _LEFT) / slots
    return Chart(
        tuple(_bar(day, _LEFT + (day.day - first).days * width, width, top, rows) for day in shown),
        tuple(_line(seconds, top) for seconds in (top, top / 2)),
        tuple(Label(round(_LEFT + (n + 0.5) * width, 1), first + timedelta(days=n)) for n in range(slots - 1, -1, -10)),
        sum(day.runs for day in shown),
        sum(day.failed for day in shown),
        longest,
        rows,
    )


def scale(longest: float) -> float:
    """Where the axis ends: the smallest round duration that the longest fits under."""
    return next((float(step) for step in _STEPS if longest <= step), longest)


def _bar(day: Day, left: float, slot: float, top: float, most_rows: int) -> Bar:
    height = max(_LEAST, min(day.seconds / top, 1.0) * (_AXIS - _TOP))
    rows_y = ROWS_AXIS - day.rows / most_rows * (ROWS_AXIS - _ROWS_TOP) if day.rows else 0.0
    width = slot * 0.7
    css = "f-bad" if day.failed else "f-neg" if day.partial else "f-pos"
    found = (left + (slot - width) / 2, left + slot / 2, _AXIS - height, width, height)
    x, middle, y, width, height = (round(number, 1) for number in found)
    return Bar(day, x, middle, y, width, height, css, round(rows_y, 1))


def _line(seconds: float, top: float) -> Line:
    y = _AXIS - seconds / top * (_AXIS - _TOP)
    return Line(round(y, 1), round(y + 4, 1), seconds)
