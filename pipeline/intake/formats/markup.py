"""XML lists (whatever their elements are called), Excel's XML sheets, and HTML tables that are saved as .xls."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from pipeline.intake.columns import recognise
from pipeline.intake.contract import Limits, RefusedFile
from pipeline.intake.tables import Row, Table
from pipeline.intake.text import clean
from pipeline.intake.words import KINDS, Kind, column_names, header_phrase, ignored_columns
from pipeline.intake.words import sentences as say

# What makes an element a record of its own; the rest of a reservation holds for the people inside it.
_SUBJECTS: Final = {"stays": frozenset({"name", "last_name"}), "orders": frozenset({"text", "title"})}
_PERSONAL: Final = frozenset(
    {
        "name",
        "first_name",
        "last_name",
        "phone",
        "phone_area",
        "phone_country",
        "email",
        "age",
        "birth",
        "guest_type",
        "person_id",
        "line_id",
        "main",
        "nationality",
        "country",
        "companions",
        "adults",
        "children",
    }
)
_SPREADSHEET: Final = "{urn:schemas-microsoft-com:office:spreadsheet}"
_BARE: Final = frozenset({"number", "id", "no", "code", "name", "numero", "codigo", "nome", "nombre", "date", "ref"})
_DEEPEST: Final = 60
_HTML = re.compile(rb"<(?:!doctype html|html|table)\b", re.IGNORECASE)


def is_html(data: bytes) -> bool:
    head = data[:2_048].replace(b"\x00", b"")
    return bool(_HTML.search(head)) and _SPREADSHEET[1:-1].encode() not in head


def read_xml(data: bytes, limits: Limits) -> list[Table]:
    """One table for each kind of record. External definitions are refused, nothing is fetched."""
    try:
        root: Element = ElementTree.fromstring(data)
    except DefusedXmlException as error:
        raise RefusedFile(say.ENTITIES) from error
    except (ParseError, LookupError, ValueError) as error:
        raise RefusedFile(say.CUT.format(where=say.CUT_XML)) from error
    if root.tag == f"{_SPREADSHEET}Workbook":
        return list(_sheets(root, limits))
    return [_as_table(root, list(_records(root, {}, kind, 0)), kind, limits) for kind in KINDS]


def _as_table(root: Element, records: list[dict[str, str]], kind: Kind, limits: Limits) -> Table:
    if len(records) > limits.rows:
        raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
    tags = list(dict.fromkeys(tag for record in records for tag in record))
    rows = [Row(n, [record.get(tag, "") for tag in tags]) for n, record in enumerate(records, 2)]
    return Table([Row(1, list(tags)), *rows] if tags else [], words=_tag(root.tag), kind=kind)


def _records(element: Element, above: dict[str, str], kind: Kind, depth: int) -> Iterator[dict[str, str]]:
    """Elements that name a person (or describe an order), each with what stands above and beside it."""
    if depth > _DEEPEST:
        raise RefusedFile(say.CUT.format(where=say.CUT_XML))
    own = {_name(element, name): clean(value) for name, value in element.attrib.items()}
    if depth == 0:  # the title of the report, not of an order
        own = {tag: value for tag, value in own.items() if not _subject({tag: value}, kind)}
    inner = []
    for child in element:
        if len(child) == 0 and not (child.attrib and not (child.text or "").strip()):
            own.setdefault(_name(element, child.tag), clean(child.text or ""))
        else:
            inner.append(child)
    tags = [child.tag for child in inner]
    for child in [child for child in inner if tags.count(child.tag) == 1 and _is_plain(child)]:
        flat = {_name(child, leaf.tag): clean(leaf.text or "") for leaf in child}
        if not _subject(flat, kind) or not any(_subject({tag: ""}, kind) for tag in own):
            own = {**flat, **own}
            inner.remove(child)
    merged = {**above, **own}
    if _subject(own, kind):
        yield merged
        merged = {tag: value for tag, value in merged.items() if _shared(tag, kind)}
    for child in inner:
        yield from _records(child, merged, kind, depth + 1)


def _is_plain(element: Element) -> bool:
    return (
        len(element) > 0
        and all(len(leaf) == 0 for leaf in element)
        and len({leaf.tag for leaf in element}) == len(element)
    )


def _subject(own: dict[str, str], kind: Kind) -> bool:
    return any((found := recognise(tag, kind)) and found[0] in _SUBJECTS[kind] for tag in own)


def _shared(tag: str, kind: Kind) -> bool:
    found = recognise(tag, kind)
    return found is not None and found[0] not in _PERSONAL


def _name(parent: Element, inner: str) -> str:
    """The name of a value: "Number" inside of "Reservation" numbers it, "Name" inside of "Hotel" is no guest."""
    joined = f"{_tag(parent.tag)} {_tag(inner)}"
    phrase = header_phrase(joined)
    known = phrase in ignored_columns() or any(phrase in column_names(kind) for kind in KINDS)
    return joined if known and header_phrase(_tag(inner)) in _BARE else _tag(inner)


def _tag(name: str) -> str:
    return name.rsplit("}", 1)[-1]


def _sheets(root: Element, limits: Limits) -> Iterator[Table]:
    for sheet in root.iter(f"{_SPREADSHEET}Worksheet"):
        rows = [Row(n, list(_sheet_cells(row, limits))) for n, row in enumerate(sheet.iter(f"{_SPREADSHEET}Row"), 1)]
        if len(rows) > limits.rows + 1_000:
            raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
        yield Table(rows, words=sheet.get(f"{_SPREADSHEET}Name") or "")


def _sheet_cells(row: Element, limits: Limits) -> Iterator[str]:
    at = 1
    for cell in row.iter(f"{_SPREADSHEET}Cell"):
        index = int(cell.get(f"{_SPREADSHEET}Index") or at)
        if index > limits.columns:
            raise RefusedFile(say.TOO_MANY_COLUMNS.format(limit=limits.columns))
        yield from [""] * (index - at)
        yield clean("".join(cell.itertext()))
        at = index + 1


class _TableParser(HTMLParser):
    """Rows of the tables of a page, one list; cells that span stand in their first place."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.cell: list[str] | None = None
        self.span = 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self._close()
            self.cell, self.span = [], 1
            span = dict(attrs).get("colspan") or "1"
            self.span = min(int(span), 64) if span.isdecimal() and len(span) <= 4 else 1
        elif tag == "br" and self.cell is not None:
            self.cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close()

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data.replace("\n", " "))

    def _close(self) -> None:
        if self.cell is None:
            return
        if not self.rows:
            self.rows.append([])
        self.rows[-1] += [clean("".join(self.cell)), *[""] * (self.span - 1)]
        self.cell = None


def read_html(text: str, limits: Limits) -> list[Table]:
    lower = text.lower()
    if lower.rfind("</table") < lower.rfind("<table"):
        raise RefusedFile(say.CUT.format(where=say.CUT_TEXT))
    parser = _TableParser()
    parser.feed(text)
    if len(parser.rows) > limits.rows + 1_000:
        raise RefusedFile(say.TOO_MANY_ROWS.format(limit=limits.rows))
    if any(len(row) > limits.columns for row in parser.rows):
        raise RefusedFile(say.TOO_MANY_COLUMNS.format(limit=limits.columns))
    return [Table([Row(number, list(cells)) for number, cells in enumerate(parser.rows, 1)])]
