"""The shell in a real browser: who sees which menu, the language, the theme, signing in and out."""

import pytest

from sistema_os.roles import DEMO_PASSWORD
from tests.browser.cards import LIST, QUEUE, QUIET
from tests.browser.conftest import OpenWindow
from tests.browser.robots import Robot
from tests.matching.conftest import Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]

READING = "Painel Sugestões Alertas Quartos Passagem de turno Coletas Comparar Execuções Gestão Auditoria "
READING += "Modelos de vinculação"
REVIEWING = READING.replace("Painel", "Painel Revisar")
MENUS = {
    "carla": READING,
    "ana": REVIEWING,
    "bruno": REVIEWING.replace("Comparar", "Comparar Limites da quarentena"),
    "davi": "Painel Execuções",
}
GUESTS = [LIST, QUEUE, f"{LIST}bulk/", "/admin/matching/alert/", "/admin/rooms/", "/admin/handover/"]
GUESTS += ["/admin/snapshots/snapshot/", "/admin/snapshots/snapshot/compare/", "/admin/manager/", "/admin/audit/"]


@pytest.mark.parametrize("person", MENUS)
def test_each_role_sees_exactly_its_menu(window: OpenWindow, hotel: Hotel, person: str) -> None:
    seen = window(person).links(inside=".nav-own")
    assert " ".join(seen) == MENUS[person]


def test_operation_gets_no_page_with_guests_by_its_address_either(window: OpenWindow, hotel: Hotel) -> None:
    davi = window("davi")
    assert [davi.visit(path=path) for path in GUESTS] == [403] * len(GUESTS)
    assert "não" in davi.text(), "told in words"


def test_a_person_signs_in_changes_the_language_and_signs_out(robot: Robot, hotel: Hotel) -> None:
    assert robot.sign_in(username="ana", password=DEMO_PASSWORD).endswith("Ana")
    assert robot.language() == "pt-br", "an English browser is no choice"
    robot.click(name="English", role="button")
    assert robot.heading().startswith("Good ")
    robot.visit(path=LIST)
    assert robot.language() == "en"
    assert robot.axe() == []
    robot.visit(path="/admin/")
    robot.click(name="Português", role="button")
    robot.click(name="Sair", role="button")
    robot.visit(path="/admin/")
    assert "Senha" in robot.text()
    assert robot.complaints() == QUIET


def test_the_theme_follows_the_machine_until_somebody_chooses_and_then_stays(window: OpenWindow, hotel: Hotel) -> None:
    ana = window("ana", color_scheme="dark")
    night = ana.paper()
    ana.push(name="Alternar tema")  # from the machine's to light
    ana.visit(path="/admin/")
    day = ana.paper()
    assert night != day
    ana.visit(path=QUEUE)
    assert ana.paper() == day
