"""The disk is full: a run that cannot log goes on, and says so where it still can."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group

from pipeline.models import JobRun, State
from tests.drills.record import Drill
from tests.pipeline.conftest import MANAGE
from tests.pipeline.sample_jobs import CHUNKS

OpenSample = Callable[..., JobRun]
pytestmark = [
    pytest.mark.usefixtures("children_see_the_test"),
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="the full disk is Linux's /dev/full"),
]


@pytest.mark.drill("the disk is full while the run logs")
def test_a_run_that_cannot_log_goes_on_and_says_so(open_sample: OpenSample, drill: Drill) -> None:
    run = open_sample("write")
    with drill.clock(), Path("/dev/full").open("w") as full:
        command = [sys.executable, MANAGE, "runjob", str(run.pk)]
        ended = subprocess.run(command, env=os.environ, stdout=full, stderr=full, check=False, timeout=300)
    run.refresh_from_db()
    assert (run.state, ended.returncode) == (State.SUCCEEDED, 0)
    said = run.log_lines.filter(text__contains="No space left on device")
    assert said.count() == 1, "once, on the run"
    assert run.log_lines.count() > 5, "the run's own log is whole"
    drill.count(Group.objects.values_list("name", flat=True), [f"chunk {n} of run {run.pk}" for n in range(CHUNKS)])
    drill.seen = "succeeded; the loss is said on the run"
