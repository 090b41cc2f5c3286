"""What stands around the data: headings (scope, the hotel's day), broken lines, and whether the end was cut off."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import PurePath
from typing import Final

from pipeline.intake.contract import Answers, Question, RefusedFile
from pipeline.intake.dates import Order, Stamp, scan
from pipeline.intake.tables import Cell, Ignored, Row, Sheet, text_of
from pipeline.intake.text import fold, is_nothing
from pipeline.intake.values import status_of
from pipeline.intake.words import Kind, contains_phrase, header_phrase, reports, without_stops
from pipeline.intake.words import sentences as say

_DATE = re.compile(
    r"\b\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?\b|\b\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}\b"
)
_SCOPES = ("house", "group", "arrivals", "departures")
_HOTEL_WORDS: Final = 6
_HOTEL_COLUMNS: Final = frozenset({"hotel", "nome hotel", "hotel name", "property", "property name", "resort"})
Saw = Callable[[str, str], None]


def scope_of(sheets: list[Sheet], name: str, saw: Saw) -> str | None:
    """The scope that headings, sheet names, the columns or the file's name state; None where none does."""
    texts = [text for sheet in sheets for text in sheet.titles()]
    texts += [PurePath(name).stem]
    for text in texts:
        folded = without_stops(fold(text.replace("_", " ")))
        for scope in _SCOPES:
            if len(folded) < 120 and contains_phrase(folded, reports()[scope]):
                saw("alcance", say.SAW_SCOPE.format(scope=say.SCOPE_NAMES[scope], words=text))
                return scope
    return _by_columns(sheets[0], saw)


def _by_columns(sheet: Sheet, saw: Saw) -> str | None:
    headers = {header_phrase(header) for header in sheet.columns.headers}
    for signature in reports()["signatures"]:
        if set(signature["columns"]) <= headers and signature["without"] not in sheet.columns:
            saw("alcance", say.SAW_SCOPE.format(scope=say.SCOPE_NAMES[signature["scope"]], words=signature["words"]))
            return str(signature["scope"])
    return None


def hotel_of(sheet: Sheet) -> str | None:
    """The hotel that a heading names, or a column that holds one and the same name; None where the file does not."""
    for text in sheet.titles()[1:]:
        words = fold(text).split()
        named = words[:1] + words[-1:]
        if 1 < len(words) <= _HOTEL_WORDS and set(named) & set(reports()["hotels"]) and not _is_heading(text):
            return text
    for at, header in enumerate(sheet.columns.headers):
        if header_phrase(header) in _HOTEL_COLUMNS:
            cells = (text_of(row.cells[at]) for row in sheet.table.rows[sheet.first :] if at < len(row.cells))
            found = {cell for cell in cells if not is_nothing(cell)}
            return found.pop() if len(found) == 1 else None
    return None


def _is_heading(text: str) -> bool:
    """ "Hóspedes no hotel": the name of a report, not of a hotel."""
    folded = without_stops(fold(text))
    reported = any(contains_phrase(folded, reports()[group]) for group in (*_SCOPES, "day"))
    return reported or ":" in text or any(map(str.isdigit, text))


def heading_dates(sheet: Sheet) -> list[tuple[Stamp, str]]:
    return [(stamp, text) for text in sheet.titles()[1:] for stamp, _ in _dates(text)]


def _dates(text: str) -> Iterator[tuple[Stamp, str]]:
    for match in _DATE.finditer(text):
        if stamp := scan(match.group()):
            yield stamp, match.group()


def business_date(sheet: Sheet, order: Order, saw: Saw) -> date | None:
    """The day that a heading names as the hotel's ("Data hoteleira: 12/03/26"), not the one of printing."""
    titles = sheet.titles()
    for index, text in enumerate(titles):
        if not contains_phrase(fold(text), reports()["day"]):
            continue
        beside = " ".join(titles[index : index + 2])
        for stamp, _ in _dates(beside):
            if day := stamp.day(order, None):
                saw("dia", say.SAW_DAY.format(day=f"{day:%d/%m/%Y}", value=beside))
                return day
    return None


QUESTION: Final = "last_line"
# Half a name is another guest, half a room another room; half a telephone or note does no harm.
_HARMFUL: Final = frozenset(
    {"name", "first_name", "last_name", "companions", "room", "booking", "person_id", "line_id"}
)


def check_end(sheet: Sheet, kind: Kind, answers: Answers) -> list[Ignored]:
    """The last line, dropped, if somebody says that it is cut.

    Raises `RefusedFile` if it certainly is, `Undecided` if it may be.
    """
    table = sheet.table
    last = _last(table.rows) if table.open_end and len(table.rows) > sheet.first else None
    if last is None or last is table.rows[sheet.header_at] or _is_closing(last):
        return []
    if table.delimited and len(last.cells) < _usual_width(sheet):
        raise RefusedFile(say.CUT.format(where=say.CUT_TEXT))
    at = max((index for index, cell in enumerate(last.cells) if text_of(cell)), default=-1)
    if table.delimited and at < len(last.cells) - 1:
        return []
    return _check_value(sheet, last, at, kind, answers)


