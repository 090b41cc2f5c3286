"""Dates and moments as exports write them. What the day-month order cannot settle stays open as a triple of numbers.

`scan` turns a value into a `Stamp` without deciding the order; `Stamp.day` reads it in one. `date_order.py` decides.
"""

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Order = Literal["dmy", "mdy", "ymd"]
ORDERS: Final[tuple[Order, ...]] = ("dmy", "mdy", "ymd")

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january janeiro ene enero",
            "feb february fev fevereiro febrero",
            "mar march marco marzo",
            "apr april abr abril",
            "may mai maio mayo",
            "jun june junho junio",
            "jul july julho julio",
            "aug august ago agosto",
            "sep sept september set setembro septiembre setiembre",
            "oct october out outubro octubre",
            "nov november novembro noviembre",
            "dec december dez dezembro dic diciembre",
        ),
        1,
    )
    for name in names.split()
}
_DAY: Final = (
    r"(?:seg|ter|qua|qui|sex|s[aá]b|dom|lun|mar|mi[eé]|jue|vie|mon|tue|wed|thu|fri|sat|sun)[a-zçáé]*(?:-feira)?\.?,?\s+"
)
_TIME: Final = (
    r"(?P<hour>\d{1,2})(?:[:h.](?P<minute>\d{2})(?:(?:[:m.](?P<second>\d{2})(?:[.,]\d+)?)|min)?|h)s?"
    r"\s*(?P<half>[ap]\.?\s?m\.?|da manh[ãa]|da tarde|da noite|da madrugada)?"
    r"(?:Z|\s*(?:GMT|UTC|BRT)?[+-]\d{1,2}(?::?\d{2})?|\s+(?:GMT|UTC|BRT))?"
)
_TAIL: Final = rf"(?:(?:,|\s|T|-|–|às|as|at|a las|klo)+{_TIME})?"
_NUMBERS = re.compile(
    rf"^(?:{_DAY})?(?P<a>\d{{1,4}})[/.\-](?P<b>\d{{1,2}})(?:[/.\-](?P<c>\d{{2,4}}))?{_TAIL}\s*$", re.IGNORECASE
)
_NAMED = re.compile(
    rf"^(?:{_DAY})?(?P<day>\d{{1,2}})(?:º|st|nd|rd|th)?(?:[-/. ]|\s+de\s+)+(?P<month>[A-Za-zç]{{3,10}})\.?"
    rf"(?:(?:[-/., ]|\s+de\s+)+(?P<year>\d{{4}}|\d{{2}}))?{_TAIL}\s*$",
    re.IGNORECASE,
)
_MONTH_FIRST = re.compile(
    rf"^(?:{_DAY})?(?P<month>[A-Za-zç]{{3,10}})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{{4}}))?{_TAIL}\s*$",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"^(\d{8})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2}))?)?Z?$")
_SERIAL = re.compile(r"^[345]\d{4}(?:[.,]\d+)?$")
_ONLY_TIME = re.compile(rf"^{_TIME}\s*$", re.IGNORECASE)
_SERIAL_START: Final = date(1899, 12, 30)
_DATE_SHAPE = re.compile(r"\d.*\d")


class Stamp(NamedTuple):
    """A date as written, perhaps with a time. `numbers` are open; `fixed` is a date that no order can change."""

    fixed: date | None
    numbers: tuple[int, int, int | None] | None
    clock: time | None
    month_day: tuple[int, int] | None = None
    """Month and day of a named month without a year."""

    @property
    def is_open(self) -> bool:
        return self.numbers is not None

    def day(self, order: Order, near: date | None) -> date | None:
        """The date in `order`; a missing year is the one that lies nearest to `near`. None: no such day."""
        if self.fixed is not None:
            return self.fixed
        if self.month_day is not None:
            return _nearest(*self.month_day, near)
        if self.numbers is None:
            return None
        a, b, c = self.numbers
        if c is None:
            return None if order == "ymd" else _nearest(*((b, a) if order == "dmy" else (a, b)), near)
        year, month, day = {"dmy": (c, b, a), "mdy": (c, a, b), "ymd": (a, b, c)}[order]
        return make_day(year, month, day)

    def moment(self, order: Order, near: date | None) -> datetime | None:
        """Date and time, midnight without one. Wall-clock time of the hotel: a zone in the text does not move it."""
        day = self.day(order, near)
        return datetime.combine(day, self.clock or time()) if day else None


def make_day(year: int, month: int, day: int) -> date | None:
    """A date, None where there is none. Two-digit years are of this century."""
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


