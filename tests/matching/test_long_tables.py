"""What keeps the pages quick: the head of each order told by the database, and lists that end where counting does."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching.admin import search
from matching.models import Decision, MatchSuggestion, Order
from matching.models.choices import Band, Verb
from matching.review import queue
from matching.review.service import decide, undo
from sistema_os.admin_base import lists
from tests.matching.conftest import Candidate, Card, Hotel
from tests.matching.pages import LIST, QUEUE, page, seen, signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db(transaction=True)]


def heads() -> list[int | None]:
    return list(MatchSuggestion.objects.heads().values_list("stay_id", flat=True))


class TestTheHeadOfAnOrder:
    def test_is_its_best_pending_candidate_through_refusal_choice_and_undo(self, card: Card, ana: User) -> None:
        assert heads() == [card.neto]
        decide(ana, card.best.pk, Verb.REJECT, card.best.version)
        assert heads() == [card.father]
        father = card.suggestion(card.father)
        done = decide(ana, father.pk, Verb.ACCEPT, father.version)
        assert heads() == []
        undo(ana, done.decisions[0].pk)
        assert heads() == [card.father]

    def test_changes_when_a_run_ranks_them_otherwise(self, card: Card) -> None:
        card.hotel.suggest(Candidate(card.order, card.neto, 0.2), Candidate(card.order, card.father, 0.7))
        assert heads() == [card.father]

    def test_waits_since_its_order_was_opened_even_when_that_moment_is_corrected(self, card: Card) -> None:
        moment = timezone.now() - timedelta(days=1)
        Order.objects.filter(pk=card.order).update(opened_at=moment)
        assert list(MatchSuggestion.objects.heads().values_list("queued_at", flat=True)) == [moment]

    def test_is_one_even_between_two_of_the_same_rank(self, card: Card) -> None:
        MatchSuggestion.objects.filter(order=card.order).update(rank=1)
        assert len(heads()) == 1

    def test_cannot_be_forged_by_writing_the_mark(self, card: Card) -> None:
        MatchSuggestion.objects.filter(stay=card.father).update(queued_at=timezone.now())
        assert heads() == [card.neto]


class TestTheQueue:
    def test_departures_of_today_come_first_then_the_oldest_orders(self, card: Card, hotel: Hotel) -> None:
        for days, text in ((3, "velho"), (9, "mais velho")):
            opened = timezone.now() - timedelta(days=days)
            hotel.suggest(Candidate(hotel.order(text, aberta_em=opened), hotel.stay(f"Pessoa {text}"), 0.7))
        doubt = next(counted for counted in queue.counts() if counted.band == Band.DOUBT)
        shown = [queue.card_at(doubt, place) for place in range(4)]
        texts = [s.order.request for s in shown if s]
        assert texts[1:3] == ["mais velho", "velho"]
        assert texts[0] == texts[3] == card.best.order.request


class TestTheList:
    def test_offers_every_day_between_the_first_order_and_the_last(self, card: Card, hotel: Hotel, ana: User) -> None:
        opened = datetime(2026, 3, 5, 12, tzinfo=UTC)
        Order.objects.update(opened_at=opened)
        hotel.suggest(Candidate(hotel.order("outra", aberta_em=opened + timedelta(days=2)), hotel.stay("Rosa"), 0.7))
        days = re.findall(r"opened_at__day=(\d+)", page(ana, LIST))
        assert days == ["5", "6", "7"]
        month = "order__opened_at__year=2026&order__opened_at__month=3"
        assert page(ana, f"{LIST}?{month}&order__opened_at__day=7").count('name="accept"') == 1
        assert page(ana, f"{LIST}?{month}&order__opened_at__day=6").count('name="accept"') == 0

    def test_says_where_it_ends_and_does_nothing_to_more_than_it_counted(
        self, card: Card, boss: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(lists, "MAX_COUNTED", 2)
        url = f"{LIST}?state=all"
        assert "só as primeiras 2 linhas" in page(boss, url)
        everything = {"action": "reject_selected", "select_across": "1", "_selected_action": str(card.best.pk)}
        html = signed_in(boss).post(url, everything, follow=True).content.decode()
        assert "Nada foi feito" in html
        assert not Decision.objects.exists()

    def test_a_frequent_word_finds_what_a_rare_one_finds(
        self, card: Card, ana: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = page(ana, f"{LIST}?q=tiago+412&state=all").count('name="accept"')
        monkeypatch.setattr(search, "RARE", 0)
        assert page(ana, f"{LIST}?q=tiago+412&state=all").count('name="accept"') == found == 2


BOUNDS = {
    # The last one of each page of guests is the record of who looked.
    LIST: 12,
    f"{LIST}?state=all": 11,
    f"{LIST}?q=tiago+pessoa": 16,
    QUEUE: 19,
    "/admin/matching/decision/": 10,
    "/admin/matching/decision/?q=tiago": 14,
    "/admin/matching/alert/": 9,
}


@pytest.mark.parametrize("url", [*BOUNDS, "card"])
def test_pages_ask_a_bounded_number_of_questions(
    url: str, card: Card, hotel: Hotel, ana: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(4):
        hotel.suggest(Candidate(hotel.order(f"pedido {n}"), hotel.stay(f"Pessoa {n}"), 0.7))
    last = card.suggestion(card.father)
    decide(ana, last.pk, Verb.REJECT, last.version)
    client = signed_in(ana)
    path = url_of(card.best) if url == "card" else url
    client.get(path)
    with django_assert_max_num_queries(BOUNDS.get(url, 12)):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(("verb", "most"), [("reject", 25), ("accept", 32)])
def test_a_key_pressed_in_the_queue_asks_a_bounded_number_of_questions_until_the_next_card_is_there(
    verb: str, most: int, card: Card, hotel: Hotel, ana: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(4):
        hotel.suggest(Candidate(hotel.order(f"pedido {n}"), hotel.stay(f"Pessoa {n}"), 0.7))
    client = signed_in(ana)
    client.get(QUEUE)
    pressed = {verb: seen(card.best)}
    with django_assert_max_num_queries(most):
        answer = client.post(QUEUE, pressed, headers={"X-Card": "next"})
    assert "Pessoa 0" in answer.content.decode()
    assert Decision.objects.get().verb == verb
