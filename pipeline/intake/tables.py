"""Tables as they come out of a file, and which of their lines hold data.

Report headings, repeated headers, bands, subtotals and trailers are recognised and kept apart with their reason.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from pipeline.intake.bands import read_band
from pipeline.intake.columns import Columns, assign, header_score, infer
from pipeline.intake.dates import scan, scan_time
from pipeline.intake.text import fold, is_nothing
from pipeline.intake.words import Kind, contains_phrase, reports, without_stops
from pipeline.intake.words import sentences as say

Cell = str | date | datetime | time | timedelta
HEADER_LINES: Final = 60
_SAMPLES: Final = 400
_DAYS: Final = frozenset({"arrival", "departure", "opened"})


class Row(NamedTuple):
    number: int
    """Line of the file, from 1."""
    cells: list[Cell]


class DataRow(NamedTuple):
    number: int
    cells: list[Cell]
    bands: dict[str, str]
    """What bands above say, by field."""


class Fields(NamedTuple):
    """A data row by field: cells that say nothing are left out."""

    row: DataRow
    cells: dict[str, Cell]

    def cell(self, name: str) -> Cell:
        return self.cells.get(name, "")

    def text(self, name: str) -> str | None:
        """The text of a field, or what a band above says; None without either."""
        cell = self.cells.get(name)
        if cell is None:
            return self.row.bands.get(name)
        return cell if isinstance(cell, str) else text_of(cell)

    def number(self, name: str) -> int | None:
        text = self.text(name)
        return int(text) if text and text.isdecimal() and len(text) < 5 else None


class Ignored(NamedTuple):
    row: int
    reason: str


@dataclass
class Table:
    """Rows of one sheet, one page sequence, one XML list. `words` name the table: sheet, root element."""

    rows: list[Row]
    words: str = ""
    delimited: bool = False
    """From separated text: a line may be broken in two, and the last one cut."""
    kind: Kind | None = None
    """What its rows were picked as; None where the table is as it stands in the file."""
    aligned: bool = False
    """Columns by position: a long text may go on in the next line, alone in its column."""
    open_end: bool = False
    """The text does not end with a line break."""
    evidence: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Sheet:
    """A table whose columns are known."""

    table: Table
    columns: Columns
    header_at: int
    """Index of the header row; -1 without one."""
    first: int
    """Index of the first row after it."""
    score: int

    def titles(self) -> list[str]:
        """Texts above the header, and the name of the table."""
        rows = self.table.rows[: max(0, self.header_at)]
        return [self.table.words, *(text for row in rows for cell in row.cells if (text := text_of(cell)))]


def text_of(cell: Cell | None) -> str:
    """A cell as text; dates in ISO form."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    return cell.isoformat(" ") if isinstance(cell, datetime) else str(cell)


def fields_of(row: DataRow, at: Mapping[str, int]) -> Fields:
    """The fields of a row at these positions. "412.0", as some programs write a number, is "412"."""
    cells, width = row.cells, len(row.cells)
    found: dict[str, Cell] = {}
    for name, index in at.items():
        cell = cells[index] if index < width else ""
        if cell and isinstance(cell, str):
            if is_nothing(cell):
                continue
            if cell.endswith(".0") and cell[:-2].isdecimal():
                cell = cell[:-2]
        if cell:
            found[name] = cell
    return Fields(row, found)


def find_sheet(table: Table, kind: Kind) -> Sheet | None:
    """The header row and the columns of a table; None if it holds no list of this kind."""
    best, at, headers, span = 0, -1, [""], 1
    texts = [[text_of(cell) for cell in row.cells] for row in table.rows[:HEADER_LINES]]
    for index, cells in enumerate(texts):
        if (score := header_score(cells, kind)) > best:
            best, at, headers, span = score, index, cells, 1
        if index + 1 < len(texts) and (joined := _two_lines(cells, texts[index + 1])):
            score = header_score(joined, kind)
            if score > best and score > header_score(texts[index + 1], kind):
                best, at, headers, span = score, index, joined, 2
    if best:
        width = max(len(headers), *(len(row.cells) for row in table.rows[at + 1 : at + 50] or [table.rows[at]]))
        headers = headers + [""] * (width - len(headers))
        columns = assign(headers, kind, _samples(table.rows[at + span :], width))
        return Sheet(table, columns, at, at + span, best)
    inferred = infer(_samples(table.rows, max((len(row.cells) for row in table.rows[:50]), default=0)), kind)
    return Sheet(table, inferred, -1, 0, 1) if inferred else None


def _two_lines(upper: Sequence[str], lower: Sequence[str]) -> list[str] | None:
    """Names of columns in two lines: "Data" over "Chegada". The upper one may stand over several."""
    if len(upper) != len(lower) or any(scan(cell) for cell in lower if cell):
        return None
    return [
        below if not above or above == below else f"{above} {below}".strip()
        for above, below in zip(upper, lower, strict=True)
    ]


