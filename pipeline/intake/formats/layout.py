"""Columns by position: pages of a PDF and texts aligned with blanks become rows of cells.

The line that names the columns fixes where they stand; every piece below goes to the column that it lines up with.
"""

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Any, Final, NamedTuple

from pipeline.intake.columns import header_score
from pipeline.intake.contract import Limits, RefusedFile
from pipeline.intake.tables import Row, Table
from pipeline.intake.text import clean
from pipeline.intake.words import KINDS
from pipeline.intake.words import sentences as say

_PIECE = re.compile(r"\S+(?: \S+)*")
_PAGES = re.compile(r"(?:p[aá]gina|page|p[aá]g\.?)\s*:?\s*(\d+)\s*(?:de|of|/)\s*(\d+)", re.IGNORECASE)
# In letters for text, in points for a PDF; a gap between columns is wider than one between words.
_LETTER_TOLERANCE: Final = 1.0
_WORD_GAP: Final = 0.7
_LINE_STEP: Final = 0.45
_WRAP: Final = 0.72


class Piece(NamedTuple):
    """Text between two positions of a line."""

    start: float
    end: float
    text: str


def pieces_of_text(line: str) -> list[Piece]:
    """Pieces of a text line: two blanks and more stand between columns."""
    expanded = line.expandtabs(8)
    return [Piece(match.start(), match.end(), match.group()) for match in _PIECE.finditer(expanded)]


def is_aligned(lines: Sequence[str]) -> bool:
    """Does a line name columns with two blanks or more between them?"""
    return any(_names_columns([piece.text for piece in pieces_of_text(line)]) for line in lines[:60])


def _names_columns(cells: Sequence[str]) -> bool:
    return len(cells) > 2 and any(header_score(cells, kind) > 2 for kind in KINDS)


def grid(lines: Iterable[Sequence[Piece]]) -> list[list[str]]:
    """Rows of cells. Lines above the first header are left in pieces."""
    header: list[Piece] = []
    rows = []
    for line in lines:
        if _names_columns([piece.text for piece in line]):
            header = list(line)
        rows.append(place(line, header) if header else [piece.text for piece in line])
    return rows


_RULER = re.compile(r"^\s*[-=_]{2,}(?:\s+[-=_]{2,}){2,}\s*$")
_RULES = re.compile(r"[-=_]{2,}")


def ruled(lines: Sequence[str]) -> list[list[str]]:
    """Rows of cells of a text whose header is underlined column by column; empty without such a header.

    Each column reaches from the beginning of its rule to the next one. Lines above the header are left in pieces.
    """
    for at, line in enumerate(lines[:60]):
        if at == 0 or not _RULER.match(line):
            continue
        starts = [match.start() for match in _RULES.finditer(line)]
        ends = [*starts[1:], None]
        rows = [[text[start:end].strip() for start, end in zip(starts, ends, strict=True)] for text in lines[at - 1 :]]
        if _names_columns(rows[0]):
            return [[piece.text for piece in pieces_of_text(text)] for text in lines[: at - 1]] + rows
    return []


def place(line: Sequence[Piece], header: Sequence[Piece]) -> list[str]:
    cells = [""] * len(header)
    for piece in line:
        at = min(range(len(header)), key=lambda index: _distance(piece, header[index]))
        cells[at] = f"{cells[at]} {piece.text}".strip()
    return cells


def _distance(piece: Piece, column: Piece) -> float:
    """Columns are aligned left, right or centred: the nearest of the three edges counts."""
    centre = abs(piece.start + piece.end - column.start - column.end) / 2
    return min(abs(piece.start - column.start), abs(piece.end - column.end), centre)


def read_pdf(data: bytes, limits: Limits) -> Table:
    """The lines of a PDF's text as one table. Raises `RefusedFile` for scans, passwords and cut files."""
    try:
        import pdfplumber
    except ImportError as error:
        raise RefusedFile(say.NO_PDF_READER) from error
    if b"%%EOF" not in data[-2048:]:
        raise RefusedFile(say.CUT.format(where=say.CUT_PDF))
    if b"/Encrypt" in data and b"/Standard" in data and not _opens(pdfplumber, data):
        raise RefusedFile(say.LOCKED)
    try:
        with pdfplumber.open(io.BytesIO(data)) as document:
            if len(document.pages) > limits.pages:
                raise RefusedFile(say.TOO_MANY_PAGES.format(limit=limits.pages))
            lines = [line for page in document.pages for line in _page_lines(page)]
    except RefusedFile:
        raise
    except Exception as error:  # pdfminer raises whatever a broken file leads it to
        raise RefusedFile(say.CUT.format(where=say.CUT_PDF)) from error
    return table_of(lines, limits)


