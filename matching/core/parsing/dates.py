"""Dates, days, times of day, amounts and flight numbers in a field: numbers that are no rooms."""

import datetime as dt
import re
from itertools import product

from matching.core.parsing import lexicon
from matching.core.parsing.phrases import PhraseBook, read_phrases
from matching.core.parsing.scan import Scan

_DAY_FORM = re.compile(r"\d{1,2}")
_SHORT_MONTH = 3
_MONTH_NAMES = [
    "janeiro january enero",
    "fevereiro february febrero",
    "marco march marzo",
    "abril april",
    "maio may mayo",
    "junho june junio",
    "julho july julio",
    "agosto august",
    "setembro september septiembre",
    "outubro october octubre",
    "novembro november noviembre",
    "dezembro december diciembre",
]
MONTHS = {word: month for month, words in enumerate(_MONTH_NAMES, 1) for word in words.split()}
MONTHS |= {word[:_SHORT_MONTH]: month for word, month in MONTHS.items() if word not in ("marco", "maio", "mayo", "may")}
_RELATIVE = {tuple(section.split()): phrases for section, phrases in read_phrases("relative_days").items()}
_RELATIVE_BOOK = PhraseBook({f"{side} {days}": phrases for (side, days), phrases in _RELATIVE.items()})


def find_days(scan: Scan) -> None:
    """`24/11` and `24/11/2025`; a room word before makes it two rooms, a month beyond 12 too."""
    if not any(token.is_number for token in scan.tokens):
        return
    for index in range(len(scan.tokens) - 2) if "/" in scan.texts else ():
        day, slash, month = scan.texts[index : index + 3]
        if slash != "/" or not (day.isdecimal() and month.isdecimal() and len(day) <= 2 >= len(month)):
            continue
        if scan.previous_word(index) in lexicon.ROOM_WORDS or not _is_day(int(day), int(month)):
            continue
        scan.days.append((int(day), int(month)))
        scan.take(range(index, index + 3))
        if scan.text(index + 3) == "/" and scan.text(index + 4).isdecimal():
            scan.take((index + 3, index + 4))
    _spoken_days(scan)


def _spoken_days(scan: Scan) -> None:
    """`12 de março`; beside a word of arrival `12-03` too, and `dia 12`, of whatever month is nearest (0)."""
    for index, token in enumerate(scan.tokens):
        if not token.is_number or index in scan.taken or not _DAY_FORM.fullmatch(token.text):
            continue
        if not 1 <= int(token.text) <= 31:
            continue
        link, month = scan.text(index + 1), scan.text(index + 2)
        if link in ("de", "of") and month in MONTHS:
            scan.days.append((int(token.text), MONTHS[month]))
            scan.take(range(index, index + 3))
        elif scan.text(index - 1) in lexicon.DAY_WORDS and link != "/":
            scan.take((index,))
            if _speaks_of_arrival(scan, index):
                scan.days.append((int(token.text), 0))
        elif not _speaks_of_arrival(scan, index):
            continue
        elif link in ("-", ".") and month.isdecimal() and _is_day(int(token.text), int(month)):
            scan.days.append((int(token.text), int(month)))
            scan.take(range(index, index + 3))


def _speaks_of_arrival(scan: Scan, index: int) -> bool:
    return not lexicon.ARRIVAL.isdisjoint(scan.texts[max(0, index - 3) : index + 5])


def _is_day(day: int, month: int) -> bool:
    try:
        return bool(dt.date(2024, month, day))
    except ValueError:
        return False


def relative_days(scan: Scan) -> list[tuple[str, int]]:
    """(`arrival` or `departure`, days from the order's own day) of what is said so: `chegou ontem à noite`."""
    return [(side, int(days)) for match in _RELATIVE_BOOK.find(scan.written_out) for side, days in [match.code.split()]]


def with_year(day: int, month: int, opened: dt.date) -> dt.date:
    """The date nearest to the order's own; the next such day where no month (0) is said."""
    options = []
    for year, said in product((opened.year - 1, opened.year, opened.year + 1), (month,) if month else range(1, 13)):
        try:
            options.append(dt.date(year, said, day))
        except ValueError:
            continue
    if not month:
        options = [day for day in options if day >= opened]
    return min(options, key=lambda d: abs((d - opened).days)) if options else opened
