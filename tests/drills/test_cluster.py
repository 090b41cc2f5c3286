"""Processes of the queue's cluster killed: what was queued is done once, by it or by the next one."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django_q.models import OrmQ
from django_q.tasks import async_task

from pipeline import queue, resume
from pipeline.models import JobRun, State
from tests.drills import lost
from tests.drills.record import Drill
from tests.pipeline.conftest import DAY
from tests.pipeline.sample_jobs import CHUNKS
from tests.pipeline.waiting import child_of, gone, until, worker_of

Started = Callable[..., subprocess.Popen[bytes]]
pytestmark = [pytest.mark.usefixtures("children_see_the_test"), pytest.mark.slow_drill]
TASKS = 5000


def start(step: str) -> JobRun:
    return queue.start("sample", business_date=DAY, trigger="admin", steps=[step])


def children(process: int) -> list[int]:
    """The processes that it started, the oldest first."""
    return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def warm(started: Started) -> tuple[subprocess.Popen[bytes], int, list[int]]:
    """A cluster that has done a run: its process, its sentinel, and the sentinel's workers, monitor and pusher."""
    run = start("succeed")
    cluster = started("qcluster")
    until(lambda: JobRun.objects.get(pk=run.pk).finished_at)
    (sentinel,) = children(cluster.pid)
    return cluster, sentinel, children(sentinel)


def done(run: JobRun, seconds: float) -> bool:
    try:
        until(lambda: JobRun.objects.get(pk=run.pk).finished_at, seconds)
    except AssertionError:
        return False
    run.refresh_from_db()
    return run.state == State.SUCCEEDED


def stop(cluster: subprocess.Popen[bytes]) -> None:
    """As a service manager does: asks, and after a while ends the whole group."""
    cluster.terminate()
    try:
        cluster.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(cluster.pid, signal.SIGKILL)
        cluster.wait()


def rows_of(run: JobRun) -> list[int]:
    return sorted(int(name.split()[1]) for name in Group.objects.values_list("name", flat=True))


FROZEN = 4


@pytest.mark.drill("kill -9 of idle workers; the watch (patience 20 s) sees it", within=90.0)
def test_a_killed_idle_worker_costs_no_run(started: Started, drill: Drill, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that dies while it waits for work takes the lock of the cluster's own queue along. The drill does what a
    service manager does: where the watch ends with its code for a frozen queue, it starts both again."""
    monkeypatch.setenv("QUEUE_FROZEN_SECONDS", "20")
    cluster, _sentinel, workers = warm(started)
    watch = started("jobwatch", "--every", "0.5", "--exit-when-frozen")
    for worker in workers[:4]:
        os.kill(worker, signal.SIGKILL)
    run = start("write")
    restarts = 0
    with drill.clock():
        while not done(run, 1):
            assert restarts < 3
            if watch.poll() is not None:
                assert watch.returncode == FROZEN
                restarts += 1
                stop(cluster)
                cluster, watch = started("qcluster"), started("jobwatch", "--every", "0.5", "--exit-when-frozen")
    drill.count(rows_of(run), range(CHUNKS))
    drill.seen = f"{restarts} restarts of the cluster; the run was done"


@pytest.mark.drill("kill -9 of the sentinel; a new cluster", within=60.0)
def test_a_killed_sentinel_costs_no_run(started: Started, drill: Drill) -> None:
    cluster, sentinel, workers = warm(started)
    busy = start("write")
    until(lambda: Group.objects.count() >= 3)
    with drill.clock():
        os.kill(sentinel, signal.SIGKILL)
        assert done(busy, 60), "an orphaned worker still records the end of its run"
        assert cluster.wait(20) is not None
        started("qcluster")
        after = start("succeed")
        assert done(after, 60)
    drill.count(rows_of(busy), range(CHUNKS))
    left = [worker for worker in workers if not gone(worker)]
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    drill.seen = f"the run ended, the next was done; {len(left)} orphans"


@pytest.mark.drill("kill -9 of the whole cluster in mid-run; a new one", within=60.0)
def test_a_killed_cluster_loses_and_doubles_nothing(started: Started, drill: Drill) -> None:
    cluster, _sentinel, _workers = warm(started)
    run = start("write")
    until(lambda: Group.objects.count() >= 3)
    child = child_of(run, worker_of(run))
    with drill.clock():
        os.killpg(cluster.pid, signal.SIGKILL)
        cluster.wait()
        until(lambda: gone(child))
        lost.declare(run)
        (resumed,) = resume.resume_lost()
        started("qcluster")
        assert done(resumed, 60)
    assert run.state == State.LOST
    drill.count(rows_of(run), range(CHUNKS))
    drill.seen = "lost, resumed by itself, done by the new cluster"


@pytest.mark.timeout(600)
@pytest.mark.drill(f"two clusters on one database, {TASKS:,} tasks")
def test_two_clusters_do_each_task_once(started: Started, own_db: psycopg.Connection, drill: Drill) -> None:
    own_db.execute("create table drill_marks (number integer not null)")
    try:
        with transaction.atomic():
            for number in range(TASKS):
                async_task("tests.drills.marks.mark", number)
        clusters = [started("qcluster"), started("qcluster")]
        with drill.clock():
            until(lambda: not OrmQ.objects.exists(), seconds=500)
        for cluster in clusters:
            cluster.terminate()
            assert cluster.wait(60) == 0
        marks = [row[0] for row in own_db.execute("select number from drill_marks")]
    finally:
        own_db.execute("drop table drill_marks")
    drill.count(marks, range(TASKS))
    assert sorted(marks) == list(range(TASKS))
    drill.seen = f"each once, {TASKS / (drill.seconds or 1):.0f} tasks a second"


@pytest.mark.drill("two clusters on one database; a run delivered twice")
def test_a_task_delivered_to_two_clusters_is_done_once(started: Started, drill: Drill) -> None:
    run = start("write")
    queue.enqueue(run)
    clusters = [started("qcluster"), started("qcluster")]
    assert done(run, 60)
    until(lambda: not OrmQ.objects.exists())
    drill.count(rows_of(run), range(CHUNKS))
    assert run.fence == 1
    for cluster in clusters:
        cluster.terminate()
        assert cluster.wait(30) == 0
    drill.exactly("claims of a run delivered twice", run.fence, 1)
    drill.seen = "one claim, one run"
