"""Day-month or month-day: what the file itself decides, with the reason. A tie is a question, never a guess.

One narrowing after the other; each may only drop orders that are worse than another one:
the calendar, arrival before departure, the nights, the business date, the sequence of lines, the lengths of stays.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from pipeline.intake.contract import Answers, Question
from pipeline.intake.dates import ORDERS, Order, Stamp
from pipeline.intake.words import sentences as say

# A guest list holds stays of now, an order list orders of now: a year back, two ahead (weddings are booked early).
_PAST: Final = timedelta(days=400)
_AHEAD: Final = timedelta(days=800)
_LONG_STAY: Final = 45
QUESTION: Final = "date_order"


@dataclass
class Dates:
    """The dates of a file: `stays` are (arrival, departure, nights), `moments` when something was opened, in the order
    of the lines; `others` come from columns that are not read and from headings, with their text."""

    stays: list[tuple[Stamp | None, Stamp | None, int | None]] = field(default_factory=list)
    moments: list[Stamp] = field(default_factory=list)
    others: list[tuple[Stamp, str]] = field(default_factory=list)
    samples: dict[Stamp, str] = field(default_factory=dict)
    """One spelling of each open date that is read, for sentences."""
    today: date | None = None
    whole_house: bool = False

    def read(self) -> Iterable[Stamp]:
        yield from self.moments
        yield from (stamp for arrival, departure, _ in self.stays for stamp in (arrival, departure) if stamp)


@dataclass(frozen=True)
class Decision:
    order: Order
    why: str
    """Empty where no date of the file depends on the order."""


def decide(dates: Dates, answers: Answers) -> Decision:
    """The order of the open dates. Raises `Undecided` if more than one serves."""
    open_dates = dict.fromkeys(stamp for stamp in dates.read() if stamp.is_open)
    if not open_dates:
        return Decision("dmy", "")
    if QUESTION in answers.given:
        chosen = answers.ask(_question(dates, next(iter(open_dates)), list(ORDERS)))
        order = next(order for order in ORDERS if say.OPTIONS_DATE[order] == chosen)
        return Decision(order, say.SAW_DATE_ANSWER.format(order=say.ORDER_NAMES[order]))
    left = [order for order in ORDERS if order != "ymd" or _year_first(open_dates)]
    for narrow in (
        _calendar,
        _stays,
        _nights,
        _others,
        _future,
        _house,
        _window,
        _own_day,
        _recent,
        _sequence,
        _lengths,
    ):
        left, why = narrow(dates, left)
        if len(left) == 1:
            return Decision(left[0], why)
    same = {tuple(stamp.day(order, dates.today) for stamp in open_dates) for order in left}
    if len(same) == 1:  # 03/03/26 is one day in either order
        return Decision(left[0], "")
    doubtful = next(stamp for stamp in open_dates if len({stamp.day(order, dates.today) for order in left}) > 1)
    answers.ask(_question(dates, doubtful, left))
    raise AssertionError("an answer was given, or asking has raised")


def _question(dates: Dates, stamp: Stamp, left: Sequence[Order]) -> Question:
    value = dates.samples.get(stamp, "?")
    days = {order: day for order in left if (day := stamp.day(order, dates.today))}
    words = {order: f"{day.day} de {say.MONTHS[day.month - 1]} de {day.year}" for order, day in days.items()}
    sentence = say.ASK_DATE_ORDER.format(value=value, readings=" ou ".join(dict.fromkeys(words.values())))
    effects = {say.OPTIONS_DATE[order]: say.EFFECT_DATE.format(value=value, day=day) for order, day in words.items()}
    return Question(QUESTION, tuple(say.OPTIONS_DATE[order] for order in left), sentence, effects=effects)


def _year_first(stamps: Iterable[Stamp]) -> bool:
    """Two-digit years may stand in front only where every last number is a day."""
    return all(s.numbers and s.numbers[2] is not None and s.numbers[2] <= 31 and s.numbers[0] > 0 for s in stamps)


Narrowed = tuple[list[Order], str]


def _fewest(left: list[Order], count: Callable[[Order], int]) -> tuple[list[Order], int]:
    """The orders with the fewest faults, and the most faults of those dropped."""
    faults = {order: count(order) for order in left}
    best = min(faults.values())
    kept = [order for order in left if faults[order] == best]
    return kept, max(faults.values())


def _calendar(dates: Dates, left: list[Order]) -> Narrowed:
    stamps = [stamp for stamp in dates.read() if stamp.is_open]
    kept, _ = _fewest(left, lambda order: sum(stamp.day(order, dates.today) is None for stamp in stamps))
    witness = next((s for s in stamps if s.day(kept[0], dates.today) and not _in_all(s, left, dates)), None)
    return kept, _only(dates.samples.get(witness, "") if witness else "", kept[0])


def _in_all(stamp: Stamp, orders: Iterable[Order], dates: Dates) -> bool:
    return all(stamp.day(order, dates.today) for order in orders)


def _only(value: str, order: Order) -> str:
    return say.SAW_DATE_ONLY_ONE.format(value=value, order=say.ORDER_NAMES[order])


def _stays(dates: Dates, left: list[Order]) -> Narrowed:
    def reversed_stays(order: Order) -> int:
        return sum(length < 0 for length in _lengths_in(dates, order))

    kept, worst = _fewest(left, reversed_stays)
    return kept, say.SAW_DATE_STAYS.format(order=say.ORDER_NAMES[kept[0]], count=worst)


def _lengths_in(dates: Dates, order: Order) -> list[int]:
    both = ((a.day(order, dates.today), d.day(order, dates.today)) for a, d, _ in dates.stays if a and d)
    return [(departure - arrival).days for arrival, departure in both if arrival and departure]


def _nights(dates: Dates, left: list[Order]) -> Narrowed:
    known = [(a, d, nights) for a, d, nights in dates.stays if a and d and nights is not None]

    def wrong(order: Order) -> int:
        days = ((a.day(order, dates.today), d.day(order, dates.today), nights) for a, d, nights in known)
        return sum(not (a and d and (d - a).days == nights) for a, d, nights in days)

    kept, _ = _fewest(left, wrong)
    right = len(known) - wrong(kept[0])
    return (kept if right else left), say.SAW_DATE_NIGHTS.format(order=say.ORDER_NAMES[kept[0]], count=right)


def _others(dates: Dates, left: list[Order]) -> Narrowed:
    """Dates elsewhere in the file: one program writes all of them the same way."""
    stamps = [(stamp, text) for stamp, text in dates.others if stamp.is_open]
    kept, _ = _fewest(left, lambda order: sum(stamp.day(order, dates.today) is None for stamp, _ in stamps))
    text = next((text for stamp, text in stamps if not _in_all(stamp, left, dates)), "")
    return kept, _only(text, kept[0])


def _future(dates: Dates, left: list[Order]) -> Narrowed:
    """Nobody opens an order tomorrow. A day of grace: the business date turns at the night audit."""
    if dates.today is None:
        return left, ""
    latest = dates.today + timedelta(days=1)

    def later(order: Order) -> int:
        return sum((day := stamp.day(order, dates.today)) is not None and day > latest for stamp in dates.moments)

    kept, worst = _fewest(left, later)
    return kept, say.SAW_DATE_FUTURE.format(order=say.ORDER_NAMES[kept[0]], count=worst, day=f"{dates.today:%d/%m/%Y}")


def _house(dates: Dates, left: list[Order]) -> Narrowed:
    """A list of the whole house: arrival <= business date <= departure."""
    today = dates.today
    if today is None or not dates.whole_house:
        return left, ""

    def outside(order: Order) -> int:
        days = ((a.day(order, today), d.day(order, today)) for a, d, _ in dates.stays if a and d)
        return sum(not (a and d and a <= today <= d) for a, d in days)

    kept, worst = _fewest(left, outside)
    all_stays = sum(1 for a, d, _ in dates.stays if a and d)
    return kept, say.SAW_DATE_HOUSE.format(
        order=say.ORDER_NAMES[kept[0]],
        count=all_stays - outside(kept[0]),
        day=f"{today:%d/%m/%Y}",
        other=all_stays - worst,
    )


def _window(dates: Dates, left: list[Order]) -> Narrowed:
    today = dates.today
    if today is None:
        return left, ""
    stamps = [stamp for stamp in dates.read() if stamp.is_open]

    def far(order: Order) -> int:
        days = (stamp.day(order, today) for stamp in stamps)
        return sum(day is None or not today - _PAST <= day <= today + _AHEAD for day in days)

    kept, worst = _fewest(left, far)
    return kept, say.SAW_DATE_WINDOW.format(order=say.ORDER_NAMES[kept[0]], count=worst, day=f"{today:%d/%m/%Y}")


def _own_day(dates: Dates, left: list[Order]) -> Narrowed:
    """The heading's own date ("Emissão: 12/03/2026") is the business date in one order only."""
    hits = {
        order: [text for stamp, text in dates.others if stamp.is_open and _is_today(stamp, order, dates)]
        for order in left
    }
    kept = [order for order in left if hits[order]]
    if not kept or len(kept) == len(left) or dates.today is None:
        return left, ""
    return kept, say.SAW_DATE_OWN.format(day=f"{dates.today:%d/%m/%Y}", value=hits[kept[0]][0])


