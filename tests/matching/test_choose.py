"""A guest whom a person found: linked, learned from, undone and corrected like any other decision."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils import timezone, translation

from matching.learning import from_decisions
from matching.models import CardLease, Decision, MatchSuggestion, Stay, WriteBack
from matching.models.choices import MANUAL
from matching.reports import agreement
from matching.review import service
from tests.matching.conftest import Card, Hotel, Sweep
from tests.matching.pages import signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def rosa(card: Card) -> int:
    """A guest of the house whom the engine did not offer."""
    stay = card.hotel.stay("Rosa Prado", "203")
    card.hotel.refresh(stays=[stay])
    return stay


def test_a_chosen_guest_is_linked_at_the_hotel_as_chosen_by_hand(card: Card, rosa: int, ana: User) -> None:
    service.choose(ana, card.order, rosa, 1)

    link = card.hotel.link_of(card.order)
    assert (link["listagem_id"], link["match_origem"], link["match_score"]) == (rosa, "manual", None)
    assert Decision.objects.get().model_version == MANUAL
    assert card.states() == {card.neto: "superseded", card.father: "superseded", None: "superseded", rosa: "accepted"}


def test_it_counts_as_a_rejection_of_the_best_candidate_and_is_learned(card: Card, rosa: int, ana: User) -> None:
    service.choose(ana, card.order, rosa, 1)

    verdicts = agreement.verdicts_by_day(timezone.localdate())[timezone.localdate()]
    assert verdicts["doubt"] == (0, 1)
    assert from_decisions.gather().examples.verdicts[card.order].right == {rosa}


def test_undoing_it_returns_the_candidates_and_unlinks_the_order(card: Card, rosa: int, ana: User) -> None:
    service.choose(ana, card.order, rosa, 1)
    service.undo(ana, Decision.objects.get().pk)

    assert card.hotel.link_of(card.order)["listagem_id"] is None
    assert card.states() == {card.neto: "pending", card.father: "pending", None: "pending", rosa: "superseded"}


def test_an_offered_guest_is_accepted_as_the_candidate_it_is(card: Card, ana: User) -> None:
    service.choose(ana, card.order, card.father, 1)
    assert card.suggestion(card.father).state == "accepted"
    assert Decision.objects.get().model_version == "m1"


def test_the_same_request_twice_decides_once(card: Card, rosa: int, ana: User) -> None:
    first = service.choose(ana, card.order, rosa, 1)
    again = service.choose(ana, card.order, rosa, 1)
    assert [d.pk for d in again.decisions] == [d.pk for d in first.decisions]
    assert WriteBack.objects.count() == 1


def test_a_minor_is_never_accepted(card: Card, ana: User) -> None:
    guest = card.hotel.guest("Lia Prado", menor=True)
    child = card.hotel.stay("Lia Prado", guest=guest)
    card.hotel.refresh(stays=[child])
    with pytest.raises(Stay.DoesNotExist):
        service.choose(ana, card.order, child, 1)
    assert signed_in(ana).post(url_of(card.best), {"choose": f"{card.order}:1:{child}"}).status_code == 404
    assert not Decision.objects.exists()


def test_a_guest_who_is_no_longer_there_is_a_conflict(card: Card, rosa: int, ana: User) -> None:
    card.hotel.update("listagem_hospedes", rosa, status="cancelada")
    card.hotel.refresh(stays=[rosa])
    with translation.override("pt-br"), pytest.raises(service.Conflict, match="foi cancelada"):
        service.choose(ana, card.order, rosa, 1)
    assert card.best.state == "pending"


def test_a_late_conflict_brings_the_card_back(card: Card, rosa: int, ana: User) -> None:
    card.hotel.update("listagem_hospedes", rosa, status="cancelada")
    outcome = service.choose(ana, card.order, rosa, 1)
    assert outcome.came_back
    assert card.states()[card.neto] == "pending"


def test_an_edited_order_and_a_reader_are_refused(card: Card, rosa: int, ana: User, reader: User) -> None:
    with pytest.raises(service.Conflict):
        service.choose(ana, card.order, rosa, 2)
    with pytest.raises(PermissionDenied):
        service.choose(reader, card.order, rosa, 1)
    assert not Decision.objects.exists()


def test_while_the_hotel_is_away_it_waits_in_the_outbox(
    card: Card, rosa: int, ana: User, away: Callable[[], None], sweep: Sweep
) -> None:
    away()
    assert service.choose(ana, card.order, rosa, 1).waiting == 1


@pytest.mark.parametrize("forged", ["", "x", "1:1:x", "1:1:1:1:1", f"1:{'9' * 30}:1", "1", "-1:1:2"])
def test_a_forged_choice_is_not_found(card: Card, ana: User, forged: str) -> None:
    assert signed_in(ana).post(url_of(card.best), {"choose": forged}).status_code == 404


class TestCorrecting:
    def test_it_was_somebody_else_in_one_step(self, card: Card, rosa: int, ana: User, sweep: Sweep) -> None:
        service.decide(ana, card.best.pk, "accept", None)
        wrong = Decision.objects.get()
        outcome = service.choose(ana, card.order, rosa, 1, replaces=wrong.pk)

        assert card.hotel.link_of(card.order)["listagem_id"] == rosa
        assert [d.verb for d in Decision.objects.order_by("pk")] == ["accept", "undo", "accept"]
        assert [d.suggestion.stay_id for d in outcome.decisions] == [rosa]
        assert card.states()[card.neto] == "superseded"

    def test_it_had_no_guest(self, card: Card, ana: User) -> None:
        service.decide(ana, card.best.pk, "accept", None)
        service.no_guest(ana, card.order, 1, replaces=Decision.objects.get().pk)
        assert card.hotel.link_of(card.order)["sem_hospede"] is True

    def test_only_one_of_a_batch_is_corrected(self, card: Card, rosa: int, hotel: Hotel, ana: User, boss: User) -> None:
        service.decide(boss, card.best.pk, "accept", None)
        with pytest.raises(PermissionDenied):
            service.choose(ana, card.order, rosa, 1, replaces=Decision.objects.get().pk)
        assert card.hotel.link_of(card.order)["listagem_id"] == card.neto
        service.choose(boss, card.order, rosa, 1, replaces=Decision.objects.get().pk)
        assert card.hotel.link_of(card.order)["listagem_id"] == rosa

    def test_a_decision_of_another_order_is_not_undone(self, card: Card, rosa: int, hotel: Hotel, ana: User) -> None:
        other = hotel.order("toalha")
        hotel.refresh([other])
        service.no_guest(ana, other, 1)
        with pytest.raises(service.Conflict):
            service.choose(ana, card.order, rosa, 1, replaces=Decision.objects.get().pk)
        assert hotel.link_of(other)["sem_hospede"] is True


def test_a_lease_holds_wherever_the_decision_is_taken(card: Card, rosa: int, ana: User, paula: User) -> None:
    CardLease.objects.create(order_id=card.order, user=paula, until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(service.Conflict, match="Paula"):
        service.decide(ana, card.best.pk, "accept", None)
    with pytest.raises(service.Conflict, match="Paula"):
        service.no_guest(ana, card.order, 1)
    with pytest.raises(service.Conflict, match="Paula"):
        service.choose(ana, card.order, rosa, 1)
    assert set(MatchSuggestion.objects.values_list("state", flat=True)) == {"pending"}
    service.choose(paula, card.order, rosa, 1)
