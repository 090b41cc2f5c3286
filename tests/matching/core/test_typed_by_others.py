"""What other hands write: rooms, persons, days and numbers in the forms that staff use, each read as it is meant."""

import pytest

from matching.core.parsing.contacts import booking_codes, extract
from matching.core.parsing.orders import Order, parse_order
from tests.matching.core.house import TODAY, ask, best, crowd, order, probability_of, stay

ROOMS_OF_THE_HOUSE = frozenset(
    {"101", "201", "202", "203", "204", "205", "208", "304", "305", "415", "12a", "1204", "203b"}
)


def read(text: str) -> Order:
    return parse_order(order(text), ROOMS_OF_THE_HOUSE)


ROOMS: dict[str, tuple[str, ...]] = {
    "ap.203 ar pingando": ("203",),
    "Ap-203 gelo": ("203",),
    "qto203 gelo": ("203",),
    "QT 203 gelo": ("203",),
    "suíte 203: ralo": ("203",),
    "chalé 203 lenha": ("203",),
    "203-A gelo": ("203",),
    "203B gelo": ("203b",),
    "203-B gelo": ("203b",),
    "204B gelo": ("204",),
    "apto 12-a jacuzzi": ("12a",),
    "#203 tv": ("203",),
    "hosp 203 sem água": ("203",),
    "hósp. do 203": ("203",),
    "casal do 305": ("305",),
    "o hóspede que saiu hoje do 101": ("101",),
    "hosp do 3o andar 304 barulho": ("304",),
    "3º andar 304 barulho": ("304",),
    "hall do 3º andar": (),
    "TV 32 polegadas 203": ("203",),
    "tomada 110V no 203": ("203",),
    "2 toalhas no 204": ("204",),
    "ramal 203 mudo": ("203",),
    "nota 1204 conferir": (),
    "NF 1204 conferir": (),
    "mesa 203 do salão": (),
    "conta R$ 203,00": (),
    "total 203,50": (),
    "203,204 sem água": ("203", "204"),
    "jantar 20:30": (),
    "203/204 conexão": ("203", "204"),
    "quartos 201 a 205": ("201", "205"),
    "transfer voo LA 1204": (),
    "transfer LA 1204 chega 20h": (),
    "carro placa ABC-1204": (),
    "tel. final 0203": (),
    "fone terminado em 0204": (),
    "celular final 203": (),
    "cartão final 1204 recusado": (),
    "res. 1204 berço": (),
    "voucher 1204": (),
}


@pytest.mark.parametrize(("text", "rooms"), ROOMS.items(), ids=ROOMS.keys())
def test_a_room_is_read_and_no_other_number_is_one(text: str, rooms: tuple[str, ...]) -> None:
    assert read(text).rooms == rooms


PERSONS: dict[str, list[str]] = {
    "casal do 305 pede gelo": [],
    "família Souza 203": ["Souza"],
    "fam. Souza ligou": ["Souza"],
    "D. Lurdes pede gelo": ["Lurdes"],
    "Seu Zé do 203": ["Ze"],
    "Dra Ana ligou": ["Ana"],
    "D'Ávila 203": ["Davila"],
    "Ana-Paula Souza-Lima 203": ["Ana Paula Souza Lima"],
    "SOUZA LIMA, ANA PAULA 203": ["Ana Paula Souza Lima"],
    "mãe da Ana 203": ["Ana"],
    "filho do Pedro 203": ["Pedro"],
    "Pedro Souza Filho 203": ["Pedro Souza filho"],
    "moça do 203": [],
    "UH 208 vago pintura": [],
    "apto 208 desocupado": [],
    "TV 32 polegadas 203": [],
    "aniversariante Pedro 203": ["Pedro"],
    "atender Pedro 203": ["Pedro"],
    "solicitado por Pedro 203": ["Pedro"],
    "loc HTL9X2K late": [],
    "reserva 88123 berço": [],
    "cpf 529.982.247-25": [],
    "camareira Maria": [],
    "João da manutenção: trocar bomba": [],
    "pedido pelo João da manutenção": [],
    "dona Maria da limpeza": [],
    "Sr. Carlos (segurança)": [],
    "Maria da governança informa": [],
}


@pytest.mark.parametrize(("text", "persons"), PERSONS.items(), ids=PERSONS.keys())
def test_a_guest_is_named_and_neither_kin_nor_staff_nor_a_word_of_the_trade(text: str, persons: list[str]) -> None:
    found = [person.shown.lower() for person in read(text).persons if person.strength >= 0.5]
    assert found == [name.lower() for name in persons]


DAYS = {
    "check-in 12/03": ["2026-03-12"],
    "chega dia 12": ["2026-03-12"],
    "chega dia 10": ["2026-03-10"],
    "chega dia 5": ["2026-04-05"],
    "chega dia 28": ["2026-03-28"],
    "chega dia 31": ["2026-03-31"],
    "chega 12 de março": ["2026-03-12"],
    "12-03 chegada Pedro": ["2026-03-12"],
    "12.03 chegada Pedro": ["2026-03-12"],
    "12.03 metros de cabo": [],
    "dia 12 dedetização": [],
    "chega dia 40": [],
}


@pytest.mark.parametrize(("text", "days"), DAYS.items(), ids=DAYS.keys())
def test_a_day_of_arrival_is_read_in_every_form(text: str, days: list[str]) -> None:
    assert [day.isoformat() for day in read(text).days] == days


