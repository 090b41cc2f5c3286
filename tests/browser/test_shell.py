"""The shell in a real browser: who sees which menu, the language, the theme, signing in and out."""

import pytest

from sistema_os.roles import DEMO_PASSWORD
from tests.browser.cards import LIST, QUEUE, QUIET
from tests.browser.conftest import OpenWindow
from tests.browser.robots import Robot
from tests.matching.conftest import Candidate, Hotel

pytestmark = [pytest.mark.browser, pytest.mark.stack]

READING = "Painel Sugestões Alertas Quartos Passagem de turno Cadastro de quartos Coletas Comparar "
READING += "Execuções Gestão Auditoria Modelos de vinculação"
REVIEWING = READING.replace("Painel", "Painel Revisar")
MENUS = {
    "carla": READING,
    "ana": REVIEWING,
    "bruno": REVIEWING.replace("Comparar", "Comparar Limites da quarentena")
    .replace("Cadastro", "Importar Fontes Cadastro")
    .replace("Auditoria", "Auditoria Pedidos de titulares Equipe"),
    "davi": "Painel Importar Fontes Execuções",
}
GUESTS = [LIST, QUEUE, f"{LIST}bulk/", "/admin/matching/alert/", "/admin/rooms/", "/admin/handover/"]
GUESTS += ["/admin/snapshots/snapshot/", "/admin/snapshots/snapshot/compare/", "/admin/manager/", "/admin/audit/"]


@pytest.mark.parametrize("person", MENUS)
def test_each_role_sees_exactly_its_menu(window: OpenWindow, hotel: Hotel, person: str) -> None:
    seen = window(person).links(inside="#nav-sidebar .nav-own ul")
    assert " ".join(seen) == MENUS[person]


def test_operation_gets_no_page_with_guests_by_its_address_either(window: OpenWindow, hotel: Hotel) -> None:
    davi = window("davi")
    assert [davi.visit(path=path) for path in GUESTS] == [403] * len(GUESTS)
    assert "não" in davi.text(), "told in words"


def test_a_person_signs_in_changes_the_language_and_signs_out(robot: Robot, hotel: Hotel) -> None:
    assert robot.sign_in(username="ana", password=DEMO_PASSWORD).endswith("Ana")
    assert robot.language() == "pt-br", "an English browser is no choice"
    robot.unfold(selector=".me")
    robot.click(name="English", role="button")
    assert robot.heading().startswith("Good ")
    robot.visit(path=LIST)
    assert robot.language() == "en"
    assert robot.axe() == []
    robot.visit(path="/admin/")
    robot.unfold(selector=".me")
    robot.click(name="Português", role="button")
    robot.unfold(selector=".me")
    robot.click(name="Sair", role="button")
    robot.visit(path="/admin/")
    assert "Senha" in robot.text()
    assert robot.complaints() == QUIET


def test_the_theme_follows_the_machine_until_somebody_chooses_and_then_stays(window: OpenWindow, hotel: Hotel) -> None:
    ana = window("ana", color_scheme="dark")
    night = ana.paper()
    ana.unfold(selector=".me")
    ana.push(name="Tema: automático")  # from the machine's to light
    ana.visit(path="/admin/")
    day = ana.paper()
    assert night != day
    ana.visit(path=QUEUE)
    assert ana.paper() == day


def test_the_persons_menu_closes_on_escape_and_on_a_press_elsewhere(window: OpenWindow, hotel: Hotel) -> None:
    ana = window("ana")
    ana.unfold(selector=".me")
    assert ana.visible(selector=".me ul")
    assert ana.axe() == []
    ana.tap(key="Escape")
    assert not ana.visible(selector=".me ul")
    ana.unfold(selector=".me")
    ana.follow(selector="h1")
    assert not ana.visible(selector=".me ul")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_on_a_phone_the_whole_menu_opens_and_the_back_button_closes_it(
    window: OpenWindow, hotel: Hotel, scripts: bool
) -> None:
    ana = window("ana", java_script_enabled=scripts)
    ana.resize(wide=390)
    ana.follow(selector=".tabbar a[href='#menu']")
    assert ana.visible(selector="#menu")
    assert " ".join(ana.links(inside="#menu ul:not(.my-things)")) == REVIEWING
    assert ana.visible(selector="#menu [action$='/logout/'] button")
    if scripts:
        assert ana.axe() == []
        assert ana.small_targets(selector="#menu a, #menu button", least=44) == []
    ana.follow(selector=".sheet-f a")
    assert not ana.visible(selector="#menu")


def test_without_a_script_the_side_menu_stands_open_on_a_desk(window: OpenWindow, hotel: Hotel) -> None:
    ana = window("ana", java_script_enabled=False)
    for wide in (1024, 1366):
        ana.resize(wide=wide)
        assert ana.visible(selector="#nav-sidebar .nav-own a")


def test_filters_leave_through_the_side_on_a_tablet(window: OpenWindow, hotel: Hotel) -> None:
    ana = window("ana")
    ana.resize(wide=820)
    ana.visit(path=f"{LIST}?state=all&band=doubt")
    assert not ana.visible(selector="#changelist-filter")
    ana.follow(selector=".open-f")
    assert ana.visible(selector="#changelist-filter")
    assert ana.axe() == []
    ana.resize(wide=1366)
    ana.visit(path=LIST)
    assert ana.visible(selector="#changelist-filter")
    assert not ana.visible(selector=".open-f")


def test_a_dashboard_that_gets_no_answer_says_so(window: OpenWindow, hotel: Hotel) -> None:
    hotel.suggest(Candidate(hotel.order(), hotel.stay("Ana Lima"), 0.7))
    ana = window("ana")
    ana.take_clock()
    ana.visit(path="/admin/")
    ana.offline(away=True)
    ana.pass_minutes(minutes=2)
    assert not ana.visible(selector="#stale")
    ana.pass_minutes(minutes=2)
    assert "desatualizada" in ana.see(words="Sem conexão com o servidor desde", inside="#stale")
    ana.offline(away=False)
    ana.pass_minutes(minutes=1)
    ana.gone(selector="#stale")


def test_a_note_is_saved_as_it_is_typed_and_the_sheet_is_one_page(window: OpenWindow, hotel: Hotel) -> None:
    ana = window("ana")
    ana.visit(path="/admin/handover/")
    ana.fill(label="Seu recado", value="Chave da 312 com o Josué.")
    ana.see(words="salvo às", inside="[data-saved]")
    assert ana.sheets() == 1
    bruno = window("bruno")
    bruno.visit(path="/admin/handover/")
    assert "Chave da 312 com o Josué." in bruno.text()
