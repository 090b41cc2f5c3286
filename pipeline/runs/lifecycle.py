"""The only writer of JobRun.state: open, claim, beat, checkpoint, finish, cancel, sweep.

Every change is one conditional UPDATE: 0 rows changed means that another process was first. All times are the
database's, so that machines agree on lateness. Row locks are `FOR NO KEY UPDATE`, which inserts of beats and cancel
requests (foreign keys) do not wait for.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import DurationField, ExpressionWrapper, F, Max, OuterRef, Subquery, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext as _

from pipeline import labels
from pipeline.business_date import database_time
from pipeline.models import LIVE, WORKING, Beat, CancelRequest, Drain, JobRun, JobRunQuerySet, State, Trigger
from pipeline.runs import drain as drains
from pipeline.runs import registry
from pipeline.runs.control import Position
from pipeline.runs.errors import (
    AlreadyRunning,
    FenceLost,
    NotClaimed,
    SlotTaken,
    validate,
)

CANCEL_CHANNEL = "pipeline_cancel"
_GRACE_SECONDS = 10
LONGEST_STACK = 20_000


def _fenced(run_id: int, fence: int) -> JobRunQuerySet:
    """The run, if it is working under this fence."""
    return JobRun.objects.filter(pk=run_id, fence=fence, state__in=WORKING)


def lease() -> float:
    """Seconds without a beat after which a run counts as lost. At a beat of 30 s, a machine that failed is noticed
    within 100 s, the interval of the watch included. Short beats get ten seconds of grace."""
    return float(max(3 * settings.HEARTBEAT_SECONDS, settings.HEARTBEAT_SECONDS + _GRACE_SECONDS))


def lock_fence(run_id: int, fence: int) -> None:
    """Locks the run's row until the end of the transaction; raises FenceLost. If this process freezes in the middle
    of the transaction, the server ends it after 30 s."""
    if not connection.in_atomic_block:
        raise RuntimeError("fence() guards the writes of a transaction: call it inside transaction.atomic().")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', '30s', true) FROM pipeline_jobrun"
            " WHERE id = %s AND fence = %s AND state IN ('running', 'cancelling') FOR NO KEY UPDATE",
            [run_id, fence],
        )
        if cursor.fetchone() is None:
            raise FenceLost(run_id)


def check_fence(run_id: int, fence: int) -> None:
    if not _fenced(run_id, fence).exists():
        raise FenceLost(run_id)


def save_checkpoint(run_id: int, fence: int, data: dict[str, Any], **shown: Any) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("A checkpoint belongs into the transaction of the writes that it speaks of.")
    if _fenced(run_id, fence).update(checkpoint=data, **shown) != 1:
        raise FenceLost(run_id)


def open_run(
    job: str,
    *,
    business_date: date,
    trigger: str,
    user: User | None = None,
    dry_run: bool = False,
    steps: Iterable[str] | None = None,
    resume_of: JobRun | None = None,
    slot: datetime | None = None,
    accepts_date: bool = False,
) -> JobRun:
    """The queued run. `accepts_date`: a person vouches for the date, see `pipeline.runs.dates`. Raises
    AlreadyRunning (with the live run), SlotTaken, UnknownJob, InvalidRun or Draining, and then wrote nothing."""
    chosen = None if steps is None else list(steps)
    validate(registry.get(job), business_date, chosen, resume_of)
    checkpoint = resume_of.checkpoint if resume_of else {}
    while True:
        try:
            with transaction.atomic():
                drains.refuse_while_drained()
                return JobRun.objects.create(
                    job=job,
                    business_date=business_date,
                    trigger=trigger,
                    user=user,
                    dry_run=dry_run,
                    steps=chosen,
                    resume_of=resume_of,
                    checkpoint=checkpoint,
                    slot=slot,
                    accepts_date=accepts_date,
                )
        except IntegrityError as error:
            broken = _broken_constraint(error)
            if broken == "one_run_a_slot":
                raise SlotTaken(job, slot) from error
            if broken != "one_live_run_a_job":
                raise
        # The live run may have ended between the refusal and this query: then try again.
        if live := JobRun.objects.live().of(job).first():
            raise AlreadyRunning(live)


def _broken_constraint(error: IntegrityError) -> str | None:
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None


def record_postponed(job: str, *, business_date: date, slot: datetime | None, drain: Drain) -> JobRun:
    """The run of a schedule during a drain: cancelled before it began, visible with its reason, and resumable after
    the drain. Raises SlotTaken where this slot was recorded before."""
    run = JobRun(job=job, business_date=business_date, trigger=Trigger.SCHEDULE, slot=slot, state=State.CANCELLED)
    run.reason, run.finished_at = labels.drain_sentence(drain), database_time()
    try:
        with transaction.atomic():
            run.save()
            CancelRequest.objects.create(run=run, why=run.reason, drain=drain)
            return run
    except IntegrityError as error:
        if _broken_constraint(error) != "one_run_a_slot":
            raise
        raise SlotTaken(job, slot) from error


def resume(run: JobRun, user: User | None = None) -> JobRun:
    """A new queued run that continues at the checkpoint of `run`. Raises like open_run."""
    return open_run(
        run.job,
        business_date=run.business_date,
        trigger=Trigger.RESUME,
        user=user,
        dry_run=run.dry_run,
        steps=run.steps,
        resume_of=run,
        accepts_date=run.accepts_date,
    )


def claim(run_id: int) -> JobRun:
    """The run, now running under a new fence, with its first beat. Raises NotClaimed if it was not queued."""
    with transaction.atomic():
        claimed = JobRun.objects.filter(pk=run_id, state=State.QUEUED).update(
            state=State.RUNNING,
            fence=F("fence") + 1,
            started_at=Now(),
            beat_at=Now(),
            progress_at=Now(),
            lease_seconds=lease(),
        )
        if claimed != 1:
            raise NotClaimed(run_id)
        run = JobRun.objects.get(pk=run_id)
        Beat.objects.create(run=run, fence=run.fence, progress_at=Now())
    return run


def append_beat(run_id: int, fence: int, position: Position) -> bool:
    """Appends a beat. False if the run is not working under this fence any more. Never waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO pipeline_beat (run_id, fence, at, progress_at, phase, done, total, last_key)"
            " SELECT id, fence, statement_timestamp(), statement_timestamp() - make_interval(secs => %s),"
            " %s, %s, %s, %s FROM pipeline_jobrun WHERE id = %s AND fence = %s AND state IN ('running', 'cancelling')",
            [
                position.idle_seconds,
                position.phase,
                position.done,
                position.total,
                position.last_key,
                run_id,
                fence,
            ],
        )
        if cursor.rowcount != 1:
            return False
    update_unless_locked(run_id, fence, beat_at=Now(), **position_fields(position))
    return True


