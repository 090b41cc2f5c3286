"""The sweep of jobwatch as a job, for installations without jobwatch: ends lost and stale runs, deletes old traces, and
notifies while the watch is dead, which cannot report itself."""

from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pipeline import notifications, runs
from pipeline.models import Beat, JobRun, LogLine
from pipeline.runs import Outcome, RunContext, job

# The runs of this job are deleted early; the beats and logs of the others are kept as long as snapshots.
KEEP_OWN_RUNS = timedelta(days=2)
KEEP_TRACES = timedelta(days=35)


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
    Beat.objects.filter(at__lt=Now() - KEEP_TRACES).delete()
    LogLine.objects.filter(at__lt=Now() - KEEP_TRACES).delete()
    ended = JobRun.objects.filter(job=own_job, state="succeeded", finished_at__lt=Now() - KEEP_OWN_RUNS)
    return ended.delete()[1].get("pipeline.JobRun", 0)
