"""What `manage.py check` (with `--database default`) asks where clusters on several machines share the database."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.utils import timezone

from pipeline import queue

# django-q2 compares the machine's own clock with what another machine wrote.
MOST_SECONDS_APART = 5.0
# Supabase's pooler in its transaction mode.
_TRANSACTION_POOLER = "6543"


@register(Tags.database)
def clocks_agree(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """A machine that is late fetches nothing for as long as it is late; one that is early delivers tasks twice."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    apart = abs((timezone.now() - _database_time()).total_seconds())
    if apart <= MOST_SECONDS_APART:
        return []
    return [
        Error(
            f"This machine's clock and the database's are {apart:.0f} s apart.",
            hint="Clusters that share a database take tasks by the clock: run a time service (NTP) on every machine.",
            id="pipeline.E110",
        )
    ]


@register(Tags.database)
def tasks_can_be_read(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """A cluster throws away what it cannot read; the run is queued again, and may meet the wrong one once more."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        foreign = queue.foreign_tasks()
    except DatabaseError:  # before the first migration there is no queue
        return []
    if not foreign:
        return []
    return [
        Warning(
            f"{foreign} tasks in the queue were signed with another SECRET_KEY.",
            hint="Every machine that shares the database needs the same SECRET_KEY (and HASH_KEY).",
            id="pipeline.W111",
        )
    ]


@register()
def cancelling_is_heard(**_: Any) -> list[CheckMessage]:
    if cancelling_by() == "notify":
        return []
    return [
        Warning(
            "DATABASE_URL leads through a transaction pooler: whoever cancels a run waits for its next heartbeat.",
            hint="Name the direct or the session address (port 5432): LISTEN does not work through this one.",
            id="pipeline.W112",
        )
    ]


def cancelling_by() -> str:
    """How a run hears that somebody cancels it: `notify` within moments, or `poll`, at its next heartbeat."""
    return "poll" if _port() == _TRANSACTION_POOLER else "notify"


def _port() -> str:
    return str(settings.DATABASES[DEFAULT_DB_ALIAS].get("PORT"))


def _database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
    return found