def position_fields(position: Position) -> dict[str, Any]:
    """A position as fields of JobRun, for pages that are loaded between two beats."""
    idle = Value(timedelta(seconds=position.idle_seconds))
    return {
        "progress_at": ExpressionWrapper(Now() - idle, output_field=JobRun._meta.get_field("progress_at")),
        "phase": position.phase,
        "done": position.done,
        "total": position.total,
        "last_key": position.last_key,
        "phases": [{"name": name, "at": at.isoformat()} for name, at in position.phases],
    }


def update_unless_locked(run_id: int, fence: int, **fields: Any) -> bool:
    """Updates the run unless its row is locked; False if nothing was changed. It is one statement, so a process that
    freezes before or after it holds no lock."""
    return bool(_fenced(run_id, fence).filter(pk__in=_unlocked(run_id)).update(**fields))


def _unlocked(run_id: int) -> RawSQL:
    """The run's id, now locked by us, or no row where another transaction holds the lock."""
    return RawSQL("SELECT id FROM pipeline_jobrun WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED", [run_id])


def finish(
    run_id: int,
    fence: int,
    state: str,
    *,
    summary: dict[str, Any],
    reason: str,
    position: Position | None = None,
    outage: bool = False,
) -> None:
    """Ends the run; `outage` if something else that did not answer made it fail.

    Raises FenceLost if another process ended it before; then nothing was changed."""
    last = position_fields(position) if position else {}
    ended = _fenced(run_id, fence).update(
        state=state, finished_at=Now(), summary=summary, reason=reason, outage=outage, **last
    )
    if ended != 1:
        raise FenceLost(run_id)


