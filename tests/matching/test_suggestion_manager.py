"""Publishing: what appears, what stays, what ends, and that the same input writes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from matching import suggestion_manager
from matching.core import Reason
from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import EndReason, State
from matching.review import service
from matching.suggestion_manager import expire, expire_closed, publish, refresh
from tests.matching.conftest import PHONE, Candidate, Card, Hotel, Result, no_fence, today

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def everything() -> list[Any]:
    return [*MatchSuggestion.objects.order_by("pk").values(), *Order.objects.values(), *Stay.objects.values()]


def test_the_same_input_twice_writes_nothing(card: Card) -> None:
    before = everything()

    with CaptureQueriesContext(connection) as queries:
        counts = card.hotel.suggest(*card.candidates())

    assert (counts.created, counts.rescored, counts.superseded, counts.unchanged) == (0, 0, 0, 3)
    assert everything() == before
    writes = [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert writes == []


def test_a_new_score_keeps_the_id_and_raises_the_version(card: Card) -> None:
    before = card.best

    card.hotel.suggest(*card.candidates(best=0.93))

    assert card.best.pk == before.pk
    assert float(card.best.probability) == 0.93
    assert card.best.version == before.version + 1


def test_the_best_three_guests_and_no_guest_are_kept(hotel: Hotel, db: None) -> None:
    order = hotel.order()
    stays = [hotel.stay(f"Hóspede {n}") for n in range(5)]
    odds = (0.3, 0.25, 0.2, 0.15, 0.002)
    hotel.suggest(*(Candidate(order, s, p) for s, p in zip(stays, odds, strict=True)), Candidate(order, None, 0.08))

    kept = MatchSuggestion.objects.order_by("rank").values_list("rank", "stay_id")
    assert list(kept) == [(1, stays[0]), (2, stays[1]), (3, stays[2]), (4, None)]


def test_a_candidate_that_is_no_longer_among_the_best_ends(card: Card) -> None:
    card.hotel.suggest(Candidate(card.order, card.neto, 0.87), Candidate(card.order, None, 0.13))

    assert card.suggestion(card.father).state == State.SUPERSEDED
    assert card.suggestion(card.father).end_reason == EndReason.OUTRANKED


def test_a_new_text_supersedes_what_was_pending_for_the_old_one(card: Card) -> None:
    old = card.best
    card.hotel.update("ordens_servico", card.order, descricao="era no 421")

    counts = card.hotel.suggest(*card.candidates())

    old.refresh_from_db()
    assert (old.state, old.end_reason) == (State.SUPERSEDED, EndReason.TEXT_CHANGED)
    assert card.best.pk != old.pk
    assert card.best.texto_versao == 2
    assert (counts.created, counts.superseded) == (3, 3)


def test_a_status_edit_changes_nothing(card: Card) -> None:
    before = MatchSuggestion.objects.values_list("pk", "version", "updated_at").order_by("pk")
    kept = list(before)
    card.hotel.update("ordens_servico", card.order, status="em_andamento")
    card.hotel.suggest(*card.candidates())
    assert list(before.all()) == kept


def test_an_accepted_one_is_never_changed(card: Card, ana: User) -> None:
    service.decide(ana, card.best.pk, "accept", None)
    before = everything()

    counts = suggestion_manager.publish(
        Result((Candidate(card.order, card.neto, 0.2), Candidate(card.order, card.father, 0.8))),
        orders=[card.order],
        run_id=8,
        fence=no_fence,
    )

    assert counts.created == counts.rescored == 0
    assert everything() == before


class TestARejectedPair:
    @pytest.fixture(autouse=True)
    def rejected(self, card: Card, ana: User) -> MatchSuggestion:
        service.decide(ana, card.best.pk, "reject", None)
        return card.best

    def again(self, card: Card) -> suggestion_manager.Counts:
        return card.hotel.suggest(*card.candidates())

    def test_is_not_offered_again(self, card: Card) -> None:
        assert self.again(card).withheld == 1
        assert card.best.state == State.REJECTED
        assert card.suggestion(card.father).rank == 1

    def test_does_not_come_back_because_the_guest_leaves_or_stays_on(self, card: Card) -> None:
        card.hotel.update("listagem_hospedes", card.neto, status="saida", saida=today() + timedelta(1), titular=False)
        self.again(card)
        assert card.best.state == State.REJECTED

    def test_comes_back_when_the_guest_s_name_changes(self, card: Card) -> None:
        card.hotel.update("listagem_hospedes", card.neto, nome_listagem="Thiago Figueredo Neto")
        self.again(card)
        assert card.best.state == State.PENDING

    def test_comes_back_when_the_order_s_text_changes(self, card: Card) -> None:
        card.hotel.update("ordens_servico", card.order, descricao="sr Tiago Neto, vazamento no 412")
        self.again(card)
        assert card.best.state == State.PENDING

    def test_comes_back_after_an_undo_of_the_rejection(self, card: Card, ana: User) -> None:
        decision = card.best.decision
        assert decision is not None
        service.undo(ana, decision.pk)
        assert self.again(card).created == 0
        assert card.best.state == State.PENDING


def test_a_refused_no_guest_is_remembered_too(card: Card, ana: User) -> None:
    service.decide(ana, card.suggestion(None).pk, "reject", None)
    assert card.hotel.suggest(*card.candidates()).withheld == 1


@pytest.mark.parametrize("flag", ["menor", "incognito"])
class TestHiddenGuests:
    def test_are_never_suggested_and_their_names_not_kept(self, hotel: Hotel, flag: str) -> None:
        order, guest = hotel.order(), hotel.guest("Joana Prado", **{flag: True})
        stay = hotel.stay("Joana Prado", guest=guest)

        hotel.suggest(Candidate(order, stay, 0.9), Candidate(order, None, 0.1))

        assert list(MatchSuggestion.objects.values_list("stay_id", flat=True)) == [None]
        kept = str(list(Stay.objects.values()))
        assert "Joana" not in kept
        assert "joana" not in kept

    def test_lose_what_is_pending_when_they_become_so(self, card: Card, hotel: Hotel, flag: str) -> None:
        guest = hotel.one("select hospede_id from listagem_hospedes where id = %s", card.neto)["hospede_id"]
        hotel.update("hospedes", guest, **{flag: True})

        hotel.refresh(stays=[card.neto])

        assert (card.best.state, card.best.end_reason) == (State.EXPIRED, EndReason.HIDDEN_GUEST)


def test_a_cancelled_stay_is_not_offered(hotel: Hotel, db: None) -> None:
    order, stay = hotel.order(), hotel.stay("Ivo Maia", status="cancelada")
    hotel.suggest(Candidate(order, stay, 0.9))
    assert not MatchSuggestion.objects.exists()


def test_documents_typed_into_an_order_are_not_kept(hotel: Hotel, db: None) -> None:
    order = hotel.order("Rosa, cpf 529.982.247-25, pede toalha; tel 48991234567")
    stay = hotel.stay("Rosa Lima")
    hotel.suggest(Candidate(order, stay, 0.9, reasons=(Reason("document", "same", "52998224725", "52998224725", 9.0),)))

    kept = str(list(Order.objects.values()) + list(MatchSuggestion.objects.values()) + list(Stay.objects.values()))
    assert "529.982" not in kept
    assert "52998224725" not in kept
    assert "***.***.***-25" in Order.objects.get().request
    assert "48991234567" in Order.objects.get().request


def test_reasons_keep_only_the_last_digits_of_a_phone(hotel: Hotel, db: None) -> None:
    order, stay = hotel.order(), hotel.stay("Rosa Lima")
    hotel.suggest(Candidate(order, stay, 0.9, reasons=(PHONE,)))
    (reason,) = MatchSuggestion.objects.get().reasons
    assert reason["order_value"] == "(85) •••••-••41"


class TestExpire:
    def test_names_the_reason_and_leaves_decided_ones(self, card: Card, ana: User) -> None:
        service.decide(ana, card.suggestion(card.father).pk, "reject", None)

        ended = expire(stays=[card.neto, card.father], orders=None, reason=EndReason.STAY_CANCELLED, fence=no_fence)

        assert ended == 1
        assert card.best.end_reason == EndReason.STAY_CANCELLED
        assert card.suggestion(card.father).state == State.REJECTED
        assert expire(stays=[card.neto], orders=None, reason=EndReason.STAY_CANCELLED, fence=no_fence) == 0

    def test_leaves_accepted_ones(self, card: Card, ana: User) -> None:
        service.decide(ana, card.best.pk, "accept", None)
        assert expire(stays=[card.neto], orders=[card.order], reason=EndReason.NO_SHOW, fence=no_fence) == 0

    def test_a_closed_order_waits_seven_days(self, card: Card) -> None:
        closed = timezone.now().replace(hour=15)
        card.hotel.update("ordens_servico", card.order, status="concluida", concluida_em=closed)
        counts = card.hotel.suggest(Candidate(card.order, card.neto, 0.3))
        assert (counts.created, counts.rescored) == (0, 0)

        day = timezone.localdate(closed)
        assert expire_closed(day + timedelta(7), no_fence) == 0
        assert expire_closed(day + timedelta(8), no_fence) == 3
        assert card.best.end_reason == EndReason.ORDER_CLOSED

    def test_an_order_linked_outside_leaves_the_queue(self, card: Card) -> None:
        card.hotel.one("select vincular_os(%s, 1, %s, 'bruno', null)", card.order, card.neto)
        card.hotel.refresh([card.order])
        assert set(card.states().values()) == {"expired"}
        assert card.best.end_reason == EndReason.LINKED_ELSEWHERE


class FenceLost(Exception):
    """The run was replaced."""


@pytest.mark.parametrize(
    "write",
    [
        lambda c, f: publish(Result(tuple(c.candidates(0.4))), orders=[c.order], run_id=1, fence=f),
        lambda c, f: expire(stays=[c.neto], orders=[c.order], reason="x", fence=f),
        lambda c, f: refresh([c.hotel.order_row(c.order) | {"descricao": "z"}], [], fence=f),
    ],
    ids=["publish", "expire", "refresh"],
)
def test_nothing_is_written_once_the_fence_is_lost(card: Card, write: Callable[..., Any]) -> None:
    before = everything()

    def lost() -> None:
        raise FenceLost

    with pytest.raises(FenceLost):
        write(card, lost)
    assert everything() == before


def test_a_row_read_before_an_undo_does_not_take_the_cards_away(card: Card, ana: User) -> None:
    (decision,) = service.decide(ana, card.best.pk, "accept", None).decisions
    read_by_the_run = card.hotel.order_row(card.order)
    service.undo(ana, decision.pk)

    refresh([read_by_the_run], [])

    assert card.best.state == State.PENDING


def test_an_older_text_never_comes_back(card: Card) -> None:
    old = card.hotel.order_row(card.order)
    card.hotel.update("ordens_servico", card.order, descricao="novo")
    card.hotel.refresh([card.order])
    refresh([old], [])
    assert Order.objects.get().request == "novo"
