"""A job's last thirty days as numbers: a template draws them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 320, 124
_LEFT, _TOP, _AXIS = 64, 16, 100
_LEAST = 3.0
# What a scale may end at, in seconds: 1 s to 12 h.
_STEPS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200)


@dataclass(frozen=True)
class Day:
    """A day's runs of one job; `seconds` is the longest of them."""

    day: date
    seconds: float
    runs: int = 1
    failed: int = 0
    partial: int = 0


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


def chart(days: Sequence[Day], until: date, slots: int = 30) -> Chart:
    """`slots` calendar days ending at `until`; days outside are left out, days without a run stay empty."""
    first = until - timedelta(days=slots - 1)
    shown = [day for day in days if first <= day.day <= until]
    longest = max((day.seconds for day in shown), default=0.0)
    top = scale(longest)
    width = (WIDTH - _LEFT) / slots
    return Chart(
        tuple(_bar(day, _LEFT + (day.day - first).days * width, width, top) for day in shown),
        tuple(_line(seconds, top) for seconds in (top, top / 2)),
        tuple(Label(round(_LEFT + (n + 0.5) * width, 1), first + timedelta(days=n)) for n in range(slots - 1, -1, -10)),
        sum(day.runs for day in shown),
        sum(day.failed for day in shown),
        longest,
    )


def scale(longest: float) -> float:
    """Where the axis ends: the smallest round duration that the longest fits under."""
    return next((float(step) for step in _STEPS if longest <= step), longest)


def _bar(day: Day, left: float, slot: float, top: float) -> Bar:
    height = max(_LEAST, min(day.seconds / top, 1.0) * (_AXIS - _TOP))
    width = slot * 0.7
    css = "f-bad" if day.failed else "f-neg" if day.partial else "f-pos"
    x = left + (slot - width) / 2
    return Bar(
        day, round(x, 1), round(left + slot / 2, 1), round(_AXIS - height, 1), round(width, 1), round(height, 1), css
    )


def _line(seconds: float, top: float) -> Line:
    y = _AXIS - seconds / top * (_AXIS - _TOP)
    return Line(round(y, 1), round(y + 4, 1), seconds)
