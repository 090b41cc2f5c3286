"""Unpacks one workbook in a process of its own: bytes on stdin, sheets as JSON on stdout.

Started by `workbooks.py` as a script, never imported. The library is native code; a damaged or hostile file can make it
panic, abort or allocate without end, and must not take a web server or a job with it. Memory and time are limited here.
"""

import io
import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

_MEMORY = 2_000_000_000
_SECONDS = 90


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _cell(value: object) -> object:
    """A cell as JSON; what JSON does not have is a list of its type and its text."""
    if isinstance(value, datetime | date | time):
        return [type(value).__name__, value.isoformat()]
    if isinstance(value, timedelta):
        return ["timedelta", value.total_seconds()]
    return value if isinstance(value, str | int | float | bool) else str(value)


def _sheet(sheet: CalamineSheet, name: str, rows: int, columns: int) -> dict[str, Any]:
    if sheet.total_height > rows:
        return {"refused": "rows"}
    if sheet.total_width > columns:
        return {"refused": "columns"}
    return {
        "name": name,
        "rows": [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)],
        "merged": sheet.merged_cell_ranges or [],
    }


def _unpack(data: bytes, rows: int, columns: int) -> dict[str, Any]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            visible = [sheet.name for sheet in book.sheets_metadata if str(sheet.visible).endswith(".Visible")]
            sheets = [_sheet(book.get_sheet_by_name(name), name, rows, columns) for name in visible]
    except PasswordError:
        return {"refused": "locked"}
    except (CalamineError, OSError, ValueError) as error:
        return {"refused": "locked" if "password" in str(error).lower() else "cut"}
    return next((sheet for sheet in sheets if "refused" in sheet), {"sheets": sheets})


if __name__ == "__main__":
    _limit()
    answer = _unpack(sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write(json.dumps(answer))
