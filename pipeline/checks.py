"""System checks: time limits that must be nested, and the conditions under which clusters share a database.

The checks tagged `database` run only with `manage.py check --database default`.
"""

import math
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from pipeline import queue
from pipeline.business_date import clocks_apart
from pipeline.runs import lifecycle, registry
from pipeline.worker.heartbeat import GRACE_SECONDS

# The command of a job runs these alone: they are quick, and with wrong limits a run would record a wrong end.
LIMITS = "limits"


@register(LIMITS)
def limits_are_nested(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"{inner} must be shorter than {outer}.", hint=why, id=f"pipeline.E{number:03d}")
        for number, (inner, low, outer, high, why) in enumerate(_limits(), 1)
        if not low < high
    ]


@register()
def extra_modules_can_be_imported(**_: Any) -> list[CheckMessage]:
    return [
        Warning(
            f"EXTRA_JOB_MODULES: {name} cannot be imported ({why}); its jobs are disabled.",
            hint="Import it in manage.py shell for the whole error, or remove it from the setting.",
            id="pipeline.W113",
        )
        for name, why in registry.broken_modules().items()
    ]


@register()
def pings_name_jobs(**_: Any) -> list[CheckMessage]:
    unknown = sorted(set(settings.PING_URLS) - set(registry.load()))
    return [Error(f"PING_URLS names no job: {name}.", id="pipeline.E100") for name in unknown]


def _limits() -> Iterator[tuple[str, float, str, float, str]]:
    q = settings.Q_CLUSTER
    waits = 1 + math.ceil((q["queue_limit"] + 1) / q["workers"])
    lease = lifecycle.lease()
    yield "0", 0, "HEARTBEAT_SECONDS", settings.HEARTBEAT_SECONDS, "A run without heartbeats looks dead."
    yield (
        "QUERY_TIMEOUT",
        settings.QUERY_TIMEOUT,
        "JOB_TIMEOUT",
        settings.JOB_TIMEOUT,
        "One query would use up the job.",
    )
    yield "three heartbeats", lease, "STALE_RUNNING_HOURS", _stale(), "The last net would come before the sweep."
    yield (
        "JOB_TIMEOUT and the grace period",
        settings.JOB_TIMEOUT + 2 * GRACE_SECONDS,
        "SUPERVISOR_TIMEOUT",
        settings.SUPERVISOR_TIMEOUT,
        "The supervisor would kill a job that is about to end by itself.",
    )
    yield (
        "SUPERVISOR_TIMEOUT",
        settings.SUPERVISOR_TIMEOUT,
        "Q_CLUSTER['timeout']",
        q["timeout"],
        "The queue would kill the supervisor, and the end would not be recorded.",
    )
    yield (
        "Q_CLUSTER['timeout'] times the places in its queue",
        (q["timeout"] + 3) * waits,
        "Q_CLUSTER['retry']",
        q["retry"],
        "Its clock starts when a task is fetched: tasks still waiting would be delivered twice.",
    )
    yield (
        "SUPERVISOR_TIMEOUT",
        settings.SUPERVISOR_TIMEOUT,
        "STALE_RUNNING_HOURS",
        _stale(),
        "Healthy runs would be cut.",
    )


def _stale() -> float:
    return float(settings.STALE_RUNNING_HOURS * 3600)


# django-q2 compares the machine's clock with times that another machine wrote.
MOST_SECONDS_APART = 5.0


@register(Tags.database)
def clocks_agree(databases: Any = None, **_: Any) -> list[CheckMessage]:
    """A machine whose clock is late does not fetch tasks in time; one whose clock is early delivers them twice."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    apart = abs(clocks_apart().total_seconds())
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
    """A cluster discards tasks that it cannot read; the run is queued again, perhaps for the wrong cluster again."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        foreign = queue.tasks_of_other_keys()
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
def cancels_are_notified(**_: Any) -> list[CheckMessage]:
    if cancelling_by() == "notify":
        return []
    return [
        Warning(
            "DATABASE_URL leads through a transaction pooler: a run learns of a cancel only at its next heartbeat.",
            hint="Name the direct or the session address (port 5432): LISTEN does not work through this one.",
            id="pipeline.W112",
        )
    ]


def cancelling_by() -> str:
    """How a run learns that it was cancelled: by `notify` at once, or by `poll` at its next heartbeat."""
    return "poll" if settings.DATABASE_TRANSACTION_POOLER else "notify"
