"""What cannot be shown still weighs: guests on no list yet, without a room so far, or without a name."""

import math
from dataclasses import replace

import pytest

from matching.core import Candidate, Model
from tests.matching.core.house import TODAY, ask, crowd, order, probability_of, stay

COMING = {"arrival": TODAY, "departure": "2026-03-12", "status": "confirmada"}


def doubt(found: list[Candidate]) -> float:
    none = next(c for c in found if c.listagem_id is None)
    return math.fsum(r.weight_bits for r in none.reasons if r.level == "somebody_else")


def test_the_guest_who_leaves_today_is_less_sure_when_others_come_without_a_room() -> None:
    leaving = stay(1, "Pedro Figueira", "203", arrival="2026-03-06", departure=TODAY)
    roomless = [stay(50 + i, f"Guest{i} Newcome{i}", None, **COMING) for i in range(6)]
    asked = order("hosp. do 203 toalha extra", at=f"{TODAY}T12:00:00-03:00")
    alone, beside = ask(asked, [*crowd(), leaving]), ask(asked, [*crowd(), leaving, *roomless])
    assert alone[0].listagem_id == beside[0].listagem_id == 1
    assert beside[0].probability < alone[0].probability
    assert beside[0].probability < 0.98, "it would be preselected for bulk"
    assert doubt(beside) > doubt(alone)


def test_a_departed_guests_room_in_the_evening_is_hardly_his_any_more() -> None:
    leaving = stay(1, "Pedro Figueira", "203", arrival="2026-03-06", departure=TODAY)
    coming = stay(2, "Clara Prado", "203", **COMING)
    morning, evening = (
        probability_of(ask(order("203 toalha", at=f"{TODAY}T{hour}:00:00-03:00"), [*crowd(), leaving, coming]), 1)
        for hour in ("08", "20")
    )
    assert evening < 0.5 * morning


def test_what_is_asked_for_an_arrival_may_have_been_booked_since_the_listing() -> None:
    coming = stay(1, "Adriana Prado", None, arrival="2026-03-11", departure="2026-03-13", status="confirmada")
    stays, asked = [*crowd(), coming], order("transfer in Adriana 13/03")
    as_ever = replace(Model(), unlisted_arrival=Model().unlisted)
    found, before = ask(asked, stays), ask(asked, stays, model=as_ever)
    assert found[0].listagem_id == before[0].listagem_id == 1
    assert found[0].probability < before[0].probability


def test_doubt_never_outweighs_the_best_guest_nor_stands_where_there_is_none() -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203")]
    sure = ask("Pedro Figueira 203 toalha", stays)
    assert sure[0].probability > 0.99
    assert doubt(sure) == 0


# --- companions without a name --------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["Morena Jazmin Figueira", "Morena Jazmin"], ids=["family name of the booking", "other"]
)
def test_a_full_name_that_fits_nobody_may_be_the_companion_without_one(name: str) -> None:
    stays = [
        *crowd(),
        stay(1, "Pedro Figueira", "203", booking=7),
        stay(2, "ACOMPANHANTE 1", "203", booking=7, titular=False, unnamed=True),
    ]
    assert probability_of(ask(f"{name} 203 chuveiro frio", stays), 2) > 0.3


def test_sra_and_the_family_name_of_a_man_may_be_his_companion_without_a_name() -> None:
    stays = [
        *crowd(),
        stay(1, "Pedro Figueira", "203", booking=7),
        stay(2, "ACOMPANHANTE 1", "203", booking=7, titular=False, unnamed=True),
    ]
    his, hers = ask("Sr. Figueira 203 toalha", stays), ask("Sra. Figueira 203 toalha", stays)
    assert his[0].listagem_id == 1
    assert hers[0].listagem_id == 2
    assert probability_of(his, 1) < 0.995, "it may still be his son's room too"
