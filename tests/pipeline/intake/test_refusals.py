"""Whatever is no list ends in one Portuguese sentence: nothing is read halfway, run, fetched or unpacked."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from pipeline.intake import Limits, RefusedFile, read
from pipeline.intake.formats import layout
from pipeline.intake.words import Kind
from tests.pipeline.intake.files import TODAY, cells, content, workbook

BROKEN: Final = Path(__file__).parent / "broken"
HEADER: Final = "Reserva;Hóspede;Chegada;Saída;UH\n"
ROW: Final = "1;Ana Lima;10/03/2026;13/03/2026;101\n"


def _zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return packed.getvalue()


def _refusal(data: bytes, kind: Kind = "stays", limits: Limits | None = None) -> str:
    with pytest.raises(RefusedFile) as raised:
        list(read(data, name="lista.csv", kind=kind, date=TODAY, limits=limits).lines)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "está vazio"),
        (b"\xef\xbb\xbf \r\n\r\n", "está vazio"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(900), "foto ou imagem"),
        (b"\x89PNG\r\n\x1a\n" + bytes(900), "foto ou imagem"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(900), "foto ou imagem"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(900), "foto ou imagem"),
        (b"\x7fELF\x01\x02\x03\x04" + bytes(range(256)) * 8, "Não conhecemos este tipo"),
        (b"a pure letter\nto somebody\n", "nenhuma tabela"),
        (b"{}", "nenhuma tabela"),
    ],
)
def test_what_is_no_list_is_named(data: bytes, words: str) -> None:
    assert words in _refusal(data)


@pytest.mark.parametrize("name", ["locked.xlsx", "locked.pdf"])
def test_a_locked_file_is_named(name: str) -> None:
    assert "protegido por senha" in _refusal((BROKEN / name).read_bytes())


def test_a_scan_is_named() -> None:
    assert "só tem imagens" in _refusal((BROKEN / "scan.pdf").read_bytes())


def test_an_encrypted_member_is_named() -> None:
    data = bytearray(workbook(cells(["UH", "Hóspede", "Chegada", "Saída"])))
    for start in (data.find(b"PK\x03\x04") + 6, data.find(b"PK\x01\x02") + 8):
        data[start] |= 1
    assert "protegido por senha" in _refusal(bytes(data))


def test_a_plain_zip_and_a_document_are_named() -> None:
    assert "Abra o ZIP" in _refusal(_zipped(lista=HEADER.encode()))
    assert "documento de texto" in _refusal(_zipped(word__document=b"<w/>"))


def test_a_zip_bomb_is_not_unpacked() -> None:
    bomb = _zipped(xl__workbook=b"<x/>", xl__sharedStrings=bytes(60_000_000))
    assert len(bomb) < 100_000
    assert "se expande" in _refusal(bomb)
    wide = _zipped(xl__workbook=b"<x/>", **{f"xl__media{n}": bytes(9_900_000) for n in range(30)})
    assert "se expande" in _refusal(wide)


def test_one_cell_far_out_does_not_make_a_table_of_billions() -> None:
    sheet = cells(["UH", "Hóspede", "Chegada", "Saída"])
    assert "linhas" in _refusal(workbook(sheet + '<row r="1048576"><c r="A1048576"><v>1</v></c></row>'))
    assert "colunas" in _refusal(workbook(sheet + '<row r="2"><c r="XFD2"><v>1</v></c></row>'))


@pytest.mark.parametrize("formula", ['=HYPERLINK("http://x")', "=cmd|' /C calc'!A0", "@SUM(A1)", "=1+1", "= A1"])
def test_a_formula_is_refused_and_its_place_named(formula: str) -> None:
    quoted = formula.replace('"', '""')
    sentence = _refusal(f'{HEADER}{ROW}2;"{quoted}";10/03/2026;13/03/2026;102\n'.encode())
    assert "fórmula" in sentence
    assert "linha 3" in sentence


def test_a_formula_in_a_column_that_is_not_read_does_no_harm() -> None:
    text = "Reserva;Hóspede;Chegada;Saída;Saldo\n1;Ana Lima;10/03/2026;13/03/2026;=A1\n"
    assert [line["name"] for line in read(text.encode(), kind="stays", date=TODAY).lines] == ["Ana Lima"]


def test_a_quoted_text_is_no_formula() -> None:
    text = 'Reserva;Hóspede;Chegada;Saída;UH\n1;Ana Lima;10/03/2026;13/03/2026;"=""0101"""\n'
    assert [line["room"] for line in read(text.encode(), kind="stays", date=TODAY).lines] == ["0101"]


