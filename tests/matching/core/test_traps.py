"""Every trap that Brazilian names, rooms and hurried typing set, one test each."""

import pytest

from matching.core import Candidate
from tests.matching.core.house import TODAY, Row, ask, best, crowd, level, order, probability_of, stay


def sure(found: Candidate, listagem_id: int | None, at_least: float = 0.5) -> bool:
    return found.listagem_id == listagem_id and found.probability >= at_least


SLIPS: dict[str, tuple[str, str, str]] = {
    # id: (name in the register, room, order)
    "SOBRENOME comma NOME": ("CARVALHO, MARIANA LOPES DE", "203", "Mariana Carvalho 203 toalha extra"),
    "order typed family name first": (
        "Mariana Lopes de Carvalho",
        "203",
        "LOPES DE CARVALHO, MARIANA 203 TOALHA EXTRA",
    ),
    "GDS slash and title": ("CARVALHO/MARIANA MRS", "203", "dona mariana 203 chuveiro frio"),
    "GDS title without a space": ("SOUZA/JOAOMR", "203", "João Souza apto 203 tv sem sinal"),
    "upper case without accents": ("JOSE ANTONIO GONCALVES", "203", "José Antônio Gonçalves UH 203 cofre travado"),
    "twin of spelling Thiago": ("Thiago Brandão", "203", "tiago 203 ar pingando"),
    "twin of spelling Walter": ("Walter Moraes", "203", "valter morais qto 203 tomada sem energia"),
    "twin of spelling Souza": ("Sr Luiz Souza", "203", "Luis Sousa 203 wifi"),
    "by ear, foreign": ("Wellington Schmidt", "203", "uelinton chimit 203 toalha"),
    "letter missing": ("Fernanda Albuquerque", "203", "Frnanda 203 travesseiro"),
    "letters swapped": ("Ricardo Peixoto", "203", "Ricadro Peixoto 203 travesseiro"),
    "nickname": ("Francisco Tavares", "203", "seu Chico do 203 quer cobertor"),
    "nickname of the second name": ("Maria Aparecida Prado", "203", "Dona Cida 203 frigobar"),
    "diminutive": ("Carlos Figueira", "203", "Carlinhos 203 acordar 5h30"),
    "short form": ("Rafael Figueira", "203", "rafa 203 late check-out 14h"),
    "initial and family name": ("Mariana Figueira", "203", "M. Figueira ap 203 toalha"),
    "married name": ("Mariana Figueira Tavares", "203", "Mariana Tavares 203 toalha"),
    "foreign name": ("Wolfgang Zimmermann", "203", "Mr. Zimmermann room 203 towels please"),
    "apostrophe": ("Júlia D'Ávila", "203", "julia davila 203 secador"),
    "hyphen": ("Anne-Marie Dubois", "203", "Anne Marie Dubois 203 secador"),
    "Polish letters": ("Łukasz Kowalski", "203", "Lukasz 203 secador"),
    "register has more names": ("Ana Beatriz Ramos de Figueira Prado", "203", "Ana Prado 203 secador"),
    "register has fewer names": ("PRADO/ANA MRS", "203", "Ana Beatriz Ramos Prado 203 secador"),
}


@pytest.mark.parametrize(("name", "room", "text"), SLIPS.values(), ids=SLIPS.keys())
def test_the_guest_is_found_however_the_name_is_written(name: str, room: str, text: str) -> None:
    stays = [*crowd(), stay(1, name, room), stay(2, "Otávio Pimentel", "204"), stay(3, "Regina Sampaio", "230")]
    found = best(text, stays)
    assert sure(found, 1, 0.9), found


NAME_ONLY: dict[str, tuple[str, str]] = {
    "full name, no room": ("Mariana Lopes de Carvalho", "Mariana Carvalho ligou, pede toalha"),
    "nickname and family name, no room": ("Roberto Figueira", "Beto Figueira ligou, cofre travado"),
    "Sr. and a rare family name": ("Paulo Wosniak", "Sr. Wosniak solicita táxi 9h"),
    "name in its own field": ("Mariana Lopes de Carvalho", ""),
}


@pytest.mark.parametrize(("name", "text"), NAME_ONLY.values(), ids=NAME_ONLY.keys())
def test_a_name_without_a_room_is_enough_when_it_is_rare(name: str, text: str) -> None:
    asked = order(text or "secador", hospede_texto=None if text else "MARIANA CARVALHO")
    assert sure(best(asked, [*crowd(), stay(1, name, "203")]), 1, 0.8)


@pytest.mark.parametrize(
    ("text", "right"),
    [("José Almeida Filho 203 toalha", 1), ("José Almeida Neto 203 toalha", 2), ("Jose Almeida Jr. 203 toalha", 3)],
    ids=["Filho", "Neto", "Júnior"],
)
def test_father_and_son_in_one_room_are_told_apart_by_the_suffix(text: str, right: int) -> None:
    names = {1: "José Almeida Filho", 2: "ALMEIDA NETO, JOSE", 3: "Jose Almeida Junior"}
    stays = [*crowd(), *(stay(i, n, "203", booking=77, titular=i == 1) for i, n in names.items())]
    assert sure(best(text, stays), right, 0.8)


def test_an_absent_suffix_neither_proves_nor_rules_out() -> None:
    stays = [*crowd(), stay(1, "José Almeida Filho", "203"), stay(2, "José Almeida", "415")]
    found = ask("José Almeida ligou, toalha", stays)
    assert probability_of(found, 1) == pytest.approx(probability_of(found, 2), rel=0.05)