def _check_value(sheet: Sheet, last: Row, at: int, kind: Kind, answers: Answers) -> list[Ignored]:
    """The last value of the last line against those above: half a date, half a word, half a name."""
    table, name, value = sheet.table, sheet.columns.field_at(at), text_of(last.cells[at])
    before = {text_of(row.cells[at]) for row in table.rows[sheet.first : -1] if at < len(row.cells)}
    if value in before and not any(other != value and other.startswith(value) for other in before):
        return []
    half_date = name in ("arrival", "departure", "opened", "closed") and not _is_whole_date(value, before)
    half_word = name == "status" and value not in before and status_of(value, kind) is None
    if half_date or half_word:
        raise RefusedFile(say.CUT.format(where=say.CUT_TEXT))
    if kind != "stays" or name not in _HARMFUL:
        return []
    sentence = say.ASK_LAST_LINE.format(row=last.number, value=value)
    if answers.ask(Question(QUESTION, (say.OPTION_WHOLE, say.OPTION_CUT), sentence)) == say.OPTION_WHOLE:
        return []
    table.rows.remove(last)
    return [Ignored(last.number, say.LAST_CUT)]


def _last(rows: list[Row]) -> Row | None:
    return next((row for row in reversed(rows) if any(text_of(cell) for cell in row.cells)), None)


def _is_closing(row: Row) -> bool:
    """A line of totals or the end of the report."""
    first = fold(next(text for cell in row.cells if (text := text_of(cell))))
    return any(first.startswith(fold(word)) for word in (*reports()["total"], *reports()["trailer"]))


def _usual_width(sheet: Sheet) -> int:
    """The number of cells of almost every line; 0 where lines differ."""
    widths = Counter(len(row.cells) for row in sheet.table.rows[sheet.first : -1])
    if not widths:
        return len(sheet.table.rows[sheet.header_at].cells) if sheet.header_at >= 0 else 0
    width, count = widths.most_common(1)[0]
    return width if count * 10 >= sum(widths.values()) * 8 else 0


def _is_whole_date(value: str, before: set[str]) -> bool:
    lengths = {len(other) for other in before if not is_nothing(other) and scan(other)}
    return scan(value) is not None and (not lengths or len(value) in lengths)


def mended(sheet: Sheet) -> Iterable[Row]:
    """Rows of separated text put together again where a line break or a separator stood unquoted in a cell."""
    if not sheet.table.delimited or sheet.header_at < 0:
        return sheet.table.rows
    return _mend(sheet.table.rows, sheet)


def _mend(rows: Sequence[Row], sheet: Sheet) -> Iterator[Row]:
    width = len(sheet.table.rows[sheet.header_at].cells)
    index = 0
    while index < len(rows):
        row, used = rows[index], 1
        if index >= sheet.first and 1 < len(row.cells) < width:
            row, used = _joined(rows, index, width, sheet)
        elif index >= sheet.first and len(row.cells) > width:
            row = _narrowed(row, width, sheet)
        yield row
        index += used


def _joined(rows: Sequence[Row], index: int, width: int, sheet: Sheet) -> tuple[Row, int]:
    cells = list(rows[index].cells)
    for used in range(1, 12):
        if index + used >= len(rows):
            break
        following = rows[index + used].cells
        if len(cells) + len(following) - 1 > width or not cells:
            break
        cells = [
            *cells[:-1],
            f"{text_of(cells[-1])}\n{text_of(following[0])}" if following else cells[-1],
            *following[1:],
        ]
        if len(cells) == width:
            return (Row(rows[index].number, cells), used + 1) if _dates_fit(cells, sheet) else (rows[index], 1)
    return rows[index], 1


def _narrowed(row: Row, width: int, sheet: Sheet) -> Row:
    """A free text that holds the separator spread over several cells."""
    extra = len(row.cells) - width
    if not any(text_of(cell) for cell in row.cells[width:]):
        return Row(row.number, row.cells[:width])
    for name in ("text", "note", "title", "company"):
        at = sheet.columns.of.get(name)
        if at is None or any(scan(cell) for cell in row.cells[at : at + extra + 1]):
            continue
        whole = ", ".join(text_of(cell) for cell in row.cells[at : at + extra + 1])
        cells: list[Cell] = [*row.cells[:at], whole, *row.cells[at + extra + 1 :]]
        if _dates_fit(cells, sheet):
            return Row(row.number, cells)
    return row


def _dates_fit(cells: Sequence[Cell], sheet: Sheet) -> bool:
    ats = [at for name in ("arrival", "departure", "opened") if (at := sheet.columns.of.get(name)) is not None]
    return bool(ats) and all(at < len(cells) and scan(cells[at]) is not None for at in ats)
