"""What was stopped or lost goes on by itself: at the end of a drain, and when the watch finds a run lost."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from pipeline import queue, runs
from pipeline.models import CancelRequest, Drain, JobRun, State, Trigger
from pipeline.runs import drain as drains
from pipeline.runs import registry

logger = logging.getLogger(__name__)


def lift(drain: Drain, by: str = "") -> list[JobRun]:
    """Ends the drain and queues what it stopped or put off, of each job the run that got furthest. Nothing where
    somebody else lifted it. What a person started at the command line is left to that person."""
    with transaction.atomic():
        if not drains.end(drain, by):
            return []
        furthest = {run.job: run for run in _stopped_by(drain)}
        return [resumed for run in furthest.values() if (resumed := _try(run))]


def _stopped_by(drain: Drain) -> QuerySet[JobRun]:
    """The one that got furthest last."""
    idempotent = [name for name, job in registry.load().items() if job.idempotent]
    stopped = JobRun.objects.filter(
        Q(started_at=None) | Q(job__in=idempotent, dry_run=False),
        pk__in=CancelRequest.objects.filter(drain=drain).values("run"),
        state=State.CANCELLED,
        resumed_by__isnull=True,
    ).exclude(trigger=Trigger.COMMAND)
    return stopped.order_by(F("started_at").asc(nulls_first=True), "pk")


def resume_lost() -> list[JobRun]:
    """Resumes what was lost within the last hour: once, and only jobs that may do a chunk twice."""
    idempotent = [name for name, job in registry.load().items() if job.idempotent]
    lost = JobRun.objects.filter(
        state=State.LOST,
        job__in=idempotent,
        trigger__in=(Trigger.SCHEDULE, Trigger.ADMIN),
        dry_run=False,
        resumed_by__isnull=True,
        started_at__isnull=False,
        finished_at__gt=Now() - timedelta(hours=1),
    )
    return [resumed for run in lost if _is_newest(run) and (resumed := _try(run))]


def _is_newest(run: JobRun) -> bool:
    return not JobRun.objects.of(run.job).filter(pk__gt=run.pk).exists()


def _try(run: JobRun) -> JobRun | None:
    try:
        return queue.resume(run)
    except (runs.AlreadyRunning, runs.InvalidRun) as refused:
        logger.warning("run %s was not resumed: %s", run.pk, type(refused).__name__)
        return None
