"""What cannot be shown still weighs: guests on no list yet, without a room so far, or without a name."""

import math
from dataclasses import replace

import pytest

from matching.core import Candidate, Engine, Model
from matching.core.comparisons.batch import Batch
from matching.core.index.house_index import DUE_CAP
from matching.core.parsing.orders import parse_order
from tests.matching.core.house import TODAY, ask, crowd, order, probability_of, stay

COMING = {"arrival": TODAY, "departure": "2026-03-12", "status": "confirmada"}
LEFT = {"arrival": "2026-03-04", "departure": "2026-03-09", "status": "saida"}


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


# --- due today, without a room --------------------------------------------------------------------
def test_a_free_room_alone_offers_each_booking_that_is_due_without_a_room() -> None:
    due = [
        stay(50, "Ivo Prado", None, booking=80, **COMING),
        stay(51, "Clara Prado", None, booking=80, titular=False, **COMING),
        stay(52, "Tereza Leão", None, booking=81, **(COMING | {"arrival": "2026-03-09"})),
        stay(53, "Nair Leão", None, booking=82, **(COMING | {"arrival": "2026-03-07"})),
    ]
    found = ask("hosp. do 203 chuveiro frio", [*crowd(), stay(9, "Ana Sá", "203", **LEFT), *due])
    offered = {c.listagem_id for c in found}
    assert {50, 52} <= offered, "one for each booking, who is a day late as well"
    assert not {51, 53} & offered, "a booking is one answer; three days late is no arrival"
    assert max(c.probability for c in found) < 0.98


def test_a_room_in_which_somebody_stays_is_nobodys_who_has_none_yet() -> None:
    stays = [*crowd(), stay(1, "Pedro Figueira", "203"), stay(50, "Ivo Prado", None, **COMING)]
    assert {c.listagem_id for c in ask("hosp. do 203 chuveiro frio", stays)} <= {1, None}


def test_who_is_due_without_a_room_is_counted_once() -> None:
    """They are weighed themselves: what is left as doubt does not hold them again."""
    due = [stay(50 + i, f"Guest{i} Newcome{i}", None, **COMING) for i in range(3)]
    found = ask("hosp. do 203 chuveiro frio", [*crowd(), *due])
    assert {c.listagem_id for c in found} == {50, 51, 52, None}
    assert probability_of(found, None) < 0.3


@pytest.mark.parametrize(("many", "left_over"), [(3, False), (DUE_CAP, False), (DUE_CAP + 12, True)])
def test_beyond_the_cap_those_who_are_due_stay_doubt(many: int, left_over: bool) -> None:
    engine = Engine([*crowd(), *(stay(100 + i, f"Guest{i} Newcome{i}", None, **COMING) for i in range(many))])
    batch = Batch.of([parse_order(order("hosp. do 203 toalha"), engine.rooms)])
    assert len(engine.index.due(int(batch.days[0]))) == min(many, DUE_CAP)
    assert bool(engine.presence.seen(batch).roomless[0] > 0) is left_over


# --- how much may stay unseen ---------------------------------------------------------------------
@pytest.mark.parametrize(("hidden", "likely"), [(2, True), (3, True), (20, False)])
def test_a_guest_is_likely_unless_nearly_all_who_fit_may_not_be_shown(hidden: int, likely: bool) -> None:
    """One Pedro may be shown, and so many more may not."""
    secret = [stay(10 + i, f"Pedro Leão{i}", f"{300 + i}", incognito=True) for i in range(hidden)]
    found = ask("Pedro ligou, pede toalha", [*crowd(), stay(1, "Pedro Figueira", "203"), *secret])
    if likely:
        assert 0.4 < found[0].probability < 0.55, "at even odds at best, whatever the share unseen"
    else:
        assert sum(c.probability for c in found) < 0.15, "the rest is somebody who may not be shown"


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
