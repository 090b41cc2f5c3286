"""From effects to work: orders to match, suggestions to expire, alerts to raise."""

from datetime import date
from typing import Any

from matching.models.choices import AlertKind, EndReason, Severity
from pipeline.orchestration import change_plan
from pipeline.orchestration.change_plan import AlertCall, Known
from pipeline.orchestration.effects import (
    Effect,
    Expire,
    FlagMoved,
    MatchNaming,
    MatchOpenedSince,
    MatchOrder,
    Rescore,
    WarnLinked,
    WarnOpen,
    WarnStay,
)
from tests.pipeline.orchestration.samples import D, order

ON_D = (("date", "2026-01-10"),)
LINKED = {"listagem_id": 7, "matched_at": "2026-01-09T18:00:00+00:00", "matched_by": "ana"}


def orders(*rows: dict[str, Any]) -> dict[int, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def test_only_open_orders_without_a_link_are_matched() -> None:
    rows = orders(
        order(1), order(2, status="concluida"), order(3, **LINKED), order(4, **LINKED | {"sem_hospede": True})
    )
    effects = [MatchOrder(n) for n in (1, 2, 3, 4, 99)]
    assert change_plan.make(effects, rows, Known()).match == {1}


def test_opened_since_counts_by_the_hotels_calendar_day() -> None:
    rows = orders(
        order(1, aberta_em="2026-01-09T02:59:00+00:00"),  # still the 8th in São Paulo
        order(2, aberta_em="2026-01-09T03:00:00+00:00"),
        order(3, aberta_em="2026-01-10T11:00:00+00:00"),
    )
    assert change_plan.make([MatchOpenedSince(date(2026, 1, 9))], rows, Known()).match == {2, 3}


def test_a_rescore_reaches_the_orders_that_were_ever_offered_the_stay() -> None:
    known = Known(offered={7: frozenset({1, 2}), 8: frozenset({3})})
    rows = orders(order(1), order(2), order(3))
    assert change_plan.make([Rescore(7)], rows, known).match == {1, 2}


def test_an_order_names_a_room_by_its_field_or_anywhere_in_its_text() -> None:
    rows = orders(
        order(1, uh_texto="203"),
        order(2, descricao="hosp. do 203 pediu toalha"),
        order(3, descricao="UH0203"),
        order(4, uh_texto="0203"),
        order(5, descricao="apto 1203"),
    )
    assert change_plan.make([MatchNaming(frozenset({"203"}))], rows, Known()).match == {1, 2, 3, 4}


def test_expiries_are_grouped_by_their_reason() -> None:
    effects = [
        Expire(7, EndReason.STAY_CANCELLED),
        Expire(8, EndReason.STAY_CANCELLED),
        Expire(9, EndReason.NO_SHOW),
    ]
    assert change_plan.make(effects, {}, Known()).expire == {EndReason.STAY_CANCELLED: {7, 8}, EndReason.NO_SHOW: {9}}


def test_a_cancelled_stay_alerts_for_each_order_linked_to_it_even_a_closed_one() -> None:
    known = Known(linked={7: frozenset({1, 2})}, likely={7: frozenset({3})})
    effect = WarnLinked(7, AlertKind.LINKED_STAY_CANCELLED, Severity.HIGH, ON_D)
    rows = orders(order(1), order(2, status="concluida"), order(3))
    assert [a.order for a in change_plan.make([effect], rows, known).alerts] == [1, 2]


def test_a_departure_alerts_for_open_orders_linked_or_most_likely_its_own() -> None:
    known = Known(linked={7: frozenset({1, 2})}, likely={7: frozenset({3})})
    effect = WarnOpen(7, AlertKind.DEPARTURE, Severity.MEDIUM, ON_D)
    rows = orders(order(1, **LINKED), order(2, status="concluida", **LINKED), order(3), order(4))
    assert change_plan.make([effect], rows, known).alerts == [
        AlertCall(AlertKind.DEPARTURE, Severity.MEDIUM, 1, 7, ON_D),
        AlertCall(AlertKind.DEPARTURE, Severity.MEDIUM, 3, 7, ON_D),
    ]


def test_a_swapped_document_alerts_though_no_order_is_concerned() -> None:
    effect = WarnStay(7, AlertKind.DOCUMENT_CHANGED, Severity.HIGH, ON_D)
    assert change_plan.make([effect], {}, Known()).alerts == [
        AlertCall(AlertKind.DOCUMENT_CHANGED, Severity.HIGH, None, 7, ON_D)
    ]


def test_a_move_flags_each_open_order_of_the_old_room_once_though_the_whole_family_moves() -> None:
    rows = orders(
        order(1, uh_texto="203"),
        order(2, uh_texto="415"),
        order(3, uh_texto="203", status="concluida"),
        order(4, uh_texto="203", aberta_em="2026-01-07T15:00:00+00:00"),  # before the guest's arrival
        order(5, uh_texto="203", **LINKED | {"listagem_id": 99}),  # known to be somebody else's
        order(6, uh_texto="203", sem_hospede=True, matched_at="2026-01-09T18:00:00+00:00"),
        order(8, descricao="sem quarto", **LINKED),  # linked to this guest, whatever it names
    )
    family = [FlagMoved(key, 70, date(2026, 1, 8), "203", "415", D) for key in (8, 7)]
    params = (("date", "2026-01-10"), ("from", "203"), ("to", "415"))
    assert change_plan.make(family, rows, Known(linked={7: frozenset({8})})).alerts == [
        AlertCall(AlertKind.ROOM_MOVED, Severity.LOW, 1, 7, params),
        AlertCall(AlertKind.ROOM_MOVED, Severity.LOW, 8, 7, params),
    ]


def test_known_is_asked_only_about_the_stays_that_need_it() -> None:
    effects: list[Effect] = [MatchOrder(1), Rescore(7), Expire(8, EndReason.NO_SHOW), MatchOpenedSince(D)]
    assert change_plan.stays_of(effects) == {7, 8}
