"""What was pressed and never answered: written and lost on the way back, or thrown away by the login."""

import pytest
from django.contrib.sessions.models import Session

from matching.models import Decision
from sistema_os.roles import DEMO_PASSWORD
from tests.browser.cards import QUEUE, desk, verbs
from tests.browser.conftest import OpenWindow
from tests.matching.conftest import Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]
LIST = "/admin/matching/matchsuggestion/"


def test_a_decision_whose_answer_was_lost_ends_on_the_next_card_without_a_word_of_conflict(
    window: OpenWindow, hotel: Hotel
) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.lose_answers(path=QUEUE, times=1)
    ana.tap(key="a")
    ana.see(words="toalhas extras")
    assert ana.count(selector=".messagelist li") == 0
    assert ana.count(selector="[data-key=U]") == 1, "and can be taken back"
    assert verbs(here.order) == ["accept"]


def test_a_row_pressed_after_the_session_ended_is_offered_again_to_whoever_pressed_it(
    window: OpenWindow, hotel: Hotel
) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.visit(path=LIST)
    assert ana.count(selector="#kept-row:not([hidden])") == 0
    Session.objects.all().delete()
    ana.click(name="Aceitar OS 48001", role="button")
    ana.see(words="Senha")
    ana.sign_in(username="ana", password=DEMO_PASSWORD)
    assert "Aceitar OS 48001" in ana.see(words="Não foi gravado", inside="#kept-row")
    assert ana.axe() == []
    assert not Decision.objects.exists(), "offered, never sent by itself"
    ana.click(name="Tentar de novo", role="button")
    assert verbs(here.order) == ["accept"]
    ana.visit(path=LIST)
    ana.gone(selector="#kept-row:not([hidden])")


def test_a_row_that_one_person_pressed_is_not_offered_to_the_next(window: OpenWindow, hotel: Hotel) -> None:
    desk(hotel)
    there = window("ana")
    there.visit(path=LIST)
    Session.objects.all().delete()
    there.click(name="Aceitar OS 48001", role="button")
    there.see(words="Senha")
    there.sign_in(username="bruno", password=DEMO_PASSWORD)
    assert there.count(selector="#kept-row:not([hidden])") == 0
    assert not Decision.objects.exists()
