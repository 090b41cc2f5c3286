"""The heartbeat of a run: a thread with a database connection of its own.

In the ORM's thread a beat would wait behind the job's queries. Each beat stores the position and writes it to the log;
a beat that cannot be appended means that another process ended the run, and stops the job. The same thread notices a
cancel (NOTIFY wakes it, and it queries every second), watches the event loop, and stores the run's log.
"""

import logging
import os
import selectors
import threading
import time
from types import TracebackType

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, connections, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from pipeline import runs
from pipeline.models import JobRun, State
from pipeline.runs.control import Control, Position
from pipeline.worker.run_log import RunLog
from pipeline.worker.watchdog import LoopWatchdog
from sistema_os import logs

# How long a job may take to stop before its process ends.
GRACE_SECONDS = 10.0
_LOOK_SECONDS = 1.0

logger = logging.getLogger(__name__)


class Heartbeat(threading.Thread):
    """Beats while it is entered, at least once at both ends.

    `owns_process` if the process does nothing else: if the job does not stop in time, the thread records the end and
    ends the process. `supervisor` is the parent without which the process must not continue.
    """

    def __init__(
        self,
        run: JobRun,
        control: Control,
        log: RunLog,
        watchdog: LoopWatchdog,
        *,
        owns_process: bool = False,
        supervisor: int | None = None,
    ) -> None:
        super().__init__(name=f"heartbeat-{run.pk}", daemon=True)
        self._run, self._control, self._log, self._watchdog = run, control, log, watchdog
        self._owns_process, self._supervisor = owns_process, supervisor
        self._over = False
        self._wake_pipe, self._wake_input = os.pipe()
        os.set_blocking(self._wake_input, False)
        self._began = self._last_good = time.monotonic()
        # The claim has appended the first beat.
        self._next_beat = self._began + settings.HEARTBEAT_SECONDS
        self._beaten = self._shown = Position()
        self._stop_seen: float | None = None
        self._stack = ""
        self._listening: object = None

    def __enter__(self) -> "Heartbeat":
        self._control.wake = self.wake
        log_beat(self._beaten)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self.wake()
        self.join()
        self._control.wake = lambda: None
        os.close(self._wake_input)
        os.close(self._wake_pipe)

    def wake(self) -> None:
        try:
            os.write(self._wake_input, b".")
        except BlockingIOError:
            return  # the pipe is full of wake-ups already

    def run(self) -> None:
        with logs.bind(run_id=self._run.pk, job=self._run.job):
            try:
                while not self._round():
                    self._wait()
            except Exception:
                logger.exception("the heartbeat failed; the run stops")
                self._control.request_stop("fence")
            finally:
                connections.close_all()

    def _round(self) -> bool:
        """One round; True when it was the last."""
        last = self._over
        try:
            self._listen()
            if last or self._due():
                self._beat()
            elif self._control.position is not self._shown:
                self._show()
            self._check_cancel()
            self._watch_loop()
            self._log.store()
        except DatabaseError as error:
            self._database_away(error)
        self._watch_process()
        return last

    def _due(self) -> bool:
        if self._control.stop == "fence":
            return False
        phase = self._control.position.phase
        return time.monotonic() >= self._next_beat or phase != self._beaten.phase

    def _beat(self) -> None:
        position = self._control.position
        self._next_beat = time.monotonic() + settings.HEARTBEAT_SECONDS
        if not runs.append_beat(self._run.pk, self._run.fence, position):
            self._control.request_stop("fence")
            return
        self._last_good, self._beaten, self._shown = time.monotonic(), position, position
        log_beat(position)

    def _show(self) -> None:
        """Keeps an open page up to date between two beats. While a writer has the row locked, its checkpoints store the
        position."""
        position = self._control.position
        if runs.update_unless_locked(self._run.pk, self._run.fence, **runs.position_fields(position)):
            self._shown = position

    def _check_cancel(self) -> None:
        if self._control.stop is None and runs.cancel_requested(self._run.pk):
            self._control.request_stop("cancel")

    def _watch_loop(self) -> None:
        """Stores the stack of a blocked loop; while the row is locked it waits in memory for the next round."""
        if stack := self._watchdog.new_blocked_stack():
            self._stack = stack
            logger.warning(gettext_noop("the event loop is blocked; its stack is on the run"))
        if self._stack and runs.update_unless_locked(
            self._run.pk, self._run.fence, blocked_stack=self._stack[: runs.LONGEST_STACK]
        ):
            self._stack = ""

    def _watch_process(self) -> None:
        if self._supervisor is not None and os.getppid() != self._supervisor:
            os._exit(1)  # only the sweep can record our end now
        if not self._owns_process:
            return
        now = time.monotonic()
        if self._control.stop is not None and self._stop_seen is None:
            self._stop_seen = now
        if self._stop_seen is not None and now - self._stop_seen > GRACE_SECONDS:
            self._end_process(State.CANCELLED, 130, _("Cancelled; the job did not obey and was stopped."))
        if now - self._began > settings.JOB_TIMEOUT + GRACE_SECONDS:
            self._end_process(State.TIMED_OUT, 124, timeout_sentence())

    def _end_process(self, state: State, code: int, reason: str) -> None:
        """Ends the process, for the event loop does not run. Where the end cannot be recorded, the sweep finds the
        run."""
        try:
            logger.error(gettext_noop("the job did not stop in time; its process ends now"))
            self._log.store()
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '2s'")
                runs.finish(
                    self._run.pk, self._run.fence, state, summary={}, reason=reason, position=self._control.position
                )
        except (DatabaseError, runs.FenceLost):
            logger.warning("the end of the run could not be recorded")
        finally:
            os._exit(code)

    def _listen(self) -> None:
        """Through a transaction pooler it would listen, and limit the statements, of whoever gets that connection next:
        there a cancel is noticed by the query alone."""
        connection.ensure_connection()
        if connection.connection is not self._listening and not settings.DATABASE_TRANSACTION_POOLER:
            with connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout = '15s'; LISTEN {runs.CANCEL_CHANNEL}")
            self._listening = connection.connection

    def _wait(self) -> None:
        """Until the next look, a wake-up or a notification, whose content is ignored: the next look queries."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_pipe, selectors.EVENT_READ)
            # Once the job is stopping, notifications stay unread and would wake us again and again.
            if self._control.stop is None and connection.connection is not None:
                selector.register(connection.connection.fileno(), selectors.EVENT_READ)
            pause = min(_LOOK_SECONDS, max(0.0, self._next_beat - time.monotonic()))
            if any(key.fd == self._wake_pipe for key, _events in selector.select(pause)):
                os.read(self._wake_pipe, 4096)

    def _database_away(self, error: Exception) -> None:
        """Retries each second. A run that could not beat for its lease counts as lost, so the job is stopped."""
        logger.warning(gettext_noop("the heartbeat could not reach the database: %s"), type(error).__name__)
        connections.close_all()
        self._next_beat = time.monotonic() + min(_LOOK_SECONDS, settings.HEARTBEAT_SECONDS)
        if time.monotonic() - self._last_good > self._run.lease_seconds:
            self._control.request_stop("fence")


def log_beat(position: Position) -> None:
    logger.info(
        gettext_noop("heartbeat phase=%s done=%s total=%s key=%s idle=%.0fs"),
        position.phase or "-",
        position.done,
        "-" if position.total is None else position.total,
        position.last_key or "-",
        position.idle_seconds,
    )


def timeout_sentence() -> str:
    limit = settings.JOB_TIMEOUT
    if limit < 120:
        return _("Stopped at its time limit of %(seconds)g s.") % {"seconds": limit}
    return _("Stopped at its time limit of %(minutes)g min.") % {"minutes": round(limit / 60)}
