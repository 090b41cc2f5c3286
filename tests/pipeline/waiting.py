"""Waiting for what another process or thread writes, and looking at processes."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.models import Beat, JobRun


def until(true: Callable[[], object], seconds: float = 180.0) -> None:
    """Looks again every 20 ms; fails when the time is over, which is long because a busy machine is no defect."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "what the test waits for did not happen"
        time.sleep(0.02)


def beaten(run: JobRun, phase: str) -> bool:
    return Beat.objects.filter(run=run, phase=phase).exists()


def child_of(run: JobRun, supervisor: int | None = None) -> int:
    """The process that executes the run for the supervisor (this process unless named), found by its command line."""
    child, _supervisor = _executing(run, ["--supervisor", str(supervisor or os.getpid())])
    return child


def worker_of(run: JobRun) -> int:
    """The worker of the queue that supervises the run."""
    _child, supervisor = _executing(run, ["--supervisor"])
    return supervisor


def _executing(run: JobRun, ending: list[str]) -> tuple[int, int]:
    wanted = ["runjob", str(run.pk), *ending]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_text().split("\0")
            except OSError:
                continue
            for at in range(len(words)):
                if words[at : at + len(wanted)] == wanted and words[at + 3].isdigit():
                    return int(entry.name), int(words[at + 3])
    raise AssertionError("the run has no process")


def gone(process: int) -> bool:
    """Ended, whether or not somebody has asked for its exit code."""
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
