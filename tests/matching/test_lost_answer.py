"""A decision that was written and whose answer got lost on the way: whoever sends it again is told that it is done."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from matching.models import AuditEntry, Decision, WriteBack
from matching.review import service
from tests.matching.conftest import Candidate, Card, Hotel
from tests.matching.pages import LIST, QUEUE, seen, signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


@pytest.fixture
def next_order(hotel: Hotel, card: Card) -> int:
    order = hotel.order("toalhas extras")
    hotel.suggest(Candidate(order, hotel.stay("Rosa Prado"), 0.7))
    return order


def press(user: User, url: str = QUEUE, **fields: str) -> Any:
    return signed_in(user).post(url, fields, headers={"X-Card": "next"})


def words(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_the_same_decision_sent_again_is_answered_with_the_next_card_and_its_way_back(
    verb: str, card: Card, next_order: int, ana: User
) -> None:
    pressed = {verb: seen(card.best)}
    press(ana, **pressed)
    again = words(press(ana, **pressed))
    assert "Rosa Prado" in again
    assert "Nada foi" not in again
    assert "messagelist" not in again
    assert f'name="undo" value="{Decision.objects.get().pk}"' in again
    assert WriteBack.objects.count() == (verb == "accept")
    assert not AuditEntry.objects.exists()


def test_no_guest_sent_again_is_done(card: Card, next_order: int, ana: User) -> None:
    pressed = {"no_guest": f"{card.order}:1"}
    press(ana, **pressed)
    again = words(press(ana, **pressed))
    assert "Nada foi" not in again
    assert Decision.objects.get().verb == "no_guest"


def test_a_plain_form_sent_again_says_what_was_done(card: Card, ana: User) -> None:
    pressed = {"accept": seen(card.best)}
    for url in (LIST, url_of(card.best)):
        answer = signed_in(ana).post(url, pressed, follow=True)
        assert "vinculada a Tiago Figueiredo Neto" in words(answer)
    assert Decision.objects.count() == 1


def test_a_link_still_to_be_written_is_said_to_be(card: Card, ana: User, away: Callable[[], None]) -> None:
    away()
    version = card.best.version
    service.decide(ana, card.best.pk, "accept", version)
    again = service.decide(ana, card.best.pk, "accept", version)
    assert again.waiting == 1
    assert WriteBack.objects.count() == 1


@pytest.mark.parametrize("other", ["person", "verb", "version", "no version"])
def test_anything_else_is_a_conflict_as_before(other: str, card: Card, ana: User, paula: User) -> None:
    version: int | None = card.best.version
    service.decide(ana, card.best.pk, "accept", version)
    user, verb = (paula if other == "person" else ana), ("reject" if other == "verb" else "accept")
    version = {"version": card.best.version, "no version": None}.get(other, version)
    with pytest.raises(service.Conflict):
        service.decide(user, card.best.pk, verb, version)
    assert Decision.objects.count() == 1


def test_a_decision_that_was_taken_back_meanwhile_is_not_taken_again(card: Card, ana: User) -> None:
    version = card.best.version
    done = service.decide(ana, card.best.pk, "accept", version)
    service.undo(ana, done.decisions[0].pk)
    with pytest.raises(service.Conflict):
        service.decide(ana, card.best.pk, "accept", version)


def test_no_guest_of_somebody_else_is_told_not_taken(card: Card, ana: User, paula: User) -> None:
    service.no_guest(ana, card.order, 1)
    with pytest.raises(service.Conflict):
        service.no_guest(paula, card.order, 1)
    assert Decision.objects.count() == 1
