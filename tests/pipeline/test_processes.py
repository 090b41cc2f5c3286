"""Runs with real processes: queue, supervisor, child."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import Group
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import Schedule
from django_q.scheduler import scheduler
from pytest_django.fixtures import Settings

from pipeline import queue
from pipeline.models import Beat, JobRun, State, Trigger
from pipeline.runs import lifecycle
from pipeline.worker import supervisor
from tests.drills import lost
from tests.drills.record import Drill
from tests.pipeline.conftest import DAY
from tests.pipeline.sample_jobs import CHUNKS
from tests.pipeline.waiting import beaten, child_of, gone, until

OpenSample = Callable[..., JobRun]
InBackground = Callable[[Callable[[], object]], threading.Thread]


pytestmark = pytest.mark.usefixtures("children_see_the_test")


def test_the_supervisor_runs_a_child_to_its_end_and_a_redelivery_does_nothing(open_sample: OpenSample) -> None:
    run = open_sample("succeed")
    assert supervisor.supervise(run.pk).endswith("succeeded")
    run.refresh_from_db()
    assert (run.state, run.summary, run.fence) == (State.SUCCEEDED, {"rows": 3}, 1)
    assert "not queued" in supervisor.supervise(run.pk)
    run.refresh_from_db()
    assert run.fence == 1


def test_of_two_deliveries_at_once_the_second_leaves_the_run_alone(
    open_sample: OpenSample, in_background: InBackground
) -> None:
    run = open_sample("write")
    deliveries = [in_background(lambda: supervisor.supervise(run.pk)) for _ in range(2)]
    for delivery in deliveries:
        delivery.join(180)
    run.refresh_from_db()
    assert (run.state, run.fence, run.reason) == (State.SUCCEEDED, 1, "")
    assert Group.objects.count() == CHUNKS


@pytest.mark.drill("a person cancels a run in the queue's child", within=1.0)
def test_a_cancel_reaches_the_child(open_sample: OpenSample, in_background: InBackground, drill: Drill) -> None:
    run = open_sample("wait")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: beaten(run, "wait"))
    with drill.clock():
        lifecycle.request_cancel(run)
        until(lambda: JobRun.objects.get(pk=run.pk).finished_at)
    watched.join(180)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    drill.seen = "cancelled"


@pytest.mark.drill("kill -9 of the child", within=2.0, figure="dead child -> lost, s")
def test_a_killed_child_is_recorded_by_its_supervisor(
    open_sample: OpenSample, in_background: InBackground, drill: Drill
) -> None:
    run = open_sample("wait")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: beaten(run, "wait"))
    with drill.clock():
        os.kill(child_of(run), signal.SIGKILL)
        until(lambda: JobRun.objects.get(pk=run.pk).finished_at)
    watched.join(180)
    run.refresh_from_db()
    assert run.state == State.LOST
    assert "9" in run.reason
    drill.seen = "lost, by signal 9"


def test_a_child_that_cannot_start_leaves_a_failed_run(
    open_sample: OpenSample, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_sample("succeed")
    monkeypatch.setenv("HASH_KEY", "")
    supervisor.supervise(run.pk)
    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.started_at is None


def test_a_child_that_never_ends_is_ended_at_the_supervisors_limit(
    open_sample: OpenSample, in_background: InBackground, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit passes once the child is at work, however long the machine took to start it."""
    settings.SUPERVISOR_TIMEOUT = 3600
    ahead = [0.0]
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead[0], sleep=time.sleep)
    monkeypatch.setattr(supervisor, "time", clock)
    run = open_sample("hold")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: beaten(run, "hold"))
    ahead[0] = 3601
    watched.join(180)
    run.refresh_from_db()
    assert run.state == State.TIMED_OUT


@pytest.mark.drill("a C call holds the interpreter; cancel", within=15.0)
def test_a_job_that_holds_the_interpreter_is_cancelled_and_its_line_is_on_the_run(
    open_sample: OpenSample, in_background: InBackground, monkeypatch: pytest.MonkeyPatch, drill: Drill
) -> None:
    monkeypatch.setattr(supervisor, "_PATIENCE_SECONDS", 6)
    run = open_sample("hold")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(
        lambda: beaten(run, "hold") and not Beat.objects.filter(run=run, at__gt=Now() - timedelta(seconds=3)).exists()
    )
    with drill.clock():
        lifecycle.request_cancel(run)
        watched.join(180)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert "tests/pipeline/sample_jobs.py" in run.blocked_stack
    assert "in hold" in run.blocked_stack
    drill.seen = "cancelled, the guilty line on the run"


@pytest.mark.drill("kill -9 of the supervisor")
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_child_dies_with_its_supervisor_and_the_sweep_finds_the_run(
    open_sample: OpenSample, started: Callable[..., subprocess.Popen[bytes]], drill: Drill
) -> None:
    run = open_sample("wait")
    parent = started("shell", "-c", f"from pipeline.worker import supervisor; supervisor.supervise({run.pk})")
    until(lambda: beaten(run, "wait"))
    child = child_of(run, parent.pid)
    with drill.clock():
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        until(lambda: gone(child))
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.5)
    until(lambda: lifecycle.sweep() == [run])
    run.refresh_from_db()
    assert run.state == State.LOST
    drill.seen = "the child died with it; the sweep: lost"


