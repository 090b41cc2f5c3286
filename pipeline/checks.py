"""`manage.py check`: every limit of a run lies inside the next one, or what should catch a failure comes first."""

import math
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from pipeline.runs import fencing, registry
from pipeline.worker.heartbeat import GRACE_SECONDS

# A command of a job asks for these alone: they are quick, and a run under wrong limits lies about its end.
LIMITS = "limits"


@register(LIMITS)
def limits_are_nested(**_: Any) -> list[CheckMessage]:
    return [
        Error(f"{inner} must be shorter than {outer}.", hint=why, id=f"pipeline.E{number:03d}")
        for number, (inner, low, outer, high, why) in enumerate(_limits(), 1)
        if not low < high
    ]


@register()
def pings_name_jobs(**_: Any) -> list[CheckMessage]:
    unknown = sorted(set(settings.PING_URLS) - set(registry.load()))
    return [Error(f"PING_URLS names no job: {name}.", id="pipeline.E100") for name in unknown]


def _limits() -> Iterator[tuple[str, float, str, float, str]]:
    q = settings.Q_CLUSTER
    waits = 1 + math.ceil((q["queue_limit"] + 1) / q["workers"])
    lease = fencing.lease()
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
        "The queue would kill the supervisor, and nobody would record the end.",
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
