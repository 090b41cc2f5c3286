"""The only importer of django_q: puts runs into its queue and keeps its schedules. It calls `runs`, never the reverse.

The broker stands in the same database as the runs, so a run and its task are written in one transaction.
"""

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

from pipeline import runs
from pipeline.business_date import current_business_date
from pipeline.models import WORKING, JobRun, State, Trigger
from pipeline.runs import schedules

SUPERVISE = "pipeline.worker.supervisor.supervise"
# The second is what the previous release queued.
_SUPERVISE_PATHS = (SUPERVISE, "pipeline.supervisor.supervise")
START = "pipeline.queue.start_scheduled"
_MOST_TASKS = 500

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
    """What a schedule calls. The same slot delivered twice starts nothing the second time; during a drain it leaves a
    run that ended before it began, which the end of the drain catches up."""
    due = datetime.fromisoformat(slot) if slot else None
    day = current_business_date()
    try:
        try:
            run = start(job, business_date=day, trigger=Trigger.SCHEDULE, slot=due)
        except runs.Draining as refused:
            left_out = runs.leave_out(job, business_date=day, slot=due, drain=refused.drain)
            logger.warning("schedule of %s put off by a drain: run %s", job, left_out.pk)
            return f"put off: run {left_out.pk}"
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


def mend_schedules() -> list[str]:
    """Sets all schedules anew where one is not as we write them, and returns the names of those. While a single one
    cannot be read django-q2 starts none at all."""
    wrong = [schedule.name for schedule in Schedule.objects.all() if not _ours(schedule)]
    if wrong:
        set_up_schedules()
    return wrong


def _ours(schedule: Schedule) -> bool:
    return bool(schedule.func == START and schedule.args == repr((schedule.name,)) and not schedule.kwargs)


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


@dataclass(frozen=True)
class Waiting:
    """A start that no worker got to in time though workers are idle: the cluster is stuck or gone.

    `task` is None where the queue lost it, `run` where a schedule's start has opened none yet.
    """

    job: str
    task: OrmQ | None
    run: JobRun | None = None
    slot: str | None = None


def patience() -> timedelta:
    return timedelta(seconds=settings.QUEUE_FROZEN_SECONDS)


def stuck(longer_than: timedelta | None = None) -> list[Waiting]:
    """Looks at the queue itself: what nobody fetched, what was fetched and never began, runs whose task is gone."""
    if not _idle():
        return []
    limit = patience() if longer_than is None else longer_than
    runs_waiting = {run.pk: run for run in _queued().filter(queued_at__lt=Now() - limit)}
    found = []
    for task, call in _tasks():
        run = runs_waiting.pop(call["args"][0], None) if call["func"] in _SUPERVISE_PATHS else None
        if (run or call["func"] == START) and timezone.now() - _waits_since(task) > limit:
            job = run.job if run else call["args"][0]
            found.append(Waiting(job, task, run, call["kwargs"].get("slot")))
    return [*found, *(Waiting(run.job, None, run) for run in runs_waiting.values())]


def still_queued(numbers: Collection[int]) -> list[JobRun]:
    """Those of the runs that no worker began though workers are idle."""
    return list(_queued().filter(pk__in=numbers)) if numbers and _idle() else []


def _idle() -> bool:
    working = JobRun.objects.filter(state__in=WORKING).exclude(trigger=Trigger.COMMAND).count()
    return working < int(settings.Q_CLUSTER["workers"])


def _queued() -> QuerySet[JobRun]:
    return JobRun.objects.filter(state=State.QUEUED).exclude(trigger=Trigger.COMMAND).defer("checkpoint")


def _tasks() -> Iterator[tuple[OrmQ, dict[str, Any]]]:
    """The youngest first: a run that was queued again is judged by its newest task."""
    tasks = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"]).order_by("-pk")[:_MOST_TASKS]
    for task in sorted(tasks, key=_waits_since, reverse=True):
        call = task.task
        if call.get("func") in (*_SUPERVISE_PATHS, START):
            yield task, call


def foreign_tasks() -> int:
    """Tasks that a process with another SECRET_KEY signed: each cluster throws the other's away."""
    tasks = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"]).order_by("-pk")[:_MOST_TASKS]
    return sum("func" not in task.task for task in tasks)


def _waits_since(task: OrmQ) -> datetime:
    """A fetched task is locked until its delivery is repeated."""
    lock = cast(datetime, task.lock)
    return lock if lock <= timezone.now() else lock - timedelta(seconds=settings.Q_CLUSTER["retry"])


def rescue(waiting: Waiting) -> JobRun | None:
    """Puts the start back into the queue, for a cluster that works: the one that fetched it may be gone, and would
    keep it until its delivery is repeated. Delivered twice it begins once."""
    if waiting.run is None:
        start_scheduled(waiting.job, waiting.slot)
        OrmQ.objects.filter(pk=waiting.task.pk if waiting.task else None).delete()
        return JobRun.objects.live().of(waiting.job).first()
    if waiting.task is None:
        enqueue(waiting.run)
    else:
        OrmQ.objects.filter(pk=waiting.task.pk).update(lock=timezone.now())
    return waiting.run


def alive() -> bool:
    """Whether the cluster does its work: no schedule is overdue and nothing waits that could run."""
    overdue = Schedule.objects.exclude(repeats=0).filter(next_run__lt=timezone.now() - patience()).exists()
    return not overdue and not stuck()


def waiting_tasks() -> int:
    """Tasks that no worker has fetched yet."""
    return int(OrmQ.objects.filter(lock__lte=timezone.now()).count())
