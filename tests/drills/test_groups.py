"""What a run has started goes with it."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.models import JobRun, State
from pipeline.runs import lifecycle
from pipeline.worker import supervisor
from tests.drills.record import Drill
from tests.pipeline.waiting import child_of, gone, until

OpenSample = Callable[..., JobRun]
InBackground = Callable[[Callable[[], object]], threading.Thread]
pytestmark = pytest.mark.usefixtures("children_see_the_test")


def stubborn(group: int) -> list[int]:
    """The collector, its child and its grandchild."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and not gone(int(entry.name)):
            try:
                words = (entry / "cmdline").read_text().split("\0")
                if "tests.drills.stubborn" in words and os.getpgid(int(entry.name)) == group:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        pytest.param(
            "cancel",
            State.CANCELLED,
            marks=pytest.mark.drill("a collector that ignores SIGTERM, with a grandchild; cancel", within=15.0),
        ),
        pytest.param(
            "kill",
            State.LOST,
            marks=pytest.mark.drill("a collector with a grandchild; kill -9 of the job's process", within=15.0),
        ),
    ],
)
def test_the_whole_group_is_gone(
    open_sample: OpenSample, in_background: InBackground, drill: Drill, fault: str, state: str
) -> None:
    run = open_sample("parents")
    watched = in_background(lambda: supervisor.supervise(run.pk))
    until(lambda: JobRun.objects.get(pk=run.pk).phase == "parents")
    group = child_of(run)
    until(lambda: len(stubborn(group)) == 3)
    with drill.clock():
        if fault == "cancel":
            lifecycle.request_cancel(run)
        else:
            os.kill(group, signal.SIGKILL)
        watched.join(180)
        until(lambda: not stubborn(group))
    run.refresh_from_db()
    assert run.state == state
    drill.exactly("processes left of a run", len(stubborn(group)), 0)
    drill.seen = f"{state}; nobody of its group is left"
