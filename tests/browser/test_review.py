"""A receptionist's morning in a real browser: sign in, accept, see it written, take it back."""

import pytest

from matching.models import Decision, MatchSuggestion, WriteBack
from tests.browser.cards import LIST, QUEUE, QUIET, desk, many, states, verbs
from tests.browser.conftest import OpenWindow
from tests.matching.conftest import Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]


def test_a_suggestion_is_accepted_on_the_list_written_to_the_hotel_and_undone(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.click(name="Ver a lista")
    number = MatchSuggestion.objects.filter(order=here.order)[0].order.number

    ana.click(name=f"Aceitar OS {number}", role="button")
    assert "Tiago Figueiredo Neto" in ana.message()
    assert here.state() == "accepted"
    assert here.linked() == here.stay
    assert hotel.link_of(here.order)["matched_by"] == "ana"

    ana.click(name=f"Desfazer OS {number}", role="button")
    assert number in ana.message()
    assert states(here.order) == {str(here.stay): "pending", "nobody": "pending"}
    assert here.linked() is None
    assert set(WriteBack.objects.values_list("state", flat=True)) == {"done"}
    assert verbs(here.order) == ["accept", "undo"]
    assert ana.complaints() == QUIET


def test_the_queue_is_worked_through_and_taken_back_by_keys(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    assert "Tiago Figueiredo Neto" in ana.heading()

    ana.press(key="a")
    assert "Tiago Figueiredo Neto" not in ana.heading()
    assert here.linked() == here.stay
    said = ana.text(inside="body > [role=status]")
    assert said.startswith("OS 48001 → Tiago Figueiredo Neto. OS 48002"), "what was done, then what follows"

    ana.press(key="u")
    assert here.state() == "pending"
    assert here.linked() is None

    ana.press(key=" ")
    assert "Tiago Figueiredo Neto" not in ana.heading(), "skipped"
    ana.press(key="k")
    assert "Tiago Figueiredo Neto" in ana.heading(), "walked back"
    ana.press(key="f")
    assert "marcada" in ana.text()
    ana.press(key="n")
    assert states(here.order) == {str(here.stay): "superseded", "nobody": "accepted"}
    ana.press(key="e")
    assert "/change/" in ana.address()
    assert ana.complaints() == QUIET


def test_the_last_card_leaves_an_empty_queue_from_which_the_last_decision_is_taken_back(
    window: OpenWindow, hotel: Hotel
) -> None:
    (order,) = many(hotel, 1)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.press(key="a")
    assert "1 decidida hoje" in ana.heading()
    assert ana.axe() == []
    ana.click(name="Desfazer", role="button")
    assert verbs(order) == ["no_guest", "undo"]
    assert "OS 48001" in ana.text(), "the undone card"
    assert ana.complaints() == QUIET


def test_a_rejection_says_why_by_a_digit_or_is_called_off(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.tap(key="r")
    ana.tap(key="Escape")
    assert not Decision.objects.exists()
    ana.tap(key="r")
    assert ana.axe() == []
    ana.press(key="2")
    assert here.state() == "rejected"
    assert Decision.objects.get().reason == "namesake"

    ana.tap(key="r")
    ana.press(key="r")
    assert Decision.objects.latest("pk").reason == "", "asked again on the next card, and R is without a reason"
    assert ana.complaints() == QUIET


def test_letters_decide_nothing_once_they_are_switched_off(window: OpenWindow, hotel: Hotel) -> None:
    desk(hotel)
    ana = window("ana")
    ana.visit(path=QUEUE)
    ana.tap(key="?")
    ana.click(name="Desativar atalhos de teclado", role="button")
    ana.tap(key="a")
    ana.tap(key="r")
    ana.tap(key="2")
    ana.visit(path=QUEUE)
    assert "Tiago Figueiredo Neto" in ana.heading()
    assert not Decision.objects.exists()


def test_whoever_only_looks_finds_no_button_that_decides(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    carla = window("carla")
    carla.visit(path=LIST)
    assert "Aceitar" not in carla.text()
    assert "Tiago Figueiredo Neto" in carla.text()
    carla.visit(path=here.card)
    carla.tap(key="a")
    carla.visit(path=here.card)
    assert "Aceitar" not in carla.text()
    assert not Decision.objects.exists()


def test_without_javascript_the_whole_review_is_done_by_forms(window: OpenWindow, hotel: Hotel) -> None:
    here = desk(hotel)
    ana = window("ana", java_script_enabled=False)
    ana.visit(path=QUEUE)
    ana.click_plain(name="Pular")
    assert "Tiago Figueiredo Neto" not in ana.heading()
    ana.visit(path=QUEUE)
    ana.choose(selector="select[name=reason]", value="namesake")
    ana.click_plain(name="Rejeitar", role="button")
    assert Decision.objects.get().reason == "namesake"
    assert here.state() == "rejected"

    ana.click_plain(name="Desfazer", role="button")
    assert here.state() == "pending"
    ana.click_plain(name="Aceitar", role="button")
    assert here.linked() == here.stay
    ana.click_plain(name="Aceitar", role="button")
    assert "2 decididas hoje" in ana.heading()
    assert verbs(here.other) == ["no_guest"]
    assert ana.complaints() == QUIET
