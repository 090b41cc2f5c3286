"""The sample files, what a careful reader gets out of them, and small files in other shapes."""

import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any, Final

from pipeline.intake import Reading, Undecided, read
from pipeline.intake.words import Kind

SAMPLES: Final = Path(__file__).parent / "samples"
TODAY: Final = date(2026, 3, 12)
NAMES: Final = sorted(path.name for path in SAMPLES.iterdir() if path.is_file() and path.suffix not in (".json", ".md"))
ANSWERS: Final[dict[str, dict[str, str]]] = json.loads((SAMPLES / "answers.json").read_text(encoding="utf-8"))


def expected(name: str) -> list[dict[str, Any]]:
    text = (SAMPLES / "expected" / f"{Path(name).stem}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def kind_of(name: str) -> Kind:
    return "orders" if "text" in expected(name)[0] else "stays"


def content(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def read_sample(name: str, data: bytes | None = None) -> tuple[Reading, list[str]]:
    """A sample (or a changed copy of it) with its answers given one by one, and the names of what was asked."""
    asked: dict[str, str] = {}
    data = content(name) if data is None else data
    while True:
        try:
            return read(data, name=name, kind=kind_of(name), date=TODAY, answers=asked), list(asked)
        except Undecided as undecided:
            question = undecided.question.name
            asked[question] = ANSWERS.get(name, {}).get(question, undecided.question.options[0])


def stays(text: str, *, encoding: str = "utf-8", **options: Any) -> list[dict[str, Any]]:
    return list(read(text.encode(encoding), kind="stays", **{"date": TODAY, **options}).lines)


def orders(text: str, *, encoding: str = "utf-8", **options: Any) -> list[dict[str, Any]]:
    return list(read(text.encode(encoding), kind="orders", **{"date": TODAY, **options}).lines)


def workbook(sheet: str) -> bytes:
    """A workbook of one sheet with this XML inside of `sheetData`."""
    space = "http://schemas.openxmlformats.org"
    main, rels = f"{space}/spreadsheetml/2006/main", f"{space}/officeDocument/2006/relationships"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{space}/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{rels}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rels}"><sheets><sheet name="A" sheetId="1" r:id="r1"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship '
        f'Id="r1" Type="{rels}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{sheet}</sheetData></worksheet>',
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return packed.getvalue()


def cells(*rows: list[str]) -> str:
    return "".join(
        f'<row r="{n}">' + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
        for n, row in enumerate(rows, 1)
    )
