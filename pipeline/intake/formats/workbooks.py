"""Excel workbooks. Values only: formulas are never run; sizes are checked before anything is unpacked into memory."""

import io
import re
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Final

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from pipeline.intake.contract import Limits, RefusedFile
from pipeline.intake.tables import Cell, Row, Table
from pipeline.intake.text import clean
from pipeline.intake.words import sentences as say

_BIG_MEMBER: Final = 10_000_000
_CHUNK: Final = 1 << 20
_CELL = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
# Names in the directory of an old container file, in UTF-16.
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_BOOKS: Final = ("Workbook".encode("utf-16-le"), "Book".encode("utf-16-le"))


def read_workbook(data: bytes, limits: Limits) -> list[Table]:
    """Every sheet that holds something, hidden ones left out."""
    if data[:2] == b"PK":
        _check_zip(data, limits)
    elif _ENCRYPTED in data:
        raise RefusedFile(say.LOCKED)
    elif not any(name in data for name in _BOOKS):
        raise RefusedFile(say.OTHER_OFFICE)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            visible = [sheet.name for sheet in book.sheets_metadata if str(sheet.visible).endswith(".Visible")]
            return [_table(book.get_sheet_by_name(name), name, limits) for name in visible]
    except PasswordError as error:
        raise RefusedFile(say.LOCKED) from error
    except (CalamineError, OSError, ValueError) as error:
        refusal = say.LOCKED if "password" in str(error).lower() else say.CUT.format(where=say.CUT_WORKBOOK)
        raise RefusedFile(refusal) from error


def _check_zip(data: bytes, limits: Limits) -> None:
    """Refuses what is no workbook, what is locked, and what would unpack to more than the limits allow."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
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
    except (zipfile.BadZipFile, EOFError, OSError) as error:
        raise RefusedFile(say.CUT.format(where=say.CUT_WORKBOOK)) from error


def _check_cells(xml: bytes, limits: Limits) -> None:
    """One cell far out would make a table of billions of empty ones."""
    for letters, row in set(_CELL.findall(xml)):
        if int(row) > limits.rows + 1_000:
            raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
        if len(letters) > 2 or _column(letters) > limits.columns:
            raise RefusedFile(say.TOO_MANY_COLUMNS.format(limit=limits.columns))


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _table(sheet: CalamineSheet, name: str, limits: Limits) -> Table:
    if sheet.total_height > limits.rows + 1_000:
        raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
    if sheet.total_width > limits.columns:
        raise RefusedFile(say.TOO_MANY_COLUMNS.format(limit=limits.columns))
    raw = sheet.to_python(skip_empty_area=False)
    rows = [Row(number, [_cell(value, number, limits) for value in cells]) for number, cells in enumerate(raw, 1)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if left == right and bottom > top:
            _fill_down(rows, top, bottom, left)
    return Table(rows, words=name)


def _fill_down(rows: list[Row], top: int, bottom: int, column: int) -> None:
    """Cells merged over several lines hold for each of them."""
    if top >= len(rows) or column >= len(rows[top].cells):
        return
    for row in rows[top + 1 : bottom + 1]:
        row.cells[column] = rows[top].cells[column]


def _cell(value: object, row: int, limits: Limits) -> Cell:
    if isinstance(value, str):
        if len(value) > limits.cell_chars:
            raise RefusedFile(say.LONG_CELL.format(row=row, limit=limits.cell_chars))
        return clean(value)
    if isinstance(value, bool):
        return "S" if value else "N"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return value if isinstance(value, datetime | date | time | timedelta) else str(value)
