"""What is read out of names, words and lines."""

import pytest

from matching.core.parsing.contacts import extract, phone_key, valid_cpf
from matching.core.parsing.names import parse_guest
from matching.core.parsing.orders import parse_order
from matching.core.parsing.phonetic import phonetic
from matching.core.parsing.rooms.keys import is_one_off, room_key, swaps
from matching.core.parsing.text import digits, fold
from tests.matching.core.house import order

KNOWN_ROOMS = frozenset({"203", "415", "12a", "1010", "101", "110"})

TWINS = """thiago/tiago luiz/luis filipe/felipe phelipe/felipe walter/valter wellington/uelinton washington/uoshinton
    matheus/mateus kelly/keli thais/tais isabel/izabel souza/sousa moraes/morais batista/baptista teixeira/texeira
    queiroz/queiros menezes/meneses jessica/gessica cristina/christina geovana/giovanna schmidt/chimit assis/acis
    xavier/chavier nakamura/nacamura vinicius/vinicios zimmermann/zimerman hoffmann/hofman rafael/raphael cesar/cezar
    elisabete/elizabeth heloisa/eloisa victor/vitor yara/iara caio/kaio wagner/vagner jefferson/jeferson sarah/sara
    luisa/luiza otavio/octavio davi/davy michele/mixele hugo/ugo"""
STRANGERS = """marcia/marcio paulo/paula carlos/carla luis/lais rosa/rocha julio/julia bruno/bruna costa/castro
    lima/luma silva/silvia daniel/daniela renato/renata joao/joana mario/maria dias/deus reis/rios"""


@pytest.mark.parametrize("pair", TWINS.split())
def test_names_that_sound_alike_share_a_key(pair: str) -> None:
    left, right = pair.split("/")
    assert phonetic(left) == phonetic(right)


@pytest.mark.parametrize("pair", STRANGERS.split())
def test_names_of_different_people_do_not(pair: str) -> None:
    left, right = pair.split("/")
    assert phonetic(left) != phonetic(right)


GUESTS = {
    "José da Silva Filho": ("jose", ["silva"], "filho", "M"),
    "SILVA FILHO, JOSE ANTONIO": ("jose", ["silva"], "filho", "M"),
    "SOUZA/MARIA CLARA MRS": ("maria", ["souza"], "", "F"),
    "SOUZA/ALEX MR": ("alex", ["souza"], "", "M"),
    "SOUZA/JOAOMR": ("joao", ["souza"], "", "M"),
    "Sra. Ana Prado": ("ana", ["prado"], "", "F"),
    "SANTOS NETO, LUIZ DOS": ("luiz", ["santos"], "neto", "M"),
    "Dom Pedro": ("dom", ["pedro"], "", ""),
    "Neto": ("neto", [], "", ""),
}


@pytest.mark.parametrize(("text", "expected"), GUESTS.items(), ids=GUESTS.keys())
def test_a_name_in_the_register_is_taken_apart(text: str, expected: tuple[str, list[str], str, str]) -> None:
    name = parse_guest(text)
    roles = [[word for word, role in name.parts if role == wanted] for wanted in ("given", "family")]
    assert (roles[0], roles[1], name.suffix) == ([expected[0]], expected[1], expected[2])
    if expected[3]:
        assert name.sex == expected[3]


@pytest.mark.parametrize("text", ["ACOMPANHANTE 1", "acompanhante", "TBA", "PAX 2", "CHD", "A DEFINIR", "", " "])
def test_a_placeholder_names_nobody(text: str) -> None:
    assert parse_guest(text).parts == ()


ROOMS = {
    "apto 203 toalha": ("203",),
    "apto. nº 0203": ("203",),
    "aptos 203/415 toalha": ("203", "415"),
    "quartos 203 e 415": ("203", "415"),
    "203, 415 e 110": ("203", "415", "110"),
    "UH:203": ("203",),
    "#203": ("203",),
    "apto 12A": ("12a",),
    "12a toalha": ("12a",),
    "203-Pedro": ("203",),
    "hosp. do 999": ("999",),
    "apto 999": ("999",),
    "voo G3 1010": (),
    "999 toalhas": (),
    "às 10h15": (),
    "203 pax": (),
    "R$ 203": (),
    "3º andar": (),
    "chegada 10/11": (),
    "aptos 101/110": ("101", "110"),
    "203.50": ("203",),
    "1.203 peças": (),
}