def force_end(run: JobRun, state: str, reason: str, *, unless_locked: bool = False) -> bool:
    """Ends a run whose process could not record its end. The fence is raised, so that a process that wakes up writes
    nothing. False if the run was over or, with `unless_locked`, while its row is locked."""
    live = JobRun.objects.filter(pk=run.pk, fence=run.fence, state__in=LIVE)
    if unless_locked:
        live = live.filter(pk__in=_unlocked(run.pk))
    return bool(live.update(state=state, fence=F("fence") + 1, finished_at=Now(), reason=reason))


def record_stack(run: JobRun, stack: str) -> None:
    """Stores a stack found after the process ended, unless the heartbeat stored one, which is more precise."""
    JobRun.objects.filter(pk=run.pk, blocked_stack="").update(blocked_stack=stack[:LONGEST_STACK])


def request_cancel(run: JobRun, user: User | None = None, why: str = "", drain: Drain | None = None) -> bool:
    """Requests a live run to stop; False if it is over. Never waits for the job: a queued run is cancelled at once, a
    running one is woken by NOTIFY and reads the request at its next beat at the latest."""
    if not JobRun.objects.filter(pk=run.pk).live().exists():
        return False
    with transaction.atomic():
        CancelRequest.objects.create(run=run, user=user, why=why, drain=drain)
        JobRun.objects.filter(pk=run.pk, state=State.QUEUED).update(
            state=State.CANCELLED, finished_at=Now(), reason=labels.cancel_sentence(user, why)
        )
    JobRun.objects.filter(pk__in=_unlocked(run.pk), state=State.RUNNING).update(state=State.CANCELLING)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CANCEL_CHANNEL, str(run.pk)])
    return True


def cancel_requested(run_id: int) -> CancelRequest | None:
    return CancelRequest.objects.filter(run_id=run_id).select_related("user").first()


def sweep() -> list[JobRun]:
    """Ends runs without a beat for longer than their lease and, as the last resort, runs that are live after
    STALE_RUNNING_HOURS. A row that is locked at this moment is left to the next sweep."""
    newest = Beat.objects.filter(run=OuterRef("pk")).order_by().values("run").annotate(at=Max("at")).values("at")
    lease = ExpressionWrapper(F("lease_seconds") * Value(timedelta(seconds=1)), output_field=DurationField())
    silent = JobRun.objects.filter(state__in=WORKING).annotate(last_beat=Coalesce(Subquery(newest), F("started_at")))
    old = JobRun.objects.live().annotate(since=Coalesce(F("started_at"), F("queued_at")))
    hours = settings.STALE_RUNNING_HOURS
    lost = _("No heartbeat for too long: the process or its machine is gone. Nothing more was written.")
    stale = _("Still not over after %(hours)g hours: given up as stale.") % {"hours": hours}
    return [
        *_end_all(silent.filter(last_beat__lt=Now() - lease), lost),
        *_end_all(old.filter(since__lt=Now() - Value(timedelta(hours=hours))), stale),
    ]


def _end_all(found: JobRunQuerySet, reason: str) -> list[JobRun]:
    with transaction.atomic():
        chosen = list(found.select_for_update(skip_locked=True, no_key=True, of=("self",)))
        return [run for run in chosen if force_end(run, State.LOST, reason)]
