"""Accept, reject, no guest: what one decision changes here and in Supabase."""

import threading
import uuid

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import translation

from matching.models import Decision, MatchSuggestion, WriteBack
from matching.models.choices import State, Verb, WriteState
from matching.review import service
from tests.matching.conftest import Candidate, Card, Hotel, Sweep, accept_in_bulk

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def test_accepting_writes_the_link_with_who_and_how_sure(card: Card, ana: User) -> None:
    outcome = service.decide(ana, card.best.pk, "accept", card.best.version)

    link = card.hotel.link_of(card.order)
    assert link["listagem_id"] == card.neto
    assert link["matched_by"] == "ana"
    assert link["match_origem"] == "sugestao"
    assert float(link["match_score"]) == 0.87
    assert outcome.waiting == 0
    assert WriteBack.objects.get().state == WriteState.DONE


def test_accepting_supersedes_the_other_candidates_of_the_order(card: Card, ana: User) -> None:
    service.decide(ana, card.best.pk, "accept", card.best.version)

    assert card.states() == {card.neto: "accepted", card.father: "superseded", None: "superseded"}
    assert card.suggestion(card.father).end_reason == "another_accepted"


def test_rejecting_leaves_the_others_and_writes_nothing_to_supabase(card: Card, ana: User) -> None:
    service.decide(ana, card.best.pk, "reject", card.best.version, "namesake")

    assert card.states() == {card.neto: "rejected", card.father: "pending", None: "pending"}
    assert Decision.objects.get().reason == "namesake"
    assert not WriteBack.objects.exists()
    assert card.hotel.link_of(card.order)["listagem_id"] is None


def test_no_guest_is_written_as_such(card: Card, ana: User) -> None:
    service.no_guest(ana, card.order, 1)

    assert card.hotel.link_of(card.order)["sem_hospede"] is True
    assert card.states()[None] == "accepted"
    assert Decision.objects.get().verb == Verb.NO_GUEST


def test_no_guest_needs_no_candidate_of_the_matcher(hotel: Hotel, ana: User) -> None:
    order = hotel.order("preventiva ar 412")
    hotel.refresh([order])

    service.no_guest(ana, order, 1)

    link = hotel.link_of(order)
    assert link["sem_hospede"] is True
    assert link["match_origem"] == "manual"


def test_who_comes_second_gets_a_sentence_and_nothing_is_doubled(card: Card, ana: User, paula: User) -> None:
    seen = card.best.version
    service.decide(ana, card.best.pk, "accept", seen)

    with translation.override("pt-br"), pytest.raises(service.Conflict, match="Ana já aceitou esta sugestão"):
        service.decide(paula, card.best.pk, "accept", seen)

    assert Decision.objects.count() == WriteBack.objects.count() == 1


def test_choosing_another_candidate_after_an_accept_is_a_conflict(card: Card, ana: User, paula: User) -> None:
    service.decide(ana, card.best.pk, "accept", None)

    with translation.override("pt-br"), pytest.raises(service.Conflict, match="Ana aceitou outro candidato"):
        service.decide(paula, card.suggestion(card.father).pk, "accept", None)
    with translation.override("pt-br"), pytest.raises(service.Conflict, match="Ana já aceitou"):
        service.no_guest(paula, card.order, 1)

    assert card.hotel.link_of(card.order)["listagem_id"] == card.neto


@pytest.mark.django_db(transaction=True)
def test_two_people_at_the_same_instant_decide_once(card: Card, ana: User, paula: User) -> None:
    barrier = threading.Barrier(2)
    ends: list[str] = []

    def press(user: User, suggestion: MatchSuggestion) -> None:
        barrier.wait()
        try:
            service.decide(user, suggestion.pk, "accept", suggestion.version)
            ends.append("accepted")
        except service.Conflict:
            ends.append("conflict")
        finally:
            connection.close()

    pressed = [(ana, card.best), (paula, card.suggestion(card.father))]
    threads = [threading.Thread(target=press, args=args) for args in pressed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ends) == ["accepted", "conflict"]
    assert Decision.objects.count() == WriteBack.objects.count() == 1
    accepted = MatchSuggestion.objects.get(state=State.ACCEPTED)
    assert card.hotel.link_of(card.order)["listagem_id"] == accepted.stay_id


def test_a_card_rescored_meanwhile_is_a_conflict(card: Card, ana: User) -> None:
    seen = card.best.version
    card.hotel.suggest(*card.candidates(best=0.55))

    with translation.override("pt-br"), pytest.raises(service.Conflict, match="mudou enquanto você lia"):
        service.decide(ana, card.best.pk, "accept", seen)
    assert card.best.state == State.PENDING


def test_an_order_edited_meanwhile_is_a_conflict(card: Card, ana: User) -> None:
    seen = card.best.version
    card.hotel.update("ordens_servico", card.order, descricao="era no 421")
    card.hotel.refresh([card.order])

    with translation.override("pt-br"), pytest.raises(service.Conflict, match="texto da OS mudou"):
        service.decide(ana, card.best.pk, "accept", seen)
    with pytest.raises(service.Conflict):
        service.no_guest(ana, card.order, 1)


def test_a_cancelled_stay_cannot_be_accepted(card: Card, ana: User) -> None:
    card.hotel.update("listagem_hospedes", card.neto, status="cancelada")
    card.hotel.refresh(stays=[card.neto])

    with translation.override("pt-br"), pytest.raises(service.Conflict, match="foi cancelada"):
        service.decide(ana, card.best.pk, "accept", None)


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_who_may_only_look_decides_nothing(card: Card, reader: User, verb: str) -> None:
    with pytest.raises(PermissionDenied):
        service.decide(reader, card.best.pk, verb, None)
    with pytest.raises(PermissionDenied):
        service.no_guest(reader, card.order, 1)
    assert not Decision.objects.exists()


def test_a_forged_id_is_not_found(card: Card, ana: User) -> None:
    with pytest.raises(MatchSuggestion.DoesNotExist):
        service.decide(ana, uuid.uuid4(), "accept", None)


def test_a_reason_outside_the_list_decides_nothing(card: Card, ana: User) -> None:
    with pytest.raises(service.Conflict):
        service.decide(ana, card.best.pk, "reject", None, "=HYPERLINK()")
    assert card.best.state == State.PENDING


def test_many_at_once_are_one_batch_and_the_best_of_an_order_wins(
    card: Card, hotel: Hotel, boss: User, sweep: Sweep
) -> None:
    other = hotel.order("toalha extra 203")
    rosa = hotel.stay("Rosa Lima", "203")
    hotel.suggest(Candidate(other, rosa, 0.95))

    plan = accept_in_bulk(boss, MatchSuggestion.objects.exclude(stay=None))
    sweep()

    assert Decision.objects.filter(batch=plan.batch).count() == Decision.objects.count() == 2
    assert plan.left_out == 1
    assert hotel.link_of(card.order)["listagem_id"] == card.neto
    assert hotel.link_of(other)["listagem_id"] == rosa


def test_bulk_needs_its_own_permission(card: Card, ana: User) -> None:
    with pytest.raises(PermissionDenied):
        accept_in_bulk(ana, MatchSuggestion.objects.filter(pk=card.best.pk))