@pytest.mark.parametrize(("text", "rooms"), ROOMS.items(), ids=ROOMS.keys())
def test_rooms_are_read_out_of_free_text(text: str, rooms: tuple[str, ...]) -> None:
    assert parse_order(order(text), KNOWN_ROOMS).rooms == rooms


@pytest.mark.parametrize(
    ("field", "rooms"),
    [("203", ("203",)), ("0203 ", ("203",)), ("UH 203/415", ("203", "415")), ("lobby", ()), ("", ()), (203, ("203",))],
    ids=repr,
)
def test_the_room_field_takes_what_is_typed_into_it(field: object, rooms: tuple[str, ...]) -> None:
    assert parse_order(order("toalha", uh_texto=field), KNOWN_ROOMS).rooms == rooms


PERSONS = {
    "hóspede Pedro do 203 pediu toalha": ["Pedro"],
    "Sr. José da Silva Neto 203": ["Jose Silva neto"],
    "SILVA, JOSE 203 TOALHA": ["Jose Silva"],
    "João e Maria 203 toalhas": ["Joao", "Maria"],
    "Sr. Pedro e Sra. Ana 203": ["Pedro", "Ana"],
    "toalha extra no 203": [],
    "M. Prado 203": ["M Prado"],
}


@pytest.mark.parametrize(("text", "persons"), PERSONS.items(), ids=PERSONS.keys())
def test_the_persons_of_a_line_are_read(text: str, persons: list[str]) -> None:
    found = [p for p in parse_order(order(text), KNOWN_ROOMS).persons if p.strength >= 0.5]
    assert [p.shown.lower() for p in found] == [name.lower() for name in persons]


def test_dates_that_do_not_exist_are_no_dates() -> None:
    parsed = parse_order(order("chegada 31/02 ou 30/03 ou 1/4"), KNOWN_ROOMS)
    assert [d.isoformat() for d in parsed.days] == ["2026-03-30", "2026-04-01"]


def test_a_date_belongs_to_the_year_next_to_the_order() -> None:
    parsed = parse_order(order("chegada 02/01", at="2026-12-30T10:00:00-03:00"), KNOWN_ROOMS)
    assert [d.isoformat() for d in parsed.days] == ["2027-01-02"]


def test_contacts_are_cut_out_of_the_text() -> None:
    contacts, rest = extract("Pedro (48) 99876-5432 cpf 529.982.247-25 p.f@correio.com.br 203")
    assert contacts.phones == ("48998765432",)
    assert contacts.documents == ("52998224725",)
    assert contacts.emails == ("p.f@correio.com.br",)
    assert rest.split() == ["Pedro", "cpf", "203"]


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("52998224725", True),
        ("52998224724", False),
        ("11111111111", False),
        ("", False),
        ("５２９９８２２４７２５", False),
    ],
)
def test_a_cpf_has_right_check_digits_in_ascii(number: str, valid: bool) -> None:
    assert valid_cpf(number) is valid


@pytest.mark.parametrize(
    ("typed", "key"),
    [("+55 48 99876-5432", "48998765432"), ("048 99876-5432", "48998765432"), ("3222", ""), ("", ""), ("abc", "")],
)
def test_phones_have_one_key(typed: str, key: str) -> None:
    assert phone_key(typed) == key


def test_folding_and_digits() -> None:
    assert fold("ÀÇÃO D’Ávila ﬁm") == "acao davila fim"
    assert digits("a１2³b") == "2"
    assert room_key("  0012A ") == "12a"
    assert room_key("000") == "000"
    assert room_key(None) == ""
    assert swaps("203") == {"023", "230"}
    assert swaps("33") == set()
    assert is_one_off("203", "205")
    assert not is_one_off("203", "230")
