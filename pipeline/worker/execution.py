"""Runs a queued run to its end: the same code for a schedule, a button and a command."""

import asyncio
import gc
import logging
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from pipeline import labels, runs
from pipeline.models import JobRun, State
from pipeline.runs import RunContext, dates, registry
from pipeline.runs.control import Control, Position
from pipeline.runs.storable import storable_summary, storable_text
from pipeline.worker import failures
from pipeline.worker.heartbeat import Heartbeat, timeout_sentence
from pipeline.worker.run_log import RunLog
from pipeline.worker.watchdog import LoopWatchdog
from sistema_os import logs
from sistema_os.async_check.guard import guarded
from sistema_os.supabase import SupabaseClient

EXIT_CODES: dict[str, int] = {
    State.SUCCEEDED: 0,
    State.PARTIAL: 3,
    State.FAILED: 1,
    State.LOST: 1,
    State.TIMED_OUT: 124,
    State.CANCELLED: 130,
}
USAGE_ERROR = 2
_RETRY_SECONDS = 0.5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class End:
    state: str
    reason: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    outage: bool = False


@dataclass(frozen=True)
class Process:
    """The process that executes the run. `owned` if it does nothing else: then signals cancel the run, and a job that
    does not stop is abandoned by ending the process. `supervisor` is the parent with which it must end, `traces` the
    folder where that parent reads the fence of our claim and the stack of a blocked loop."""

    owned: bool = False
    supervisor: int | None = None
    traces: Path | None = None

    def record_claim(self, run: JobRun) -> None:
        if self.traces is not None:
            (self.traces / "claim").write_text(str(run.fence))

    def open_stack_file(self) -> IO[str] | None:
        return None if self.traces is None else (self.traces / "stack").open("w+")


def execute(
    run_id: int, *, on_move: Callable[[Position], None] | None = None, process: Process | None = None
) -> JobRun:
    """Claims the run, executes its job and returns the ended run. Raises NotClaimed if the run was not queued.

    Whatever the job does, the run ends in a terminal state. If another process ended it meanwhile, that end stays.
    """
    process = process or Process()
    run = runs.claim(run_id)
    process.record_claim(run)
    control = Control(on_move)
    watchdog = LoopWatchdog(process.open_stack_file())
    with logs.bind(run_id=run.pk, job=run.job), RunLog(run) as log:
        with Heartbeat(run, control, log, watchdog, owns_process=process.owned, supervisor=process.supervisor):
            logger.info(gettext_noop("run %s of %s started for %s"), run.pk, run.job, run.business_date)
            end = _execute(run, control, watchdog, process.owned)
            logger.info(gettext_noop("run %s ended: %s %s"), run.pk, State(end.state).label, end.reason)
        watchdog.close()
        _finish(run, end, control.position)
    run.refresh_from_db()
    return run


def _finish(run: JobRun, end: End, position: Position) -> None:
    """Records the end. While the database restarts it retries, as long as the run does not count as lost."""
    deadline = time.monotonic() + run.lease_seconds
    while True:
        try:
            runs.finish(
                run.pk,
                run.fence,
                end.state,
                summary=end.summary,
                reason=end.reason,
                position=position,
                outage=end.outage,
            )
        except runs.FenceLost:
            logger.warning("run %s was ended by another process before; this end was not recorded", run.pk)
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(_RETRY_SECONDS)
            continue
        return


def _execute(run: JobRun, control: Control, watchdog: LoopWatchdog, owned: bool) -> End:
    try:
        definition = registry.get(run.job)
        if doubt := dates.doubt_about(run, definition):
            raise registry.ExpectedFailure(doubt)
        if owned:
            gc.freeze()  # otherwise every full collection scans all of Django while no thread runs
        with guarded(active=settings.ASYNC_GUARD and owned):
            outcome = asyncio.run(_drive(definition, run, control, watchdog, owned))
    except BaseException as raised:
        return _end_of(failures.cause_of(raised), run, control)
    return _end_with(outcome)


def _end_with(outcome: object) -> End:
    """The end that a job handed over, made storable. One that hands over nothing has broken its contract: it failed."""
    if not isinstance(outcome, registry.Outcome) or outcome.state not in (State.SUCCEEDED, State.PARTIAL):
        sentence = _("The job ended without an Outcome (it returned %(what)s), so that nobody knows how it went.")
        return End(State.FAILED, sentence % {"what": type(outcome).__name__})
    return End(outcome.state, storable_text(outcome.reason), storable_summary(outcome.summary))


class _TimeLimit(Exception):
    """The time limit of the job, as opposed to a time-out inside it."""


async def _drive(
    definition: registry.JobDefinition, run: JobRun, control: Control, watchdog: LoopWatchdog, owned: bool
) -> registry.Outcome:
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  a coroutine given to asyncio.run is a task
    loop = asyncio.get_running_loop()
    if owned and threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, control.request_stop, "cancel")
    control.attach(loop, task)
    stamps = asyncio.create_task(watchdog.stamp_regularly())
    limit = asyncio.timeout(settings.JOB_TIMEOUT)
    try:
        async with limit:
            return await _run_job(definition, RunContext(run, control))
    except TimeoutError as error:
        if limit.expired():
            raise _TimeLimit from error
        raise
    finally:
        control.detach()
        stamps.cancel()


async def _run_job(definition: registry.JobDefinition, context: RunContext) -> registry.Outcome:
    """The ORM gets one thread for this run, and its connections are closed at the end."""
    async with ThreadSensitiveContext():
        try:
            if not definition.supabase:
                return await definition.run(context)
            async with SupabaseClient(**settings.SUPABASE) as context.supabase:
                return await definition.run(context)
        finally:
            await sync_to_async(connections.close_all)()


def _end_of(error: BaseException, run: JobRun, control: Control) -> End:
    if isinstance(error, _TimeLimit):
        return End(State.TIMED_OUT, timeout_sentence())
    if control.stop == "fence" or isinstance(error, runs.FenceLost):
        return End(State.LOST, _("The run was declared lost while it still worked; it stopped without writing."))
    if control.stop == "cancel" and isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
        request = runs.cancel_requested(run.pk)
        reason = labels.cancel_sentence(request.user, request.why) if request else labels.cancel_sentence(None)
        return End(State.CANCELLED, reason)
    if sentence := failures.expected_sentence(error):
        logger.error("%s", sentence)
        return End(State.FAILED, sentence, outage=failures.is_outage(error))
    phase = labels.phase_title(control.position.phase)
    logger.error("%s: %s", type(error).__name__, failures.frames_of(error))
    return End(State.FAILED, failures.unexpected_sentence(error, phase))
