"""What is wrong at this moment, read from the database: failed and partial runs, schedules that did not start, a dead
queue, a dead watch, and listings in quarantine."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max
from django.db.models.functions import Now
from django.utils import timezone

from pipeline import queue
from pipeline.models import TERMINAL, Incident, JobRun, State, WatchBeat
from pipeline.runs import drain, registry
from snapshots.models import Snapshot

FAILURES: Final = (State.FAILED, State.TIMED_OUT, State.LOST)
# A failure found later than this after it happened opens no incident: an address that is configured today gets no
# messages about last week.
RECENT: Final = timedelta(days=1)
# A start may be this late before it is overdue: a queue that restarts takes seconds.
OVERDUE_AFTER: Final = timedelta(minutes=15)
# The watch looks every five seconds, and one look may wait for a slow hotel.
WATCH_DEAD_AFTER: Final = timedelta(minutes=2)


@dataclass(frozen=True)
class Condition:
    """`recent` is False where it may keep an incident open but opens none."""

    kind: Incident.Kind
    key: str
    since: datetime
    run: JobRun | None = None
    recent: bool = True


def current(frozen: Sequence[JobRun] = ()) -> list[Condition]:
    """In a drain nothing is overdue: it keeps jobs from starting on purpose."""
    found = [*_bad_ends(), *_dead_watch(), *_quarantines()]
    if drain.in_force() is None:
        dead = list(_dead_queue(frozen))
        # A dead queue is one incident: the schedules that it does not start open none of their own.
        late = [Condition(Incident.Kind.OVERDUE, job, at, recent=not dead) for job, at in queue.overdue(OVERDUE_AFTER)]
        found += [*dead, *late]
    return found


def last_end(job: str) -> JobRun | None:
    """The last run that ended by itself: a cancelled run says nothing about the job."""
    ended = JobRun.objects.of(job).filter(state__in=TERMINAL, dry_run=False).exclude(state=State.CANCELLED)
    return ended.defer("checkpoint", "summary", "blocked_stack", "phases").order_by("-pk").first()


def _bad_ends() -> Iterator[Condition]:
    named = Incident.objects.filter(ended_at=None, kind__in=(Incident.Kind.FAILURE, Incident.Kind.PARTIAL))
    limit = timezone.now() - RECENT
    for job in sorted({*registry.load(), *named.values_list("key", flat=True)}):
        run = last_end(job)
        if run is None or run.finished_at is None or run.state == State.SUCCEEDED:
            continue
        kind = Incident.Kind.FAILURE if run.state in FAILURES else Incident.Kind.PARTIAL
        yield Condition(kind, job, run.finished_at, run, recent=run.finished_at > limit)


def _dead_queue(frozen: Sequence[JobRun]) -> Iterator[Condition]:
    if frozen or not queue_alive():
        run = frozen[0] if frozen else None
        yield Condition(Incident.Kind.QUEUE, "", run.queued_at if run else timezone.now(), run)


def _quarantines() -> Iterator[Condition]:
    held = Snapshot.objects.held().values("source__name").annotate(since=Max("started_at"))
    for row in held.order_by("source__name"):
        yield Condition(Incident.Kind.QUARANTINE, row["source__name"], row["since"])


def queue_alive() -> bool:
    """Whether the cluster starts what is due; also while a drain keeps it from starting anything."""
    return drain.in_force() is not None or queue.alive()


def _dead_watch() -> Iterator[Condition]:
    looked = _last_look()
    if looked is not None and timezone.now() - looked > WATCH_DEAD_AFTER:
        yield Condition(Incident.Kind.WATCH, "", looked)


def watch_age() -> timedelta | None:
    """Time since any watch last looked; None if none ever did."""
    looked = _last_look()
    return None if looked is None else max(timedelta(0), timezone.now() - looked)


def _last_look() -> datetime | None:
    return WatchBeat.objects.order_by("-at").values_list("at", flat=True).first()


def record_look() -> None:
    """Called by the watch at each look."""
    WatchBeat.objects.update_or_create(host=socket.gethostname()[:100], defaults={"at": Now()})
