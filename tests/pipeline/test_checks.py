"""Time limits must be nested, otherwise the project does not start."""

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings


def complaints() -> str:
    return " ".join(f"{problem.msg}" for problem in run_checks() if str(problem.id).startswith("pipeline."))


def test_the_settings_of_the_project_are_nested() -> None:
    assert complaints() == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HEARTBEAT_SECONDS", 0, "HEARTBEAT_SECONDS"),
        ("HEARTBEAT_SECONDS", 3600, "three heartbeats"),
        ("QUERY_TIMEOUT", 90 * 60, "QUERY_TIMEOUT"),
        ("SUPERVISOR_TIMEOUT", 90 * 60, "SUPERVISOR_TIMEOUT"),
        ("JOB_TIMEOUT", 3 * 3600, "JOB_TIMEOUT"),
        ("STALE_RUNNING_HOURS", 1, "STALE_RUNNING_HOURS"),
    ],
)
def test_a_limit_outside_the_next_is_refused(settings: Settings, name: str, value: float, said: str) -> None:
    setattr(settings, name, value)
    assert said in complaints()


@pytest.mark.parametrize(("name", "value"), [("timeout", 5000), ("retry", 6000), ("workers", 1)])
def test_a_queue_that_would_deliver_twice_is_refused(settings: Settings, name: str, value: int) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, name: value}
    assert "Q_CLUSTER" in complaints()
