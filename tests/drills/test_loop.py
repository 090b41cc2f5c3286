"""A loop that stops turning: seen within seconds, with the line; ended when somebody asks, whatever it does."""

import threading
from collections.abc import Callable

import pytest

from pipeline.models import JobRun, State
from pipeline.runs import lifecycle
from pipeline.worker import supervisor
from tests.drills.record import Drill
from tests.pipeline.waiting import beaten, until

OpenSample = Callable[..., JobRun]
InBackground = Callable[[Callable[[], object]], threading.Thread]
pytestmark = pytest.mark.usefixtures("children_see_the_test")


def blocked_by(step: str, line: str, done: str) -> object:
    figure = "blocked loop seen with the guilty line, s"
    return pytest.param(step, line, marks=pytest.mark.drill(done, within=5.0, figure=figure), id=step)


@pytest.mark.parametrize(
    ("step", "line"),
    [
        blocked_by("block", "time.sleep(5)", "the loop blocked by time.sleep"),
        blocked_by("synchronous_call", "httpx.get(", "the loop blocked by a sync httpx call"),
        blocked_by("hold_awhile", "ctypes.PyDLL(None).sleep(6)", "a C call holds the interpreter"),
    ],
)
def test_a_blocked_loop_is_seen_with_the_guilty_line(
    open_sample: OpenSample, in_background: InBackground, drill: Drill, step: str, line: str
) -> None:
    run = open_sample(step)
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: beaten(run, step))
    with drill.clock():
        until(lambda: JobRun.objects.get(pk=run.pk).blocked_stack)
    assert JobRun.objects.get(pk=run.pk).live, "seen while it was blocked"
    watched.join(180)
    run.refresh_from_db()
    assert run.state == State.SUCCEEDED
    assert line in run.blocked_stack
    assert "tests/pipeline/sample_jobs.py" in run.blocked_stack.splitlines()[0] + run.blocked_stack
    drill.seen = "seen with the guilty line"


@pytest.mark.slow_drill
@pytest.mark.parametrize(
    "step",
    [
        pytest.param(
            "stuck", marks=pytest.mark.drill("a loop blocked for ever; cancel, with the default patience", 15.0)
        ),
        pytest.param("hold", marks=pytest.mark.drill("the interpreter held for ever; cancel, default patience", 15.0)),
    ],
)
def test_a_job_that_obeys_nobody_is_over_within_the_patience(
    open_sample: OpenSample, in_background: InBackground, drill: Drill, step: str
) -> None:
    drill.figure = "cancel, worst (a job that obeys nobody), s"
    run = open_sample(step)
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: JobRun.objects.get(pk=run.pk).blocked_stack)
    with drill.clock():
        lifecycle.request_cancel(run)
        watched.join(180)
    run.refresh_from_db()
    assert run.state == State.CANCELLED
    drill.seen = "cancelled, the process is gone"
