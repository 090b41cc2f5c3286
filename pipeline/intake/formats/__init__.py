"""What a file is, by its first bytes and never by its name; and the tables or the text that it holds."""

from dataclasses import dataclass, field
from typing import Final

from pipeline.intake.contract import Limits, RefusedFile
from pipeline.intake.formats import csv_text, markup, workbooks
from pipeline.intake.formats.chats import is_chat
from pipeline.intake.formats.layout import read_pdf
from pipeline.intake.tables import Table
from pipeline.intake.words import sentences as say

_PICTURES: Final = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00")
_OLD_CONTAINER: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass
class Content:
    """Either tables or the lines of a chat."""

    name: str
    tables: list[Table] = field(default_factory=list)
    chat: list[str] = field(default_factory=list)
    evidence: list[tuple[str, str]] = field(default_factory=list)


def open_file(data: bytes, limits: Limits) -> Content:
    """Raises `RefusedFile` for whatever is no list."""
    if len(data) > limits.file_bytes:
        raise RefusedFile(too_large(len(data), limits))
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise RefusedFile(say.EMPTY)
    if _is_picture(data):
        raise RefusedFile(say.PICTURE)
    if data.lstrip()[:5] == b"%PDF-":
        return Content("PDF", [read_pdf(data, limits)])
    if data[:4] == b"PK\x03\x04" or data[:4] == b"PK\x05\x06" or data.startswith(_OLD_CONTAINER):
        return Content("Excel", workbooks.read_workbook(data, limits))
    if not csv_text.is_text(data):
        raise RefusedFile(say.UNKNOWN_FORMAT)
    return _open_text(data, limits)


def too_large(size: int, limits: Limits) -> str:
    return say.TOO_LARGE.format(size=f"{size / 1e6:.0f}", limit=f"{limits.file_bytes / 1e6:.0f}")


def _is_picture(data: bytes) -> bool:
    if data.startswith(_PICTURES[3]):
        return data[6:10] == b"\x00\x00\x00\x00"
    heif = data[4:8] == b"ftyp"
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return data.startswith(_PICTURES) or heif or webp


def _open_text(data: bytes, limits: Limits) -> Content:
    start = data.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1]
    if start == b"<" and not markup.is_html(data):
        return Content("XML", markup.read_xml(data.lstrip(), limits))
    text, encoding, why = csv_text.decode(data)
    text = csv_text.normal_breaks(text)
    content = Content("texto", evidence=[("codificação", say.SAW_ENCODING.format(name=encoding, why=why))])
    if start == b"<":
        content.name, content.tables = "HTML", markup.read_html(text, limits)
        return content
    lines = text.split("\n")
    if is_chat(lines):
        content.name, content.chat = "conversa", lines
    else:
        content.tables = [csv_text.read_text(text, limits)]
    return content
