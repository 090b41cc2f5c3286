"""Geometry of the thirty-day chart, drawn by a template. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT = 606, 268
_LEFT, _TOP, _AXIS, _BOTTOM = 36, 22, 142, 242
_BAR = 9


@dataclass(frozen=True)
class Day:
    day: date
    added: int = 0
    removed: int = 0
    changed: int = 0
    held: bool = False
    known: bool = True


@dataclass(frozen=True)
class Column:
    """Coordinates of one day's bars and dot, in units of the drawing (y grows downwards)."""

    day: Day
    x: float
    middle: float
    added_y: float
    added_height: float
    removed_y: float
    removed_height: float
    changed_y: float
    labelled: bool


@dataclass(frozen=True)
class Line:
    y: float
    text_y: float
    value: int


@dataclass(frozen=True)
class Chart:
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    first: date
    last: date


def chart(days: Sequence[Day], until: date, slots: int = 30) -> Chart:
    """`slots` calendar days up to `until`; the dots of changed rows are at half the scale of the bars."""
    by_day = {day.day: day for day in days}
    first = until - timedelta(days=slots - 1)
    shown = [by_day.get(first + timedelta(days=n), Day(first + timedelta(days=n), known=False)) for n in range(slots)]
    top = scale(max((max(day.added, day.removed, day.changed / 2) for day in shown), default=0))
    return Chart(tuple(_column(day, n, slots, top) for n, day in enumerate(shown)), _lines(top), first, until)


def scale(largest: float) -> int:
    """The smallest of 10, 20, 50, 100, ... that the largest value fits under."""
    step = 10
    while True:
        for factor in (1, 2, 5):
            if largest <= step * factor:
                return step * factor
        step *= 10


def _column(day: Day, number: int, slots: int, top: int) -> Column:
    width = (WIDTH - _LEFT) / slots
    x = _LEFT + number * width + (width - _BAR) / 2
    up, down = (_AXIS - _TOP) / top, (_BOTTOM - _AXIS) / top
    added, removed = day.added * up, day.removed * down
    from_last = slots - 1 - number
    return Column(
        day,
        round(x, 1),
        round(x + _BAR / 2, 1),
        round(_AXIS - added, 1),
        round(added, 1),
        _AXIS + 1,
        round(removed, 1),
        round(_AXIS - day.changed / 2 * up, 1),
        from_last % 7 == 0,
    )


def _lines(top: int) -> tuple[Line, ...]:
    up, down = (_AXIS - _TOP) / top, (_BOTTOM - _AXIS) / top
    levels = [(_AXIS - top * up, top), (_AXIS - top / 2 * up, top // 2), (_AXIS + top / 2 * down, top // 2)]
    return tuple(Line(round(y, 1), round(y + 4, 1), value) for y, value in levels)
