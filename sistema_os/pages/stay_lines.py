"""Geometry of the drawings of stays: one guest's rooms, and one room's guests, with their orders. Pure.

Coordinates are units of a viewBox WIDTH wide; dates are calendar days of the hotel, a day begins at its date.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

from sistema_os.chart_geometry import Scale, labelled, number

WIDTH: Final = 1040
LEFT, RIGHT = 20, 1020
TOP, BAR, LANE = 46, 30, 36
MOST_TICKS, MOST_LANES, MOST_DAYS = 11, 3, 60
# Days before or after a stay for which its drawing is widened by an order.
MOST_BESIDE: Final = 7
# Closer labels would overlap.
LABEL_GAP = 76
# Of the bar's own text, at 12 px.
LETTER = 6.6
BarKind = Literal["s-a", "s-b", "s-c"]
_At = Callable[[date], float]


@dataclass(frozen=True)
class Occupancy:
    """A bar: days from `since` to `until`. `label` in words; `kind`: present, former or coming (s-a, s-b, s-c)."""

    label: str
    since: date
    until: date
    kind: BarKind


@dataclass(frozen=True)
class OpenedOrder:
    number: str
    opened_at: datetime
    closed: bool


@dataclass(frozen=True)
class Tick:
    x: str
    day: date
    anchor: str
    today: bool
    labelled: bool


@dataclass(frozen=True)
class Bar:
    x: str
    y: str
    width: str
    text_x: str
    text_y: str
    label: str
    kind: BarKind

    @property
    def text_css(self) -> str:
        return "lb" if self.kind == "s-a" else "tx"


@dataclass(frozen=True)
class Mark:
    x: str
    closed: bool
    label: str
    anchor: str


@dataclass(frozen=True)
class StayLine:
    ticks: list[Tick]
    bars: list[Bar]
    marks: list[Mark]
    gaps: list[str]
    height: int
    bottom: int
    axis_y: int


def draw(
    first: date,
    last: date,
    today: date,
    bars: Sequence[Occupancy],
    orders: Iterable[OpenedOrder],
    *,
    gaps: bool = False,
) -> StayLine | None:
    """None for more than MOST_DAYS days. `gaps`: marks the free time between bars."""
    days = max((last - first).days, 1)
    if days > MOST_DAYS:
        return None
    scale = Scale(0, days, LEFT, RIGHT)

    def at(day: date) -> float:
        return min(max(scale.at((day - first).days), LEFT), RIGHT)

    drawn, lanes = _bars([bar for bar in bars if bar.since <= last and bar.until >= first], at)
    bottom = TOP + lanes * LANE
    return StayLine(
        ticks=_ticks(first, days, today, at),
        bars=drawn,
        marks=_marks(orders, first, last, scale),
        gaps=_gaps(bars, first, last, at) if gaps else [],
        height=bottom + 30,
        bottom=bottom + 2,
        axis_y=bottom + 22,
    )


def _ticks(first: date, days: int, today: date, at: _At) -> list[Tick]:
    shown = set(labelled(days + 1, MOST_TICKS))
    ticks = []
    for place in range(days + 1):
        day = first + timedelta(place)
        anchor = "start" if place == 0 else "end" if place == days else "middle"
        ticks.append(Tick(number(at(day)), day, anchor, day == today, place in shown or day == today))
    return ticks


def _bars(bars: Sequence[Occupancy], at: _At) -> tuple[list[Bar], int]:
    """Bars that overlap stand one under the other; more than MOST_LANES share the last lane."""
    ends: list[date] = []
    drawn = []
    for bar in sorted(bars, key=lambda bar: (bar.since, bar.until)):
        lane = next((place for place, end in enumerate(ends) if end <= bar.since), len(ends))
        lane = min(lane, MOST_LANES - 1)
        ends[lane : lane + 1] = [bar.until]
        start, end = at(bar.since) + 2, at(bar.until) - 2
        width = max(end - start, 6)
        y = TOP + lane * LANE
        most = int((width - 20) / LETTER)
        label = bar.label if len(bar.label) <= most else f"{bar.label[: most - 1].rstrip()}…" if most > 5 else ""
        drawn.append(Bar(number(start), number(y), number(width), number(start + 12), number(y + 20), label, bar.kind))
    return drawn, max(len(ends), 1)


def _marks(orders: Iterable[OpenedOrder], first: date, last: date, scale: Scale) -> list[Mark]:
    """Orders of the last day stand at its end. Labels that would overlap the one before are left out: the table has
    every order."""
    marks: list[Mark] = []
    free_from = float("-inf")
    for order in sorted(orders, key=lambda order: order.opened_at):
        hours = order.opened_at.hour + order.opened_at.minute / 60
        if not first <= order.opened_at.date() <= last:
            continue
        x = min(scale.at((order.opened_at.date() - first).days + hours / 24), RIGHT)
        anchor = "start" if x < LEFT + 36 else "end" if x > RIGHT - 36 else "middle"
        shown = x >= free_from
        if shown:
            free_from = x + LABEL_GAP
        marks.append(Mark(number(x), order.closed, f"OS {order.number}" if shown else "", anchor))
    return marks


def _gaps(bars: Sequence[Occupancy], first: date, last: date, at: _At) -> list[str]:
    """The middle of each stretch of a day or more without a bar, after the last of which nobody is known to come."""
    found, free_since = [], first
    for bar in sorted(bars, key=lambda bar: bar.since):
        if bar.since > free_since and (bar.since - free_since).days >= 1:
            found.append(number((at(free_since) + at(bar.since)) / 2))
        free_since = max(free_since, bar.until)
    if free_since < last:
        found.append(number((at(free_since) + at(last)) / 2))
    return found
