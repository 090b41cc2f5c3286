"""What a load balancer or a person asks: is the process up (/healthz), may work be sent to it (/readyz)."""

import logging
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pipeline import checks, queue
from pipeline.models import JobRun
from sistema_os.checks import supabase_problems
from snapshots.models import Source

logger = logging.getLogger(__name__)


class MigrationState:
    """Whether every migration in the code is applied. Reading them is slow, so a yes is remembered."""

    def __init__(self) -> None:
        self._complete = False

    def complete(self) -> bool:
        if not self._complete:
            executor = MigrationExecutor(connection)
            self._complete = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        return self._complete


migrations = MigrationState()


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; asks nobody else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> JsonResponse:
    """200 when people can work: database reachable and migrated, Supabase's settings sound.

    The queue and the age of the data are reported and do not change the status: a reviewer can work while
    no collection runs, and a restart of the web server would cure neither.
    """
    report: dict[str, Any] = {"supabase": "; ".join(str(problem.msg) for problem in supabase_problems()) or "ok"}
    report |= _database_report()
    ready = report["supabase"] == report["database"] == "ok"
    return JsonResponse({"status": "ok" if ready else "unavailable"} | report, status=200 if ready else 503)


def _database_report() -> dict[str, Any]:
    try:
        if not migrations.complete():
            return {"database": "migrations are missing: run manage.py migrate"}
        return {"database": "ok", "queue": _queue_report(), "data": _data_report()}
    except DatabaseError as error:
        logger.warning("readyz: database unavailable: %s", error)
        return {"database": "unavailable"}


def _queue_report() -> dict[str, Any]:
    return {"alive": queue.alive(), "tasks_waiting": queue.waiting_tasks(), "cancel": checks.cancelling_by()}


def _data_report() -> dict[str, Any]:
    """Seconds since each job last reached its end and each source was last collected soundly."""
    now = timezone.now()
    jobs = JobRun.objects.reached_the_end().values("job").annotate(at=Max("finished_at")).order_by("job")
    sources = Source.objects.filter(snapshots__status__in=("published", "same"))
    collected = sources.annotate(at=Max("snapshots__finished_at")).order_by("name").values("name", "at")
    return {
        "job_age_seconds": {row["job"]: _age(now, row["at"]) for row in jobs},
        "source_age_seconds": {row["name"]: _age(now, row["at"]) for row in collected},
    }


def _age(now: datetime, at: datetime | None) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds()))
