"""The shell in a real browser: every role's pages, light and dark, wide and narrow, without a complaint."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from sistema_os.roles import DEMO_PASSWORD
from tests.browser.robots import Robot

pytestmark = pytest.mark.browser

PAGES = ("/admin/", "/admin/auth/user/", "/admin/auth/group/?q=nobody", "/admin/password_change/")
WIDE_AND_LIGHT: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
NARROW_AND_DARK: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}


@pytest.mark.parametrize("robot", [WIDE_AND_LIGHT, NARROW_AND_DARK], indirect=True, ids=["wide, light", "narrow, dark"])
def test_pages_are_accessible_fit_the_window_and_ask_nobody_else(
    robot: Robot, people: dict[str, User], request: Any
) -> None:
    width = request.node.callspec.params["robot"]["viewport"]["width"]
    robot.visit(path="/admin/login/")
    assert robot.axe() == []
    robot.sign_in(username="admin", password=DEMO_PASSWORD)
    for page in PAGES:
        assert robot.visit(path=page) == 200
        assert robot.axe() == [], page
        assert robot.width() <= width, page
    assert robot.complaints() == {"errors": [], "outside": []}


def test_a_person_signs_in_changes_the_language_and_signs_out(robot: Robot, people: dict[str, User]) -> None:
    assert robot.sign_in(username="ana", password=DEMO_PASSWORD).endswith("Ana")
    robot.click(name="English", role="button")
    assert robot.heading().startswith("Good ")
    robot.click(name="Português", role="button")
    robot.click(name="Sair", role="button")
    robot.visit(path="/admin/")
    assert "Senha" in robot.text()
    assert robot.complaints() == {"errors": [], "outside": []}
