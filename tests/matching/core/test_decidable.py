"""What no reader of an order could tell, said without any score: who is not listed, not spoken for, or has a rival."""

from typing import Any

import pytest

from matching.core.evaluation.decidable import Told, tell
from matching.core.evaluation.report import judge, lines, report
from tests.matching.core.house import TODAY, Row, crowd, order, stay

HOUSE: list[Row] = [
    *crowd(),
    stay(1, "Pedro Figueira", "203", booking=7, phone="(48) 99876-5432"),
    stay(2, "Clara Figueira", "203", booking=7, titular=False),
    stay(3, "Pedro Prado", "204", booking=8),
    stay(4, "José Almeida Filho", "205", agency="Flytour"),
    stay(5, "José Almeida Neto", "206"),
    stay(6, "Pedro Leão", "207", arrival="2026-03-01", departure="2026-03-05", status="saida"),
    stay(7, "ACOMPANHANTE 1", "204", booking=8, titular=False, unnamed=True),
    stay(8, "Ivo Sá", "208", arrival=TODAY, departure="2026-03-12"),
    stay(9, "Ivo Reis", "209", arrival="2026-03-09", departure="2026-03-12"),
]


def told(text: str, *right: int, **columns: Any) -> Told:
    return tell([order(text, **columns)], HOUSE, [{"os_id": 1, "aceitaveis": [*right]}])[1]


CASES: dict[str, tuple[Told, Told]] = {
    "a name and a room": (told("Pedro 203 toalha", 1), Told(True, True, 0)),
    "a first name that two in the house bear": (told("Pedro ligou", 1), Told(True, True, 1)),
    "who has left is no rival of who is here": (told("Pedro ligou", 3), Told(True, True, 1)),
    "Sra. rules her husband out": (told("Sra. Figueira toalha", 2), Told(True, True, 0)),
    "a family name without a title": (told("Figueira toalha", 1), Told(True, True, 1)),
    "the suffix tells father from son": (told("José Almeida Neto", 5), Told(True, True, 0)),
    "without it nobody could": (told("José Almeida ligou", 5), Told(True, True, 1)),
    "the agency tells them too": (told("José da Flytour", 4), Told(True, True, 0)),
    "a twin of spelling": (told("Joze Almeyda Neto ligou", 5), Told(True, True, 0)),
    "a nickname": (told("seu Zé 205", 4), Told(True, True, 0)),
    "a slip of one letter": (told("Pdero Figueira", 1), Told(True, True, 0)),
    "a telephone": (told("whats 99876-5432", 1), Told(True, True, 0)),
    "the end of one": (told("tel final 5432", 1), Told(True, True, 0)),
    "a room whose any guest is right": (told("hosp. do 203", 1, 2), Told(True, True, 0)),
    "a room of which one guest is right": (told("hosp. do 203", 1), Told(True, True, 1)),
    "a companion without a name, by name": (told("Yara ligou", 7), Told(True, False, 0)),
    "the wrong room alone": (told("toalha 415", 1), Told(True, False, 0)),
    "who is on no list": (told("Pedro 203", 77), Told(False, False, 0)),
    "who is in the house for sure is a rival of who comes today": (told("Ivo ligou", 8), Told(True, True, 1)),
    "the day tells who comes": (told("chega 10/03 Ivo", 8), Told(True, True, 0)),
}


@pytest.mark.parametrize(("found", "expected"), CASES.values(), ids=CASES.keys())
def test_an_order_tells_its_guest_as_far_as_what_is_typed_is_true_of_him_alone(found: Told, expected: Told) -> None:
    assert found == expected


def test_orders_about_nobody_and_rows_that_cannot_be_read_are_left_out() -> None:
    rows = [order("Pedro 203", os_id=1), order("hall", os_id=2), {"id": 3, "descricao": 7}]
    truth = [{"os_id": 1, "aceitaveis": [1]}, {"os_id": 2, "aceitaveis": []}, {"os_id": 3, "aceitaveis": [1]}]
    assert tell(rows, [*HOUSE, {"id": "x"}, 5], truth).keys() == {1}  # type: ignore[list-item]  # a poisoned row


def test_the_plain_figures_stay_and_what_could_be_told_stands_beside_them() -> None:
    truth = [{"os_id": i, "aceitaveis": [10], "estilo": "a"} for i in range(1, 5)]
    answers = {1: [(10, 0.9)], 2: [(11, 0.5), (10, 0.4)], 3: [(11, 0.9)], 4: [(11, 0.9)]}
    known = {1: Told(True, True, 0), 2: Told(True, True, 1), 3: Told(False, False, 0), 4: Told(True, False, 0)}
    found = report(judge(truth, answers, known))
    assert (found.recall_at_three, found.first_right) == (2 / 4, 1 / 4)
    assert found.listed is not None
    assert found.tellable is not None
    assert (found.listed.share, found.listed.recall_at_three, found.listed.first_right) == (3 / 4, 2 / 3, 1 / 3)
    assert (found.tellable.share, found.tellable.first_right) == (1 / 4, 1.0)
    assert (found.tellable.share_of_three, found.tellable.recall_at_three) == (2 / 4, 1.0)
    assert found.tied["a"] == (3 / 4, 1.0), "a tie is what the rows say, not what our weights say"
    assert sum("of 75.0%" in line for line in lines(found)) == 1


def test_without_the_rows_no_part_is_told() -> None:
    found = report(judge([{"os_id": 1, "aceitaveis": [10]}], {1: [(10, 0.9)]}))
    assert found.listed is None
    assert found.tellable is None
    assert not any("guest in the listing" in line for line in lines(found))
