import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from pipeline.models import JobRun, Trigger
from pipeline.runs import lifecycle, registry
from sistema_os.roles import setup_groups
from tests.drills.record import DRILL, Drill

DAY = date(2026, 11, 1)
SAMPLE_JOBS = "tests.pipeline.sample_jobs"
MANAGE = str(Path(project.BASE_DIR) / "manage.py")


@pytest.fixture(autouse=True)
def sample_job(settings: Settings) -> None:
    settings.EXTRA_JOB_MODULES = [SAMPLE_JOBS]
    registry.load()


@pytest.fixture
def open_sample() -> Callable[..., JobRun]:
    """Opens a run of the sample job that behaves as the step says."""

    def open_one(step: str = "succeed", **asked: Any) -> JobRun:
        asked = {"business_date": DAY, "trigger": Trigger.ADMIN, **asked}
        return lifecycle.open_run("sample", steps=[step], **asked)

    return open_one


@pytest.fixture
def people(db: None) -> dict[str, User]:
    """One person in each of the four groups, named after it."""
    people = {}
    for group in setup_groups():
        person = User.objects.create_user(group.name, password="secret", is_staff=True)
        person.groups.add(group)
        people[group.name] = person
    return people


@pytest.fixture
def in_background() -> Iterator[Callable[[Callable[[], Any]], threading.Thread]]:
    """Calls functions in threads of their own, which are over and have no connection left when the test ends."""
    from django.db import connections

    started: list[threading.Thread] = []

    def start(function: Callable[[], Any]) -> threading.Thread:
        def call() -> None:
            try:
                function()
            finally:
                connections.close_all()

        thread = threading.Thread(target=call)
        thread.start()
        started.append(thread)
        return thread

    yield start
    for thread in started:
        thread.join(180)
        assert not thread.is_alive()


@pytest.fixture
def children_see_the_test(child_env: dict[str, str], monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """What the supervisor starts inherits this process's environment: the test's databases and the sample job."""
    for name, value in {**child_env, "EXTRA_JOB_MODULES": SAMPLE_JOBS, "HEARTBEAT_SECONDS": "0.2"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def started(child_env: dict[str, str]) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `manage.py ...`; whatever is left at the end of the test is killed."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, MANAGE, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # a pipe that nobody reads is full after a few thousand lines, and blocks
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def drill(request: pytest.FixtureRequest) -> Drill:
    """What this test tells the table of `make drills`: `@pytest.mark.drill("what is done", within=seconds)`."""
    mark = request.node.get_closest_marker("drill")
    drill = Drill(*mark.args, **mark.kwargs)
    request.node.stash[DRILL] = drill
    return drill
