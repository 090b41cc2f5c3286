"""Text files: encoding, separator, and rows of cells."""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, Literal

from pipeline.intake.columns import header_score
from pipeline.intake.contract import Limits, RefusedFile
from pipeline.intake.formats.layout import grid, is_aligned, pieces_of_text, ruled
from pipeline.intake.tables import Cell, Row, Table, text_of
from pipeline.intake.text import clean
from pipeline.intake.words import KINDS
from pipeline.intake.words import sentences as say

SEPARATORS: Final = (";", "\t", "|", ",")
# Of one byte a letter: Windows, DOS. Latin-1 only where Windows leaves a byte undefined.
PAGES: Final = ("cp1252", "cp850")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TRIED_LINES: Final = 200
_TRIED_LETTERS: Final = 5_000
_HIGH = re.compile(rb"[\x00-\x7f][\x80-\xff]+[\x00-\x7f]")
_COMMON: Final = frozenset("áàâãäéèêëíìîïóòôõöúùûüçñÁÀÂÃÄÉÈÊËÍÌÎÏÓÒÔÕÖÚÙÛÜÇÑ")
_SIGNS: Final = frozenset("ºª°§€–—“”‘’«»¿¡·•…®©£\xa0²³½¼")


def decode(data: bytes) -> tuple[str, str, str]:
    """Text, name of the encoding, and why."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _strict(data[len(mark) :], name), name, "marca no começo do arquivo"
    if wide := _without_mark(data):
        return _strict(data, wide), wide, "um byte nulo em cada letra"
    if b"\x00" in data[:4096]:
        raise RefusedFile(say.UNKNOWN_FORMAT)
    try:
        return data.decode("utf-8"), "utf-8", "todas as letras são válidas"
    except UnicodeDecodeError as error:
        if (
            error.start >= len(data) - 3
            and error.reason == "unexpected end of data"
            and not data[: error.start].isascii()
        ):
            raise RefusedFile(say.CUT.format(where=say.CUT_LETTER)) from error
    return _one_byte(data)


def _strict(data: bytes, name: str) -> str:
    try:
        return data.decode(name)
    except UnicodeDecodeError as error:
        raise RefusedFile(say.CUT.format(where=say.CUT_LETTER)) from error


def _without_mark(data: bytes) -> str:
    head = data[:2048]
    if len(head) < 8:
        return ""
    odd, even = head[1::2].count(0), head[0::2].count(0)
    if odd * 10 > len(head) * 3 and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even * 10 > len(head) * 3 and odd == 0 else ""


def _one_byte(data: bytes) -> tuple[str, str, str]:
    """Windows or DOS: the page in which the bytes above 127 make letters of our languages, in words."""
    samples = [match.group() for match in islice(_HIGH.finditer(b" " + data + b" "), _TRIED_LETTERS)]
    scores = {page: letter_score(sample.decode(page, errors="replace") for sample in samples) for page in PAGES}
    name = "cp850" if scores["cp850"] > scores["cp1252"] else "cp1252"
    text = data.decode(name, errors="replace")
    if "\ufffd" in text:
        text, name = data.decode("latin-1"), "latin-1"
    return text, name, f"{scores[PAGES[0]]:+d} como Windows, {scores[PAGES[1]]:+d} como DOS"


def letter_score(samples: Iterable[str]) -> int:
    """How well the letters above ASCII stand in words of Portuguese, Spanish, French or German."""
    return sum(
        _triple(*triple)
        for sample in samples
        for triple in zip(sample, sample[1:], sample[2:], strict=False)
        if not triple[1].isascii()
    )


def _triple(before: str, letter: str, after: str) -> int:
    if letter in _SIGNS:
        return -2 if before.isalpha() and after.isalpha() else 1 if letter in "ºª°" and before.isdigit() else 0
    if letter not in _COMMON:
        return -3 if not letter.isalpha() else -1
    around = [c for c in (before, after) if c.isalpha()]
    if not around:
        return 0
    return 3 if all(c.isupper() == letter.isupper() for c in around[-1:]) else -1


def read_text(text: str, limits: Limits) -> Table:
    """The table of a text: separated, or aligned by blanks."""
    lines = text.splitlines()
    if len(lines) > limits.rows + 1_000:
        raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
    separator, why = choose_separator(lines)
    if separator:
        table = Table(_rows(text, separator, limits), delimited=True, evidence=[("separador", why)])
    else:
        rows = ruled(lines)
        aligned = bool(rows) or is_aligned(lines)
        if not rows:
            rows = grid([pieces_of_text(line) for line in lines]) if aligned else [[line] for line in lines]
        table = Table([Row(n, [clean(c) for c in cells]) for n, cells in enumerate(rows, 1)])
        table.aligned = aligned
        table.evidence = [("separador", say.SAW_FIXED)] if aligned else []
    table.open_end = not text.endswith(("\n", "\r"))
    return table


def choose_separator(lines: list[str]) -> tuple[str, str]:
    """The separator that yields a header, or else the steadiest number of columns; "" if none does."""
    sample = [line for line in islice(lines, _TRIED_LINES) if line.strip()]
    best, choice, why = (0, 0.0), "", ""
    for separator in SEPARATORS:
        rows = [row for row in csv.reader(sample, delimiter=separator) if row]
        widths = Counter(len(row) for row in rows if len(row) > 1)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        named = max(header_score([clean(cell) for cell in row], kind) for row in rows[:60] for kind in KINDS)
        score = (named, count / len(rows) * min(width, 8))
        if score > best and (named or count * 2 > len(rows)):
            best, choice = score, separator
            shown = {"\t": "tabulação"}.get(separator, separator)
            why = say.SAW_SEPARATOR.format(separator=shown, lines=count, all=len(rows), cells=width)
    return choice, why


def _rows(text: str, separator: str, limits: Limits) -> list[Row]:
    rows = list(_parse(text, separator, limits))
    swallowed = text_of(rows[-1].cells[-1]).count("\n") if rows and rows[-1].cells else 0
    if text.count('"') % 2 and swallowed:
        # A quote that opens and never closes swallows the rest: cut off there, or just a stray sign.
        if swallowed > 3:
            return list(_parse(text, separator, limits, quotes=False))
        raise RefusedFile(say.CUT.format(where=say.CUT_QUOTE))
    return rows


def _parse(text: str, separator: str, limits: Limits, *, quotes: bool = True) -> Iterator[Row]:
    csv.field_size_limit(limits.file_bytes)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text), delimiter=separator, quoting=quoting)
    start = 1
    try:
        for cells in reader:
            if len(cells) > limits.columns:
                raise RefusedFile(say.TOO_MANY_COLUMNS.format(limit=limits.columns))
            yield Row(start, [_cell(cell, start, limits) for cell in cells])
            start = reader.line_num + 1
    except csv.Error as error:
        raise RefusedFile(say.CUT.format(where=say.CUT_QUOTE)) from error


def _cell(text: str, row: int, limits: Limits) -> Cell:
    if len(text) > limits.cell_chars:
        raise RefusedFile(say.LONG_CELL.format(row=row, limit=limits.cell_chars))
    return clean(text)


def is_text(data: bytes) -> bool:
    """False for bytes that no text holds: many control characters."""
    head = data[:4096]
    controls = sum(byte < 32 and byte not in (9, 10, 12, 13, 26, 27) for byte in head)
    return (
        controls * 50 <= len(head)
        or bool(_without_mark(data))
        or data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    )


def normal_breaks(text: str) -> str:
    """Line breaks as "\\n"; the DOS end-of-file mark off."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\x1a"))
