"""A worker of the queue killed, and the queue stopped, in the middle of a run."""

import os
import signal
import subprocess
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group

from pipeline import queue
from pipeline.models import JobRun, State
from pipeline.runs import lifecycle
from tests.drills.record import Drill
from tests.pipeline.conftest import DAY
from tests.pipeline.sample_jobs import CHUNKS
from tests.pipeline.waiting import beaten, child_of, gone, until, worker_of

pytestmark = pytest.mark.usefixtures("children_see_the_test")


@pytest.mark.drill("kill -9 of a busy worker of the queue")
def test_a_killed_worker_takes_its_run_along_and_the_queue_goes_on(
    started: Callable[..., subprocess.Popen[bytes]], drill: Drill
) -> None:
    run = queue.start("sample", business_date=DAY, trigger="admin", steps=["wait"])
    cluster = started("qcluster")
    until(lambda: beaten(run, "wait"))
    worker = worker_of(run)
    child = child_of(run, worker)
    with drill.clock():
        os.kill(worker, signal.SIGKILL)
        until(lambda: gone(child))
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.5)
    until(lambda: lifecycle.sweep() == [run])
    after = queue.start("sample", business_date=DAY, trigger="admin", steps=["succeed"])
    until(lambda: JobRun.objects.get(pk=after.pk).finished_at)
    run.refresh_from_db()
    after.refresh_from_db()
    assert (run.state, after.state) == (State.LOST, State.SUCCEEDED)
    cluster.terminate()
    assert cluster.wait(180) == 0
    drill.seen = "lost; the next run succeeded"


@pytest.mark.drill("a deploy in mid-run: jobs_drain, then SIGTERM; resume", within=15.0, figure="deploy stop, s")
def test_a_deploy_loses_and_doubles_nothing(
    started: Callable[..., subprocess.Popen[bytes]], drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMPLE_PACE", "0.5")  # longer than a busy machine takes to start the command
    run = queue.start("sample", business_date=DAY, trigger="admin", steps=["write"])
    cluster = started("qcluster")
    until(lambda: Group.objects.count() >= 3)
    with drill.clock():
        assert started("jobs_drain").wait(180) == 0
        cluster.terminate()
        assert cluster.wait(180) == 0
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    monkeypatch.setenv("SAMPLE_PACE", "0.05")
    assert started("jobs_drain", "--lift").wait(180) == 0
    resumed = JobRun.objects.get(resume_of=run)
    assert started("runjob", str(resumed.pk)).wait(180) == 0
    numbers = sorted(int(name.split()[1]) for name in Group.objects.values_list("name", flat=True))
    drill.count(numbers, range(CHUNKS))
    assert numbers == list(range(CHUNKS))
    drill.seen = "stopped at its checkpoint, resumed"
