"""Notices to operators by e-mail, webhook and ping: what is wrong (`conditions`), since when (`incidents`), and what is
to be sent until it is sent (`outbox`, `channels`).

The watch calls `send_due` every few seconds, and so does the job `cleanup_stale_runs` while the watch is dead. Sending
is synchronous: in a job it belongs into a thread.
"""

from collections.abc import Iterable

from pipeline.models import JobRun
from pipeline.notifications import conditions, incidents, outbox
from pipeline.notifications.conditions import WATCH_DEAD_AFTER, queue_alive, record_look, watch_age

__all__ = ["WATCH_DEAD_AFTER", "queue_alive", "record_look", "send_due", "watch_age"]


def send_due(frozen: Iterable[JobRun] = ()) -> int:
    """Records what is wrong now and what is over, sends what is due, and returns the number of messages that were sent.
    Never raises because a receiver fails. `frozen` are runs that prove that the queue is dead."""
    incidents.record(conditions.current(list(frozen)))
    incidents.record_pings()
    return outbox.send()