def _is_today(stamp: Stamp, order: Order, dates: Dates) -> bool:
    day = stamp.day(order, dates.today)
    return dates.today is not None and day is not None and timedelta(0) <= day - dates.today <= timedelta(days=1)


def _recent(dates: Dates, left: list[Order]) -> Narrowed:
    """Orders that go on until the business date in one order, and end more than a month before it in the other."""
    today = dates.today
    if today is None or not dates.moments:
        return left, ""
    last = {
        order: max((day for stamp in dates.moments if (day := stamp.day(order, today)) and day <= today), default=None)
        for order in left
    }
    kept = [order for order in left if (day := last[order]) and today - day <= timedelta(days=1)]
    old = [order for order in left if not (day := last[order]) or today - day > timedelta(days=31)]
    if not kept or len(kept) + len(old) != len(left):
        return left, ""
    return kept, say.SAW_DATE_RECENT.format(order=say.ORDER_NAMES[kept[0]], day=f"{last[kept[0]]:%d/%m/%Y}")


def _sequence(dates: Dates, left: list[Order]) -> Narrowed:
    """Orders and messages stand in the order of time, forwards or backwards. Three different days at least."""

    def breaks(order: Order) -> int:
        moments = [moment for stamp in dates.moments if (moment := stamp.moment(order, dates.today))]
        steps = list(pairwise(moments))
        return min(sum(a > b for a, b in steps), sum(a < b for a, b in steps))

    if len({stamp.numbers for stamp in dates.moments}) < 3:
        return left, ""
    kept, _ = _fewest(left, breaks)
    return (left if breaks(kept[0]) else kept), say.SAW_DATE_SEQUENCE.format(order=say.ORDER_NAMES[kept[0]])


def _lengths(dates: Dates, left: list[Order]) -> Narrowed:
    """Stays of a few nights in one order, of months in the other, three of them at least."""
    short = [order for order in left if max(_lengths_in(dates, order), default=_LONG_STAY) < _LONG_STAY]
    long = [order for order in left if _mostly_long(_lengths_in(dates, order))]
    if len(short) + len(long) != len(left) or not short:
        return left, ""
    most = max(_lengths_in(dates, short[0]), default=0)
    return short, say.SAW_DATE_LENGTH.format(order=say.ORDER_NAMES[short[0]], count=most)


def _mostly_long(lengths: list[int]) -> bool:
    return len(lengths) >= 3 and sum(length > _LONG_STAY for length in lengths) * 5 >= len(lengths) * 4


_NARROWINGS: Final = (
    *(_calendar, _stays, _nights, _others, _future, _house, _window, _own_day, _recent),
    *(_sequence, _lengths),
)
