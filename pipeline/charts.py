"""Geometry of the chart of a job's last thirty days. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sistema_os.chart_geometry import GridLine, Scale, Slots, end_among, every, grid_line

WIDTH, HEIGHT = 320, 172
_LEFT, _TOP, _AXIS = 64, 16, 100
# The line of rows has a lane of its own under the durations.
_ROWS_TOP, ROWS_AXIS = 116, 148
_LEAST = 3.0
# Where the axis of durations may end, in seconds: 1 s to 12 h.
AXIS_ENDS = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200)


@dataclass(frozen=True)
class Day:
    """A day's runs of one job; `seconds` is the longest duration, `rows` the most rows of a run (0: unknown)."""

    day: date
    seconds: float
    runs: int = 1
    failed: int = 0
    partial: int = 0
    rows: int = 0


@dataclass(frozen=True)
class Bar:
    """In units of the drawing; `css` is the class of the day's worst outcome."""

    day: Day
    x: float
    middle: float
    y: float
    width: float
    height: float
    css: str
    # The point on the line of rows; 0 where the number is unknown.
    rows_y: float


@dataclass(frozen=True)
class Label:
    """`middle` of the day's place on the axis."""

    middle: float
    day: date


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    lines: tuple[GridLine, ...]
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
    shown = sorted((day for day in days if first <= day.day <= until), key=lambda day: day.day)
    longest = max((day.seconds for day in shown), default=0.0)
    most_rows = max((day.rows for day in shown), default=0)
    top = end_among(AXIS_ENDS, longest)
    columns = Slots(slots, _LEFT, WIDTH)
    seconds, rows = Scale(0, top, _AXIS, _TOP), Scale(0, most_rows or 1, ROWS_AXIS, _ROWS_TOP)
    return Chart(
        tuple(_bar(day, columns, columns.middle((day.day - first).days), seconds, rows) for day in shown),
        tuple(grid_line(seconds, value) for value in (top, top / 2)),
        tuple(Label(round(columns.middle(n), 1), first + timedelta(days=n)) for n in reversed(every(slots, 10))),
        sum(day.runs for day in shown),
        sum(day.failed for day in shown),
        longest,
        most_rows,
    )


def _bar(day: Day, columns: Slots, middle: float, seconds: Scale, rows: Scale) -> Bar:
    height = max(_LEAST, seconds.length(min(day.seconds, seconds.high)))
    width = columns.width * 0.7
    return Bar(
        day,
        x=round(middle - width / 2, 1),
        middle=round(middle, 1),
        y=round(_AXIS - height, 1),
        width=round(width, 1),
        height=round(height, 1),
        css="f-bad" if day.failed else "f-neg" if day.partial else "f-pos",
        rows_y=round(rows.at(day.rows), 1) if day.rows else 0.0,
    )
