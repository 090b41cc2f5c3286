"""A drain: a deploy records it in the database, and until it is lifted or expires no run is opened.

Beginning a drain and opening a run exclude each other by table locks: a run that was opened first is committed before
the drain begins and is seen by it; a run that comes later finds the drain.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Now

from pipeline.models import Drain
from pipeline.runs.errors import Draining


def in_force() -> Drain | None:
    return Drain.objects.filter(lifted_at=None, until__gt=Now()).first()


def expired() -> Drain | None:
    """A drain that was not lifted in time: it blocks nothing any more, but the runs that it stopped still wait."""
    return Drain.objects.filter(lifted_at=None, until__lte=Now()).first()


def refuse_while_drained() -> None:
    """Called in the transaction that opens a run. Raises Draining."""
    _lock("ROW SHARE")
    if drain := in_force():
        raise Draining(drain)


def begin(by: str, seconds: float) -> Drain:
    """The drain, in force for `seconds` from now. One that is not lifted yet is extended."""
    until = Now() + Value(timedelta(seconds=seconds))
    with transaction.atomic():
        _lock("EXCLUSIVE")
        drain, _created = Drain.objects.update_or_create(
            lifted_at=None, defaults={"until": until}, create_defaults={"by": by, "until": until}
        )
    drain.refresh_from_db()
    return drain


def mark_lifted(drain: Drain, by: str) -> bool:
    """False if it was lifted before."""
    return Drain.objects.filter(pk=drain.pk, lifted_at=None).update(lifted_at=Now(), lifted_by=by) == 1


def _lock(mode: str) -> None:
    """Until the end of the current transaction. Both modes let pages and a backup read the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Drain._meta.db_table} IN {mode} MODE")
