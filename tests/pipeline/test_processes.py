"""Runs with real processes: queue, supervisor, child."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as project
from django.contrib.auth.models import Group
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Schedule
from django_q.scheduler import scheduler
from pytest_django.fixtures import Settings

from pipeline import queue, runs, supervisor
from pipeline.models import Beat, JobRun, State, Trigger
from tests.pipeline.conftest import DAY, SAMPLE_JOBS
from tests.pipeline.sample_jobs import CHUNKS
from tests.pipeline.waiting import until

OpenSample = Callable[..., JobRun]
InBackground = Callable[[Callable[[], object]], threading.Thread]
MANAGE = str(Path(project.BASE_DIR) / "manage.py")


@pytest.fixture(autouse=True)
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
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def beaten(run: JobRun, phase: str) -> bool:
    return Beat.objects.filter(run=run, phase=phase).exists()


def test_the_supervisor_runs_a_child_to_its_end_and_a_redelivery_does_nothing(open_sample: OpenSample) -> None:
    run = open_sample("succeed")
    assert supervisor.supervise(run.pk).endswith("succeeded")
    run.refresh_from_db()
    assert (run.state, run.summary, run.fence) == (State.SUCCEEDED, {"rows": 3}, 1)
    assert "not queued" in supervisor.supervise(run.pk)
    run.refresh_from_db()
    assert run.fence == 1


def test_a_cancel_reaches_the_child(open_sample: OpenSample, in_background: InBackground) -> None:
    run = open_sample("wait")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: beaten(run, "wait"))
    runs.request_cancel(run)
    watched.join(10)
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_a_killed_child_is_recorded_by_its_supervisor(open_sample: OpenSample, in_background: InBackground) -> None:
    run = open_sample("wait")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: beaten(run, "wait"))
    os.kill(child_of(run), signal.SIGKILL)
    watched.join(10)
    run.refresh_from_db()
    assert run.state == State.LOST
    assert "9" in run.reason


def child_of(run: JobRun) -> int:
    """The process that executes the run, found by its command line."""
    wanted = ["runjob", str(run.pk), "--supervisor", str(os.getpid())]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if any(words[at : at + 4] == wanted for at in range(len(words))):
                return int(entry.name)
    raise AssertionError("the run has no process")


def test_a_child_that_cannot_start_leaves_a_failed_run(
    open_sample: OpenSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_sample("succeed")
    monkeypatch.setenv("HASH_KEY", "")
    supervisor.supervise(run.pk)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.started_at is None


def test_a_child_that_never_ends_is_ended_at_the_supervisors_limit(open_sample: OpenSample, settings: Settings) -> None:
    settings.SUPERVISOR_TIMEOUT = 4
    run = open_sample("hold")
    supervisor.supervise(run.pk)
    run.refresh_from_db()
    assert run.state == State.TIMED_OUT


def test_a_job_that_holds_the_interpreter_is_cancelled_and_its_line_is_on_the_run(
    open_sample: OpenSample, in_background: InBackground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_PATIENCE_SECONDS", 6)
    run = open_sample("hold")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(
        lambda: beaten(run, "hold") and not Beat.objects.filter(run=run, at__gt=Now() - timedelta(seconds=1)).exists()
    )
    runs.request_cancel(run)
    watched.join(20)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert "tests/pipeline/sample_jobs.py" in run.blocked_stack
    assert "in hold" in run.blocked_stack


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_child_dies_with_its_supervisor_and_the_sweep_finds_the_run(
    open_sample: OpenSample, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    run = open_sample("wait")
    parent = started("shell", "-c", f"from pipeline import supervisor; supervisor.supervise({run.pk})")
    until(lambda: beaten(run, "wait"))
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    count = Beat.objects.filter(run=run).count
    silent_since: list[int] = []

    def silent() -> bool:
        """No new beat for the time of ten."""
        silent_since.append(count())
        return len(silent_since) > 100 and silent_since[-1] == silent_since[-100]

    until(silent)
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.5)
    assert runs.sweep() == [run]
    run.refresh_from_db()
    assert run.state == State.LOST


def test_a_killed_command_is_lost_and_its_resume_loses_and_doubles_nothing(
    open_sample: OpenSample, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    run = open_sample("write")
    child = started("runjob", str(run.pk))
    until(lambda: Group.objects.count() >= 3)
    child.kill()
    child.wait()
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.01)
    Beat.objects.filter(run=run).update(at=Now())
    until(lambda: runs.sweep() == [run])
    run.refresh_from_db()
    resumed = runs.resume(run)
    assert started("runjob", str(resumed.pk)).wait(20) == 0
    numbers = sorted(int(name.split()[1]) for name in Group.objects.values_list("name", flat=True))
    assert numbers == list(range(CHUNKS))


def test_a_frozen_child_that_wakes_up_writes_nothing(
    open_sample: OpenSample, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    run = open_sample("write")
    child = started("runjob", str(run.pk))
    until(lambda: Group.objects.count() >= 3)
    os.kill(child.pid, signal.SIGSTOP)
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.5)
    until(lambda: runs.sweep() == [run], seconds=45)  # where it froze inside a transaction, the server ends that first
    written = Group.objects.count()
    os.kill(child.pid, signal.SIGCONT)
    assert child.wait(20) != 0
    assert Group.objects.count() == written
    run.refresh_from_db()
    assert run.state == State.LOST


def test_a_job_that_blocks_for_ever_is_left_by_its_own_process(
    open_sample: OpenSample, started: Callable[..., subprocess.Popen[bytes]]
) -> None:
    run = open_sample("stuck")
    impatient = "from pipeline import heartbeat; heartbeat.GRACE_SECONDS = 1"
    call = f"from django.core.management import call_command; call_command('runjob', {run.pk})"
    child = started("shell", "-c", f"{impatient}; {call}")
    until(lambda: beaten(run, "stuck"))
    runs.request_cancel(run)
    assert child.wait(15) == 130
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_a_schedule_starts_a_run_through_the_cluster(started: Callable[..., subprocess.Popen[bytes]]) -> None:
    slot = timezone.now() - timedelta(seconds=1)
    task = {"func": queue.START, "args": "('sample',)", "intended_date_kwarg": "slot"}
    Schedule.objects.create(name="sample", schedule_type=Schedule.HOURLY, next_run=slot, **task)
    scheduler()
    cluster = started("qcluster")
    until(lambda: JobRun.objects.filter(job="sample", finished_at__isnull=False).exists(), seconds=40)
    run = JobRun.objects.get()
    assert (run.trigger, run.slot) == (Trigger.SCHEDULE, slot)
    assert run.beats.exists()
    cluster.terminate()
    assert cluster.wait(30) == 0


def test_a_queued_run_goes_through_the_cluster(started: Callable[..., subprocess.Popen[bytes]]) -> None:
    run = queue.start("sample", business_date=DAY, trigger="admin", steps=["succeed"])
    cluster = started("qcluster")
    until(lambda: JobRun.objects.get(pk=run.pk).finished_at is not None, seconds=40)
    run.refresh_from_db()
    assert (run.state, run.summary) == (State.SUCCEEDED, {"rows": 3})
    cluster.terminate()
    assert cluster.wait(30) == 0
    assert queue.waiting_tasks() == 0
