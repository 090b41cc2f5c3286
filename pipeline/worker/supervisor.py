"""The plain function that django-q2 calls: a run executes in a process of its own, and its end is always recorded.

The worker only waits. A child that is killed, that cannot start or that does not obey in time leaves its run in a
terminal state within seconds, and nothing of its process group survives it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from pipeline import runs
from pipeline.models import JobRun, State
from pipeline.worker.heartbeat import GRACE_SECONDS, timeout_sentence
from pipeline.worker.processes import end_group, ended_within
from pipeline.worker.watchdog import readable_dump

_LOOK_SECONDS = 0.5
# The child ends itself at the grace period; the supervisor steps in when it could not.
_PATIENCE_SECONDS = GRACE_SECONDS + 1.5
# How long a database that restarts is waited for before an end is left to the sweep.
_RECORD_SECONDS = 60.0
_RETRY_SECONDS = 0.5

T = TypeVar("T")


@dataclass(frozen=True)
class Verdict:
    state: State
    reason: str


@dataclass(frozen=True)
class Traces:
    """What the child leaves while it runs: the fence of its claim, and the stack of an interpreter that is held."""

    folder: str

    @property
    def arguments(self) -> list[str]:
        return ["--supervisor", str(os.getpid()), "--traces", self.folder]

    def stack(self) -> str:
        """Only whole lines: it may be about to be written."""
        dump = self._read("stack")
        return readable_dump(dump) if dump.endswith("\n") else ""

    def owns(self, run: JobRun) -> bool:
        """Whether the run is our child's, or nobody's yet. A task that was delivered twice has two supervisors, and the
        one whose child came second must not speak for the run."""
        claimed = self._read("claim")
        return run.fence == int(claimed) if claimed else run.state == State.QUEUED

    def _read(self, name: str) -> str:
        try:
            return (Path(self.folder) / name).read_text()
        except FileNotFoundError:
            return ""


def supervise(run_id: int) -> str:
    """Executes the queued run in a child and returns how it ended. A run that is not queued is left alone: a task that
    is delivered again does nothing."""
    run = _once_the_database_answers(lambda: JobRun.objects.filter(pk=run_id).first())
    if run is None or run.state != State.QUEUED:
        return f"run {run_id} is not queued; nothing was done"
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        traces = Traces(folder)
        child = _start(run_id, traces)
        verdict = None
        try:
            if verdict := _wait(child, run_id, traces):
                # Before the child hears a signal and says something else; unless it froze with its row locked.
                _record(run_id, traces, verdict, if_free=True)
        finally:
            code = end_group(child)
        return _once_the_database_answers(lambda: _close(run_id, traces, code, verdict))


def _start(run_id: int, traces: Traces) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "runjob", str(run_id), *traces.arguments]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


def _wait(child: subprocess.Popen[bytes], run_id: int, traces: Traces) -> Verdict | None:
    """None where the child ended by itself, otherwise why it must be ended now."""
    deadline = time.monotonic() + settings.SUPERVISOR_TIMEOUT
    asked: float | None = None
    told = False
    while not ended_within(child, _LOOK_SECONDS):
        now = time.monotonic()
        if now > deadline:
            return Verdict(State.TIMED_OUT, timeout_sentence())
        told = told or _tell_stack(run_id, traces)
        if asked is None and _must_stop(run_id):
            asked = now
        if asked is not None and now - asked > _PATIENCE_SECONDS:
            return Verdict(State.CANCELLED, _("Cancelled; the job did not obey and was stopped."))
    return None


def _tell_stack(run_id: int, traces: Traces) -> bool:
    """While a C call holds the child's interpreter nobody in it can save the stack. True once it stands on the run."""
    if not (stack := traces.stack()):
        return False
    try:
        run = JobRun.objects.get(pk=run_id)
        return bool(run.blocked_stack) or runs.update_if_free(run.pk, run.fence, blocked_stack=stack)
    except (DatabaseError, InterfaceError):
        connection.close()
        return False


def _must_stop(run_id: int) -> bool:
    """A person asked, or somebody else ended the run: a child that is frozen then would keep its worker for hours."""
    try:
        over = not JobRun.objects.filter(pk=run_id).live().exists()
        return over or runs.cancel_requested(run_id) is not None
    except (DatabaseError, InterfaceError):
        connection.close()  # the database is restarting: look again in a second
        return False


def _record(run_id: int, traces: Traces, verdict: Verdict, *, if_free: bool = False) -> None:
    try:
        run = JobRun.objects.get(pk=run_id)
        if traces.owns(run):
            runs.end_from_outside(run, verdict.state, verdict.reason, if_free=if_free)
    except (OperationalError, InterfaceError):
        if not if_free:
            raise
        connection.close()  # said again once the child is gone


def _once_the_database_answers(work: Callable[[], T]) -> T:
    """Waits for a database that restarts; then the sweep, which needs no supervisor, is the one to say it."""
    deadline = time.monotonic() + _RECORD_SECONDS
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(_RETRY_SECONDS)


def _close(run_id: int, traces: Traces, code: int, verdict: Verdict | None) -> str:
    run = JobRun.objects.get(pk=run_id)
    if not traces.owns(run):
        return f"run {run_id} is somebody else's"
    if stack := traces.stack():
        runs.keep_stack(run, stack)
    if run.live:
        _record(run_id, traces, verdict or _verdict_on_silence(run, code))
        run.refresh_from_db()
    return f"run {run_id}: {run.state}"


def _verdict_on_silence(run: JobRun, code: int) -> Verdict:
    how = _("signal %(number)d") % {"number": -code} if code < 0 else _("exit code %(number)d") % {"number": code}
    if run.state == State.QUEUED:
        return Verdict(State.FAILED, _("The process could not start (%(how)s); nothing was done.") % {"how": how})
    return Verdict(
        State.LOST, _("The process ended without a word (%(how)s). What it had written stands.") % {"how": how}
    )
