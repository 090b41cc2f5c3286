"""Intervals and chart geometry of the manager's page. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sistema_os.chart_geometry import Scale, labelled, number, spread_out

Z95 = 1.959963984540054


@dataclass(frozen=True)
class Measured:
    """A share of `of` cases with its 95 % Wilson interval, all three in 0..1."""

    hits: int
    of: int
    share: float
    low: float
    high: float


def measured(hits: int, of: int) -> Measured | None:
    """None without cases."""
    if of <= 0:
        return None
    share, z2 = hits / of, Z95 * Z95
    centre = share + z2 / (2 * of)
    spread = Z95 * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    low, high = (centre - spread) / (1 + z2 / of), (centre + spread) / (1 + z2 / of)
    # Rounding must not move the interval off the share at 0 and 1.
    return Measured(hits, of, share, min(max(low, 0.0), share), max(min(high, 1.0), share))


def apart(one: Measured, other: Measured) -> bool:
    """Whether the intervals do not overlap: only then is a difference reported."""
    return one.low > other.high or other.low > one.high


@dataclass(frozen=True)
class Whisker:
    """A share on a line from 0 to 100 %, 296 x 28."""

    line: str
    x: str


def whisker(found: Measured) -> Whisker:
    low, high, at = map(Scale(0, 1, 8, 288).at, (found.low, found.high, found.share))
    return Whisker(f"M{low:.1f} 14H{high:.1f}M{low:.1f} 9V19M{high:.1f} 9V19", number(at))


@dataclass(frozen=True)
class Tick:
    """`place`: coordinate of a grid line or of a label below the axis; `text_y`: baseline of its text."""

    place: str
    text_y: str
    value: int


def _tick(shares: Scale, percent: int, text_below: int) -> Tick:
    y = shares.at(percent / 100)
    return Tick(number(y), number(y + text_below), percent)


@dataclass(frozen=True)
class ShareLine:
    lines: list[Tick]
    line: str
    area: str
    end_x: str
    end_y: str
    label_y: str
    labels: list[Tick]
    # The target in percent; None without one.
    target: Tick | None


_LEFT, _RIGHT, _TOP, _BASE = 40, 545, 40, 160


def share_line(shares: Sequence[float | None], labels: int = 5, target: int = 0) -> ShareLine | None:
    """Shares over time; days without cases are skipped. None with fewer than two points. `target` in percent is always
    visible; 0 means none."""
    known = [(place, share) for place, share in enumerate(shares) if share is not None]
    if len(known) < 2:
        return None
    least = min([*(share for _, share in known), *([target / 100] if target else [])])
    floor = min(math.floor(least * 10), 9) * 10
    step = 10 if floor >= 60 else 25 if floor < 25 else 20
    floor = floor // step * step
    xs = spread_out(len(shares), _LEFT, _RIGHT - 10)
    shares_axis = Scale(floor / 100, 1, _BASE, _TOP)
    y = shares_axis.at

    path = "L".join(f"{xs[place]:.1f} {y(share):.1f}" for place, share in known)
    first, (last, share) = known[0][0], known[-1]
    end = y(share)
    return ShareLine(
        lines=[_tick(shares_axis, percent, 4) for percent in range(floor, 101, step)],
        line=f"M{path}",
        area=f"M{xs[first]:.1f} {_BASE}L{path}L{xs[last]:.1f} {_BASE}z",
        end_x=number(xs[last]),
        end_y=number(end),
        label_y=number(end - 12 if end > _TOP + 4 else end + 20),
        labels=[Tick(number(xs[place]), str(_BASE + 20), place) for place in labelled(len(shares), labels)],
        target=_tick(shares_axis, target, -6) if target else None,
    )


@dataclass(frozen=True)
class TimeBar:
    """One class of waiting times; `late` marks the last one, which is hatched."""

    y: str
    text_y: str
    width: str
    end: str
    percent: int
    late: bool


def time_bars(counts: Sequence[int]) -> list[TimeBar]:
    """The longest bar is 198 wide; each percentage is rounded on its own."""
    total, most = sum(counts) or 1, max([*counts, 1])
    return [
        TimeBar(
            y=str(6 + 30 * row),
            text_y=str(20 + 30 * row),
            width=number(max(198 * count / most, 1.5)),
            end=number(108 + max(198 * count / most, 1.5)),
            percent=round(100 * count / total),
            late=row == len(counts) - 1,
        )
        for row, count in enumerate(counts)
    ]


@dataclass(frozen=True)
class Mark:
    """A measured share of one week, with its interval and its shape as SVG paths."""

    found: Measured
    week: int
    bar: str
    shape: str


@dataclass(frozen=True)
class Weeks:
    lines: list[Tick]
    series: list[list[Mark]]
    labels: list[Tick]
    target: Tick | None


WEEKS_WIDTH = 606
_WEEK_SHARES = Scale(0, 1, 182, 18)
_SHAPES = (
    "M{x:.1f} {y:.1f}m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0",
    "M{x:.1f} {y:.1f}m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z",
    "M{x:.1f} {y:.1f}m-5 -2h10v4h-10z",
)


def weeks(series: Sequence[Sequence[Measured | None]], target: int = 0) -> Weeks:
    """One series for each band (circle, diamond, dash) over the same weeks, side by side."""
    count = len(series[0])
    xs = spread_out(count, 58, WEEKS_WIDTH - 24)
    return Weeks(
        lines=[_tick(_WEEK_SHARES, percent, 4) for percent in (0, 25, 50, 75, 100)],
        series=[
            [
                _mark(found, week, xs[week] + 12 * (row - 1), _SHAPES[row])
                for week, found in enumerate(found_in)
                if found
            ]
            for row, found_in in enumerate(series)
        ],
        labels=[Tick(number(xs[week]), "208", week) for week in labelled(count, 7)],
        target=_tick(_WEEK_SHARES, target, -5) if target else None,
    )


def _mark(found: Measured, week: int, x: float, shape: str) -> Mark:
    low, high = _WEEK_SHARES.at(found.low), _WEEK_SHARES.at(found.high)
    bar = f"M{x:.1f} {high:.1f}V{low:.1f}M{x - 3:.1f} {high:.1f}h6M{x - 3:.1f} {low:.1f}h6"
    return Mark(found, week, bar, shape.format(x=x, y=_WEEK_SHARES.at(found.share)))
