"""The watch outside the cluster: what a dead process left behind is put right within seconds."""

import logging
import signal
import sys
import threading
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connections

from matching import writeback
from matching.models import WriteBack
from pipeline import drains, notices, queue, runs
from sistema_os.supabase import SupabaseClient
from sistema_os.supabase.errors import SupabaseError

# Exit code where the queue is frozen; a crash of the watch itself is 1.
FROZEN = 4
logger = logging.getLogger("pipeline.jobwatch")


class Command(BaseCommand):
    help = (
        "Every 10 s: end lost and stale runs, resume what may be resumed, deliver open write-backs, see a frozen queue,"
        " end a drain that nobody lifted, tell who wants to hear of failures."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Look once; exit code 4 if the queue is frozen.")
        parser.add_argument(
            "--exit-when-frozen",
            action="store_true",
            help="End with exit code 4 when the queue is frozen, for whoever starts the cluster and this watch again.",
        )
        parser.add_argument("--every", type=float, default=10.0, help="Seconds between two looks (default 10).")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            if self._look():
                sys.exit(FROZEN)
            return
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        ends = options["exit_when_frozen"]
        self._look_again(rescue=True)  # what a cluster left that ended before this watch began
        while not over.wait(options["every"]):
            if self._look_again(rescue=not ends) and ends:
                sys.exit(FROZEN)

    def _look_again(self, *, rescue: bool) -> bool:
        """A database that restarts must not end the watch."""
        try:
            close_old_connections()
            return self._look(rescue=rescue)
        except DatabaseError as error:
            logger.warning("the database is away: %s", type(error).__name__)
            connections.close_all()
            return False

    def _look(self, *, rescue: bool = True) -> bool:
        """Whether the queue is frozen. `rescue` puts what waits back into it: not while the stuck cluster is about to
        be ended, which would only fetch it again."""
        for run in runs.sweep():
            logger.error("run %s of %s was lost", run.pk, run.job)
        if drain := drains.expired():
            logger.warning("the drain of %s was not lifted in time; it is over", drain.by)
            queue.lift(drain)
        for run in queue.resume_lost():
            logger.warning("run %s of %s resumes run %s", run.pk, run.job, run.resume_of_id)
        if WriteBack.objects.filter(state="open").exists():
            async_to_sync(_deliver)()
        waiting = queue.stuck()
        for one in waiting:
            logger.error("the queue is frozen: %s waits for a worker", one.run or one.job)
        concerned = [queue.rescue(one) if rescue else one.run for one in waiting]
        notices.send_due(frozen=[run for run in concerned if run])
        return bool(waiting)


async def _deliver() -> None:
    try:
        async with SupabaseClient(**settings.SUPABASE) as supabase:
            counts = await writeback.deliver_open(supabase)
        logger.info("open write-backs: %s", counts)
    except SupabaseError as error:
        logger.warning("write-backs wait: %s", type(error).__name__)