TAILS = {
    "tel final 0101": ("0101",),
    "tel. final: 4321": ("4321",),
    "fone terminado em 4321": ("4321",),
    "whats final 4321 pede gelo": ("4321",),
    "cartão final 4321": (),
    "cpf final 25": (),
    "final de semana 4321": (),
    "limpeza final 203": (),
}


@pytest.mark.parametrize(("text", "tails"), TAILS.items(), ids=TAILS.keys())
def test_the_end_of_a_telephone_is_no_room_and_that_of_a_card_no_telephone(text: str, tails: tuple[str, ...]) -> None:
    assert extract(order(text)["descricao"].replace("ã", "a"))[0].tails == tails


CODES = {
    "res. 88123 berço": {"88123"},
    "reserva nº 88123": {"88123"},
    "reserva: R88123": {"r88123"},
    "loc HTL9X2K": {"htl9x2k"},
    "Booking BK4471209 cama twin": {"bk4471209"},
    "reserva RS-55120 berço": {"rs55120"},
    "reserva 203": set(),
    "reserva 203-B": set(),
    "reserva do 203": set(),
    "reserva para 2026": set(),
}


@pytest.mark.parametrize(("text", "codes"), CODES.items(), ids=CODES.keys())
def test_a_booking_number_is_what_follows_its_word(text: str, codes: set[str]) -> None:
    assert booking_codes(text.replace("º", "o"))[0] == codes


# --- whom they find ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        "res. 88123 berço no quarto",
        "reserva R88123 cama twin",
        "reserva R-88123 cama twin",
        "Booking BK4471209 cama twin",
        "loc bk-4471209",
        "nº da reserva 88123",
    ],
)
def test_a_booking_number_finds_its_main_guest_however_it_is_called(text: str) -> None:
    booked = [stay(1, "Clara Prado", "203", booking=88123, titular=False, locator="BK4471209")]
    booked += [stay(2, "Pedro Figueira", "203", booking=88123, locator="BK4471209")]
    found = best(text, [*crowd(), *booked])
    assert found.listagem_id == 2
    assert found.probability >= 0.9


def test_the_end_of_a_telephone_finds_its_guest_and_not_the_room_of_that_number() -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "302", phone="+55 (21) 99777-0101"), stay(2, "Clara Prado", "101")]
    found = ask("hosp. tel final 0101 pediu táxi 6h", stays)
    assert found[0].listagem_id == 1
    assert found[0].probability >= 0.9
    assert probability_of(found, 2) < 0.05


def test_two_telephones_with_one_end_are_both_offered() -> None:
    stays = [stay(i, f"Pedro Figueira{i}", f"30{i}", phone=f"(48) 9987{i}-0101") for i in (1, 2)]
    found = ask("tel final 0101 pediu táxi", [*crowd(), *stays])
    assert probability_of(found, 1) == pytest.approx(probability_of(found, 2))


@pytest.mark.parametrize("text", ["fez check-out", "fez checkout", "deu check out", "hóspede que saiu"])
def test_who_has_checked_out_is_meant_and_not_who_comes_to_the_room_today(text: str) -> None:
    stays = [
        *crowd(),
        stay(1, "Nair Leão", "203", arrival="2026-03-07", departure=TODAY, status="saida"),
        stay(2, "Otávio Prado", "203", arrival=TODAY, departure="2026-03-14", status="confirmada"),
    ]
    asked = order(f"203 {text}, deixou blusa", setor="achados", at=f"{TODAY}T12:30:00-03:00")
    assert best(asked, stays).listagem_id == 1
    assert best(order("203 fez check-in, falta toalha", at=f"{TODAY}T15:30:00-03:00"), stays).listagem_id == 2


@pytest.mark.parametrize(
    "text",
    [
        "João da manutenção: trocar bomba 110V",
        "dona Maria da limpeza pede carrinho novo",
        "pedido chef João: trocar exaustor da cozinha",
    ],
)
def test_a_namesake_of_the_crew_is_nobody(text: str) -> None:
    stays = [*crowd(), stay(1, "João Pedro Figueiredo", "203"), stay(2, "Maria Prado", "204")]
    found = best(text, stays)
    assert found.listagem_id is None
    assert found.probability >= 0.7


def test_an_asian_register_with_the_family_name_first_is_no_woman_for_its_last_letter() -> None:
    found = best("sr tanaka pede adaptador de tomada", [*crowd(), stay(1, "Tanaka Yuki", "203")])
    assert found.listagem_id == 1
    assert found.probability >= 0.7


def test_the_vacant_room_that_is_painted_is_not_the_guest_whose_name_looks_like_vacant() -> None:
    found = ask("pintura UH 208 vago", [*crowd(), stay(1, "Iago Brandão", "606", departure=TODAY)])
    assert probability_of(found, 1) < 0.1


@pytest.mark.parametrize("text", ["Mueller 203 cobertor", "Sr. Müller 203 cobertor", "HANS-PETER MULLER cobertor"])
def test_an_umlaut_is_written_in_three_ways(text: str) -> None:
    found = best(text, [*crowd(), stay(1, "MÜLLER, HANS-PETER", "203"), stay(2, "Clara Prado", "203", arrival=TODAY)])
    assert found.listagem_id == 1
    assert found.probability >= 0.9


def test_a_mueller_without_a_room_is_a_muller() -> None:
    found = best("Herr Mueller ligou, pede cobertor", [*crowd(), stay(1, "MÜLLER, HANS-PETER", "203")])
    assert found.listagem_id == 1
    assert found.probability >= 0.8
