"""The geometry of SVG charts: linear scales, round ends of axes, slots and labels. Pure.

Coordinates are units of the drawing's viewBox; y grows downwards.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """A linear map from `low`..`high` of the data to `start`..`end` of the drawing. `low` and `high` differ."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The coordinate of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def length(self, value: float) -> float:
        """How far the value lies from the start of the axis, never negative for a value between low and high."""
        return abs(self.at(value) - self.start)


@dataclass(frozen=True)
class GridLine:
    """A horizontal line of the grid at `y`, its label's baseline at `text_y`, and the value that it stands for."""

    y: float
    text_y: float
    value: float


def grid_line(scale: Scale, value: float) -> GridLine:
    y = scale.at(value)
    return GridLine(round(y, 1), round(y + 4, 1), value)


@dataclass(frozen=True)
class Slots:
    """`count` columns of equal width between `start` and `end`, numbered from 0."""

    count: int
    start: float
    end: float

    @property
    def width(self) -> float:
        return (self.end - self.start) / self.count

    def middle(self, slot: int) -> float:
        return self.start + (slot + 0.5) * self.width


def round_end(largest: float, least: int = 10) -> int:
    """Where an axis ends: the smallest of least * 1, 2, 5, 10, 20, 50, ... that the largest value fits under."""
    step = least
    while True:
        for factor in (1, 2, 5):
            if largest <= step * factor:
                return step * factor
        step *= 10


def end_among(ends: Sequence[float], largest: float) -> float:
    """The first of the ascending ends that the largest value fits under, or that value itself."""
    return next((float(end) for end in ends if largest <= end), largest)


def spread_out(count: int, first: float, last: float) -> list[float]:
    """`count` coordinates evenly from first to last; a single one stands at the end."""
    if count == 1:
        return [last]
    scale = Scale(0, count - 1, first, last)
    return [scale.at(place) for place in range(count)]


def labelled(count: int, most: int) -> list[int]:
    """At most `most` evenly spaced places out of `count` that get a label; the last is always among them."""
    return every(count, max(1, math.ceil((count - 1) / max(most - 1, 1))))


def every(count: int, step: int) -> list[int]:
    """Every `step`-th of `count` places, ascending, counted back from the last."""
    return sorted(range(count - 1, -1, -step))


def number(value: float) -> str:
    """A coordinate for a template: as a float it would be localised, and 84,0 is no coordinate."""
    return f"{value:.1f}"