def _opens(library: Any, data: bytes) -> bool:
    try:
        with library.open(io.BytesIO(data)) as document:
            return bool(document.pages) or True
    except Exception as error:
        if "password" in f"{type(error).__name__} {error!r}".lower():
            return False
        raise RefusedFile(say.CUT.format(where=say.CUT_PDF)) from error


def table_of(lines: list[list[Piece]], limits: Limits) -> Table:
    if not any(lines):
        raise RefusedFile(say.PDF_IMAGE)
    if len(lines) > limits.rows:
        raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
    pages = [match for line in lines for piece in line if (match := _PAGES.search(piece.text))]
    if pages and max(int(match[1]) for match in pages) < int(pages[-1][2]):
        found, total = max(int(match[1]) for match in pages), pages[-1][2]
        raise RefusedFile(say.CUT.format(where=say.CUT_PAGES.format(found=found, total=total)))
    rows = [Row(number, [clean(cell) for cell in cells]) for number, cells in enumerate(grid(lines), 1)]
    return Table(rows, aligned=True, evidence=[("separador", "colunas pela posição no papel")])


def _page_lines(page: Any) -> list[list[Piece]]:
    """Lines of pieces, from top to bottom. A line that follows closer than the others goes on in the one above."""
    words = page.extract_words(use_text_flow=False, keep_blank_chars=False, x_tolerance_ratio=0.2)
    lines = list(_lines(sorted(words, key=lambda word: (word["top"], word["x0"]))))
    header: list[Piece] = []
    found: list[tuple[float, list[Piece]]] = []
    for line in lines:
        pieces = list(_pieces(line, header))
        if _names_columns([piece.text for piece in pieces]):
            header = pieces
        found.append((line[0]["top"], pieces))
    return _unwrapped(found, header)


def _lines(words: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    line: list[dict[str, Any]] = []
    for word in words:
        if line and word["top"] - line[0]["top"] > _LINE_STEP * (word["bottom"] - word["top"]):
            yield sorted(line, key=lambda item: item["x0"])
            line = []
        line.append(word)
    if line:
        yield sorted(line, key=lambda item: item["x0"])


def _pieces(line: Sequence[dict[str, Any]], header: Sequence[Piece]) -> Iterator[Piece]:
    starts = [column.start for column in header]
    piece: list[dict[str, Any]] = []
    for word in line:
        size = word["bottom"] - word["top"]
        if piece:
            gap = word["x0"] - piece[-1]["x1"]
            at_column = any(abs(word["x0"] - start) < _LETTER_TOLERANCE for start in starts)
            if gap > _WORD_GAP * size or (at_column and gap > 0.1 * size):
                yield _piece(piece)
                piece = []
        piece.append(word)
    if piece:
        yield _piece(piece)


def _piece(words: Sequence[dict[str, Any]]) -> Piece:
    return Piece(words[0]["x0"], words[-1]["x1"], " ".join(word["text"] for word in words))


def _unwrapped(lines: Sequence[tuple[float, list[Piece]]], header: Sequence[Piece]) -> list[list[Piece]]:
    gaps = [below - above for (above, _), (below, _) in pairwise(lines)]
    usual = median(gaps) if gaps else 0.0
    found: list[list[Piece]] = []
    for index, (_, pieces) in enumerate(lines):
        wraps = bool(header) and index > 0 and gaps[index - 1] < _WRAP * usual and len(pieces) < len(header) / 2
        if wraps and found and len(found[-1]) > 1:
            found[-1] = _joined(found[-1], pieces)
        else:
            found.append(pieces)
    return found


def _joined(above: Sequence[Piece], below: Sequence[Piece]) -> list[Piece]:
    """The pieces of a wrapped line behind those that they stand under."""
    lines = list(above)
    for piece in below:
        at = min(range(len(lines)), key=lambda index: _distance(piece, lines[index]))
        lines[at] = Piece(lines[at].start, max(lines[at].end, piece.end), f"{lines[at].text} {piece.text}")
    return lines
