"""The only importer of django_q: queues runs and maintains the schedules. It calls `runs`, never the reverse.

The broker uses the same database as the runs, so a run and its task are written in one transaction.
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
from django_q.models import OrmQ, Schedule, Task
from django_q.tasks import async_task

from pipeline import runs
from pipeline.business_date import database_time, opening_date
from pipeline.models import WORKING, JobRun, SkippedSlot, State, Trigger
from pipeline.runs import schedules

SUPERVISE = "pipeline.worker.supervisor.supervise"
# The second is what the previous release queued.
_SUPERVISE_PATHS = (SUPERVISE, "pipeline.supervisor.supervise")
START = "pipeline.queue.start_scheduled"
_MOST_TASKS = 500

logger = logging.getLogger(__name__)


def start(job: str, **options: Any) -> JobRun:
    """Opens a run (arguments and errors of runs.open_run) and queues it, in one transaction."""
    with transaction.atomic():
        run = runs.open_run(job, **options)
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
    """Called by a schedule. A slot that is delivered twice starts nothing the second time; during a drain it leaves a
    postponed run, which is resumed when the drain is lifted."""
    due = datetime.fromisoformat(slot) if slot else None
    day = opening_date()
    try:
        try:
            run = start(job, business_date=day, trigger=Trigger.SCHEDULE, slot=due)
        except runs.Draining as refused:
            postponed = runs.record_postponed(job, business_date=day, slot=due, drain=refused.drain)
            logger.warning("schedule of %s postponed by a drain: run %s", job, postponed.pk)
            return f"postponed: run {postponed.pk}"
    except (runs.AlreadyRunning, runs.SlotTaken, runs.UnknownJob) as refused:
        logger.warning("schedule of %s skipped: %s", job, type(refused).__name__)
        _record_skip(job, due, refused)
        return f"skipped: {type(refused).__name__}"
    return f"run {run.pk} queued"


def _record_skip(job: str, due: datetime | None, refused: Exception) -> None:
    """A slot that has its run was only delivered twice."""
    if due is None or isinstance(refused, runs.SlotTaken):
        return
    live = refused.run if isinstance(refused, runs.AlreadyRunning) else None
    why = SkippedSlot.Why.UNKNOWN if live is None else SkippedSlot.Why.RUNNING
    SkippedSlot.objects.get_or_create(job=job[:64], slot=due, defaults={"why": why, "run": live})


def set_up_schedules() -> dict[str, datetime]:
    """Replaces the stored schedules by `schedules.job_schedules()` and returns when each starts next.

    Any other schedule is removed: django-q2 would call whatever dotted path it names. A malformed schedule raises
    before anything is changed.
    """
    wanted = schedules.job_schedules()
    with transaction.atomic():
        foreign = Schedule.objects.exclude(name__in=[one.job for one in wanted], func=START)
        for schedule in foreign:
            logger.warning("schedule removed: %s calls %s", schedule.name, schedule.func)
        foreign.delete()
        return {one.job: _set_up(one) for one in wanted}


def repair_schedules() -> list[str]:
    """Sets all schedules up again where one differs from what we write or starts later than it can, and returns the
    names of those. While django-q2 cannot parse one schedule it starts none; a host whose clock is ahead for a moment
    moves every next start there."""
    now = database_time()
    latest = {one.job: one.next_after(one.next_after(now)) for one in schedules.job_schedules()}
    wrong = [
        schedule.name
        for schedule in Schedule.objects.all()
        if schedule.func != START
        or schedule.args != repr((schedule.name,))
        or schedule.kwargs
        or (schedule.name in latest and schedule.next_run > latest[schedule.name])
    ]
    if wrong:
        set_up_schedules()
    return wrong


def _set_up(wanted: schedules.JobSchedule) -> datetime:
    """Stores one schedule and returns its next start. A start that became due during the deploy still happens, once."""
    now = database_time()
    fields: dict[str, Any] = {
        "func": START,
        "args": repr((wanted.job,)),
        "kwargs": None,
        "schedule_type": Schedule.DAILY if wanted.at else Schedule.MINUTES,
        "minutes": wanted.minutes,
        "repeats": -1,
        "intended_date_kwarg": "slot",
    }
    present = list(Schedule.objects.filter(name=wanted.job))
    if len(present) == 1 and (due := present[0].next_run) and due <= now:
        at = timezone.localtime(due).time().replace(second=0, microsecond=0)
        unchanged = all(getattr(present[0], name) == value for name, value in fields.items())
        if unchanged and wanted.at in (None, at):
            return cast(datetime, due)
    next_run = wanted.next_after(now)
    Schedule.objects.filter(name=wanted.job).delete()
    Schedule.objects.create(name=wanted.job, next_run=next_run, **fields)
    return next_run


@dataclass(frozen=True)
class Waiting:
    """A start that no worker executed in time although workers are idle: the cluster is stuck or gone.

    `task` is None where the queue lost it, `run` is None where the start of a schedule has opened none yet.
    """

    job: str
    task: OrmQ | None
    run: JobRun | None = None
    slot: str | None = None


def patience() -> timedelta:
    return timedelta(seconds=settings.QUEUE_FROZEN_SECONDS)


def stuck(longer_than: timedelta | None = None) -> list[Waiting]:
    """Tasks that no worker fetched, tasks that were fetched and did not begin, and runs whose task is gone."""
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


def still_queued(run_ids: Collection[int]) -> list[JobRun]:
    """Those of the runs that no worker began although workers are idle."""
    return list(_queued().filter(pk__in=run_ids)) if run_ids and _idle() else []


def _idle() -> bool:
    """Whether at least one worker has nothing to do."""
    working = JobRun.objects.filter(state__in=WORKING).exclude(trigger=Trigger.COMMAND).count()
    return working < int(settings.Q_CLUSTER["workers"])


def _queued() -> QuerySet[JobRun]:
    return JobRun.objects.filter(state=State.QUEUED).exclude(trigger=Trigger.COMMAND).defer("checkpoint")


def _tasks() -> Iterator[tuple[OrmQ, dict[str, Any]]]:
    """The newest first: of a run that was queued again the newest task counts."""
    tasks = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"]).order_by("-pk")[:_MOST_TASKS]
    for task in sorted(tasks, key=_waits_since, reverse=True):
        call = task.task
        if call.get("func") in (*_SUPERVISE_PATHS, START):
            yield task, call


def tasks_of_other_keys() -> int:
    """The number of tasks signed with another SECRET_KEY: each cluster discards the tasks of the other."""
    tasks = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"]).order_by("-pk")[:_MOST_TASKS]
    return sum("func" not in task.task for task in tasks)


def _waits_since(task: OrmQ) -> datetime:
    """When the task was queued or fetched. A fetched task is locked until it is delivered again."""
    lock = cast(datetime, task.lock)
    return lock if lock <= timezone.now() else lock - timedelta(seconds=settings.Q_CLUSTER["retry"])


def rescue(waiting: Waiting) -> JobRun | None:
    """Queues the start again for a working cluster: the one that fetched it may be gone, and would keep the task locked
    until it is delivered again. Delivered twice, it begins once."""
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
    """Whether the cluster works: no schedule is overdue and no task waits that could be executed."""
    overdue = Schedule.objects.exclude(repeats=0).filter(next_run__lt=timezone.now() - patience()).exists()
    return not overdue and not stuck()


def overdue(longer_than: timedelta) -> list[tuple[str, datetime]]:
    """Scheduled jobs that did not start although they should have, and when they should have. Either the cluster did
    not fetch the schedule, or the schedule has moved on (a clock that was ahead) without a run."""
    now = timezone.now()
    found = []
    for schedule in Schedule.objects.exclude(repeats=0).filter(func=START).order_by("name"):
        if schedule.next_run is None:
            continue
        period = timedelta(days=1) if schedule.schedule_type == Schedule.DAILY else timedelta(minutes=schedule.minutes)
        newest = JobRun.objects.of(schedule.name).order_by("-pk").values_list("queued_at", flat=True).first()
        due = min(schedule.next_run, newest + period) if newest else schedule.next_run
        if now - due > longer_than and not JobRun.objects.live().of(schedule.name).exists():
            found.append((schedule.name, due))
    return found


def waiting_tasks() -> int:
    """Tasks that no worker has fetched yet."""
    return int(OrmQ.objects.filter(lock__lte=timezone.now()).count())


def forget_results(before: datetime) -> None:
    """Deletes what django-q2 keeps of tasks that ended before. Failures have no limit of their own there."""
    Task.objects.filter(stopped__lt=before).delete()


def next_start(job: str) -> datetime | None:
    """When the schedule of this job starts it next; None without one."""
    return cast("datetime | None", Schedule.objects.filter(name=job).values_list("next_run", flat=True).first())
