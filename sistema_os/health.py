"""Health checks for load balancers and people: is the process up (/healthz), can it serve requests (/readyz)."""

import logging
import shutil
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pipeline import checks, feed_report, notifications, queue
from pipeline.models import JobRun
from sistema_os.checks import supabase_problems
from sistema_os.supabase import ServerInfo, SupabaseClient, SupabaseError
from snapshots.models import Source

logger = logging.getLogger(__name__)
# Below this an upload, a log line or the next update fails.
FEWEST_FREE_BYTES = 100 * 2**20


class MigrationState:
    """Whether every migration is applied. Reading them is slow, so a positive result is cached."""

    def __init__(self) -> None:
        self._complete = False

    def complete(self) -> bool:
        if not self._complete:
            executor = MigrationExecutor(connection)
            self._complete = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return self._complete


migrations = MigrationState()


class PostgrestReport:
    """PostgREST's version and row cap against what is configured: asked once per process, after a failure once a
    minute.
    """

    # The table of the hotel's that grows fastest: its rows show where the server stops.
    TABLE = "rm_diario"
    SECONDS = 3.0
    OLDEST_VERSION = (12, 0)

    def __init__(self) -> None:
        self._text = ""
        self._again_at = 0.0

    def text(self) -> str:
        """ "unknown" as long as nothing could be learned."""
        if not self._text and time.monotonic() >= self._again_at:
            self._again_at = time.monotonic() + 60
            try:
                self._text = self._compared(async_to_sync(self._learn)())
            except SupabaseError as error:
                logger.info("readyz: PostgREST cannot be asked: %s", error)
        return self._text or "unknown"

    async def _learn(self) -> ServerInfo:
        async with SupabaseClient(**{**settings.SUPABASE, "deadline": self.SECONDS}) as supabase:
            return await supabase.learn_server(self.TABLE)

    def _compared(self, server: ServerInfo) -> str:
        configured = settings.SUPABASE["max_rows"]
        told = [f"PostgREST {server.version or 'of unknown version'}"]
        if server.version and server.is_before(*self.OLDEST_VERSION):
            told.append(f"older than {self.OLDEST_VERSION[0]}, which this program is made for")
        expected = settings.SUPABASE_VERSION
        if server.version and expected and not f"{server.version}.".startswith(f"{expected}."):
            told.append(f"SUPABASE_VERSION says {expected}")
        if server.max_rows not in (None, configured):
            told.append(f"its row cap is {server.max_rows}, SUPABASE_MAX_ROWS says {configured}")
        elif server.proven_rows > configured:
            told.append(f"its row cap is above the {configured} of SUPABASE_MAX_ROWS")
        return "; ".join(told)


postgrest = PostgrestReport()


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; needs no other service."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 if the database is reachable and migrated, Supabase's settings are valid and the queue works, else 503.

    The watch, the age of the data and PostgREST are reported but do not change the status. People can work while the
    queue is dead and restarting the web server would not help: a load balancer asks /healthz, a monitor asks here.
    """
    report: dict[str, Any] = {"supabase": "; ".join(str(problem.msg) for problem in supabase_problems()) or "ok"}
    report |= {"postgrest": postgrest.text(), "disk": _disk_report()} | _database_report()
    sound = report["supabase"] == report["database"] == report["disk"] == "ok"
    ready = sound and report["queue"]["alive"]
    return JsonResponse({"status": "ok" if ready else "unavailable"} | report, status=200 if ready else 503)


def _database_report() -> dict[str, Any]:
    try:
        if not migrations.complete():
            return {"database": "migrations are missing: run manage.py migrate"}
        found = {"database": "ok", "queue": _queue_report(), "watch": _watch_report(), "data": _data_report()}
        return found | ({"database": "read only: nothing can be stored"} if _is_read_only() else {})
    except DatabaseError as error:
        logger.warning("readyz: database unavailable: %s", error)
        return {"database": "unavailable"}


def _is_read_only() -> bool:
    """A standby, a server whose disk its provider has closed, or a role that may only read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean")
        return bool(cursor.fetchone()[0])


def _disk_report() -> str:
    """ "ok", or the folder of this machine in which nothing can be stored any more."""
    for folder in {settings.IMPORT_FOLDER, tempfile.gettempdir()}:
        present = next(path for path in (Path(folder), *Path(folder).parents) if path.exists())
        free = shutil.disk_usage(present).free
        if free < FEWEST_FREE_BYTES:
            return f"full: {free // 2**20} MB are free for {folder}"
    return "ok"


def _queue_report() -> dict[str, Any]:
    return {
        "alive": notifications.queue_alive(),
        "tasks_waiting": queue.waiting_tasks(),
        "cancel": checks.cancelling_by(),
    }


def _watch_report() -> dict[str, Any]:
    age = notifications.watch_age()
    alive = age is not None and age <= notifications.WATCH_DEAD_AFTER
    return {"alive": alive, "age_seconds": None if age is None else int(age.total_seconds())}


def _data_report() -> dict[str, Any]:
    """Seconds since each job was last completed, each source last published or confirmed, and the feed last wrote."""
    now = timezone.now()
    jobs = JobRun.objects.reached_the_end().values("job").annotate(at=Max("finished_at")).order_by("job")
    sources = Source.objects.filter(snapshots__status__in=("published", "same"))
    collected = sources.annotate(at=Max("snapshots__finished_at")).order_by("name").values("name", "at")
    return {
        "job_age_seconds": {row["job"]: _age(now, row["at"]) for row in jobs},
        "source_age_seconds": {row["name"]: _age(now, row["at"]) for row in collected},
    } | feed_report.latest.as_json()


def _age(now: datetime, at: datetime | None) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds()))
