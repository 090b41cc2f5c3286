"""What a no leaves: the others share what it freed, but never become certain by it; and it is not asked again."""

import pytest
from django.contrib.auth.models import User

from matching.models import MatchSuggestion
from matching.models.choices import State
from matching.review import service
from matching.suggestions.reconcile import remaining_probability
from tests.matching.conftest import Candidate, Card, Hotel

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def shares(card: Card) -> dict[int | None, float]:
    pending = MatchSuggestion.objects.filter(order=card.order, state=State.PENDING)
    return {s.stay_id: float(s.probability) for s in pending}


def test_the_others_share_what_the_refused_one_held(card: Card, ana: User) -> None:
    service.decide(ana, card.best.pk, "reject", None)
    card.hotel.suggest(*card.candidates())
    assert shares(card) == {card.father: pytest.approx(0.634, abs=0.001), None: pytest.approx(0.058, abs=0.001)}
    assert card.suggestion(card.father).rank == 1
    assert sum(shares(card).values()) < 1, "what is left says: none of these"


def test_after_a_no_to_what_looked_certain_nothing_else_looks_certain(card: Card, ana: User) -> None:
    """Else "no guest" would stand preselected at 1,00 the morning after."""
    service.decide(ana, card.best.pk, "reject", None)
    card.hotel.suggest(Candidate(card.order, card.neto, 0.995), Candidate(card.order, None, 0.005))
    assert shares(card)[None] < 0.1


def test_a_refused_no_guest_leaves_its_share_to_the_guests(card: Card, ana: User) -> None:
    offered = [Candidate(card.order, None, 0.6), Candidate(card.order, card.neto, 0.4)]
    card.hotel.suggest(*offered)
    service.decide(ana, card.suggestion(None).pk, "reject", None)
    card.hotel.suggest(*offered)
    assert shares(card) == {card.neto: pytest.approx(0.4 / 0.43, abs=0.001)}


def test_when_a_side_changes_every_share_is_the_engine_s_again(card: Card, ana: User) -> None:
    service.decide(ana, card.best.pk, "reject", None)
    card.hotel.suggest(*card.candidates())
    card.hotel.update("listagem_hospedes", card.neto, nome_listagem="Thiago Figueredo Neto")
    card.hotel.suggest(*card.candidates())
    assert shares(card) == {card.neto: 0.87, card.father: 0.11, None: 0.01}


def test_the_same_no_twice_writes_nothing_the_second_time(card: Card, ana: User) -> None:
    service.decide(ana, card.best.pk, "reject", None)
    card.hotel.suggest(*card.candidates())
    before = list(MatchSuggestion.objects.order_by("pk").values())
    assert card.hotel.suggest(*card.candidates()).rescored == 0
    assert list(MatchSuggestion.objects.order_by("pk").values()) == before


def test_all_refused_is_an_order_with_nothing_to_offer(hotel: Hotel, ana: User) -> None:
    order, stay = hotel.order(), hotel.stay("Rosa Lima")
    offered = [Candidate(order, stay, 0.7), Candidate(order, None, 0.3)]
    hotel.suggest(*offered)
    for suggestion in MatchSuggestion.objects.all():
        service.decide(ana, suggestion.pk, "reject", None)
    assert hotel.suggest(*offered).withheld == 2
    assert not MatchSuggestion.objects.filter(state=State.PENDING).exists()


def test_nothing_refused_changes_nothing_and_no_share_exceeds_the_whole() -> None:
    assert remaining_probability(0.0) == 1.0
    for refused in (0.1, 0.5, 0.9, 0.995, 1.0):
        assert (1 - refused) / remaining_probability(refused) < 1
