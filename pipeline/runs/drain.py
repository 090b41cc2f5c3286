"""A drain: who deploys marks it in the database, and until it is lifted or its time is over no run is opened.

The mark and the opening of a run exclude each other: whoever opened a run before the mark stands has committed it by
then, so that the drain sees it; whoever comes later reads the mark.
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
    """A drain that nobody lifted in time: it holds nobody back any more, and what it stopped waits."""
    return Drain.objects.filter(lifted_at=None, until__lte=Now()).first()


def refuse_while_drained() -> None:
    """In the transaction that opens a run. Raises Draining."""
    _lock("ROW SHARE")
    if drain := in_force():
        raise Draining(drain)


def begin(by: str, seconds: float) -> Drain:
    """The drain, in force for `seconds` from now. One that nobody has lifted yet goes on."""
    until = Now() + Value(timedelta(seconds=seconds))
    with transaction.atomic():
        _lock("EXCLUSIVE")
        drain, _created = Drain.objects.update_or_create(
            lifted_at=None, defaults={"until": until}, create_defaults={"by": by, "until": until}
        )
    drain.refresh_from_db()
    return drain


def end(drain: Drain, by: str) -> bool:
    """Lifts it; False if somebody was first."""
    return Drain.objects.filter(pk=drain.pk, lifted_at=None).update(lifted_at=Now(), lifted_by=by) == 1


def _lock(mode: str) -> None:
    """To the end of the transaction that must be open. Both modes let pages and a backup read the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {Drain._meta.db_table} IN {mode} MODE")
