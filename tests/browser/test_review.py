"""A receptionist's morning in a real browser: sign in, accept, see it written, take it back."""

from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User

from matching.models import Decision, MatchSuggestion, WriteBack
from sistema_os.roles import DEMO_PASSWORD
from tests.browser.conftest import Robot
from tests.matching.conftest import Candidate, Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]

LIST = "/admin/matching/matchsuggestion/"
QUEUE = "/admin/matching/matchsuggestion/review/"
PAGES = (
    "/admin/",
    LIST,
    QUEUE,
    "/admin/matching/alert/",
    "/admin/rooms/",
    "/admin/handover/",
    "/admin/manager/",
    "/admin/pipeline/jobrun/",
    "/admin/pipeline/jobrun/start/",
    "/admin/snapshots/snapshot/",
    "/admin/snapshots/snapshot/compare/",
)
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}


@pytest.fixture
def seeded(hotel_db: psycopg.Connection[Any], people: dict[str, User]) -> tuple[Hotel, int, int]:
    """The hotel, an order, and the stay that is suggested for it; a second order waits behind it."""
    hotel = Hotel(hotel_db)
    order, stay = hotel.order("vazamento no chuveiro apto 412, sr Thiago"), hotel.stay("Tiago Figueiredo Neto")
    other = hotel.order("toalhas extras 203")
    hotel.suggest(Candidate(order, stay, 0.87), Candidate(order, None, 0.13, rank=2), Candidate(other, None, 0.75))
    return hotel, order, stay


def _states(order: int) -> dict[str, str]:
    rows = MatchSuggestion.objects.filter(order=order).select_related("stay")
    return {str(row.stay.pk) if row.stay else "nobody": row.state for row in rows}


def _verbs(order: int) -> list[str]:
    return list(Decision.objects.filter(suggestion__order=order).order_by("pk").values_list("verb", flat=True))


def test_a_suggestion_is_accepted_on_the_list_written_to_the_hotel_and_undone(
    robot: Robot, seeded: tuple[Hotel, int, int]
) -> None:
    hotel, order, stay = seeded
    robot.sign_in(username="ana", password=DEMO_PASSWORD)
    robot.click(name="Ver a lista")
    number = MatchSuggestion.objects.filter(order=order)[0].order.number

    robot.click(name=f"Aceitar OS {number}", role="button")
    assert "Tiago Figueiredo Neto" in robot.message()
    assert _states(order)[str(stay)] == "accepted"
    assert hotel.link_of(order)["listagem_id"] == stay
    assert hotel.link_of(order)["matched_by"] == "ana"

    robot.click(name=f"Desfazer OS {number}", role="button")
    assert number in robot.message()
    assert _states(order) == {str(stay): "pending", "nobody": "pending"}
    assert hotel.link_of(order)["listagem_id"] is None
    assert set(WriteBack.objects.values_list("state", flat=True)) == {"done"}
    assert len(_verbs(order)) == 2
    assert robot.complaints() == {"errors": [], "outside": []}


def test_the_queue_is_worked_through_and_taken_back_by_keys(robot: Robot, seeded: tuple[Hotel, int, int]) -> None:
    hotel, order, stay = seeded
    robot.sign_in(username="ana", password=DEMO_PASSWORD)
    robot.visit(path=QUEUE)
    assert "Tiago Figueiredo Neto" in robot.text()

    robot.press(key="a")
    assert "Tiago Figueiredo Neto" not in robot.heading()
    assert hotel.link_of(order)["listagem_id"] == stay

    robot.press(key="u")
    assert _states(order)[str(stay)] == "pending"
    assert hotel.link_of(order)["listagem_id"] is None
    assert robot.complaints() == {"errors": [], "outside": []}


def test_a_rejection_says_why_by_a_digit_or_is_called_off(robot: Robot, seeded: tuple[Hotel, int, int]) -> None:
    _hotel, order, stay = seeded
    robot.sign_in(username="ana", password=DEMO_PASSWORD)
    robot.visit(path=QUEUE)
    robot.tap(key="r")
    robot.tap(key="Escape")
    assert not Decision.objects.exists()
    robot.tap(key="r")
    assert robot.axe() == []
    robot.press(key="2")
    assert _states(order)[str(stay)] == "rejected"
    assert Decision.objects.get().reason == "namesake"
    assert robot.complaints() == {"errors": [], "outside": []}


def test_letters_decide_nothing_once_they_are_switched_off(robot: Robot, seeded: tuple[Hotel, int, int]) -> None:
    robot.sign_in(username="ana", password=DEMO_PASSWORD)
    robot.visit(path=QUEUE)
    robot.tap(key="?")
    robot.click(name="Desligar teclas de uma letra", role="button")
    robot.tap(key="a")
    robot.tap(key="r")
    robot.tap(key="2")
    robot.visit(path=QUEUE)
    assert "Tiago Figueiredo Neto" in robot.text()
    assert not Decision.objects.exists()


def test_whoever_only_looks_finds_no_button_that_decides(robot: Robot, seeded: tuple[Hotel, int, int]) -> None:
    robot.sign_in(username="carla", password=DEMO_PASSWORD)
    robot.visit(path=LIST)
    assert "Aceitar" not in robot.text()
    assert "Tiago Figueiredo Neto" in robot.text()


@pytest.mark.parametrize("robot", [{"viewport": {"width": 1280, "height": 900}}, PHONE], indirect=True)
def test_the_pages_of_the_review_are_accessible_and_fit(
    robot: Robot, seeded: tuple[Hotel, int, int], request: Any
) -> None:
    robot.sign_in(username="bruno", password=DEMO_PASSWORD)
    for page in PAGES:
        assert robot.visit(path=page) == 200
        assert robot.axe() == [], page
        assert robot.width() <= request.node.callspec.params["robot"]["viewport"]["width"], page
    assert robot.complaints() == {"errors": [], "outside": []}
