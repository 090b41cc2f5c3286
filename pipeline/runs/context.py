"""The interface between a job and its run."""

import asyncio
import logging
from datetime import date
from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.utils.translation import gettext_noop

from pipeline.models import JobRun
from pipeline.runs import errors, lifecycle
from pipeline.runs.control import Control

if TYPE_CHECKING:
    from sistema_os.supabase import SupabaseClient


class Cancelled(asyncio.CancelledError):
    """A person cancelled the run. Not an Exception, so that no handler of ordinary errors swallows it."""


class RunContext:
    """Handed to a job: the parameters of its run, its phases and progress, its fence and checkpoint."""

    # The run's only client; missing if the job was registered with supabase=False.
    supabase: "SupabaseClient"

    def __init__(self, run: JobRun, control: Control | None = None) -> None:
        self.run_id: int = run.pk
        self.job: str = run.job
        self.business_date: date = run.business_date
        self.dry_run: bool = run.dry_run
        self.steps: frozenset[str] | None = None if run.steps is None else frozenset(run.steps)
        self.checkpoint: dict[str, Any] = dict(run.checkpoint)
        self.log = logging.getLogger(f"pipeline.jobs.{run.job}")
        self._fence = run.fence
        self._control = control or Control()

    async def phase(self, name: str, total: int | None = None) -> None:
        """Enters a phase of `total` units at 0. Raises Cancelled or FenceLost."""
        self._raise_if_stopped()
        self._control.enter(name, total)
        self.log.info(gettext_noop("phase %s started"), name)

    async def advance(self, done: int, last_key: str = "") -> None:
        """Stores the position for the next heartbeat. Raises Cancelled or FenceLost."""
        self._raise_if_stopped()
        self._control.advance(done, last_key)

    def wants(self, step: str) -> bool:
        """Whether the run includes this step: all steps unless some were named."""
        return self.steps is None or step in self.steps

    def fence(self) -> None:
        """In transaction.atomic(): locks the run's row until its end. Raises FenceLost if the run was ended
        elsewhere."""
        lifecycle.lock_fence(self.run_id, self._fence)

    async def check_fence(self) -> None:
        """Called before each chunk written to Supabase. Raises FenceLost if another process ended the run."""
        await sync_to_async(lifecycle.check_fence)(self.run_id, self._fence)

    def save_checkpoint(self, data: dict[str, Any]) -> None:
        """In the transaction of the writes that it records, after fence(): both are committed or neither. The position
        is stored as well: while such transactions follow each other, the heartbeat finds the row locked."""
        lifecycle.save_checkpoint(self.run_id, self._fence, data, **lifecycle.position_fields(self._control.position))

    def _raise_if_stopped(self) -> None:
        if self._control.stop == "cancel":
            raise Cancelled
        if self._control.stop == "fence":
            raise errors.FenceLost(self.run_id)