def test_external_definitions_are_refused() -> None:
    bomb = (
        '<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;&b;">]><list><guest><name>&c;</name>'
        "<arrival>2026-03-10</arrival></guest></list>"
    )
    outside = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><list><name>&b;</name></list>'
    assert "definições externas" in _refusal(bomb.encode())
    assert "definições externas" in _refusal(outside.encode())


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(file_bytes=50), "o limite é"),
        (Limits(rows=2), "mais de 2 linhas"),
        (Limits(columns=4), "mais de 4 colunas"),
        (Limits(cell_chars=7), "mais de 7 letras"),
    ],
)
def test_limits_are_kept(limits: Limits, words: str) -> None:
    data = (HEADER + ROW * 1_100).encode() if limits.rows == 2 else (HEADER + ROW * 3).encode()
    assert words in _refusal(data, limits=limits)


def test_a_hundred_thousand_lines_are_read_and_one_more_is_refused() -> None:
    limits = Limits(rows=50)
    assert sum(1 for _ in read((HEADER + ROW * 50).encode(), kind="stays", date=TODAY, limits=limits).lines) == 50
    assert "mais de 50 linhas" in _refusal((HEADER + ROW * 51).encode(), limits=limits)


def _cut_half(name: str) -> Callable[[], bytes]:
    return lambda: content(name)[: len(content(name)) // 2]


@pytest.mark.parametrize(
    "name", ["02_opera_gibyroom.xml", "07_booking_extranet.xls", "31_na_casa_por_uh.xlsx", "32_in_house.pdf"]
)
def test_half_of_a_binary_file_is_named_as_cut(name: str) -> None:
    assert "cortado" in _refusal(_cut_half(name)())


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROW + "2;Rui Sá;11/03",
        HEADER + ROW + "2;Rui Sá;11/03/2026;13/03/2026",
        "UH;Hóspede;Chegada;Saída\n101;Ana Lima;10/03/2026;13/03/2026\n102;Rui Sá;11/03/2026;13/03/20",
        'UH;Hóspede;Obs;Chegada;Saída\n101;Ana Lima;"late',
        "UH;Hóspede;Chegada;Saída;Status\n1;Ana;10/03/2026;13/03/2026;Na casa\n2;Rui Sá;10/03/2026;13/03/2026;Na c",
    ],
)
def test_a_text_that_ends_in_the_middle_of_a_line_is_named_as_cut(text: str) -> None:
    assert "cortado" in _refusal(text.encode())


def test_missing_pages_are_named_as_cut() -> None:
    with pytest.raises(RefusedFile, match="só 1 de 3 páginas"):
        layout.table_of([[layout.Piece(0, 9, "Página 1 de 3")]], Limits())


def test_a_chat_is_no_guest_list() -> None:
    assert "conversa" in _refusal(content("22_whatsapp_ios_chat.txt"))


def test_dates_are_needed() -> None:
    assert "chegada e saída" in _refusal(b"UH;H\xc3\xb3spede;Reserva\n101;Ana Lima;1\n")
    assert "data de abertura" in _refusal("OS;Quarto;Descrição\n1;101;Luz\n".encode(), "orders")


def test_an_answer_that_is_no_option_is_refused() -> None:
    with pytest.raises(RefusedFile, match="dia-mes, mes-dia"):
        read(content("41_ambigua.csv"), kind="stays", date=TODAY, answers={"date_order": "talvez"})
