"""Tables as CSV for a spreadsheet: streamed, and without cells that a spreadsheet would run as a formula."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.functional import Promise

# The parameter of a page that asks for its table as a file, and its value.
FORMAT: Final = "format"
CSV: Final = "csv"
# Rows that are read and sent at a time.
CSV_CHUNK: Final = 500
_RUNS_AS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class CsvColumn:
    """`cell` gives the value of a row; None is an empty cell."""

    title: str | Promise
    cell: Callable[[Any], object]


def csv_response(name: str, columns: Sequence[CsvColumn], rows: Iterable[Any]) -> HttpResponse:
    """A file `name-YYYY-MM-DD.csv` with semicolons and a byte-order mark, as a Brazilian spreadsheet expects. Rows are
    read while the file is sent, in the language of the request."""
    lines = _lines(columns, iter(rows), translation.get_language() or "")
    response: Any = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    sent: HttpResponse = response
    return sent


class _Echo:
    """The file of a csv.writer whose lines are sent instead of stored."""

    def write(self, line: str) -> str:
        return line


def _lines(columns: Sequence[CsvColumn], rows: Iterator[Any], language: str) -> Iterator[str]:
    writer: Any = csv.writer(_Echo(), delimiter=";")
    with translation.override(language):
        yield "\ufeff" + writer.writerow([harmless(column.title) for column in columns])
    while True:
        with translation.override(language):
            part = [
                writer.writerow([harmless(column.cell(row)) for column in columns]) for row in islice(rows, CSV_CHUNK)
            ]
        if not part:
            return
        yield "".join(part)


def harmless(cell: object) -> str:
    """The text of a cell; what would run as a formula has an apostrophe before it."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(_RUNS_AS_FORMULA) else text
