"""Faults that were seen in hand-written orders, each with its kind, and kinds of rooms and notes beside them."""

import datetime as dt
from typing import Any

import pytest

from matching.core.parsing.attributes import moves, take_plates
from matching.core.parsing.orders import Order, parse_order
from matching.core.parsing.rooms.directory import RoomDirectory
from tests.matching.core.house import Row, ask, best, crowd, order, stay

PLAIN = RoomDirectory.of(["101", "203", "204", "305", "415"])
# Blocks of a letter and a digit; a street of chalets; suites of saints; towers in short.
RESORT = RoomDirectory.of(
    ["B1-104", "B2-104", "B1-308", "B2-308", "Vila Coral 3", "Vila Coral 1", "Day use 3", "Bangalô 14", "Bangalô 15"]
)
SAINTS = RoomDirectory.of(
    ["São Bento", "Santa Efigênia", "Sant'Ana", "Água-Marinha", "Topázio", "Chafariz 1", "Chafariz 2"]
)
TOWERS = RoomDirectory.of(["TN-0501", "TS-0501", "TN-1103", "TS-1103"])
BLOCKS = RoomDirectory.of([f"{block}-{number:02d}" for block in "ABC" for number in (3, 9, 12)])
TYPES = RoomDirectory.of(
    [f"{block}-{number}" for block in "PX" for number in (101, 102, 204)],
    named_blocks={"principal": "p", "anexo": "x"},
)


def read(text: str, directory: RoomDirectory = PLAIN, *, names: frozenset[str] = frozenset(), **columns: Any) -> Order:
    return parse_order(order(text, **columns), directory, known_names=names)


@pytest.mark.parametrize(
    ("text", "rooms"),
    [
        ("203 dia 14 precisa de berço", ("203",)),  # a date, not a count of days
        ("la 203 pide hielo", ("203",)),  # the Spanish article, not an airline
        ("transfer LA 1204 às 14h", ()),
        ("conta de R$ 305,00", ()),
        ("turno 101 da lavanderia", ()),
        ("305 camareiras uniformizadas", ("305",)),
    ],
)
def test_numbers_beside_dates_articles_and_money(text: str, rooms: tuple[str, ...]) -> None:
    assert read(text).rooms == rooms


def test_a_word_of_correction_is_no_nickname() -> None:
    """`digo` is Rodrigo elsewhere."""
    said = read("Ana 305, digo, 203 toalha")
    assert said.rooms == ("203",)
    assert [person.shown for person in said.persons] == ["Ana"]


def test_an_honorific_behind_a_surname_begins_no_other_name() -> None:
    found = best(
        "Herrera Sr. 203 pede toalha", [*crowd(), stay(1, "LUIS HERRERA", "203"), stay(2, "SRTANOVIC PETAR", "204")]
    )
    assert found.listagem_id == 1


def test_initials_of_a_department_are_no_persons() -> None:
    assert read("A&B: repor frigobar do 203").persons == ()


def test_an_order_in_the_rooms_own_spelling_finds_its_guest() -> None:
    found = best("CH 03 sem luz", [*crowd(), stay(1, "ANA SOUZA", "CH 03"), stay(2, "CAIO LIMA", "CH 04")])
    assert (found.listagem_id, found.probability >= 0.9) == (1, True)


def test_a_free_room_with_a_first_name_that_one_guest_has_is_answered() -> None:
    found = ask(
        order("Quitéria 415 toalha"), [*crowd(rooms=10), stay(1, "QUITERIA BRANDAO", None, arrival="2026-03-10")]
    )
    assert found[0].listagem_id == 1


def test_a_role_in_the_guest_field_is_nobody() -> None:
    found = ask(order("luvas novas", hospede_texto="camareira"), crowd())
    assert found[0].listagem_id is None


@pytest.mark.parametrize(
    ("text", "directory", "rooms"),
    [
        ("B2-308 late check out", RESORT, ("b2-308",)),
        ("302b2 não, 308b2", RESORT, ("b2-308",)),
        ("104/b1 duas toalhas", RESORT, ("b1-104",)),
        ("bloco 1 308 tv", RESORT, ("b1-308",)),
        ("VC3 cadeiras", RESORT, ("vila coral 3",)),
        ("coral 3 cadeiras", RESORT, ("vila coral 3",)),
        ("DU3 perdeu a pulseira", RESORT, ("day use 3",)),
        ("bangalo 14, ops, 15", RESORT, ("bangalô 15",)),
        ("S. BENTO AQUECEDOR", SAINTS, ("são bento",)),
        ("sta. efigênia: box", SAINTS, ("santa efigênia",)),
        ("Santana - janela", SAINTS, ("sant'ana",)),
        ("sta ana lareira", SAINTS, ("sant'ana",)),
        ("aguamarinha secador", SAINTS, ("água-marinha",)),
        ("Chafariz II chuveiro", SAINTS, ("chafariz 2",)),
        ("0501-TS ruído", TOWERS, ("ts-0501",)),
        ("501 torre sul: lâmpada", TOWERS, ("ts-0501",)),
        ("onze zero três da torre norte", TOWERS, ("tn-1103",)),
        ("bloco c ap 12 chuveiro", BLOCKS, ("c-12",)),
        ("c09 lençol", BLOCKS, ("c-09",)),
        ("la 12 del bloque B pide hielo", BLOCKS, ("b-12",)),
        ("204 principal toalha", TYPES, ("p-204",)),
        ("no anexo, quarto 204", TYPES, ("x-204",)),
        ("xis duzentos e quatro", TYPES, ("x-204",)),
        ("P-l01 lâmpada", TYPES, ("p-101",)),
        ("204, não o do principal, o do anexo", TYPES, ("x-204",)),
    ],
)
def test_rooms_in_the_spellings_of_a_house(text: str, directory: RoomDirectory, rooms: tuple[str, ...]) -> None:
    assert read(text, directory).rooms == rooms