@pytest.mark.drill("kill -9 in mid-write, then resume")
def test_a_killed_command_is_lost_and_its_resume_loses_and_doubles_nothing(
    open_sample: OpenSample, started: Callable[..., subprocess.Popen[bytes]], drill: Drill
) -> None:
    run = open_sample("write")
    child = started("runjob", str(run.pk))
    until(lambda: Group.objects.count() >= 3)
    child.kill()
    child.wait()
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.01)
    Beat.objects.filter(run=run).update(at=Now())
    until(lambda: lifecycle.sweep() == [run])
    run.refresh_from_db()
    resumed = lifecycle.resume(run)
    with drill.clock():
        assert started("runjob", str(resumed.pk)).wait(180) == 0
    numbers = sorted(int(name.split()[1]) for name in Group.objects.values_list("name", flat=True))
    drill.count(numbers, range(CHUNKS))
    assert numbers == list(range(CHUNKS))
    resumed.refresh_from_db()
    drill.seen = f"lost, resumed at its checkpoint, {resumed.state}"


@pytest.mark.drill("SIGSTOP for longer than the lease, then SIGCONT")
def test_a_frozen_child_that_wakes_up_writes_nothing(
    open_sample: OpenSample, started: Callable[..., subprocess.Popen[bytes]], drill: Drill
) -> None:
    run = open_sample("write")
    child = started("runjob", str(run.pk))
    until(lambda: Group.objects.count() >= 3)
    os.kill(child.pid, signal.SIGSTOP)
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.5)
    until(lambda: lifecycle.sweep() == [run])  # where it froze inside a transaction, the server ends that first
    written = list(Group.objects.values_list("name", flat=True))
    with drill.clock():
        os.kill(child.pid, signal.SIGCONT)
        assert child.wait(180) != 0
    drill.count(Group.objects.values_list("name", flat=True), written)
    drill.exactly("zombie writes", (drill.lost or 0) + (drill.doubled or 0), 0)
    assert Group.objects.count() == len(written)
    run.refresh_from_db()
    assert run.state == State.LOST
    drill.seen = "lost; woken up it wrote 0 rows and ended"


@pytest.mark.drill("SIGSTOP for ever: the sweep says lost, the worker is free again", within=15.0)
def test_a_frozen_child_of_a_lost_run_does_not_keep_its_worker(
    open_sample: OpenSample, in_background: InBackground, monkeypatch: pytest.MonkeyPatch, drill: Drill
) -> None:
    monkeypatch.setattr(supervisor, "_PATIENCE_SECONDS", 1)
    run = open_sample("wait")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: beaten(run, "wait"))
    child = child_of(run)
    os.kill(child, signal.SIGSTOP)
    lost.declare(run)
    with drill.clock():
        watched.join(180)
    assert not watched.is_alive()
    assert gone(child)
    run.refresh_from_db()
    assert run.state == State.LOST
    drill.seen = "lost; the frozen child was ended"


@pytest.mark.drill("a loop blocked for ever; cancel (grace 1 s)", within=15.0)
def test_a_job_that_blocks_for_ever_is_left_by_its_own_process(
    open_sample: OpenSample, started: Callable[..., subprocess.Popen[bytes]], drill: Drill
) -> None:
    run = open_sample("stuck")
    impatient = "from pipeline.worker import heartbeat; heartbeat.GRACE_SECONDS = 1"
    call = f"from django.core.management import call_command; call_command('runjob', {run.pk})"
    child = started("shell", "-c", f"{impatient}; {call}")
    until(lambda: JobRun.objects.get(pk=run.pk).blocked_stack)  # before that a cancel is obeyed at once
    with drill.clock():
        lifecycle.request_cancel(run)
        assert child.wait(180) == 130
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    drill.seen = "cancelled by its own process"


def test_a_schedule_starts_a_run_through_the_cluster(started: Callable[..., subprocess.Popen[bytes]]) -> None:
    slot = timezone.now() - timedelta(seconds=1)
    task = {"func": queue.START, "args": "('sample',)", "intended_date_kwarg": "slot"}
    Schedule.objects.create(name="sample", schedule_type=Schedule.HOURLY, next_run=slot, **task)
    scheduler()
    cluster = started("qcluster")
    until(lambda: JobRun.objects.filter(job="sample", finished_at__isnull=False).exists())
    run = JobRun.objects.get()
    assert (run.trigger, run.slot) == (Trigger.SCHEDULE, slot)
    assert run.beats.exists()
    cluster.terminate()
    assert cluster.wait(180) == 0


def test_a_queued_run_goes_through_the_cluster(started: Callable[..., subprocess.Popen[bytes]]) -> None:
    run = queue.start("sample", business_date=DAY, trigger="admin", steps=["succeed"])
    cluster = started("qcluster")
    until(lambda: JobRun.objects.get(pk=run.pk).finished_at is not None)
    run.refresh_from_db()
    assert (run.state, run.summary) == (State.SUCCEEDED, {"rows": 3})
    cluster.terminate()
    assert cluster.wait(180) == 0
    assert queue.waiting_tasks() == 0
