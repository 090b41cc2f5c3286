"""The deadline of each query, kept with one timer for all queries of a client."""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self


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
