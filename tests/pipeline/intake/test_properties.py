"""Whatever happens to a file on its way, no guest is invented, and the same file gives the same lines."""

import io
import random
from collections.abc import Callable
from typing import Any, Final
from xml.etree.ElementTree import ElementTree

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.intake import RefusedFile, Undecided, read
from pipeline.intake.text import fold
from pipeline.intake.words import KINDS, Kind
from tests.pipeline.intake.comparing import comparable, differences
from tests.pipeline.intake.files import NAMES, TODAY, content, expected, kind_of, read_sample, stays

STAYS: Final = [name for name in NAMES if kind_of(name) == "stays"]
TEXTS: Final = [name for name in STAYS if name.endswith((".csv", ".txt"))]
KEYS: Final = ("name", "arrival", "departure", "main")


def _bag(name: str) -> str:
    return " ".join(sorted(fold(name).split()))


def _guests(name: str, data: bytes) -> list[dict[str, Any]] | None:
    """The guests of a changed copy; None if it is refused, or asks what the whole file does not."""
    try:
        reading, asked = read_sample(name, data)
        lines = list(reading.lines)
    except RefusedFile:
        return None
    return lines if set(asked) <= set(read_sample(name)[1]) else None


@pytest.mark.parametrize("name", STAYS)
@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_at_any_byte_invents_no_guest(name: str, share: float) -> None:
    data = content(name)
    found = _guests(name, data[: int(len(data) * share)])
    known = {_bag(line["name"]) for line in expected(name)}
    assert found is None or {_bag(line["name"]) for line in found} <= known


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_cut_at_each_of_its_last_bytes_invents_neither_guest_nor_room(name: str) -> None:
    data = content(name)
    lines = [comparable(line, ("name", "room", "arrival", "departure")) for line in expected(name)]
    for end in range(len(data) - 160, len(data)):
        found = _guests(name, data[:end])
        assert found is None or {comparable(line, ("name", "room", "arrival", "departure")) for line in found} <= set(
            lines
        )


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=20, deadline=None)
@given(start=st.floats(0, 1, exclude_max=True), length=st.integers(1, 7))
def test_lost_lines_invent_no_guest(name: str, start: float, length: int) -> None:
    lines = content(name).splitlines(keepends=True)
    at = int(len(lines) * start)
    found = _guests(name, b"".join(lines[:at] + lines[at + length :]))
    known = {_bag(line["name"]) for line in expected(name)}
    assert found is None or {_bag(line["name"]) for line in found} <= known


GUESTS: Final = [
    ("48201", "0201", "Conceição Araújo", "10/03/2026", "14/03/2026", "Na casa"),
    ("48202", "0202", "João Sebastião Guimarães", "11/03/2026", "13/03/2026", "Confirmada"),
    ("48203", "CH07", "Íris Peçanha Müller", "09/03/2026", "12/03/2026", "Saída"),
    ("48204", "PRES", "Łucja Wiśniewska", "12/03/2026", "19/03/2026", "Cancelada"),
]
HEADERS: Final = ("Nº Reserva", "UH", "Hóspede", "Chegada", "Partida", "Situação")


def _table(columns: list[int], separator: str, guests: list[tuple[str, ...]]) -> str:
    rows = [HEADERS, *guests]
    return "".join(separator.join(row[column] for column in columns) + "\r\n" for row in rows)


def _lines(text: str, encoding: str) -> list[tuple[Any, ...]]:
    return sorted(
        (line["booking"], line["room"], line["name"], line["arrival"], line["departure"], line["status"])
        for line in stays(text, encoding=encoding)
    )


def _iso(day: str) -> str:
    return "-".join(reversed(day.split("/")))


WANTED: Final = [
    (booking, room, name, _iso(arrival), _iso(departure), status)
    for (booking, room, name, arrival, departure, _), status in zip(
        GUESTS, ("na_casa", "confirmada", "saida", "cancelada"), strict=True
    )
]


@settings(max_examples=60, deadline=None)
@given(columns=st.permutations(range(6)), separator=st.sampled_from(";\t|,"), rows=st.permutations(range(4)))
def test_shuffled_columns_and_lines_change_nothing(columns: list[int], separator: str, rows: list[int]) -> None:
    text = _table(columns, separator, [GUESTS[row] for row in rows])
    assert _lines(text, "utf-8") == sorted(WANTED)


@settings(max_examples=60, deadline=None)
@given(
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "latin-1", "cp850", "utf-16", "utf-16-le", "utf-16-be"]),
    upper=st.booleans(),
    count=st.integers(1, 3),
)
def test_every_encoding_of_hotels_reads_the_same_names(encoding: str, upper: bool, count: int) -> None:
    guests = [tuple(cell.upper() if upper else cell for cell in guest) for guest in GUESTS[:count]]
    wanted = [(*line[:2], line[2].upper() if upper else line[2], *line[3:]) for line in WANTED[:count]]
    assert _lines(_table(list(range(6)), ";", guests), encoding) == sorted(wanted)


def _sentence_or_lines(data: bytes, kind: Kind | None) -> str | list[dict[str, Any]]:
    try:
        return list(read(data, kind=kind, date=TODAY).lines)
    except (RefusedFile, Undecided) as answer:
        return str(answer)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400), kind=st.sampled_from([*KINDS, None]))
def test_any_bytes_end_in_lines_a_question_or_a_sentence(data: bytes, kind: Kind | None) -> None:
    answer = _sentence_or_lines(data, kind)
    assert answer or answer == []


PIECES: Final = [*"0123456789/;,|\t \n\"'=-:AaÉçãUH", "Hóspede", "Chegada", "10/03/2026", ";10/03/2026", "Ana"]


@settings(max_examples=80, deadline=None)
@given(text=st.lists(st.sampled_from(PIECES), max_size=80).map("".join))
def test_any_text_ends_in_lines_a_question_or_a_sentence(text: str) -> None:
    answer = _sentence_or_lines(f"UH;Hóspede;Chegada;Saída\n{text}".encode(), "stays")
    lines = [] if isinstance(answer, str) else answer
    assert all(line["arrival"] <= line["departure"] and any(map(str.isalpha, line["name"])) for line in lines)


@pytest.mark.parametrize("name", [name for name in STAYS if name.endswith((".xls", ".xlsx", ".pdf"))])
@settings(max_examples=25, deadline=None)
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_workbook_ends_in_lines_or_a_sentence(name: str, flips: list[tuple[float, int]]) -> None:
    data = bytearray(content(name))
    for share, byte in flips:
        data[int(len(data) * share)] = byte
    found = _guests(name, bytes(data))
    assert found is None or all(line["name"] for line in found)


@pytest.mark.parametrize("name", ["02_opera_gibyroom.xml", "12_fnrh_snrhos.xml"])
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1_000))
def test_the_order_of_elements_does_not_matter(name: str, seed: int) -> None:
    tree = fromstring(content(name).decode("cp1252" if name.startswith("02") else "utf-8").split("?>", 1)[1])
    shuffle: Callable[[list[Any]], None] = random.Random(seed).shuffle
    for record in [element for element in tree.iter() if len(element) and not any(len(child) for child in element)]:
        fields = list(record)
        shuffle(fields)
        record[:] = fields
    written = io.BytesIO()
    ElementTree(tree).write(written, encoding="utf-8", xml_declaration=True)
    assert differences(list(read_sample(name, written.getvalue())[0].lines), expected(name)) == []
