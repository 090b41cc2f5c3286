"""Invalid input and settings: a sentence, an exit code, and no row in a wrong state."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler

from pipeline import queue
from pipeline.models import JobRun, State, Trigger
from pipeline.runs import lifecycle
from tests.pipeline.conftest import DAY, MANAGE

OpenSample = Callable[..., JobRun]


def command(environment: dict[str, str], *arguments: str, **settings: str) -> tuple[int, str]:
    """Exit code and output."""
    ended = subprocess.run(
        [sys.executable, MANAGE, *arguments],
        env={**environment, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert "Traceback" not in ended.stdout + ended.stderr
    return ended.returncode, ended.stdout + ended.stderr


def ended_run(state: str) -> JobRun:
    run = lifecycle.claim(lifecycle.open_run("hospedes_casa", business_date=DAY, trigger=Trigger.COMMAND).pk)
    lifecycle.finish(run.pk, run.fence, state, summary={}, reason="")
    run.refresh_from_db()
    return run


def test_the_command_does_not_resume_a_run_that_succeeded(child_env: dict[str, str]) -> None:
    run = ended_run(State.SUCCEEDED)
    code, said = command(child_env, "hospedes_casa", "--resume", str(run.pk))
    assert code == 2
    assert "não há o que retomar" in said
    assert JobRun.objects.get().state == State.SUCCEEDED


def test_the_command_does_not_resume_the_run_of_another_job(child_env: dict[str, str]) -> None:
    run = ended_run(State.FAILED)
    code, said = command(child_env, "rm_daily_collection", "--resume", str(run.pk))
    assert code == 2
    assert "rm_daily_collection" in said
    assert JobRun.objects.get() == run


def test_the_command_of_a_job_that_is_live_names_the_live_run(child_env: dict[str, str]) -> None:
    live = lifecycle.open_run("hospedes_casa", business_date=DAY, trigger=Trigger.ADMIN)
    code, said = command(child_env, "hospedes_casa", "--date", "2026-11-01")
    assert code == 2
    assert str(live.pk) in said
    assert JobRun.objects.get().state == State.QUEUED


@pytest.mark.parametrize(
    ("name", "setting", "value"),
    [
        ("hospedes_casa", "SUPERVISOR_TIMEOUT", "60"),
        ("qcluster", "STALE_RUNNING_HOURS", "1"),
        *(
            pytest.param(name, "STALE_RUNNING_HOURS", "1", marks=[pytest.mark.drill, pytest.mark.slow_drill])
            for name in ("hospedes_casa", "jobwatch", "setup_schedules")
        ),
    ],
)
def test_nothing_starts_under_limits_that_are_nested_wrongly(
    child_env: dict[str, str], name: str, setting: str, value: str
) -> None:
    code, said = command(child_env, name, **{setting: value})
    assert code == 1
    assert f"{setting}" in said
    assert "must be shorter than" in said
    assert not JobRun.objects.exists()
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("value", ["0", "-1", "half a minute"])
def test_a_heartbeat_that_never_beats_is_refused_at_the_start(child_env: dict[str, str], value: str) -> None:
    ended = subprocess.run(
        [sys.executable, MANAGE, "hospedes_casa"],
        env={**child_env, "HEARTBEAT_SECONDS": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "HEARTBEAT_SECONDS" in ended.stderr.splitlines()[-1]
    assert not JobRun.objects.exists()


def schedule(name: str, **fields: str) -> Schedule:
    due = timezone.now() - timedelta(seconds=1)
    made = {"func": queue.START, "args": f"('{name}',)", "schedule_type": Schedule.HOURLY, "next_run": due, **fields}
    return Schedule.objects.create(name=name, **made)


def test_a_schedule_of_an_unknown_job_opens_no_run(transactional_db: None, caplog: pytest.LogCaptureFixture) -> None:
    schedule("nao_existe")
    scheduler()
    (task,) = OrmQ.objects.all()
    call = task.task
    queue.start_scheduled(*call["args"], **call["kwargs"])
    assert "nao_existe" in caplog.text
    assert not JobRun.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"args": "(("}, {"args": "sample"}, {"func": "os.system", "args": "'true'"}, {"kwargs": "job='sample'"}],
    ids=str,
)  # fmt: skip
def test_a_malformed_schedule_does_not_keep_the_others_from_starting(
    transactional_db: None, wrong: dict[str, str]
) -> None:
    queue.set_up_schedules()
    schedule("broken", **wrong)
    call_command("jobwatch", "--once")
    assert not Schedule.objects.filter(name="broken").exists()
    Schedule.objects.filter(name="hospedes_casa").update(next_run=timezone.now() - timedelta(seconds=1))
    scheduler()
    assert [task.task["args"] for task in OrmQ.objects.all()] == [("hospedes_casa",)]
    assert queue.repair_schedules() == []
