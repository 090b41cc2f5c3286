"""Two people at the same queue, each in a window with cookies of their own."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from matching.models import CardLease, Decision, WriteBack
from sistema_os.roles import DEMO_PASSWORD
from tests.browser.cards import QUEUE, desk, many, verbs
from tests.browser.conftest import OpenWindow
from tests.browser.robots import Machine
from tests.matching.conftest import Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_each_gets_a_card_of_their_own_and_the_lock_says_whose(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    ana, bruno = window("ana"), window("bruno")
    ana.visit(path=QUEUE)
    bruno.visit(path=QUEUE)
    assert "Tiago Figueiredo Neto" in ana.heading()
    assert "Sem hóspede" in bruno.heading(), "the next free card"
    bruno.visit(path=here.card)
    assert "Ana" in bruno.see(words="está com esta ficha")
    bruno.tap(key="a")
    assert bruno.count(selector="[data-key=A]") == 0

    ana.press(key="a")
    assert verbs(here.order) == ["accept"]


def test_a_lease_that_ran_out_gives_the_card_to_the_next_and_the_first_is_told_in_words(
    window: OpenWindow, hotel: Hotel
) -> None:
    here = desk(hotel)
    ana, bruno = window("ana"), window("bruno")
    ana.visit(path=QUEUE)
    CardLease.objects.update(until=timezone.now() - timedelta(seconds=1))
    bruno.visit(path=QUEUE)
    assert "Tiago Figueiredo Neto" in bruno.heading()
    bruno.press(key="a")

    address = ana.address()
    ana.press(key="n")
    assert "Bruno aceitou outro candidato" in ana.message()
    assert ana.address() == address, "the place is kept"
    assert ana.axe() == []
    assert verbs(here.order) == ["accept"]
    assert here.linked() == here.stay


def test_the_same_card_opened_by_both_is_decided_once_and_the_second_keeps_the_place(
    window: OpenWindow, hotel: Hotel
) -> None:
    here = desk(hotel)
    ana, bruno = window("ana"), window("bruno")
    for reviewer in (ana, bruno):
        reviewer.visit(path=here.card)
    ana.tap(key="r")
    ana.press(key="1")
    bruno.press(key="a")
    assert "Ana já rejeitou" in bruno.message()
    assert here.card in bruno.address()
    assert verbs(here.order) == ["reject"]
    assert here.linked() is None


@pytest.mark.drill
@pytest.mark.parametrize("keys", [20, pytest.param(80, marks=pytest.mark.slow_drill)])
def test_two_reviewers_at_once_decide_every_card_once(hotel: Hotel, live_server: LiveServer, keys: int) -> None:
    """So many keys each, as fast as the cards come; two browsers, so that neither waits for the other."""
    orders = many(hotel, 2 * keys + 1)  # whoever is done first sits before one card more

    def review(person: str) -> list[str]:
        with closing(Machine()) as machine:
            window = machine.window(live_server.url)
            window.sign_in(username=person, password=DEMO_PASSWORD)
            window.visit(path=QUEUE)
            return list(window.work(key="a", times=keys))

    with ThreadPoolExecutor() as desks:
        shown = dict(zip(("ana", "bruno"), desks.map(review, ("ana", "bruno")), strict=True))

    assert {name: len(set(cards)) for name, cards in shown.items()} == {"ana": keys, "bruno": keys}
    assert not set(shown["ana"]) & set(shown["bruno"]), "no card was shown to both"
    decided = list(Decision.objects.values_list("suggestion__order_id", flat=True))
    assert len(decided) == len(set(decided) & set(orders)) == 2 * keys
    assert WriteBack.objects.filter(state="done").count() == 2 * keys
    linked = hotel.one("select count(*) n from ordens_servico where sem_hospede and matched_by in ('ana', 'bruno')")
    assert linked["n"] == 2 * keys
