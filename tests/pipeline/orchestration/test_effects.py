"""Row by row: what a change in the listing or in an order does."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from matching.models.choices import AlertKind, EndReason, Severity
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
    of_order,
    of_stay,
)
from tests.pipeline.orchestration.samples import D, order, order_change, stay, stay_change

Row = dict[str, Any]
DAY_BEFORE = date(2026, 1, 9)
ON_D = (("date", "2026-01-10"),)


def effects(before: Row | None, after: Row | None) -> list[Effect]:
    return of_stay(stay_change(before, after), D)


def test_check_in_matches_the_orders_opened_since_the_day_before() -> None:
    found = effects(stay(status="confirmada"), stay(status="na_casa"))
    assert MatchOpenedSince(DAY_BEFORE) in found
    assert Rescore(7) in found


def test_a_new_stay_matches_the_orders_opened_since_the_day_before() -> None:
    assert effects(None, stay(status="confirmada")) == [MatchOpenedSince(DAY_BEFORE), Rescore(7)]


@pytest.mark.parametrize("status", ["cancelada", "no_show", "saida"])
def test_a_stay_that_appears_already_over_does_nothing(status: str) -> None:
    assert effects(None, stay(status=status)) == []


@pytest.mark.parametrize("hidden", ["menor", "incognito"])
def test_a_minor_or_incognito_guest_who_appears_does_nothing(hidden: str) -> None:
    assert effects(None, stay() | {hidden: True}) == []


def test_a_room_move_matches_both_rooms_and_flags_the_orders_of_the_old_one() -> None:
    found = effects(stay(uh="203"), stay(uh="415"))
    assert MatchNaming(frozenset({"203", "415"})) in found
    assert FlagMoved(7, 70, date(2026, 1, 8), "203", "415", D) in found
    assert Rescore(7) in found


def test_a_room_move_neither_expires_nor_alerts_about_links() -> None:
    kinds = {type(e) for e in effects(stay(uh="203"), stay(uh="415"))}
    assert kinds == {Rescore, MatchNaming, FlagMoved}


def test_a_room_given_before_arrival_is_no_move() -> None:
    found = effects(stay(status="confirmada", uh=None), stay(status="confirmada", uh="203"))
    assert MatchNaming(frozenset({"203"})) in found
    assert not any(isinstance(e, FlagMoved) for e in found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (stay(nome_listagem="Ana Sousa"), stay(nome_listagem="Ana Souza")),
        (stay(nome_listagem="ACOMPANHANTE 1", hospede_id=None), stay(nome_listagem="Rita Souza", hospede_id=9)),
    ],
    ids=["name corrected", "companion named"],
)
def test_a_corrected_name_rescores_that_stays_suggestions(before: Row, after: Row) -> None:
    found = effects(before, after)
    assert found[0] == Rescore(7)
    assert not any(isinstance(e, Expire | WarnLinked | WarnOpen) for e in found)


def test_a_promoted_titular_changes_nothing() -> None:
    assert effects(stay(titular=False), stay(titular=True)) == []


@pytest.mark.parametrize(
    ("status", "reason"), [("cancelada", EndReason.STAY_CANCELLED), ("no_show", EndReason.NO_SHOW)]
)
def test_a_cancelled_stay_expires_with_its_reason_and_alerts_where_linked(status: str, reason: EndReason) -> None:
    found = effects(stay(status="confirmada"), stay(status=status))
    assert Expire(7, reason) in found
    params = (*ON_D, ("status", status))
    assert WarnLinked(7, AlertKind.LINKED_STAY_CANCELLED, Severity.HIGH, params) in found


def test_a_normal_departure_alerts_about_open_orders() -> None:
    found = effects(stay(saida="2026-01-10"), stay(saida="2026-01-10", status="saida"))
    assert WarnOpen(7, AlertKind.DEPARTURE, Severity.MEDIUM, ON_D) in found
    assert not any(isinstance(e, Expire) for e in found)


def test_an_early_departure_alerts_higher() -> None:
    found = effects(stay(saida="2026-01-12"), stay(saida="2026-01-10", status="saida"))
    assert WarnOpen(7, AlertKind.EARLY_DEPARTURE, Severity.HIGH, ON_D) in found


def test_a_vanished_stay_is_scored_again_with_doubt_on_the_day_it_vanishes() -> None:
    gone = stay_change(stay(), None)
    assert of_stay(replace(gone, vanished=True), D) == [Rescore(7)]
    assert of_stay(gone, D) == [], "its last version explains it"


def test_a_document_that_appears_rescores_and_alerts_nobody() -> None:
    assert effects(stay(doc_hmac=None), stay(doc_hmac="aa")) == [Rescore(7)]


def test_a_different_document_on_one_row_alerts() -> None:
    found = effects(stay(doc_hmac="aa"), stay(doc_hmac="bb"))
    assert found == [Rescore(7), WarnStay(7, AlertKind.DOCUMENT_CHANGED, Severity.HIGH, ON_D)]


@pytest.mark.parametrize("hidden", ["menor", "incognito"])
def test_a_guest_who_turns_out_to_be_hidden_expires(hidden: str) -> None:
    assert Expire(7, EndReason.HIDDEN_GUEST) in effects(stay(), stay() | {hidden: True})


@pytest.mark.parametrize("field", ["descricao", "uh_texto", "hospede_texto", "telefone_texto", "solicitante_texto"])
def test_an_order_whose_text_or_room_is_edited_is_matched_again(field: str) -> None:
    assert of_order(order_change(order(), order() | {field: "205"})) == [MatchOrder(1)]


@pytest.mark.parametrize("status", ["em_andamento", "aguardando"])
def test_a_status_edit_of_an_order_changes_nothing(status: str) -> None:
    assert of_order(order_change(order(), order(status=status))) == []


@pytest.mark.parametrize("status", ["concluida", "cancelada"])
def test_an_order_done_or_cancelled_gets_no_new_suggestions(status: str) -> None:
    assert of_order(order_change(order(), order(status=status, descricao="outra coisa"))) == []
    assert of_order(order_change(None, order(status=status))) == []


def test_a_new_order_and_a_reopened_one_are_matched() -> None:
    assert of_order(order_change(None, order())) == [MatchOrder(1)]
    assert of_order(order_change(order(status="concluida"), order())) == [MatchOrder(1)]


def test_an_order_that_leaves_the_reading_does_nothing_by_itself() -> None:
    assert of_order(order_change(order(), None)) == []
