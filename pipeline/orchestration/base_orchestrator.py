"""Steps in sequence, each a phase of the run: timed, reported, and skipped if the run does not include it."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from pipeline.runs import Outcome, RunContext

Step = Callable[[], Awaitable[None]]


class BaseOrchestrator(ABC):
    """A step reports its results in `summary` and, where it could not do all of its work, a sentence in `reasons`: then
    the run ends `partial`. An exception ends the run; what was written stays."""

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.summary: dict[str, Any] = {}
        self.reasons: list[str] = []

    @abstractmethod
    def steps(self) -> Sequence[tuple[str, Step]]:
        """Name and work of each step, in order; the names are the job's phases. A step enters its phase itself,
        once it knows how much there is to do."""

    async def run(self) -> Outcome:
        seconds: dict[str, float] = {}
        for name, step in self.steps():
            if self.context.wants(name):
                await sync_to_async(close_old_connections)()
                started = monotonic()
                await step()
                seconds[name] = round(monotonic() - started, 3)
        self.summary["seconds"] = seconds
        if self.context.dry_run:
            self.summary["dry_run"] = True
        return Outcome("partial" if self.reasons else "succeeded", self.summary, " ".join(self.reasons))
