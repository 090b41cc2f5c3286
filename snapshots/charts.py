"""Geometry of the thirty-day chart, drawn by a template. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sistema_os.chart_geometry import GridLine, Scale, Slots, every, grid_line, round_end

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
class Chart:
    columns: tuple[Column, ...]
    lines: tuple[GridLine, ...]
    first: date
    last: date


def chart(days: Sequence[Day], until: date, slots: int = 30) -> Chart:
    """`slots` calendar days up to `until`; the dots of changed rows are at half the scale of the bars."""
    by_day = {day.day: day for day in days}
    first = until - timedelta(days=slots - 1)
    shown = [by_day.get(first + timedelta(days=n), Day(first + timedelta(days=n), known=False)) for n in range(slots)]
    top = round_end(max((max(day.added, day.removed, day.changed / 2) for day in shown), default=0))
    up, down, days_axis = Scale(0, top, _AXIS, _TOP), Scale(0, top, _AXIS, _BOTTOM), Slots(slots, _LEFT, WIDTH)
    labelled = every(slots, 7)
    return Chart(
        tuple(_column(day, days_axis.middle(n), up, down, labelled=n in labelled) for n, day in enumerate(shown)),
        (grid_line(up, top), grid_line(up, top // 2), grid_line(down, top // 2)),
        first,
        until,
    )


def _column(day: Day, middle: float, up: Scale, down: Scale, *, labelled: bool) -> Column:
    return Column(
        day,
        x=round(middle - _BAR / 2, 1),
        middle=round(middle, 1),
        added_y=round(up.at(day.added), 1),
        added_height=round(up.length(day.added), 1),
        removed_y=_AXIS + 1,
        removed_height=round(down.length(day.removed), 1),
        changed_y=round(up.at(day.changed / 2), 1),
        labelled=labelled,
    )
