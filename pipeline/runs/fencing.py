"""The fence: who may still write in a run's name. Asked before every write of a job, locked in its transactions."""

from typing import Any

from django.conf import settings
from django.db import connection

from pipeline.models import WORKING, JobRun, JobRunQuerySet
from pipeline.runs.errors import FenceLost

_GRACE_SECONDS = 10


def held(run_id: int, fence: int) -> JobRunQuerySet:
    """The run, if this fence still holds."""
    return JobRun.objects.filter(pk=run_id, fence=fence, state__in=WORKING)


def lease() -> float:
    """Seconds that a run may go without a beat before it counts as lost: with the look of the watch on top, a machine
    that is gone is noticed within 100 s at a beat of 30 s. Short beats get ten seconds of grace."""
    return float(max(3 * settings.HEARTBEAT_SECONDS, settings.HEARTBEAT_SECONDS + _GRACE_SECONDS))


def lock_fence(run_id: int, fence: int) -> None:
    """Locks the run's row to the end of the transaction, which the server ends if we freeze in the middle of it."""
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
    if not held(run_id, fence).exists():
        raise FenceLost(run_id)


def save_checkpoint(run_id: int, fence: int, data: dict[str, Any], **shown: Any) -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("A checkpoint belongs into the transaction of the writes that it speaks of.")
    if held(run_id, fence).update(checkpoint=data, **shown) != 1:
        raise FenceLost(run_id)
