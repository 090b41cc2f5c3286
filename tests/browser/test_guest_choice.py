"""Any guest for an order in a real browser: by keyboard, by phone, and what stays in sight."""

import pytest
from django.utils import timezone

from matching.models import Decision
from tests.browser.cards import QUEUE, QUIET, desk
from tests.browser.conftest import OpenWindow
from tests.matching.conftest import Candidate, Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]
# A screen of 1366 x 768 less the browser's own bars.
DESK = {"width": 1366, "height": 657}
PHONE = {"width": 390, "height": 844}


def rosa(hotel: Hotel) -> int:
    stay = hotel.stay("Rosa Prado Lima", "203")
    other = hotel.stay("Rosana Alves", "305")
    hotel.refresh(stays=[stay, other])
    return stay


def test_a_guest_who_was_not_offered_is_linked_by_six_keys(window: OpenWindow, hotel: Hotel) -> None:
    here, stay = desk(hotel), rosa(hotel)
    ana = window("ana", viewport=DESK)
    ana.visit(path=QUEUE)
    ana.tap(key="g")
    ana.see(words="De quem é a OS 48001?", inside="dialog#pick")
    assert ana.focused() == "Nome, quarto ou reserva"
    for letter in "203":
        ana.tap(key=letter)
    said = ana.press(key="Enter")
    assert "OS 48002" in said
    assert here.linked() == stay, "five keys"
    assert ana.count(selector="dialog[open]") == 0

    ana.press(key="u")
    assert here.linked() is None
    assert "OS 48001" in ana.text(), "an undo returns to the undone card"
    assert ana.complaints() == QUIET


def test_the_search_is_worked_by_arrows_and_left_by_escape(window: OpenWindow, hotel: Hotel) -> None:
    here, stay = desk(hotel), rosa(hotel)
    ana = window("ana", viewport=DESK)
    ana.visit(path=QUEUE)
    ana.tap(key="g")
    ana.see(words="De quem é a OS", inside="dialog#pick")
    for letter in "rosa":
        ana.tap(key=letter)
    ana.see(words="2 pessoas com “rosa”", inside="dialog#pick")
    assert ana.text(inside="dialog#pick .hits mark") == "Rosa"
    assert ana.axe() == []
    ana.tap(key="ArrowDown")
    first = ana.focused()
    ana.tap(key="ArrowDown")
    assert ana.focused() != first
    assert ana.focused().startswith("Escolher Rosa")
    ana.tap(key="ArrowUp")
    assert ana.focused() == first
    ana.tap(key="ArrowUp")
    assert ana.focused() == "Nome, quarto ou reserva"
    ana.tap(key="Escape")
    assert ana.count(selector="dialog[open]") == 0
    assert not Decision.objects.exists()

    ana.tap(key="g")
    ana.see(words="De quem é a OS", inside="dialog#pick")
    ana.tap(key="Escape")
    ana.press(key="a")
    assert here.linked() == here.stay
    assert stay != here.stay
    assert ana.complaints() == QUIET


@pytest.mark.parametrize("letters", [120, 1400])
def test_sentence_and_buttons_are_in_sight_without_scrolling(window: OpenWindow, hotel: Hotel, letters: int) -> None:
    text = ("vazamento no chuveiro apto 412, sr Thiago, pediu para resolver antes de sair. " * 20)[:letters]
    order = hotel.order(text, uh_texto="412")
    stay = hotel.stay("Tiago Figueiredo Neto", saida=timezone.localdate())
    hotel.suggest(Candidate(order, stay, 0.87), Candidate(order, None, 0.13, rank=2))
    ana = window("ana", viewport=DESK)
    ana.visit(path=QUEUE)
    assert ana.edges(selector=".why")["bottom"] < ana.edges(selector=".actionbar")["top"]
    assert ana.edges(selector=".actionbar")["bottom"] <= DESK["height"]
    assert ana.width() <= DESK["width"]
    assert ana.axe() == []


def test_a_phone_has_the_bar_in_two_rows_and_the_search_on_all_of_it(window: OpenWindow, hotel: Hotel) -> None:
    here, stay = desk(hotel), rosa(hotel)
    ana = window("ana", viewport=PHONE)
    ana.visit(path=QUEUE)
    assert ana.rows(selector=".actionbar > .btn, .actionbar .reject .btn, .actionbar .acts .btn") == 2
    assert ana.edges(selector=".why")["bottom"] < ana.edges(selector=".actionbar")["top"]
    assert ana.small_targets(selector=".actionbar .btn, .seg a, .alts .btn", least=44) == []
    assert ana.width() <= PHONE["width"]
    ana.tap(key="g")
    ana.see(words="De quem é a OS 48001?", inside="dialog#pick")
    ana.fill(label="Nome, quarto ou reserva", value="rosa prado")
    ana.see(words="1 pessoa com", inside="dialog#pick")
    assert ana.edges(selector="dialog#pick") == {"top": 0, "bottom": PHONE["height"]}
    assert ana.width() <= PHONE["width"]
    assert ana.axe() == []
    ana.click(name="Escolher Rosa Prado Lima", role="button")
    assert here.linked() == stay
    assert ana.small_targets(selector=".toast .btn", least=44) == []
    assert ana.complaints() == QUIET
