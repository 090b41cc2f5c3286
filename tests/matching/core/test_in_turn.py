"""Guests who follow one another in a room: the one is meant whose turn it was when the order was typed."""

import pytest

from tests.matching.core.house import TODAY, Row, ask, best, crowd, level, order, probability_of, stay


def guests(*names_and_days: tuple[str, str, str, str]) -> list[Row]:
    return [
        *crowd(),
        *(
            stay(place, name, "203", arrival=f"2026-03-{since}", departure=f"2026-03-{until}", status=status)
            for place, (name, since, until, status) in enumerate(names_and_days, 1)
        ),
    ]


def test_a_transfer_for_a_room_means_its_guest_and_not_the_one_who_comes_next_week() -> None:
    """The next guest's room was given on the eve: in hindsight it stands there, on the day nobody knew it."""
    stays = guests(("Pedro Figueira", "08", "13", "na_casa"), ("Clara Prado", "13", "20", "confirmada"))
    found = ask("hosp. do 203 transfer in voo G3 1420", stays)
    assert found[0].listagem_id == 1
    assert found[0].probability >= 0.9
    assert probability_of(found, 2) < 0.05


def test_a_room_given_beforehand_means_who_comes_when_nobody_sleeps_there_before() -> None:
    stays = guests(("Pedro Figueira", "04", "09", "saida"), ("Clara Prado", "11", "15", "confirmada"))
    assert best("flores no apto 203 para a chegada dia 11", stays).listagem_id == 2


def test_who_comes_is_meant_by_name_although_the_room_is_still_slept_in() -> None:
    stays = guests(("Pedro Figueira", "08", "11", "na_casa"), ("Clara Prado", "11", "15", "confirmada"))
    found = best("chegada 11/03 Clara Prado, flores no 203", stays)
    assert found.listagem_id == 2
    assert level(found, "room") == "later"
    assert found.probability >= 0.9


def test_the_guest_before_is_the_last_who_left_and_not_the_one_before_him() -> None:
    stays = guests(("Ivo Leão", "03", "07", "saida"), ("Pedro Figueira", "07", "09", "saida"))
    found = ask(order("óculos esquecido no 203, hóspede anterior", setor="achados"), stays)
    assert found[0].listagem_id == 2
    assert probability_of(found, 2) > 5 * probability_of(found, 1)
    assert level(next(c for c in found if c.listagem_id == 1), "room") == "earlier"


@pytest.mark.parametrize(("hour", "level_of_the_first"), [("08", "same"), ("15", "earlier")])
def test_who_leaves_today_is_the_last_guest_only_once_he_may_be_out(hour: str, level_of_the_first: str) -> None:
    stays = guests(("Ivo Leão", "03", "08", "saida"), ("Pedro Figueira", "08", "10", "na_casa"))
    asked = order("Ivo Leão esqueceu óculos no 203", setor="achados", at=f"{TODAY}T{hour}:00:00-03:00")
    assert level(best(asked, stays), "room") == level_of_the_first


def test_who_left_before_the_last_guest_is_still_found_by_name() -> None:
    stays = guests(("Ivo Leão", "03", "07", "saida"), ("Pedro Figueira", "07", "09", "saida"))
    found = best(order("Ivo Leão ligou: óculos esquecido no 203", setor="achados"), stays)
    assert found.listagem_id == 1
    assert found.probability >= 0.9