def test_a_block_without_a_room_is_kept_as_such() -> None:
    assert read("sr. Perrã, anexo, sem wifi", TYPES).blocks == {"x"}


def test_a_word_of_the_room_type_names_the_block_that_it_covers() -> None:
    rooms = [("P", "STD PRINCIPAL"), ("X", "APT ANEXO")]
    stays = [
        typed_stay(number + 100 * place, f"{block}-{number}", kind)
        for place, (block, kind) in enumerate(rooms)
        for number in range(101, 106)
    ]
    assert best("103 do anexo sem luz", [*crowd(), *stays]).listagem_id == 203
    assert best("103 principal sem luz", [*crowd(), *stays]).listagem_id == 103


def typed_stay(key: int, room: str, kind: str) -> Row:
    row = stay(key, f"HOSPEDE NUMERO{key}", room)
    return row | {"reservas": row["reservas"] | {"tipo_uh": kind}}


def test_what_a_thing_leaves_says_nothing_of_guests_who_left() -> None:
    assert "gone" not in read("cortina saiu do trilho no 203").hints
    assert "gone" in read("hóspede saiu do 203 e deixou livro").hints


@pytest.mark.parametrize(
    "text", ["rapaz do som (não está hospedado)", "ônibus na rua, ninguém nosso", "he is not a guest"]
)
def test_who_is_said_to_be_no_guest_is_none(text: str) -> None:
    assert "not_guest" in read(text).hints


@pytest.mark.parametrize(
    ("text", "plate"),
    [("HB20 prata QNT-77O8", "qnt7708"), ("van LTV 2J8O com farol aceso", "ltv2j80"), ("placa RUH4C19", "ruh4c19")],
)
def test_plates_typed_with_letters_for_digits(text: str, plate: str) -> None:
    assert take_plates(text)[0] == [f"plate:{plate}"]


def test_an_apartment_is_no_plate() -> None:
    assert take_plates("apt 12O4 sem luz") == ([], "apt 12O4 sem luz")


@pytest.mark.parametrize(
    ("note", "room"),
    [
        ("TROCA 15/07 20:00 P-305 -> X-208", "p-305"),
        ("TROCA UH 13/07 21:00 B2-302 > B2-310 (AR)", "b2-302"),
        ("TROCOU TN-0803 P/ TN-0801 EM 11/07", "tn-0803"),
        ("mudou do 203 em 14/07", "203"),
    ],
)
def test_the_room_left_stands_in_the_note(note: str, room: str) -> None:
    assert [left for left, _ in moves(note, dt.date(2026, 7, 10))] == [room]


def noted(key: int, name: str, room: str, note: str, **known: object) -> Row:
    row = stay(key, name, room, **known)
    return row | {"reservas": row["reservas"] | {"observacoes": note}}


def test_a_note_about_somebody_else_does_not_describe_the_bearer() -> None:
    """`FILHO: SR TADEU` stands with the mother."""
    stays = [
        *crowd(),
        noted(1, "TADEU ANSELMO COUTINHO", "101", "MAE HOSPEDADA NO 203"),
        noted(2, "IRACEMA VIANA COUTINHO", "203", "84 ANOS. FILHO: SR TADEU 101"),
    ]
    assert best("a mãe do seu Tadeu escorregou no banheiro", stays).listagem_id == 2


def test_kin_of_the_bride_is_not_the_bride() -> None:
    stays = [
        *crowd(),
        noted(1, "LARISSA BITTAR", "203", "NOIVOS"),
        noted(2, "REGINA BITTAR", "204", "PAIS DA NOIVA"),
        noted(3, "LEONOR FONTOURA", "305", "PAIS DO NOIVO"),
    ]
    assert best("noivos: trocar o horário da prova do menu", stays).listagem_id == 1
    assert best("mãe da noiva pediu costureira", stays).listagem_id == 2
    assert best("pais do noivo querem táxi", stays).listagem_id == 3


@pytest.mark.parametrize(
    "text",
    [
        "203 a Isadora já recebeu toalha, falta a da outra",
        "dona Isadora não, a colega dela de quarto",
        "a outra moça do quarto da Isadora",
    ],
)
def test_the_other_guest_of_the_room_is_meant(text: str) -> None:
    both = [stay(1, "ISADORA FLORES", "203", booking=7), stay(2, "CAETANA PIRES", "203", booking=7, titular=False)]
    assert best(text, [*crowd(), *both]).listagem_id == 2
