"""The watch outside the cluster: what a dead process left behind is put right within seconds."""

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
from django.db import DatabaseError, close_old_connections, connections

from matching import writeback
from matching.models import WriteBack
from pipeline import notifications, queue, resume, runs
from pipeline.models import JobRun
from pipeline.queue import Waiting
from pipeline.runs import drain as drains
from sistema_os.supabase import SupabaseClient
from sistema_os.supabase.errors import SupabaseError

# Exit code where the queue is frozen; a crash of the watch itself is 1.
FROZEN = 4
logger = logging.getLogger("pipeline.jobwatch")


class Command(BaseCommand):
    help = (
        "Every 5 s: end lost and stale runs, resume what may be resumed, deliver open write-backs, see a frozen queue,"
        " end a drain that nobody lifted, tell who wants to hear of failures."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Look once; exit code 4 if the queue is frozen.")
        parser.add_argument(
            "--exit-when-frozen",
            action="store_true",
            help="End with exit code 4 when the queue is frozen, for whoever starts the cluster and this watch again.",
        )
        parser.add_argument("--every", type=float, default=5.0, help="Seconds between two looks (default 5).")

    def handle(self, *args: Any, **options: Any) -> None:
        # Run -> when it was put back into the queue.
        self._since: dict[int, float] = {}
        if options["once"]:
            if self._look(once=True):
                sys.exit(FROZEN)
            return
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        # What was fetched and did not begin may lie with a cluster that ended before this watch began.
        self._look_again(lambda: self._put_back(queue.stuck(timedelta(0))))
        while not over.wait(options["every"]):
            if self._look_again(self._look) and options["exit_when_frozen"]:
                sys.exit(FROZEN)

    def _look_again(self, look: Callable[[], Any]) -> Any:
        """A database that restarts must not end the watch."""
        try:
            close_old_connections()
            return look()
        except DatabaseError as error:
            logger.warning("the database is away: %s", type(error).__name__)
            connections.close_all()

    def _look(self, *, once: bool = False) -> list[JobRun]:
        """The runs that show that the queue is frozen: they were put back into it, and still nobody came. Who looks
        once cannot wait for that."""
        for run in runs.sweep():
            logger.error("run %s of %s was lost", run.pk, run.job)
        if drain := drains.expired():
            logger.warning("the drain of %s was not lifted in time; it is over", drain.by)
            resume.lift(drain)
        for run in resume.resume_lost():
            logger.warning("run %s of %s resumes run %s", run.pk, run.job, run.resume_of_id)
        for name in queue.mend_schedules():
            logger.error("the schedule %s could not be read; all of them were set anew", name)
        if WriteBack.objects.filter(state="open").exists():
            async_to_sync(_deliver)()
        put_back = self._put_back(queue.stuck())
        frozen = put_back if once else self._still_waiting()
        for run in frozen:
            logger.error("the queue is frozen: run %s of %s waits for a worker", run.pk, run.job)
        notifications.send_due(frozen=frozen)
        return frozen

    def _put_back(self, waiting: list[Waiting]) -> list[JobRun]:
        found = [run for one in waiting if (run := queue.rescue(one))]
        for run in found:
            logger.warning("run %s of %s was put back into the queue", run.pk, run.job)
            self._since.setdefault(run.pk, monotonic())
        return found

    def _still_waiting(self) -> list[JobRun]:
        """A cluster that works begins within seconds what was put back."""
        queued = queue.still_queued(self._since)
        self._since = {run.pk: self._since[run.pk] for run in queued}
        enough = queue.patience().total_seconds() / 4
        return [run for run in queued if monotonic() - self._since[run.pk] > enough]


async def _deliver() -> None:
    try:
        async with SupabaseClient(**settings.SUPABASE) as supabase:
            counts = await writeback.deliver_open(supabase)
        logger.info("open write-backs: %s", counts)
    except SupabaseError as error:
        logger.warning("write-backs wait: %s", type(error).__name__)
