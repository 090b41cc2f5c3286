"""Excel workbooks. Values only: formulas are never run; sizes are checked before anything is unpacked into memory."""

import io
import json
import re
import subprocess
import sys
import zipfile
import zlib
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from pipeline.intake.contract import Limits, RefusedFile
from pipeline.intake.tables import Cell, Row, Table
from pipeline.intake.text import clean
from pipeline.intake.words import sentences as say

_BIG_MEMBER: Final = 10_000_000
_PROCESS: Final = Path(__file__).with_name("workbook_process.py")
_SECONDS: Final = 120
_HEADING_ROWS: Final = 1_000
_TIMES: Final[dict[str, type[datetime] | type[date] | type[time]]] = {"datetime": datetime, "date": date, "time": time}
_FREE: Final = 0xFFFFFFFF
_CHUNK: Final = 1 << 20
_CELL = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
# Names in the directory of an old container file, in UTF-16.
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_BOOKS: Final = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))


def read_workbook(data: bytes, limits: Limits) -> list[Table]:
    """Every sheet that holds something, hidden ones left out."""
    if data[:2] == b"PK":
        _check_zip(data, limits)
    elif _is_cut_container(data):
        raise RefusedFile(say.CUT.format(where=say.CUT_WORKBOOK))
    elif _ENCRYPTED in data:
        raise RefusedFile(say.LOCKED)
    elif not any(name in data for name in _BOOKS):
        raise RefusedFile(say.OTHER_OFFICE)
    answer = _unpack(data, limits)
    match answer.get("refused"):
        case None:
            return [_table(sheet, limits) for sheet in answer["sheets"]]
        case "locked":
            raise RefusedFile(say.LOCKED)
        case "rows":
            raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
        case "columns":
            raise RefusedFile(say.TOO_MANY_COLUMNS.format(limit=limits.columns))
        case _:
            raise RefusedFile(say.CUT.format(where=say.CUT_WORKBOOK))


def _unpack(data: bytes, limits: Limits) -> dict[str, Any]:
    """The sheets as the other process sees them; "cut" if the file brings it down."""
    command = [sys.executable, "-I", str(_PROCESS), str(limits.rows + _HEADING_ROWS), str(limits.columns)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=_SECONDS, check=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return {"refused": "cut"}
    return dict(json.loads(done.stdout))


def _is_cut_container(data: bytes) -> bool:
    """Does an old container (XLS, locked XLSX) allocate sectors behind its end? Its header lists the tables of them."""
    size = 1 << int.from_bytes(data[30:32], "little")
    tables = int.from_bytes(data[44:48], "little")
    if len(data) < 512 or size not in (512, 4096):
        return True
    sectors = len(data) // size - 1
    highest = 0
    for index in range(min(tables, 109)):
        sector = int.from_bytes(data[76 + 4 * index : 80 + 4 * index], "little")
        if sector >= sectors:
            return True
        entries = memoryview(data[(sector + 1) * size : (sector + 2) * size]).cast("I")
        used = [index * len(entries) + at for at, entry in enumerate(entries) if entry != _FREE]
        highest = max(highest, *used) if used else highest
    return highest >= sectors


def _check_zip(data: bytes, limits: Limits) -> None:
    """Refuses what is no workbook, what is locked, and what would unpack to more than the limits allow."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
        raise RefusedFile(say.CUT.format(where=say.CUT_WORKBOOK)) from error
    with archive:
        members = archive.infolist()
        names = {member.filename for member in members}
        if not any(name.startswith("xl/") for name in names):
            office = any(name.startswith(("word/", "ppt/", "content.xml")) for name in names)
            raise RefusedFile(say.OTHER_OFFICE if office else say.PLAIN_ZIP)
        if any(member.flag_bits & 1 for member in members):
            raise RefusedFile(say.LOCKED)
        if sum(member.file_size for member in members) > limits.unpacked_bytes or len(members) > 2_000:
            raise RefusedFile(say.ZIP_BOMB)
        for member in members:
            _check_member(archive, member, limits)


def _check_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits) -> None:
    if member.file_size > _BIG_MEMBER and member.file_size > limits.zip_ratio * max(1, member.compress_size):
        raise RefusedFile(say.ZIP_BOMB)
    if not member.filename.startswith("xl/worksheets/"):
        return
    try:
        with archive.open(member) as unpacked:
            tail = b""
            while chunk := unpacked.read(_CHUNK):
                _check_cells(tail + chunk, limits)
                tail = chunk[-32:]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise RefusedFile(say.CUT.format(where=say.CUT_WORKBOOK)) from error


def _check_cells(xml: bytes, limits: Limits) -> None:
    """One cell far out would make a table of billions of empty ones."""
    for letters, row in set(_CELL.findall(xml)):
        if int(row) > limits.rows + _HEADING_ROWS:
            raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
        if len(letters) > 2 or _column(letters) > limits.columns:
            raise RefusedFile(say.TOO_MANY_COLUMNS.format(limit=limits.columns))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _table(sheet: dict[str, Any], limits: Limits) -> Table:
    rows = [Row(n, [_cell(value, n, limits) for value in cells]) for n, cells in enumerate(sheet["rows"], 1)]
    for (top, left), (bottom, right) in sheet["merged"]:
        if left == right and bottom > top:
            _fill_down(rows, top, bottom, left)
    return Table(rows, words=sheet["name"])


def _fill_down(rows: list[Row], top: int, bottom: int, column: int) -> None:
    """Cells merged over several lines hold for each of them."""
    if top >= len(rows) or column >= len(rows[top].cells):
        return
    for row in rows[top + 1 : bottom + 1]:
        row.cells[column] = rows[top].cells[column]


def _cell(value: Any, row: int, limits: Limits) -> Cell:
    if isinstance(value, str):
        if len(value) > limits.cell_chars:
            raise RefusedFile(say.LONG_CELL.format(row=row, limit=limits.cell_chars))
        return clean(value)
    if isinstance(value, bool):
        return "S" if value else "N"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, list):
        kind, written = value
        return timedelta(seconds=written) if kind == "timedelta" else _TIMES[kind].fromisoformat(written)
    return str(value)
