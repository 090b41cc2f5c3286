"""What the sweep says of a run whose process is gone, without waiting for three heartbeats."""

from django.db.models.functions import Now

from pipeline.models import Beat, JobRun, State
from pipeline.runs import lifecycle
from tests.pipeline.waiting import until


def declare(run: JobRun, *, seconds: float = 45.0) -> None:
    """Shortens the lease and sweeps until the run is lost; at once where it had ended by itself. A process that froze
    inside a transaction holds its row until the server ends that (30 s)."""
    JobRun.objects.filter(pk=run.pk).update(lease_seconds=0.3)
    Beat.objects.filter(run=run).update(at=Now())
    until(lambda: lifecycle.sweep() or not JobRun.objects.get(pk=run.pk).live, seconds)
    run.refresh_from_db()
    if run.finished_at is None or run.live:
        raise AssertionError(f"{run} is {State(run.state).label}")
