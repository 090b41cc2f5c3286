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
from pipeline import notices, queue, runs
from sistema_os.supabase import SupabaseClient
from sistema_os.supabase.errors import SupabaseError

EVERY_SECONDS = 10
logger = logging.getLogger("pipeline.jobwatch")


class Command(BaseCommand):
    help = (
        "Every 10 s: end lost and stale runs, resume what may be resumed, deliver open write-backs, see a frozen queue,"
        " tell who wants to hear of failures."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Look once; exit code 1 if the queue is frozen.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            sound = self._look()
            if not sound:
                sys.exit(1)
            return
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        while not over.wait(EVERY_SECONDS):
            self._look_again()

    def _look_again(self) -> None:
        """A database that restarts must not end the watch."""
        try:
            close_old_connections()
            self._look()
        except DatabaseError as error:
            logger.warning("the database is away: %s", type(error).__name__)
            connections.close_all()

    def _look(self) -> bool:
        for run in runs.sweep():
            logger.error("run %s of %s was lost", run.pk, run.job)
        for run in queue.resume_lost():
            logger.warning("run %s of %s resumes run %s", run.pk, run.job, run.resume_of_id)
        if WriteBack.objects.filter(state="open").exists():
            async_to_sync(_deliver)()
        stuck = queue.frozen()
        for run in stuck:
            logger.error("the queue is frozen: run %s of %s waits for a worker", run.pk, run.job)
        notices.send_due(frozen=stuck)
        return not stuck


async def _deliver() -> None:
    try:
        async with SupabaseClient(**settings.SUPABASE) as supabase:
            counts = await writeback.deliver_open(supabase)
        logger.info("open write-backs: %s", counts)
    except SupabaseError as error:
        logger.warning("write-backs wait: %s", type(error).__name__)
