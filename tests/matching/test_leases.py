"""Two people at the queue: each has their own card, and whoever comes second reads without deciding."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from matching.models import CardLease, Decision
from matching.review import queue
from tests.matching.conftest import Candidate, Card, Hotel
from tests.matching.pages import QUEUE, page, seen, signed_in, url_of

pytestmark = [pytest.mark.stack, pytest.mark.django_db]


def second(hotel: Hotel) -> int:
    order = hotel.order("toalhas extras")
    hotel.suggest(Candidate(order, hotel.stay("Rosa Prado"), 0.7))
    return order


class TestTheLease:
    def test_a_card_opened_in_the_queue_is_with_whoever_opened_it(self, card: Card, ana: User) -> None:
        html = page(ana, QUEUE)
        lease = CardLease.objects.get()
        assert (lease.order_id, lease.user) == (card.order, ana)
        assert timedelta(0) < lease.until - timezone.now() <= timedelta(minutes=2)
        assert f"reservada para você até {timezone.localtime(lease.until):%H:%M}" in html

    def test_the_page_counts_down_by_the_server_s_clock_and_says_when_it_is_over(self, card: Card, ana: User) -> None:
        html = page(ana, QUEUE)
        (left,) = re.findall(r'<time\s+class="left num"([^>]*)>', html)
        assert timezone.localtime(CardLease.objects.get().until).isoformat() in left
        assert f'data-now="{timezone.localdate().isoformat()}T' in left
        assert 'data-over="· ' in left

    def test_the_next_person_is_given_the_next_card(self, card: Card, hotel: Hotel, ana: User, paula: User) -> None:
        order = second(hotel)
        page(ana, QUEUE)
        html = page(paula, QUEUE)
        assert "Rosa Prado" in html
        assert CardLease.objects.get(user=paula).order_id == order

    def test_a_card_of_somebody_else_can_be_read_but_not_decided(self, card: Card, ana: User, paula: User) -> None:
        page(ana, QUEUE)
        for url in (QUEUE, url_of(card.best)):
            html = page(paula, url)
            assert "Ana está com esta ficha" in html
            assert "Tiago Figueiredo Neto" in html
            assert 'name="accept"' not in html
        assert CardLease.objects.get().user == ana

    def test_a_lease_that_ran_out_belongs_to_whoever_comes(self, card: Card, ana: User, paula: User) -> None:
        page(ana, QUEUE)
        CardLease.objects.update(until=timezone.now() - timedelta(seconds=1))
        assert 'name="accept"' in page(paula, QUEUE)
        assert CardLease.objects.get().user == paula

    def test_a_skipped_card_is_free_at_once(self, card: Card, hotel: Hotel, ana: User) -> None:
        order = second(hotel)
        page(ana, QUEUE)
        page(ana, f"{QUEUE}?band=doubt&at=1")
        assert [lease.order_id for lease in CardLease.objects.all()] == [order]

    def test_a_decided_card_leaves_no_lease(self, card: Card, ana: User) -> None:
        page(ana, QUEUE)
        signed_in(ana).post(QUEUE, {"accept": seen(card.best)}, follow=True)
        assert not CardLease.objects.exists()

    def test_the_next_card_may_come_with_the_answer(self, card: Card, hotel: Hotel, ana: User) -> None:
        order = second(hotel)
        page(ana, QUEUE)
        answer = signed_in(ana).post(QUEUE, {"accept": seen(card.best)}, headers={"X-Card": "next"})
        assert answer.status_code == 200
        assert "Rosa Prado" in answer.content.decode()
        assert [lease.order_id for lease in CardLease.objects.all()] == [order]
        again = signed_in(ana).post(QUEUE, {"accept": seen(card.best)}, headers={"X-Card": "next"})
        assert "Rosa Prado" in again.content.decode(), "a decision that comes twice is told, not taken"
        assert Decision.objects.count() == 1

    def test_whoever_only_reads_takes_no_card(self, card: Card, reader: User) -> None:
        page(reader, QUEUE)
        assert not CardLease.objects.exists()

    def test_of_two_that_ask_one_gets_it(self, card: Card, ana: User, paula: User) -> None:
        holders = [queue.take_lease(card.order, person) for person in (ana, paula, ana)]
        assert [lease.user for lease in holders if lease] == [ana, ana, ana]
