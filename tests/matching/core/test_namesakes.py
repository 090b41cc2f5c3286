"""Several guests whom one line fits: told apart by what it says besides, or all offered and none called sure."""

import pytest

from matching.core import Engine
from matching.core.blocking import MOST_WEIGHED
from matching.core.parsing.orders import parse_order
from tests.matching.core.house import Row, ask, crowd, order, probability_of, stay

SURE = 0.98
FAMILY: list[Row] = [
    stay(1, "Pedro Figueira", "203", booking=7),
    stay(2, "Otávio Figueira", "415", booking=8),
    stay(3, "Helena Figueira", "110", booking=9),
]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Sr. Figueira 203 toalha", 1),
        ("Sr. Figueira do 415 solicita táxi 9h", 2),
        ("Sra. Figueira pede toalha", 3),
        ("dona Helena Figueira ligou", 3),
    ],
    ids=["Sr. and room", "Sr. and another room", "Sra. of two men and a woman", "Dona and the whole name"],
)
def test_one_family_name_in_three_rooms_is_told_apart_by_title_and_room(text: str, right: int) -> None:
    found = ask(text, [*crowd(), *FAMILY])
    assert found[0].listagem_id == right
    assert found[0].probability >= 0.8


def test_a_title_and_a_family_name_that_two_men_bear_offers_both_and_calls_neither_sure() -> None:
    found = ask("Sr. Figueira solicita táxi 9h", [*crowd(), *FAMILY])
    assert {c.listagem_id for c in found[:2]} == {1, 2}
    assert found[0].probability < 0.7
    assert probability_of(found, 1) == pytest.approx(probability_of(found, 2), rel=0.05)


@pytest.mark.parametrize(("room", "right"), [("203", 1), ("415", 2)])
def test_two_guests_of_one_name_are_told_apart_by_the_room(room: str, right: int) -> None:
    stays = [*crowd(), stay(1, "Maria Souza", "203"), stay(2, "Maria Sousa", "415")]
    found = ask(f"Maria Souza {room} toalha", stays)
    assert found[0].listagem_id == right
    assert found[0].probability >= 0.95


def test_two_guests_of_one_name_without_a_room_are_both_offered() -> None:
    stays = [*crowd(), stay(1, "Maria Souza", "203"), stay(2, "Maria Souza", "415")]
    found = ask("Maria Souza ligou, toalha", stays)
    assert {c.listagem_id for c in found[:2]} == {1, 2}
    assert found[0].probability < SURE


def test_father_and_son_in_two_rooms_are_told_apart_by_the_suffix_alone() -> None:
    stays = [*crowd(), stay(1, "José Almeida Filho", "203"), stay(2, "José Almeida Neto", "415")]
    assert ask("Sr. José Almeida Neto solicita táxi", stays)[0].listagem_id == 2
    assert ask("jose almeida filho pede toalha", stays)[0].listagem_id == 1


def test_the_guide_of_a_group_is_found_among_namesakes_by_the_agency() -> None:
    stays = [*crowd(), stay(1, "Roberta Lemos", "203", agency="Flytour"), stay(2, "Roberta Prado", "415")]
    found = ask("grupo Flytour - guia Roberta: lista de quartos", stays)
    assert found[0].listagem_id == 1
    assert found[0].probability >= 0.9


def test_a_thousand_orders_at_one_room_cost_each_no_more_than_the_cap() -> None:
    engine = Engine([stay(i, f"Pedro Figueira {i}", "203", booking=i) for i in range(1, 2_001)])
    rows = [order("Pedro Figueira 203 toalha", os_id=i) for i in range(1, 1_001)]
    found = engine.match(rows)
    assert found.skipped == []
    assert len({tuple(c.listagem_id for c in found.candidates if c.os_id == i) for i in (1, 500, 1_000)}) == 1
    assert parse_order(rows[0], engine.rooms).rooms == ("203",)
    assert sum(c.os_id == 1 for c in found.candidates) <= MOST_WEIGHED
