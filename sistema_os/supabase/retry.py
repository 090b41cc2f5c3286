"""How long a query may take, whether it may be retried after a failure and after what delay.

execution.py waits and sends.
"""

import asyncio
import random
from collections import deque
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

from sistema_os.supabase.errors import ConnectionFailed, ResponseError, SupabaseError
from sistema_os.supabase.query import Head

MOST_RETRIES = 3
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
# 525, 530: Cloudflare could not reach the project's gateway. 544, 546: Supabase's own time-out and worker limit.
STATUSES = frozenset({408, 429, 502, 503, 504, 525, 530, 544, 546, *range(520, 525)})
# A retry cannot help: the project is over its quota (402), paused (540), or its certificate is not accepted (526).
LASTING_STATUSES = frozenset({402, 526, 540})
# PostgREST without its database; serialisation failure; deadlock. Never 57014: the statement was too slow.
CODES = frozenset({"PGRST000", "PGRST001", "PGRST002", "PGRST003", "40001", "40P01"})
# The statement waited for a connection of PostgREST's pool and never ran, so even an insert may be sent again.
NEVER_RAN = "PGRST003"


def is_passing(error: SupabaseError) -> bool:
    """Whether the failure is transient: the same request may succeed shortly afterwards."""
    if isinstance(error, ResponseError):
        return error.code != "57014" and (error.status in STATUSES or error.code in CODES)
    return isinstance(error, ConnectionFailed)


def may_repeat(head: Head, error: SupabaseError) -> bool:
    """Whether a retry is safe: a write that may have reached the server is only repeated if it is idempotent."""
    if not head.retry or not is_passing(error):
        return False
    if head.repeatable or (isinstance(error, ConnectionFailed) and not error.sent):
        return True
    return isinstance(error, ResponseError) and error.code == NEVER_RAN


def pause(head: Head, error: SupabaseError, attempt: int, remaining: float) -> float | None:
    """Seconds until the next attempt; None if a retry is not safe or would start after the deadline."""
    if attempt > MOST_RETRIES or not may_repeat(head, error):
        return None
    wait = random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt))  # noqa: S311 - jitter is no secret
    if isinstance(error, ResponseError) and error.retry_after is not None:
        wait = error.retry_after + wait / 4
    return wait if wait < remaining else None


def retry_after(header: str | None, now: datetime | None = None) -> float | None:
    """The Retry-After header (seconds or an HTTP date) in seconds; None if absent or malformed."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())


class Deadlines:
    """Cancels the queries whose time is up.

    All queries of a client have the same number of seconds, so they are due in the order in which they began, and a
    single timer, set to the oldest, is enough. `asyncio.timeout()` sets and cancels one for each, which takes three
    times as long.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: deque[Deadline] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, deadline: "Deadline", loop: asyncio.AbstractEventLoop) -> None:
        self._running.append(deadline)
        if self._timer is None:
            self._timer = loop.call_at(deadline.until, self._expire, loop)

    def forget_finished(self) -> None:
        """At both ends; one between two unfinished queries waits until it is at an end."""
        running = self._running
        while running and running[-1].task is None:
            running.pop()
        while running and running[0].task is None:
            running.popleft()

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        self.forget_finished()
        now = loop.time()
        while self._running and self._running[0].until <= now:
            self._running.popleft().expire()
            self.forget_finished()
        following = self._running[0].until if self._running else None
        self._timer = None if following is None else loop.call_at(following, self._expire, loop)


class Deadline:
    """The deadline of one query, from now on. The `with` around its awaits ends silently when the time is up.

    A cancellation from outside passes through, also when it arrives at the same moment. `sent` (requests) and `last`
    (the last failure's name) are for the error message.
    """

    __slots__ = ("_all", "_cancelling", "_expired", "_loop", "last", "sent", "task", "until")

    def __init__(self, deadlines: Deadlines, loop: asyncio.AbstractEventLoop) -> None:
        self._all = deadlines
        self._loop = loop
        self._expired = False
        self._cancelling = 0
        self.task: asyncio.Task[object] | None = None
        self.until = loop.time() + deadlines.seconds
        self.sent = 0
        self.last = ""

    def __enter__(self) -> Self:
        task = asyncio.current_task(self._loop)
        if task is None:
            raise RuntimeError("A query runs inside a task.")
        self.task = task
        self._cancelling = task.cancelling()
        self._all.add(self, self._loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        task, self.task = self.task, None
        self._all.forget_finished()
        if not self._expired or task is None:
            return False
        # Undone even if the block ended otherwise: the request to cancel was this object's own.
        return task.uncancel() <= self._cancelling and kind is asyncio.CancelledError

    def expire(self) -> None:
        """Cancels the task; the `with` takes the cancellation back."""
        if self.task is not None:
            self._expired = True
            self.task.cancel()

    def remaining(self) -> float:
        """Seconds; below 0 when the time is up."""
        return self.until - self._loop.time()
