"""What a file looks like before anything is decided: its columns with values, its first and last lines, its layout."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.intake.tables import Sheet, text_of
from pipeline.intake.text import fold, is_nothing
from pipeline.intake.words import Kind

_VALUES: Final = 5
_SAMPLED_ROWS: Final = 400
_FIRST_LINES: Final = 9
_LAST_LINES: Final = 3


@dataclass(frozen=True)
class ColumnSeen:
    header: str
    field: str
    """The field of the contract that it becomes; "" where it is not used."""
    values: tuple[str, ...]
    """At most five different ones."""
    empty: int
    """Blank cells among the first 400 rows."""


@dataclass(frozen=True)
class Survey:
    kind: Kind
    fingerprint: str
    """The layout: equal for files of one kind with the same column names in the same order."""
    columns: tuple[ColumnSeen, ...]
    lines: tuple[tuple[int, str], ...]
    """Number and text of the first and the last lines."""
    total_lines: int


def fingerprint(kind: Kind, headers: Sequence[str]) -> str:
    names = "\x1f".join(fold(header) for header in headers)
    return hashlib.sha256(f"{kind}\x1e{names}".encode()).hexdigest()[:32]


def survey(kind: Kind, sheets: Sequence[Sheet]) -> Survey:
    """Of the sheets that are read, the first one is shown."""
    top = sheets[0]
    rows = top.table.rows
    sample = rows[top.first : top.first + _SAMPLED_ROWS]
    columns = []
    for at, header in enumerate(top.columns.headers):
        texts = [text_of(row.cells[at]) if at < len(row.cells) else "" for row in sample]
        values = tuple(dict.fromkeys(text for text in texts if not is_nothing(text)))[:_VALUES]
        columns.append(ColumnSeen(header, top.columns.field_at(at), values, sum(map(is_nothing, texts))))
    shown = [*rows[:_FIRST_LINES], *rows[max(_FIRST_LINES, len(rows) - _LAST_LINES) :]]
    lines = tuple((row.number, "; ".join(text_of(cell) for cell in row.cells)) for row in shown)
    total = sum(len(sheet.table.rows) for sheet in sheets)
    return Survey(kind, fingerprint(kind, top.columns.headers), tuple(columns), lines, total)


def override(sheet: Sheet, fields: Mapping[str, str]) -> None:
    """Reads the columns with these names as the given fields; "" leaves a column out."""
    columns = sheet.columns
    for at, header in enumerate(columns.headers):
        if header not in fields:
            continue
        columns.of = {name: index for name, index in columns.of.items() if index != at}
        columns.companions = [index for index in columns.companions if index != at]
        field = fields[header]
        if field == "companions":
            columns.companions.append(at)
        elif field:
            columns.of[field] = at
