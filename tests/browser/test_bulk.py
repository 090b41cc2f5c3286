"""Many decisions at once: looked at first, then one batch, one undo."""

import pytest

from matching.models import Decision, WriteBack
from tests.browser.cards import LIST, QUIET, many, verbs
from tests.browser.conftest import OpenWindow
from tests.matching.conftest import Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]

BULK = f"{LIST}bulk/"


def test_what_is_probable_enough_is_shown_then_accepted_then_taken_back_as_one(
    window: OpenWindow, hotel: Hotel
) -> None:
    sure = many(hotel, 7, probability=0.99)
    doubtful = many(hotel, 2, probability=0.91)
    bruno = window("bruno")
    bruno.visit(path=BULK)
    bruno.fill(label="Outra probabilidade", value="0,98")
    bruno.click(name="Ver prévia", role="button")
    assert "7" in bruno.heading()
    looked = bruno.inspect(path=bruno.address())
    assert looked["wrong"] == []
    assert not Decision.objects.exists(), "looking decides nothing"

    bruno.click(name="Aceitar 7", role="button")
    assert "7 aceitas" in bruno.heading()
    assert bruno.inspect(path=bruno.address())["wrong"] == []
    assert Decision.objects.values("batch").distinct().count() == 1
    assert [verbs(order) for order in (*sure, *doubtful)] == [["no_guest"]] * 7 + [[]] * 2
    assert WriteBack.objects.filter(state="open").count() == 7, "written by themselves, within minutes"

    bruno.click(name="Desfazer o lote inteiro", role="button")
    assert [verbs(order) for order in sure] == [["no_guest", "undo"]] * 7
    assert WriteBack.objects.filter(state="withdrawn").count() == 7
    assert bruno.complaints() == QUIET


def test_whoever_reviews_card_by_card_is_not_shown_the_bulk_and_does_not_get_it_by_its_address(
    window: OpenWindow, hotel: Hotel
) -> None:
    many(hotel, 2, probability=0.99)
    ana = window("ana")
    ana.visit(path=LIST)
    assert ana.count(selector=f"a[href*='{BULK}']") == 0
    assert ana.visit(path=BULK) == 403
