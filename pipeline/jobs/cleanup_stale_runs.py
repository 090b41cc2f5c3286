"""The sweep of jobwatch as a job, for installations without jobwatch: ends lost and stale runs, deletes old traces."""

from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pipeline import runs
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
    await context.phase("purge")
    purged = 0 if context.dry_run else await sync_to_async(_purge)(context.job)
    return Outcome("succeeded", {"lost": len(swept), "purged": purged})


def _purge(own_job: str) -> int:
    Beat.objects.filter(at__lt=Now() - KEEP_TRACES).delete()
    LogLine.objects.filter(at__lt=Now() - KEEP_TRACES).delete()
    ended = JobRun.objects.filter(job=own_job, state="succeeded", finished_at__lt=Now() - KEEP_OWN_RUNS)
    return ended.delete()[1].get("pipeline.JobRun", 0)
