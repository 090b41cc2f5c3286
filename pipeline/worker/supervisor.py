"""The function that django-q2 calls: it executes a run in a process of its own and makes sure that its end is recorded.

The worker only waits. A child that is killed, cannot start or does not stop in time leaves its run in a terminal state
within seconds, and no process of its group survives.
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
# The child ends itself after the grace period; the supervisor steps in when it could not.
_PATIENCE_SECONDS = GRACE_SECONDS + 1.5
# How long to retry while the database restarts; after that the sweep, which needs no supervisor, records the end.
_RECORD_SECONDS = 60.0
_RETRY_SECONDS = 0.5

T = TypeVar("T")


@dataclass(frozen=True)
class ForcedEnd:
    """The state and reason of a run whose child did not record its end."""

    state: State
    reason: str


@dataclass(frozen=True)
class Traces:
    """The folder in which the child leaves the fence of its claim and the stack of a blocked interpreter."""

    folder: str

    def stack(self) -> str:
        """Empty while the dump is incomplete: the child may be writing it."""
        dump = self._read("stack")
        return readable_dump(dump) if dump.endswith("\n") else ""

    def owns(self, run: JobRun) -> bool:
        """Whether our child claimed the run, or nobody did yet. A task that was delivered twice has two supervisors;
        the one whose child was second must not change the run."""
        claimed = self._read("claim")
        return run.fence == int(claimed) if claimed else run.state == State.QUEUED

    def _read(self, name: str) -> str:
        try:
            return (Path(self.folder) / name).read_text()
        except FileNotFoundError:
            return ""


def supervise(run_id: int) -> str:
    """Executes the queued run in a child process and returns how it ended. A run that is not queued is left alone: a
    task that is delivered again does nothing."""
    run = _retry_while_database_is_away(lambda: JobRun.objects.filter(pk=run_id).first())
    if run is None or run.state != State.QUEUED:
        return f"run {run_id} is not queued; nothing was done"
    with tempfile.TemporaryDirectory(prefix="run-") as folder:
        traces = Traces(folder)
        command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "runjob", str(run_id)]
        command += ["--supervisor", str(os.getpid()), "--traces", folder]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        forced = None
        try:
            forced = _wait(child, run_id, traces)
            if forced is not None:
                # Recorded before the child receives a signal and records another end, unless it froze with its row
                # locked: then _close records it.
                try:
                    _force_end(run_id, traces, forced, unless_locked=True)
                except (OperationalError, InterfaceError):
                    connection.close()
        finally:
            code = end_group(child)
        return _retry_while_database_is_away(lambda: _close(run_id, traces, code, forced))


def _wait(child: subprocess.Popen[bytes], run_id: int, traces: Traces) -> ForcedEnd | None:
    """None where the child ended by itself, otherwise the reason why it must be ended now."""
    deadline = time.monotonic() + settings.SUPERVISOR_TIMEOUT
    stop_seen: float | None = None
    stack_recorded = False
    while not ended_within(child, _LOOK_SECONDS):
        now = time.monotonic()
        if now > deadline:
            return ForcedEnd(State.TIMED_OUT, timeout_sentence())
        try:
            stack_recorded = stack_recorded or _record_stack(run_id, traces)
            if stop_seen is None and _must_stop(run_id):
                stop_seen = now
        except (DatabaseError, InterfaceError):
            connection.close()  # the database restarts: the next round queries again
        if stop_seen is not None and now - stop_seen > _PATIENCE_SECONDS:
            return ForcedEnd(State.CANCELLED, _("Cancelled; the job did not obey and was stopped."))
    return None


def _record_stack(run_id: int, traces: Traces) -> bool:
    """While a C call holds the child's interpreter, no thread of it can store the stack. True once the run has one."""
    if not (stack := traces.stack()):
        return False
    run = JobRun.objects.get(pk=run_id)
    return bool(run.blocked_stack) or runs.update_unless_locked(
        run.pk, run.fence, blocked_stack=stack[: runs.LONGEST_STACK]
    )


def _must_stop(run_id: int) -> bool:
    """A person cancelled the run, or another process ended it: a frozen child would occupy its worker for hours."""
    over = not JobRun.objects.filter(pk=run_id).live().exists()
    return over or runs.cancel_requested(run_id) is not None


def _force_end(run_id: int, traces: Traces, end: ForcedEnd, *, unless_locked: bool = False) -> None:
    run = JobRun.objects.get(pk=run_id)
    if traces.owns(run):
        runs.force_end(run, end.state, end.reason, unless_locked=unless_locked)


def _close(run_id: int, traces: Traces, code: int, forced: ForcedEnd | None) -> str:
    """Once the child is gone: stores its stack and ends the run if the child did not."""
    run = JobRun.objects.get(pk=run_id)
    if not traces.owns(run):
        return f"run {run_id} belongs to another process"
    if stack := traces.stack():
        runs.record_stack(run, stack)
    if run.live:
        _force_end(run_id, traces, forced or _end_without_record(run, code))
        run.refresh_from_db()
    return f"run {run_id}: {run.state}"


def _end_without_record(run: JobRun, code: int) -> ForcedEnd:
    how = _("signal %(number)d") % {"number": -code} if code < 0 else _("exit code %(number)d") % {"number": code}
    if run.state == State.QUEUED:
        return ForcedEnd(State.FAILED, _("The process could not start (%(how)s); nothing was done.") % {"how": how})
    return ForcedEnd(
        State.LOST, _("The process ended without a word (%(how)s). What it had written stands.") % {"how": how}
    )


def _retry_while_database_is_away(work: Callable[[], T]) -> T:
    deadline = time.monotonic() + _RECORD_SECONDS
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(_RETRY_SECONDS)
