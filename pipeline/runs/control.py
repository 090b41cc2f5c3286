"""The state that the job's event loop and the heartbeat's thread share.

The loop replaces `position`, an immutable value, as a whole and without a lock; the thread reads it. The thread
requests a stop: the loop's task is cancelled, and the job's next `advance` raises as well.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from django.utils import timezone

from pipeline.runs.storable import storable_text

# Of the columns of a run and of a beat.
LONGEST_PHASE, LONGEST_KEY = 64, 200
Stop = Literal["cancel", "fence"]


@dataclass(frozen=True)
class Position:
    """How far a run is. `changed` is a monotonic time: an adjustment of the clock does not change its age."""

    phase: str = ""
    done: int = 0
    total: int | None = None
    last_key: str = ""
    changed: float = field(default_factory=time.monotonic)
    phases: tuple[tuple[str, datetime], ...] = ()

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self.changed


class Control:
    def __init__(self, on_move: Callable[[Position], None] | None = None) -> None:
        self.position = Position()
        self.stop: Stop | None = None
        self.wake: Callable[[], None] = lambda: None
        self._on_move = on_move
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None

    def enter(self, phase: str, total: int | None) -> None:
        """Starts a phase at 0 and wakes the heartbeat, so that every phase is recorded, however short."""
        phase = storable_text(phase, LONGEST_PHASE)
        entered = self.position.phases
        if phase != self.position.phase:
            entered = (*entered, (phase, timezone.now()))
        self._move(Position(phase, total=total, phases=entered))
        self.wake()

    def advance(self, done: int, last_key: str) -> None:
        self._move(
            replace(self.position, done=done, last_key=storable_text(last_key, LONGEST_KEY), changed=time.monotonic())
        )

    def _move(self, position: Position) -> None:
        self.position = position
        if self._on_move is not None:
            self._on_move(position)

    def attach(self, loop: asyncio.AbstractEventLoop, task: asyncio.Task[object]) -> None:
        with self._lock:  # blocks: held for an assignment only
            self._loop, self._task = loop, task
            if self.stop is not None:
                task.cancel()

    def detach(self) -> None:
        with self._lock:  # blocks: held for an assignment only
            self._loop = self._task = None

    def request_stop(self, why: Stop) -> None:
        """From any thread, any number of times. The first reason stays, except that a lost fence overrides a cancel."""
        with self._lock:  # blocks: held for an assignment only
            first = self.stop is None
            if first or why == "fence":
                self.stop = why
            if first and self._loop is not None and self._task is not None:
                self._loop.call_soon_threadsafe(self._task.cancel)
