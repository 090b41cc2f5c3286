"""What a morning does to a person who decides: the network, the session, a finger that rests on the key."""

import pytest
from django.contrib.sessions.models import Session

from matching.models import Decision
from sistema_os.roles import DEMO_PASSWORD
from tests.browser.cards import QUEUE, desk, many, verbs
from tests.browser.conftest import OpenWindow
from tests.matching.conftest import Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_a_key_held_down_decides_one_card(window: OpenWindow, hotel: Hotel) -> None:
    many(hotel, 4)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.hold(key="a", repeats=12)
    ana.visit(path=QUEUE)
    assert Decision.objects.count() == 1


def test_enter_held_down_on_the_button_decides_one_card(window: OpenWindow, hotel: Hotel) -> None:
    many(hotel, 4)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.focus(selector="[data-key=A]")
    ana.hold(key="Enter", repeats=12)
    ana.visit(path=QUEUE)
    assert Decision.objects.count() == 1


def test_a_double_click_decides_one_card(window: OpenWindow, hotel: Hotel) -> None:
    many(hotel, 4)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.double_click(selector="[data-key=A]")
    ana.visit(path=QUEUE)
    assert Decision.objects.count() == 1


def test_a_decision_made_without_a_network_is_said_and_sent_once_when_it_is_back(
    window: OpenWindow, hotel: Hotel
) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.offline(away=True)
    ana.tap(key="a")
    assert "Tiago Figueiredo Neto" in ana.see(words="Sem conexão", inside="#away")
    assert ana.axe() == []
    ana.tap(key="a")
    ana.tap(key="n")
    assert not Decision.objects.exists()

    ana.offline(away=False)
    ana.see(words="toalhas extras")
    assert verbs(here.order) == ["accept"]
    assert here.linked() == here.stay


def test_a_decision_whose_answer_was_lost_is_not_taken_twice(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.lose_answers(path=QUEUE, times=1)
    ana.tap(key="a")
    ana.see(words="toalhas extras")
    assert verbs(here.order) == ["accept"]
    assert here.linked() == here.stay


def test_a_session_that_ends_in_mid_decision_loses_no_decision(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    Session.objects.all().delete()
    ana.tap(key="a")
    ana.see(words="Senha")
    assert not Decision.objects.exists()

    ana.sign_in(username="ana", password=DEMO_PASSWORD)
    asked = ana.see(words="ainda não foi gravada", inside="#kept")
    assert "Aceitar" in asked
    assert "Tiago Figueiredo Neto" in asked
    assert ana.axe() == []
    assert not Decision.objects.exists(), "offered, never sent by itself"
    ana.press(key="Enter")
    assert verbs(here.order) == ["accept"]
    assert here.linked() == here.stay
    ana.visit(path=QUEUE)
    ana.gone(selector="#kept")


def test_the_decision_of_one_person_is_not_offered_to_the_next_who_signs_in(window: OpenWindow, hotel: Hotel) -> None:
    desk(hotel)
    there = window("ana")
    there.visit(path=QUEUE)
    Session.objects.all().delete()
    there.tap(key="a")
    there.see(words="Senha")
    there.sign_in(username="bruno", password=DEMO_PASSWORD)
    there.see(words="Tiago Figueiredo Neto")
    there.gone(selector="#kept")
    assert not Decision.objects.exists()


def test_a_decision_kept_from_an_ended_session_can_be_dropped(window: OpenWindow, hotel: Hotel) -> None:
    desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    Session.objects.all().delete()
    ana.tap(key="a")
    ana.see(words="Senha")
    ana.sign_in(username="ana", password=DEMO_PASSWORD)
    ana.see(words="ainda não foi gravada", inside="#kept")
    ana.tap(key="Escape")
    ana.visit(path=QUEUE)
    ana.gone(selector="#kept")
    assert not Decision.objects.exists()


def test_whoever_signed_in_again_in_another_tab_is_asked_instead_of_refused(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.forget_cookie(name="csrftoken")
    ana.tap(key="a")
    ana.see(words="ainda não foi gravada", inside="#kept")
    ana.press(key="Enter")
    assert verbs(here.order) == ["accept"]
