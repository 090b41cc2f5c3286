"""Order lines out of a sheet: one line an order, as the contract `schemas/orders.json` has it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from pipeline.intake.contract import Answers, Question
from pipeline.intake.date_order import Dates
from pipeline.intake.dates import Order, Stamp, scan, scan_time
from pipeline.intake.tables import DataRow, Fields, Ignored, Sheet, fields_of, text_of
from pipeline.intake.text import clean, fold
from pipeline.intake.values import ORDER_STATUSES, is_no_room, order_codes, sector_of, status_of
from pipeline.intake.words import sentences as say

KEYS: Final = ("number", "opened", "text", "room", "guest", "requester", "phone", "sector", "status", "closed")


class OrderRows:
    """The rows of an orders sheet, read field by field."""

    def __init__(self, sheet: Sheet, today: date | None) -> None:
        self.columns, self.today, self.aligned = sheet.columns, today, sheet.table.aligned
        self.order: Order = "dmy"
        self.statuses: Mapping[str, str | None] = {}

    def collect(self, rows: Iterable[DataRow]) -> tuple[Dates, Counter[str], Counter[str]]:
        """Dates, status words of all rows and of those with an end, before anything is decided."""
        dates, words, ended = Dates(today=self.today), Counter[str](), Counter[str]()
        for row in (fields_of(row, self.columns.of) for row in rows):
            for name in ("opened", "closed"):
                cell = row.cell(name) or row.row.bands.get(name, "")
                if stamp := scan(cell):
                    if name == "opened":
                        dates.moments.append(stamp)
                    else:
                        dates.stays.append((stamp, None, None))
                    dates.samples.setdefault(stamp, text_of(cell))
            if (word := row.text("status")) is not None:
                words[word] += 1
                ended[word] += scan(row.cell("closed")) is not None
        return dates, words, ended

    def lines(self, rows: Iterable[DataRow], ignore: Callable[[Ignored], None]) -> Iterator[dict[str, Any]]:
        above: dict[str, Any] | None = None
        last = 0
        for row in (fields_of(row, self.columns.of) for row in rows):
            text = self.description(row)
            opened = self.moment(row, "opened", "opened_time")
            if above and self.aligned and row.row.number == last + 1 and set(row.cells) == {"text"}:
                above["text"], last = f"{above['text']} {text}", row.row.number
                ignore(Ignored(row.row.number, say.BROKEN))
            elif not text or opened is None:
                ignore(Ignored(row.row.number, say.NO_OPENING if text else say.NO_TEXT))
            else:
                if above:
                    yield above
                above, last = self.line(row, text, opened), row.row.number
        if above:
            yield above

    def line(self, row: Fields, text: str, opened: datetime) -> dict[str, Any]:
        closed = self.moment(row, "closed", "closed_time") or _later_that_day(row, opened)
        room, sector, status = row.text("room"), row.text("sector"), row.text("status")
        return {
            "number": row.text("number"),
            "opened": f"{opened:%Y-%m-%d %H:%M:%S}",
            "text": text,
            "room": None if room is None or is_no_room(room) else room,
            "guest": row.text("guest"),
            "requester": row.text("requester"),
            "phone": row.text("phone"),
            "sector": sector_of(sector) if sector else None,
            "status": self.statuses.get(status) if status else None,
            "closed": f"{closed:%Y-%m-%d %H:%M:%S}" if closed else None,
        }

    def description(self, row: Fields) -> str:
        """Title and description together where a tool has both."""
        parts = [part for name in ("title", "text") if (part := row.text(name))]
        if len(parts) == 2 and fold(parts[0]) in fold(parts[1]):
            parts = parts[1:]
        return clean("\n".join(parts))

    def moment(self, row: Fields, day: str, clock: str) -> datetime | None:
        """A date with its time, which may stand in a column of its own."""
        stamp = scan(row.cell(day)) or scan(row.row.bands.get(day, ""))
        if stamp is None:
            return None
        if stamp.clock is None and clock in self.columns:
            stamp = Stamp(stamp.fixed, stamp.numbers, scan_time(row.cell(clock)), stamp.month_day)
        return stamp.moment(self.order, self.today)


def _later_that_day(row: Fields, opened: datetime) -> datetime | None:
    """When an order was closed, of a time alone: the first one after its opening."""
    clock = scan_time(row.cell("closed")) or scan_time(row.cell("closed_time"))
    if clock is None:
        return None
    closed = datetime.combine(opened.date(), clock)
    return closed if closed >= opened else closed + timedelta(days=1)


def decide_statuses(
    words: Counter[str],
    kind_statuses: Sequence[str],
    known: Mapping[str, str | None],
    answers: Answers,
    likely: Mapping[str, tuple[str, str]],
) -> tuple[dict[str, str | None], list[str]]:
    """A status for each word of the file, asking for those that are not known; and the words left empty.

    `likely` has the status that the rest of the file suggests for a word, and the reason.
    """
    found: dict[str, str | None] = {}
    left = []
    for word, count in words.most_common():
        status = known.get(word)
        if status is None:
            status = _ask(word, count, kind_statuses, answers, likely.get(word))
            if status is None:
                left.append(word)
        found[word] = status
    return found, left


def _ask(
    word: str, count: int, statuses: Sequence[str], answers: Answers, likely: tuple[str, str] | None
) -> str | None:
    suggested, why = likely or ("", "")
    effects = {say.OPTION_EMPTY: say.EFFECT_EMPTY.format(lines=say.lines(count))} | (
        {suggested: why} if suggested else {}
    )
    sentence = say.ASK_STATUS.format(value=word, lines=say.lines(count))
    question = Question(f"status:{fold(word)}", (*statuses, say.OPTION_EMPTY), sentence, suggested, effects)
    answer = answers.ask_optional(question)
    return None if answer in (None, say.OPTION_EMPTY) else answer


def known_statuses(words: Iterable[str]) -> dict[str, str | None]:
    words = list(words)
    codes = order_codes(words)
    return {word: codes.get(fold(word)) or status_of(word, "orders") for word in words}


def order_statuses(
    words: Counter[str], ended: Counter[str], answers: Answers
) -> tuple[dict[str, str | None], list[str]]:
    """As `decide_statuses`. A word all of whose orders have an end probably means that they are done."""
    likely = {word: ("concluida", say.EFFECT_CLOSED) for word, count in words.items() if ended[word] == count}
    return decide_statuses(words, ORDER_STATUSES, known_statuses(words), answers, likely)
