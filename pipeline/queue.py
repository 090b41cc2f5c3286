"""The only importer of django_q: puts runs into its queue and keeps its schedules. It calls `runs`, never the reverse.

The broker stands in the same database as the runs, so a run and its task are written in one transaction.
"""

import logging
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from pipeline import registry, runs, schedules
from pipeline.context import current_business_date
from pipeline.models import WORKING, JobRun, State, Trigger

SUPERVISE = "pipeline.supervisor.supervise"
START = "pipeline.queue.start_scheduled"
# A queued run that nobody fetched for this long, while workers idle, means that the cluster is stuck or stopped.
FROZEN_AFTER = timedelta(minutes=2)

logger = logging.getLogger(__name__)


def start(job: str, **asked: Any) -> JobRun:
    """Opens a run (arguments and errors of runs.open_run) and queues it: both or neither."""
    with transaction.atomic():
        run = runs.open_run(job, **asked)
        enqueue(run)
    return run


def resume(run: JobRun, user: Any = None) -> JobRun:
    with transaction.atomic():
        resumed = runs.resume(run, user)
        enqueue(resumed)
    return resumed


def enqueue(run: JobRun) -> None:
    async_task(SUPERVISE, run.pk, task_name=f"{run.job} {run.pk}", group=run.job)


def start_scheduled(job: str, slot: str | None = None) -> str:
    """What a schedule calls. The same slot delivered twice starts nothing the second time."""
    try:
        run = start(
            job,
            business_date=current_business_date(),
            trigger=Trigger.SCHEDULE,
            slot=datetime.fromisoformat(slot) if slot else None,
        )
    except (runs.AlreadyRunning, runs.SlotTaken) as refused:
        logger.warning("schedule of %s skipped: %s", job, type(refused).__name__)
        return f"skipped: {type(refused).__name__}"
    return f"run {run.pk} queued"


def set_up_schedules() -> dict[str, datetime]:
    """Makes the schedules those of `schedules.plans()` and returns when each starts next.

    Any other schedule is removed: django-q2 would call whatever dotted path it names. A malformed plan raises before
    anything is changed.
    """
    wanted = schedules.plans()
    with transaction.atomic():
        foreign = Schedule.objects.exclude(name__in=[plan.job for plan in wanted], func=START)
        for schedule in foreign:
            logger.warning("schedule removed: %s calls %s", schedule.name, schedule.func)
        foreign.delete()
        return {plan.job: _set_up(plan) for plan in wanted}


def _set_up(plan: schedules.Plan) -> datetime:
    now = timezone.now()
    fields: dict[str, Any] = {
        "func": START,
        "args": repr((plan.job,)),
        "kwargs": None,
        "schedule_type": Schedule.DAILY if plan.at else Schedule.MINUTES,
        "minutes": plan.minutes,
        "repeats": -1,
        "intended_date_kwarg": "slot",
    }
    next_run = plan.next_after(now)
    present = list(Schedule.objects.filter(name=plan.job))
    overdue = [one.next_run for one in present if _same(one, plan, fields) and one.next_run and one.next_run <= now]
    if len(present) == 1 and overdue:
        return cast(datetime, overdue[0])  # a start that fell into the deploy still happens, once
    Schedule.objects.filter(name=plan.job).delete()
    Schedule.objects.create(name=plan.job, next_run=next_run, **fields)
    return next_run


def _same(schedule: Schedule, plan: schedules.Plan, fields: dict[str, Any]) -> bool:
    at = timezone.localtime(schedule.next_run).time().replace(second=0, microsecond=0) if schedule.next_run else None
    return all(getattr(schedule, name) == value for name, value in fields.items()) and plan.at in (None, at)


def frozen() -> list[JobRun]:
    """Runs that wait although a worker should be free."""
    working = JobRun.objects.filter(state__in=WORKING).exclude(trigger=Trigger.COMMAND).count()
    if working >= settings.Q_CLUSTER["workers"]:
        return []
    waiting = JobRun.objects.filter(state=State.QUEUED, queued_at__lt=Now() - FROZEN_AFTER)
    return list(waiting.exclude(trigger=Trigger.COMMAND))


def alive() -> bool:
    """Whether the cluster does its work: no schedule is overdue and nothing waits that could run."""
    overdue = Schedule.objects.exclude(repeats=0).filter(next_run__lt=timezone.now() - FROZEN_AFTER).exists()
    return not overdue and not frozen()


def waiting_tasks() -> int:
    """Tasks that no worker has fetched yet."""
    return int(OrmQ.objects.filter(lock__lte=timezone.now()).count())


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
        return resume(run)
    except (runs.AlreadyRunning, runs.InvalidRun) as refused:
        logger.warning("run %s was not resumed: %s", run.pk, type(refused).__name__)
        return None
