import threading
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from pipeline import registry, runs
from pipeline.models import JobRun, Trigger
from sistema_os.roles import setup_groups

DAY = date(2026, 11, 1)
SAMPLE_JOBS = "tests.pipeline.sample_jobs"


@pytest.fixture(autouse=True)
def sample_job(settings: Settings) -> None:
    settings.EXTRA_JOB_MODULES = [SAMPLE_JOBS]
    registry.load()


@pytest.fixture
def open_sample() -> Callable[..., JobRun]:
    """Opens a run of the sample job that behaves as the step says."""

    def open_one(step: str = "succeed", **asked: Any) -> JobRun:
        asked = {"business_date": DAY, "trigger": Trigger.ADMIN, **asked}
        return runs.open_run("sample", steps=[step], **asked)

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
        thread.join(60)
        assert not thread.is_alive()
