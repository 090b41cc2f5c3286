"""The watch outside the cluster: repairs within seconds what a dead process left behind."""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection, connections

from matching import writeback
from matching.models import WriteBack
from pipeline import notifications, queue, resume, runs
from pipeline.business_date import clocks_apart
from pipeline.checks import MOST_SECONDS_APART
from pipeline.models import JobRun
from pipeline.queue import Waiting
from pipeline.runs import drain as drains
from pipeline.worker import failures
from sistema_os.supabase import SupabaseClient
from sistema_os.supabase.errors import SupabaseError

# Exit code where the queue is frozen; a crash of the watch itself is 1.
FROZEN = 4
logger = logging.getLogger("pipeline.jobwatch")


class Command(BaseCommand):
    help = (
        "Every 5 s: end lost and stale runs, resume what may be resumed, deliver open write-backs, detect a frozen"
        " queue, end an expired drain, send notifications."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Look once; exit code 4 if the queue is frozen.")
        parser.add_argument(
            "--exit-when-frozen",
            action="store_true",
            help="End with exit code 4 when the queue is frozen, for a service manager that restarts both.",
        )
        parser.add_argument("--every", type=float, default=5.0, help="Seconds between two looks (default 5).")

    def handle(self, *args: Any, **options: Any) -> None:
        # Run id -> when it was queued again.
        self._requeued_at: dict[int, float] = {}
        self._clock_wrong = False
        if options["once"]:
            if self._look(once=True):
                sys.exit(FROZEN)
            return
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        # A task that was fetched and did not begin may belong to a cluster that ended before this watch began.
        self._look_again(lambda: _survive(lambda: self._requeue(queue.stuck(timedelta(0)))))
        while not over.wait(options["every"]):
            if self._look_again(self._look) and options["exit_when_frozen"]:
                sys.exit(FROZEN)

    def _look_again(self, look: Callable[[], Any]) -> Any:
        """A restart of the database must not end the watch."""
        try:
            close_old_connections()
            return look()
        except DatabaseError as error:
            logger.warning("the database is away: %s", type(error).__name__)
            connections.close_all()

    def _look(self, *, once: bool = False) -> list[JobRun]:
        """The runs that prove that the queue is frozen: they were queued again, and still no worker began them. With
        `once` there is no time to wait for that. A part that fails is logged, and the others are done all the same."""
        for part in (
            notifications.record_look,
            _sweep,
            _expire_drain,
            _resume_lost,
            _retry_outages,
            _repair_schedules,
            _deliver_open,
            self._compare_clocks,
        ):
            _survive(part)
        frozen: list[JobRun] = _survive(lambda: self._frozen(once=once)) or []
        _survive(lambda: notifications.send_due(frozen=frozen))
        return frozen

    def _compare_clocks(self) -> None:
        """Reports a difference once, and again when it has gone."""
        apart = clocks_apart()
        wrong = abs(apart) > timedelta(seconds=MOST_SECONDS_APART)
        if wrong and not self._clock_wrong:
            logger.error(
                "this machine's clock is %.0f s ahead of the database's: run a time service", apart.total_seconds()
            )
        elif self._clock_wrong and not wrong:
            logger.warning("this machine's clock agrees with the database's again")
        self._clock_wrong = wrong

    def _frozen(self, *, once: bool) -> list[JobRun]:
        requeued = self._requeue(queue.stuck())
        frozen = requeued if once else self._still_waiting()
        for run in frozen:
            logger.error("the queue is frozen: run %s of %s waits for a worker", run.pk, run.job)
        return frozen

    def _requeue(self, waiting: list[Waiting]) -> list[JobRun]:
        found = [run for one in waiting if (run := queue.rescue(one))]
        for run in found:
            logger.warning("run %s of %s was queued again", run.pk, run.job)
            self._requeued_at.setdefault(run.pk, monotonic())
        return found

    def _still_waiting(self) -> list[JobRun]:
        """Of the runs queued again, those that a working cluster would have begun by now."""
        queued = queue.still_queued(self._requeued_at)
        self._requeued_at = {run.pk: self._requeued_at[run.pk] for run in queued}
        enough = queue.patience().total_seconds() / 4
        return [run for run in queued if monotonic() - self._requeued_at[run.pk] > enough]


def _survive(part: Callable[[], Any]) -> Any:
    """Without the database no part can work: that ends the look, not the watch. Whatever else fails, such as a job
    that no longer exists or one query that takes too long, is one part's."""
    try:
        return part()
    except Exception as error:  # the watch must outlive whatever one part runs into
        if isinstance(error, DatabaseError) and not (connection.connection and connection.is_usable()):
            raise
        logger.error("a part of the watch failed: %s: %s", type(error).__name__, failures.frames_of(error))
        return None


def _sweep() -> None:
    for run in runs.sweep():
        logger.error("run %s of %s was lost", run.pk, run.job)


def _expire_drain() -> None:
    if drain := drains.expired():
        logger.warning("the drain of %s was not lifted in time; it has expired", drain.by)
        resume.lift(drain)


def _resume_lost() -> None:
    for run in resume.resume_lost():
        logger.warning("run %s of %s resumes run %s", run.pk, run.job, run.resume_of_id)


def _retry_outages() -> None:
    for run in resume.retry_outages():
        logger.warning("run %s of %s tries again what run %s could not reach", run.pk, run.job, run.resume_of_id)


def _repair_schedules() -> None:
    for name in queue.repair_schedules():
        logger.error("the schedule %s could not be parsed; all schedules were set up again", name)


def _deliver_open() -> None:
    if WriteBack.objects.filter(state="open").exists():
        async_to_sync(_deliver)()


async def _deliver() -> None:
    try:
        async with SupabaseClient(**settings.SUPABASE) as supabase:
            counts = await writeback.deliver_open(supabase)
        logger.info("open write-backs: %s", counts)
    except SupabaseError as error:
        logger.warning("write-backs wait: %s", type(error).__name__)
