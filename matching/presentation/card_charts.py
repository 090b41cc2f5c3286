"""Geometry of the card's charts. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher

from sistema_os.chart_geometry import Scale, number

WIDTH, HEIGHT, MARGIN = 208, 40, 12
LEAST_BAR = 1.5


@dataclass(frozen=True)
class Bar:
    """One row of the waterfall, from the sum before this weight to the sum after it. `css`: base, plus or minus."""

    axis: str
    x: str
    width: str
    css: str
    before: str
    after: str
    first: bool


@dataclass(frozen=True)
class Waterfall:
    bars: list[Bar]
    axis: str
    total: str
    diamond: str


def waterfall(weights: Sequence[float]) -> Waterfall:
    """One bar for each weight, in order, on a scale that includes zero and every partial sum."""
    sums = [0.0]
    for weight in weights:
        sums.append(sums[-1] + weight)
    low, high = min(sums), max(sums)
    at = Scale(low, high if high > low else low + 1.0, MARGIN, WIDTH - MARGIN).at
    bars = [
        _bar(at(0), at(sums[i]), at(sums[i + 1]), "f-neg" if weight < 0 else "f-pos", first=i == 0)
        for i, weight in enumerate(weights)
    ]
    end = at(sums[-1])
    return Waterfall(bars, number(at(0)), number(end), f"M{end - 7:.1f} 20l7-8 7 8-7 8z")


def _bar(axis: float, start: float, end: float, css: str, *, first: bool) -> Bar:
    return Bar(
        axis=number(axis),
        x=number(min(start, end)),
        width=number(max(abs(end - start), LEAST_BAR)),
        css="f-base" if first else css,
        before=number(start),
        after=number(end),
        first=first,
    )


@dataclass(frozen=True)
class Span:
    """Nights in one room; `moved`: after a room move."""

    room: str
    x: str
    width: str
    middle: str
    moved: bool


@dataclass(frozen=True)
class StayLine:
    """`opened`: the tick of the order; `label_at`: the middle of its words, which stay inside the drawing."""

    spans: list[Span]
    opened: str
    label_at: str
    arrival: date
    departure: date
    arrival_at: str
    departure_at: str


LINE, LEFT, RIGHT = 800, 4, 796
# Half the width of the words over the tick.
HALF_LABEL = 84


def stay_line(arrival: date, departure: date, rooms: Sequence[tuple[str, date, date]], opened: date) -> StayLine | None:
    """The stay from arrival to departure with the opening of the order; None for more than 60 days."""
    first, last = min(arrival, opened), max(departure, opened)
    days = max((last - first).days, 1)
    if days > 60:
        return None

    scale = Scale(0, days, LEFT, RIGHT)

    def at(day: date) -> float:
        return scale.at((day - first).days)

    pieces = list(rooms) or [("", arrival, departure)]
    spans = [
        Span(
            room,
            number(at(since)),
            number(max(at(min(until, departure)) - at(since), 4)),
            number((at(since) + at(min(until, departure))) / 2),
            index > 0,
        )
        for index, (room, since, until) in enumerate(pieces)
    ]
    label = min(max(at(opened), LEFT + HALF_LABEL), RIGHT - HALF_LABEL)
    return StayLine(
        spans, number(at(opened)), number(label), arrival, departure, number(at(arrival)), number(at(departure))
    )


def differing_letters(left: str, right: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """Both texts as (piece, differs), compared letter by letter without case."""
    matcher = SequenceMatcher(None, _folded(left), _folded(right), autojunk=False)
    marked: tuple[list[tuple[str, bool]], list[tuple[str, bool]]] = ([], [])
    for tag, a, b, c, d in matcher.get_opcodes():
        for side, piece in zip(marked, (left[a:b], right[c:d]), strict=True):
            if piece:
                side.append((piece, tag != "equal"))
    return marked


def _folded(text: str) -> list[str]:
    """Case-folded character by character: as a whole, "ß" would become two letters and shift the rest."""
    return [character.casefold() for character in text]
