import json
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from sistema_os import roles
from tests.browser.process import find_browser


class Robot:
    """Speaks to the browser's process: `robot.visit(path="/admin/")` does the step of that name there."""

    def __init__(self, base: str, **options: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.process", base, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __getattr__(self, step: str) -> Any:
        def do(**args: Any) -> Any:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps({"step": step, "args": args}) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._process.stdout.readline() or '{"error": "the browser is gone"}')
            assert "error" not in answer, f"{answer['error']}\n{answer.get('url')}"
            return answer["ok"]

        return do

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture
def people(transactional_db: None) -> dict[str, User]:
    """The demo users by name; the password of all is roles.DEMO_PASSWORD."""
    roles.setup_groups()
    roles.setup_demo_users()
    return {user.username: user for user in User.objects.all()}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails leaves a picture of what the browser showed: browser-failures/<test>.png."""
    report = yield
    robot = getattr(item, "funcargs", {}).get("robot")
    if report.when == "call" and report.failed and isinstance(robot, Robot):
        with suppress(AssertionError, OSError):  # a browser that is gone shows nothing
            report.sections.append(("picture", robot.picture(name=item.name)))
    return report


@pytest.fixture
def robot(request: pytest.FixtureRequest, live_server: LiveServer) -> Iterator[Robot]:
    """A browser on the live server; indirect parameters are the options of its context."""
    if find_browser() is None:
        pytest.fail("No chromium on PATH: install one or name it in BROWSER.")
    robot = Robot(live_server.url, **getattr(request, "param", {}))
    yield robot
    robot.close()