def test_the_social_name_and_the_registered_name_are_both_known() -> None:
    stays = [*crowd(), stay(1, "Carlos Eduardo Nunes", "203", social="Valentina Nunes"), stay(2, "Iara Leão", "204")]
    for text in ("Valentina 203 toalha", "Carlos Nunes ligou, toalha"):
        assert sure(best(text, stays), 1)


def test_sr_and_sra_tell_a_couple_of_one_family_name_apart() -> None:
    stays = [
        *crowd(),
        stay(1, "Pedro Figueira", "203", booking=7),
        stay(2, "Clara Figueira", "203", booking=7, titular=False),
    ]
    assert sure(best("Sr. Figueira 203 toalha", stays), 1, 0.8)
    assert sure(best("Sra. Figueira 203 toalha", stays), 2, 0.8)


def test_two_guests_in_a_room_are_told_apart_by_the_first_name() -> None:
    stays = [
        *crowd(),
        stay(1, "Pedro Figueira", "203", booking=7),
        stay(2, "Clara Prado", "203", booking=7, titular=False),
    ]
    assert sure(best("Clara 203 toalha", stays), 2, 0.9)


def test_a_room_alone_means_the_stay_and_names_the_main_guest() -> None:
    stays = [
        *crowd(),
        stay(1, "Clara Prado", "203", booking=7, titular=False),
        stay(2, "Pedro Figueira", "203", booking=7),
    ]
    found = ask("hosp. do 203 reclama de barulho", stays)
    assert sure(found[0], 2, 0.9)
    assert level(found[0], "same_stay") == "any_guest"
    assert probability_of(found, 1) == 0


@pytest.mark.parametrize("written", ["0203", "     203", "UH 203", "apto. nº 203", "203 "], ids=repr)
def test_a_room_is_one_room_however_it_is_written(written: str) -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "    0203"), stay(2, "Clara Prado", "302")]
    assert sure(best(order("chuveiro frio", uh_texto=written), stays), 1, 0.9)


def test_a_companion_without_a_name_is_the_likely_one_when_the_name_fits_nobody_in_the_room() -> None:
    stays = [
        *crowd(),
        stay(1, "Pedro Figueira", "203", booking=7),
        stay(2, "ACOMPANHANTE 1", "203", booking=7, titular=False, unnamed=True),
    ]
    assert best("Clara 203 toalha", stays).listagem_id == 2


def test_two_named_companions_of_one_booking_are_one_answer_led_by_the_first() -> None:
    stays = [*crowd(), stay(1, "João Prado", "203", booking=7), stay(2, "Maria Prado", "203", booking=7, titular=False)]
    assert sure(best("Maria e João do 203 pedem toalhas", stays), 2, 0.9)


# --- rooms and time ------------------------------------------------------------------------------
def moved() -> Row:
    slept = [{"uh": "203", "de": "2026-03-08", "ate": TODAY}, {"uh": "415", "de": TODAY, "ate": None}]
    return stay(1, "Pedro Figueira", "415", slept=slept)


@pytest.mark.parametrize(
    ("room", "day"), [("203", "2026-03-09"), ("415", "2026-03-11")], ids=["before the move", "after the move"]
)
def test_a_guest_is_sought_where_he_was_when_the_order_was_opened(room: str, day: str) -> None:
    newcomer = stay(2, "Clara Prado", "203", arrival=TODAY)
    found = best(order(f"{room} chuveiro frio", at=f"{day}T15:00:00-03:00"), [*crowd(), moved(), newcomer])
    assert sure(found, 1, 0.8)


def test_the_old_room_with_the_guests_name_still_finds_him_after_the_move() -> None:
    newcomer = stay(2, "Clara Prado", "203", arrival=TODAY)
    found = best(order("Pedro 203 toalha", at="2026-03-12T15:00:00-03:00"), [*crowd(), moved(), newcomer])
    assert sure(found, 1)
    assert level(found, "room") == "earlier"


def test_swapped_digits_of_the_room_do_not_hide_a_guest_named_in_full() -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203"), stay(2, "Clara Prado", "230")]
    found = best("Pedro Figueira apto 230 toalha", stays)
    assert sure(found, 1, 0.8)
    assert level(found, "room") == "swapped"


def test_one_name_and_two_rooms_mean_the_one_of_that_name() -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203"), stay(2, "Clara Prado", "415")]
    assert sure(best("Clara aptos 203/415 transfer 9h", stays), 2, 0.9)


def test_the_guest_of_yesterday_in_the_same_room_is_meant_when_something_was_left_behind() -> None:
    gone = stay(1, "Pedro Figueira", "203", arrival="2026-03-05", departure="2026-03-09", status="saida")
    stays = [*crowd(), gone, stay(2, "Clara Prado", "203", arrival="2026-03-09")]
    found = best(order("carregador esquecido no 203, hóspede anterior", setor="achados"), stays)
    assert sure(found, 1, 0.6)
    assert sure(best("203 toalha extra", stays), 2, 0.9)


def test_a_guest_to_come_is_meant_when_the_order_speaks_of_the_arrival() -> None:
    coming = stay(1, "Pedro Figueira", None, arrival="2026-03-12", departure="2026-03-15", status="confirmada")
    stays = [*crowd(), coming, stay(2, "Pedro Damasceno", "415")]
    assert sure(best("berço p/ chegada Pedro 12/03", stays), 1, 0.8)
    assert sure(best("Pedro Damasceno pede toalha", stays), 2, 0.9)


@pytest.mark.parametrize("status", ["cancelada", "no_show"])
def test_a_cancelled_stay_is_never_a_candidate(status: str) -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203", status=status)]
    assert all(c.listagem_id != 1 for c in ask("Pedro Figueira 203 toalha", stays))
