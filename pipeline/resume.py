"""Automatic resumption: of runs stopped by a drain when it is lifted, and of lost runs by the watch."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Now

from pipeline import queue, runs
from pipeline.models import CancelRequest, Drain, JobRun, State, Trigger
from pipeline.runs import drain as drains
from pipeline.runs import registry

# How long after the end of each failed attempt the next one begins: the last of them some three hours after the first.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (2, 5, 10, 20, 30, 60, 60))

logger = logging.getLogger(__name__)


def lift(drain: Drain, by: str = "") -> list[JobRun]:
    """Lifts the drain and resumes what it stopped or postponed: of each job the run that got furthest, but none that a
    person started at the command line. Nothing where the drain was lifted before."""
    with transaction.atomic():
        if not drains.mark_lifted(drain, by):
            return []
        furthest = {run.job: run for run in _stopped_by(drain)}
        return [resumed for run in furthest.values() if (resumed := _try_to_resume(run))]


def _stopped_by(drain: Drain) -> QuerySet[JobRun]:
    """Ordered: of each job the run that got furthest is last."""
    idempotent = [name for name, job in registry.load().items() if job.idempotent]
    stopped = JobRun.objects.filter(
        Q(started_at=None) | Q(job__in=idempotent, dry_run=False),
        pk__in=CancelRequest.objects.filter(drain=drain).values("run"),
        state=State.CANCELLED,
        resumed_by__isnull=True,
    ).exclude(trigger=Trigger.COMMAND)
    return stopped.order_by(F("started_at").asc(nulls_first=True), "pk")


def resume_lost() -> list[JobRun]:
    """Resumes the runs of idempotent jobs that were lost within the last hour, each once."""
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
    newest = [
        run
        for run in lost
        if not JobRun.objects.of(run.job).filter(pk__gt=run.pk).exists() and not runs.why_not_resumable(run)
    ]
    return [resumed for run in newest if (resumed := _try_to_resume(run))]


def retry_outages() -> list[JobRun]:
    """Resumes failed runs of idempotent jobs whose cause was an outage, each RETRY_AFTER its end: the hotel's database
    that is away at 05:50 must not cost the day. A newer run of the job, or another cause, ends the attempts."""
    idempotent = [name for name, job in registry.load().items() if job.idempotent]
    failed = JobRun.objects.filter(
        state=State.FAILED,
        outage=True,
        job__in=idempotent,
        dry_run=False,
        resumed_by__isnull=True,
        finished_at__gt=Now() - Value(2 * RETRY_AFTER[-1]),
    ).exclude(trigger=Trigger.COMMAND)
    resumed = []
    for run in failed:
        tries = _tries_before(run)
        if tries >= len(RETRY_AFTER) or JobRun.objects.of(run.job).filter(pk__gt=run.pk).exists():
            continue
        over = JobRun.objects.filter(pk=run.pk, finished_at__lte=Now() - Value(RETRY_AFTER[tries]))
        if over.exists() and not runs.why_not_resumable(run) and (again := _try_to_resume(run)):
            resumed.append(again)
    return resumed


def _tries_before(run: JobRun) -> int:
    """How many runs this one resumes, directly and indirectly."""
    count, earlier = 0, run.resume_of
    while earlier is not None and count < len(RETRY_AFTER):
        count, earlier = count + 1, earlier.resume_of
    return count


def _try_to_resume(run: JobRun) -> JobRun | None:
    try:
        return queue.resume(run)
    except (runs.AlreadyRunning, runs.InvalidRun, runs.UnknownJob) as refused:
        logger.warning("run %s was not resumed: %s", run.pk, type(refused).__name__)
        return None
