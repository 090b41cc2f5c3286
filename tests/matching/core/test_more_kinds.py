"""Kinds of orders seen in two more hotels: leavers, telephones, quick typing, counts, slips, rosters."""

from typing import Any

import pytest

from matching.core.parsing.orders import Order, parse_order
from matching.core.parsing.rooms.directory import RoomDirectory
from tests.matching.core.house import ask, best, crowd, order, stay

PLAIN = RoomDirectory.of(["101", "203", "204", "305", "1204", "2308", "2309"])
TOWERS = RoomDirectory.of([f"{tower} {number}" for tower in ("Norte", "Sul") for number in (308, 609, 803)])
NAMED = RoomDirectory.of(["BGL 04 LAMBRETA", "BGL 09 SIRI", "Master 11", "Master 12"])
LODGINGS = RoomDirectory.of(["AL1-A", "AL1-B", "AL2-A"])
FLATS = RoomDirectory.of(["FL-09", "FL-10"])


def read(text: str, directory: RoomDirectory = PLAIN, **columns: Any) -> Order:
    return parse_order(order(text, **columns), directory)


def test_a_guest_who_leaves_that_day_and_has_not_gone_is_in_the_room() -> None:
    """The next guest of the room comes in the afternoon."""
    leaver = stay(1, "DEUSDETE ROCHA", "204", status="saida")
    leaver["reservas"] |= {"saida_real": "2026-03-14T11:30:00-03:00"}
    comer = stay(2, "ANA PIMENTEL", "204", arrival="2026-03-14", departure="2026-03-18")
    comer["reservas"] |= {"chegada_real": "2026-03-14T15:10:00-03:00"}
    early, late = (order("204 sem água quente", at=f"2026-03-14T{hour}:30:00-03:00") for hour in ("07", "16"))
    found = best(early, [*crowd(), leaver, comer])
    assert found.listagem_id == 1
    assert "still_in" in {reason.level for reason in found.reasons}
    assert best(late, [*crowd(), leaver, comer]).listagem_id == 2


def test_the_telephone_of_a_booking_is_that_of_its_companions_too() -> None:
    main, companion = stay(1, "DUARTE CARRICO", "204", booking=7), stay(2, "INES CARRICO", "204", booking=7)
    main["hospedes"] |= {"telefone": "+5511987654321"}
    asked = order("daqui Inês, faltam toalhas", telefone_texto="+55 11 98765-4321")
    found = best(asked, [*crowd(), main, companion])
    assert found.listagem_id == 2
    assert ("phone", "of_booking") in {(reason.comparison, reason.level) for reason in found.reasons}


@pytest.mark.parametrize(
    ("text", "directory", "rooms"),
    [
        ("S-609 persiana travada", TOWERS, ("sul 609",)),
        ("609S tv", TOWERS, ("sul 609",)),
        ("TS 609 luz", TOWERS, ("sul 609",)),
        ("N308 lâmpada", TOWERS, ("norte 308",)),
        ("n 308 lâmpada", TOWERS, ("norte 308", "sul 308")),  # the number, not the tower
        ("LAMBRETA PÉTALAS E ESPUMANTE", NAMED, ("bgl 04 lambreta",)),
        ("bangalô 4 lambreta", NAMED, ("bgl 04 lambreta",)),
        ("aloj 1 leito B", LODGINGS, ("al1-b",)),
        ("leito A do alojamento 2", LODGINGS, ("al2-a",)),
        ("despertar 03h40 pros 2 da tripulação 2308 2309", PLAIN, ("2308", "2309")),  # no telephone
        ("803 sul digitei 308 foi mal, chuveiro frio", TOWERS, ("sul 803",)),
        ("bar molhado: 204 cocos", PLAIN, ()),
        ("conferir 305 taças do banquete", PLAIN, ()),
        ("levar no 305 cadeiras", PLAIN, ("305",)),
        ("204 toalhas", PLAIN, ("204",)),
    ],
)
def test_rooms(text: str, directory: RoomDirectory, rooms: tuple[str, ...]) -> None:
    assert read(text, directory).rooms == rooms


def test_two_rooms_in_the_digits_of_a_telephone_are_read_as_rooms_only_where_the_house_has_them() -> None:
    assert read("ligar 2308 2309").contacts.phones == ()
    assert read("ligar 3341 2309").contacts.phones == ("33412309",)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("quem tava no 204 antes esqueceu o relógio", "gone"),
        ("204 sai hj umas 10, mandar mensageiro", "departing"),
        ("ronda: luz do estacionamento acesa", "round"),
        ("escala: Neide folga quinta, trocar com Solange", "roster"),
        ("coffee break às 10h, faltam xícaras", "event"),
    ],
)
def test_hints(text: str, hint: str) -> None:
    assert hint in read(text).hints


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ronda: porta do 204 não tranca, hóspede dormindo", "round"),
        ("projetor para o 204", "event"),
        ("folga na dobradiça da porta, sra. Neide Gama", "roster"),
    ],
)
def test_a_hint_says_nothing_where_the_order_names_a_room_or_a_guest(text: str, hint: str) -> None:
    assert hint not in read(text).hints


def test_the_next_of_a_room_is_a_guest_and_no_place() -> None:
    said = read("próximo do flat 10 quer escrivaninha", FLATS)
    assert (said.rooms, "next_guest" in said.hints) == (("fl-10",), True)
    assert read("lâmpada queimada próximo do flat 10", FLATS).rooms == ()


def test_a_name_that_only_says_when_is_not_meant() -> None:
    said = read("quem estava no 204 antes do seu Ferreira deixou os óculos")
    assert [person.shown for person in said.denied] == ["Ferreira"]
    assert "gone" in said.hints


def test_whoever_is_met_in_a_corridor_need_not_live_on_that_floor() -> None:
    assert read("homem no corredor do 6 andar pede cartão").floor is None
    assert read("a senhora do 6 andar pede cartão").floor == 6


def test_a_guests_own_name_resembles_no_room() -> None:
    stays = [*crowd(), stay(1, "MARTINHO LEAL", "Topázio"), stay(2, "RAMONA ITURBE", "Água-Marinha")]
    assert best("Martinho, lenha", stays).listagem_id == 1


def test_a_car_is_known_by_a_name_of_letters_and_digits() -> None:
    driver = stay(1, "JEFFERSON FROIS", "204")
    driver["reservas"] |= {"observacoes": "VEICULO: HB20 PRATA PLACA HKD6E41"}
    assert best("HB20 fechando a saída da garagem", [*crowd(), driver]).listagem_id == 1


def test_the_husband_of_a_guest_who_is_named_by_her_country() -> None:
    her, him = stay(1, "FRANCOISE LEMAIRE", "204", booking=7), stay(2, "PHILIPPE LEMAIRE", "204", booking=7)
    for row in (her, him):
        row["hospedes"] |= {"pais": "FR"}
    assert ask("marido da francesa, 204", [*crowd(), her, him])[0].listagem_id == 2
