"""Clocks: beats beside hard work, a host that is gone, a wall clock that jumps."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from django.contrib.auth.models import Group
from django.db.models.functions import Now
from pytest_django.fixtures import Settings

from pipeline.management.commands.jobwatch import Command
from pipeline.models import Beat, JobRun, State
from pipeline.runs import lifecycle
from pipeline.worker import supervisor
from tests.drills.record import Drill
from tests.pipeline.sample_jobs import CHUNKS
from tests.pipeline.waiting import beaten, until

OpenSample = Callable[..., JobRun]
Started = Callable[..., subprocess.Popen[bytes]]
InBackground = Callable[[Callable[[], object]], threading.Thread]
pytestmark = pytest.mark.usefixtures("children_see_the_test")
BEAT = 0.2


def p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


@pytest.mark.slow_drill
@pytest.mark.drill("beats beside a busy loop, two busy threads and a transaction a step")
def test_beats_come_in_time_beside_hard_work(
    open_sample: OpenSample, in_background: InBackground, drill: Drill
) -> None:
    run = open_sample("work_hard")
    in_background(lambda: supervisor.supervise(run.pk)).join(60)
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED
    times = list(run.beats.filter(phase="work_hard").order_by("id").values_list("at", flat=True))
    late = [max(0.0, (b - a).total_seconds() - BEAT) for a, b in pairwise(times)]
    assert len(late) > 20
    drill.took(max(late))
    drill.at_most("lateness of a beat under load, p95, s", p95(late), 0.25)
    drill.seen = f"{len(late)} beats due each {BEAT:g} s, {run.done} steps"


@pytest.mark.drill("the host is gone: supervisor and child at once, a beat of 30 s", within=100.0)
def test_a_host_that_is_gone_is_noticed_after_three_beats(
    open_sample: OpenSample, started: Started, drill: Drill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The silence is not waited for: the last beat is aged second by second until a sweep sees it. On top comes the
    time between two looks of the watch."""
    drill.figure = "dead host -> lost, at a beat of 30 s, s"
    monkeypatch.setenv("HEARTBEAT_SECONDS", "30")
    run = open_sample("wait")
    parent = started("shell", "-c", f"from pipeline.worker import supervisor; supervisor.supervise({run.pk})")
    until(lambda: beaten(run, "wait"))
    os.killpg(parent.pid, signal.SIGKILL)
    parent.wait()
    until(lambda: Beat.objects.filter(run=run).count() == 2)
    silent = 0
    while not lifecycle.sweep():
        silent += 1
        assert silent < 200
        Beat.objects.filter(run=run).update(at=Now() - timedelta(seconds=silent))
    run.refresh_from_db()
    assert run.state == State.LOST
    looks = Command().create_parser("manage.py", "jobwatch").get_default("every")
    drill.took(silent + looks)
    drill.seen = f"lost {silent} s after the last beat, by a watch each {looks:g} s"


JUMP = """
import threading, time
from datetime import timedelta
from itertools import pairwise
from django.core.management import call_command
from django.utils import timezone
def jump(seconds):
    wall, wall_ns, now = time.time, time.time_ns, timezone.now
    time.time = lambda: wall() + seconds
    time.time_ns = lambda: wall_ns() + int(seconds * 1e9)
    timezone.now = lambda: now() + timedelta(seconds=seconds)
threading.Timer(1.0, jump, [{seconds}]).start()
call_command("runjob", {run})
"""


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(26, marks=pytest.mark.drill("the wall clock of the run's machine jumps ahead by 26 h")),
        pytest.param(-26, marks=pytest.mark.drill("the wall clock of the run's machine jumps back by 26 h")),
    ],
)
def test_a_jump_of_the_wall_clock_harms_no_run(
    open_sample: OpenSample, started: Started, drill: Drill, settings: Settings, hours: int
) -> None:
    run = open_sample("write")
    child = started("shell", "-c", JUMP.format(seconds=hours * 3600, run=run.pk))
    until(lambda: Group.objects.count() >= 3)
    swept: list[JobRun] = []
    began = time.monotonic()
    while child.poll() is None and time.monotonic() - began < 30:
        swept += lifecycle.sweep()
        time.sleep(0.1)
    run.refresh_from_db()
    assert not swept
    assert (child.returncode, run.state) == (0, State.SUCCEEDED)
    late = run.beats.filter(at__gt=Now() + timedelta(seconds=1)).exists() or run.finished_at < run.started_at  # type: ignore[operator]  # both are set in a run that succeeded
    assert not late, "the times of a run are the database's"
    drill.count(Group.objects.values_list("name", flat=True), [f"chunk {n} of run {run.pk}" for n in range(CHUNKS)])
    drill.seen = "no deadline passed, nobody was late"
