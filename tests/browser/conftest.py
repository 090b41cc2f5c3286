from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from sistema_os import roles
from tests.browser.process import find_browser
from tests.browser.robots import Machine, Robot
from tests.matching.conftest import Hotel

OpenWindow = Callable[..., Robot]


@pytest.fixture
def people(transactional_db: None) -> dict[str, User]:
    """The demo users by name; the password of all is roles.DEMO_PASSWORD."""
    roles.setup_groups()
    roles.setup_demo_users()
    return {user.username: user for user in User.objects.all()}


@pytest.fixture
def hotel(hotel_db: psycopg.Connection[Any], people: dict[str, User]) -> Hotel:
    return Hotel(hotel_db)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails leaves a picture of what each window showed: browser-failures/<test>-<window>.png."""
    report = yield
    if report.when == "call" and report.failed:
        for place, robot in enumerate(getattr(item, "robots", ())):
            with suppress(AssertionError, OSError):  # a browser that is gone shows nothing
                report.sections.append(("picture", robot.picture(name=f"{item.name}-{place}")))
    return report


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """One browser for all tests; each test has windows of its own."""
    if find_browser() is None:
        pytest.fail("No chromium on PATH: install one or name it in BROWSER.")
    machine = Machine()
    yield machine
    machine.close()


@pytest.fixture
def window(request: pytest.FixtureRequest, machine: Machine, live_server: LiveServer) -> Iterator[OpenWindow]:
    """Opens windows on the live server, each with cookies of its own; takes the options of a browser context. With
    `person=` the session of one of the demo's people is there and the dashboard is shown, as after the login."""
    opened: list[Robot] = []
    request.node.robots = opened

    def open_window(person: str = "", **options: Any) -> Robot:
        if person:
            options["storage_state"] = {"cookies": [_session(person, live_server.url)], "origins": []}
        opened.append(machine.window(live_server.url, **options))
        if person:
            opened[-1].visit(path="/admin/")
        return opened[-1]

    yield open_window
    for robot in opened:
        robot.close()


def _session(person: str, url: str) -> dict[str, str]:
    """The cookie that the login sets. The login itself is three pages, and tests of its own."""
    client = Client()
    client.force_login(User.objects.get(username=person))
    return {"name": settings.SESSION_COOKIE_NAME, "value": client.session.session_key or "", "url": url}


@pytest.fixture
def robot(request: pytest.FixtureRequest, window: OpenWindow) -> Robot:
    """A window that nobody has signed in to; indirect parameters are the options of its context."""
    return window(**getattr(request, "param", {}))