def _samples(rows: Sequence[Row], width: int) -> list[list[Cell]]:
    columns: list[list[Cell]] = [[] for _ in range(width)]
    for row in rows[:_SAMPLES]:
        if sum(1 for cell in row.cells if cell != "") < 2:
            continue
        for index, cell in enumerate(row.cells[:width]):
            if not (isinstance(cell, str) and is_nothing(cell)):
                columns[index].append(cell)
    return columns


def data_rows(
    sheet: Sheet, rows: Iterable[Row], ignore: Callable[[Ignored], None], bands: Mapping[str, str]
) -> Iterator[DataRow]:
    """Those of `rows` (the mended ones of the sheet) that may hold data, with the bands above; others are ignored.

    `bands` are the fields that the sheet as a whole sets.
    """
    reader = _Reader(sheet, ignore, bands)
    for index, row in enumerate(rows):
        if index < sheet.first:
            reader.above(row, index == sheet.header_at)
        elif reader.is_data(row):
            yield DataRow(row.number, row.cells, reader.bands)


class _Reader:
    """Walks down a sheet and keeps the bands."""

    def __init__(self, sheet: Sheet, ignore: Callable[[Ignored], None], bands: Mapping[str, str]) -> None:
        self.sheet, self.ignore = sheet, ignore
        self.bands = dict(bands)
        self.header = {header for header in sheet.columns.headers if header}
        self.titles: set[str] = set()
        self.ended = False
        name = sheet.columns.of.get("name", sheet.columns.of.get("text", -1))
        self.name_first = name == 0

    def above(self, row: Row, is_header: bool) -> None:
        filled = _filled(row)
        if is_header:
            self._skip(row, say.HEADER)
        elif not filled:
            self._skip(row, say.BLANK)
        elif not self._take_band(filled):
            self.titles.add(_key(filled))
            self._skip(row, say.HEADING)
        else:
            self._skip(row, say.BAND)

    def is_data(self, row: Row) -> bool:
        filled = _filled(row)
        reason = self._reason(row, filled)
        if reason:
            self._skip(row, reason)
        return not reason

    def _reason(self, row: Row, filled: list[str]) -> str:
        if not filled:
            return say.BLANK
        if self._is_header(row):
            self.ended = False
            return say.HEADER
        if self.ended or _is_totals_table(filled):
            self.ended = True
            return say.TOTAL
        if _key(filled) in self.titles and not self._has_dates(row):
            return say.HEADING
        if not self._has_dates(row):
            return self._without_dates(row, filled)
        return ""

    def _without_dates(self, row: Row, filled: list[str]) -> str:
        first = without_stops(fold(filled[0]))
        if any(f"{first} ".startswith(f"{word} ") for word in reports()["total"]):
            return say.TOTAL
        if contains_phrase(first, reports()["trailer"]) or not first:
            return say.TRAILER
        if len(filled) <= 8 and self._take_band(filled):
            return say.BAND
        if self.sheet.table.delimited and len(row.cells) == 1 and len(self.header) > 2:
            return say.BROKEN
        return ""

    def _is_header(self, row: Row) -> bool:
        same = sum(cell in self.header for cell in row.cells)
        return same >= 2 and same * 2 >= sum(cell != "" for cell in row.cells)

    def _has_dates(self, row: Row) -> bool:
        columns = self.sheet.columns
        return any(
            at < len(row.cells) and scan(row.cells[at]) is not None
            for name in ("arrival", "departure", "opened")
            if (at := columns.of.get(name)) is not None
        ) or self._has_time(row)

    def _has_time(self, row: Row) -> bool:
        """A list of orders under the day of its sheet or band may hold nothing but times."""
        columns = self.sheet.columns
        at = columns.of.get("opened_time") if "opened" not in columns else None
        return at is not None and at < len(row.cells) and scan_time(row.cells[at]) is not None

    def _take_band(self, filled: list[str]) -> bool:
        columns = self.sheet.columns
        found = read_band(filled, "room" in columns)
        if day := found.pop("day", None):
            field = "opened" if "text" in columns or "title" in columns else "arrival"
            found[field] = day
        # A heading that names dates beside a column of them is a filter of the report.
        known = {name: value for name, value in found.items() if name not in _DAYS or name not in columns}
        self.bands = {**self.bands, **known}
        return bool(found)

    def _skip(self, row: Row, reason: str) -> None:
        self.ignore(Ignored(row.number, reason))


def _filled(row: Row) -> list[str]:
    return [text for cell in row.cells if (text := text_of(cell))]


def _key(filled: Sequence[str]) -> str:
    return fold(filled[0])


def _is_totals_table(filled: Sequence[str]) -> bool:
    """The small table of sums that Opera appends: "LOGO", "SUM_ADULTS", ..."""
    return any(cell.startswith("SUM_") for cell in filled)
