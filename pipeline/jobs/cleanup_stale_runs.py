"""The sweep of jobwatch as a job, for installations without jobwatch: ends lost and stale runs, deletes old traces, and
notifies while the watch is dead, which cannot report itself."""

from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pipeline import notifications, queue, runs
from pipeline.business_date import database_time
from pipeline.models import TERMINAL, Beat, JobRun, LogLine, SkippedSlot, State
from pipeline.runs import Outcome, RunContext, job, registry

# The runs of this job are deleted early; the beats and logs of the others are kept as long as snapshots, the runs of
# other maintenance as long, and those that people follow for more than a year, so that years can be compared.
KEEP_OWN_RUNS = timedelta(days=2)
KEEP_TRACES = timedelta(days=35)
KEEP_RUNS = timedelta(days=400)
# Of a transaction, so that a first purge after years locks nothing for long.
CHUNK = 1_000


@job(
    "cleanup_stale_runs",
    title=_("Clean up stale runs"),
    idempotent=True,
    phases=("sweep", "purge"),
    supabase=False,
    housekeeping=True,
)
async def run(context: RunContext) -> Outcome:
    await context.phase("sweep")
    swept = [] if context.dry_run else await sync_to_async(runs.sweep)()
    if not context.dry_run and await sync_to_async(_watch_is_dead)():
        await sync_to_async(notifications.send_due)()
    await context.phase("purge")
    purged = 0 if context.dry_run else await sync_to_async(_purge)(context.job)
    return Outcome("succeeded", {"lost": len(swept), "purged": purged})


def _watch_is_dead() -> bool:
    age = notifications.watch_age()
    return age is not None and age > notifications.WATCH_DEAD_AFTER


def _purge(own_job: str) -> int:
    """Deletes what is past its time and returns the number of deleted runs."""
    Beat.objects.filter(at__lt=Now() - KEEP_TRACES).delete()
    LogLine.objects.filter(at__lt=Now() - KEEP_TRACES).delete()
    SkippedSlot.objects.filter(slot__lt=Now() - KEEP_TRACES).delete()
    queue.forget_results(database_time() - KEEP_TRACES)
    housekeeping = [name for name, job in registry.load().items() if job.housekeeping]
    old = JobRun.objects.filter(state__in=TERMINAL).filter(
        Q(finished_at__lt=Now() - Value(KEEP_RUNS))
        | Q(job__in=housekeeping, finished_at__lt=Now() - Value(KEEP_TRACES))
        | Q(job=own_job, state=State.SUCCEEDED, finished_at__lt=Now() - Value(KEEP_OWN_RUNS))
    )
    purged = 0
    while chunk := list(old.order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            JobRun.objects.filter(resume_of__in=chunk).update(resume_of=None)
            purged += JobRun.objects.filter(pk__in=chunk).delete()[1].get("pipeline.JobRun", 0)
    return purged