def _nearest(month: int, day: int, near: date | None) -> date | None:
    if near is None:
        return None
    found = [made for year in (near.year - 1, near.year, near.year + 1) if (made := make_day(year, month, day))]
    return min(found, key=lambda made: abs((made - near).days), default=None)


def scan(value: object) -> Stamp | None:
    """A date out of a cell: text, a spreadsheet's date, or its serial number. None: this is no date."""
    if isinstance(value, datetime):
        return Stamp(value.date(), None, value.time().replace(tzinfo=None))
    if isinstance(value, date):
        return Stamp(value, None, None)
    if isinstance(value, float):
        return _serial(value)
    return _scan_text(value) if isinstance(value, str) and 3 < len(value) < 48 else None


@lru_cache(maxsize=65_536)
def _scan_text(text: str) -> Stamp | None:
    if not _DATE_SHAPE.search(text):
        return None
    plain = text.replace("\u202f", " ").replace("\xa0", " ").strip().strip("[]").strip()
    if match := _NUMBERS.match(plain):
        return _numbers(match)
    if match := _COMPACT.match(plain):
        return _compact(match)
    if match := _NAMED.match(plain) or _MONTH_FIRST.match(plain):
        return _named(match)
    return _serial(float(plain.replace(",", "."))) if _SERIAL.match(plain) else None


def _numbers(match: re.Match[str]) -> Stamp | None:
    a, b, c = match["a"], match["b"], match["c"]
    clock = _clock(match)
    if len(a) == 4:
        fixed = make_day(int(a), int(b), int(c)) if c else None
        return Stamp(fixed, None, clock) if fixed else None
    if len(a) == 3 or (c and len(c) == 3) or (c is None and "." in match.group()[: match.end("b")]):
        return None
    stamp = Stamp(None, (int(a), int(b), int(c) if c else None), clock)
    return stamp if any(_possible(stamp, order) for order in ORDERS) else None


def _possible(stamp: Stamp, order: Order) -> bool:
    return stamp.day(order, date(2024, 2, 29)) is not None


def _compact(match: re.Match[str]) -> Stamp | None:
    digits, hour, minute, second = match.groups()
    fixed = None
    if "19" <= digits[:2] <= "20":
        fixed = make_day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    fixed = fixed or make_day(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    if fixed is None or not 1900 <= fixed.year <= 2100:
        return None
    return Stamp(fixed, None, _make_time(int(hour), int(minute), int(second or 0)) if hour else None)


def _named(match: re.Match[str]) -> Stamp | None:
    month = _MONTHS.get(match["month"].lower().replace("ç", "c"))
    if month is None:
        return None
    if match["year"] is None:
        return Stamp(None, None, _clock(match), (month, int(match["day"])))
    fixed = make_day(int(match["year"]), month, int(match["day"]))
    return Stamp(fixed, None, _clock(match)) if fixed else None


def _serial(number: float) -> Stamp | None:
    """A spreadsheet's day number: days since 30 December 1899."""
    if not 36_526 <= number <= 73_050:
        return None
    return Stamp(_SERIAL_START + timedelta(days=int(number)), None, _of_day(number % 1) if number % 1 else None)


def _of_day(fraction: float) -> time:
    minutes, second = divmod(round(fraction * 86_400) % 86_400, 60)
    return time(minutes // 60, minutes % 60, second)


def _clock(match: re.Match[str]) -> time | None:
    if match["hour"] is None:
        return None
    hour, half = int(match["hour"]), (match["half"] or "").lower().replace(".", "").replace(" ", "")
    if half in ("pm", "datarde", "danoite") and hour < 12:
        hour += 12
    if half in ("am", "damanhã", "damanha", "damadrugada") and hour == 12:
        hour = 0
    return _make_time(hour, int(match["minute"] or 0), int(match["second"] or 0))


def _make_time(hour: int, minute: int, second: int) -> time | None:
    return time(hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def scan_time(value: object) -> time | None:
    """A time of day out of a cell of its own: "06:40", "0640", "6h40", "6:40 PM", a spreadsheet's fraction of a day."""
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    if isinstance(value, timedelta):
        return _of_day(value / timedelta(days=1) % 1)
    if isinstance(value, float) and 0 <= value < 1:
        return _of_day(value)
    text = f"{value:g}" if isinstance(value, float) else str(value or "").strip()
    if text.isdecimal() and 3 <= len(text) <= 6:
        padded = text.zfill(4 if len(text) <= 4 else 6)
        return _make_time(int(padded[:2]), int(padded[2:4]), int(padded[4:6] or 0))
    match = _ONLY_TIME.match(text.replace("\u202f", " "))
    return _clock(match) if match else None
