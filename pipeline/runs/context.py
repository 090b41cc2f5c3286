"""What a job gets: the only way it touches its run."""

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
    """A person asked the run to stop. Not an Exception: no handler of ordinary errors swallows it."""


class RunContext:
    # The run's one client; present unless the job was registered with supabase=False.
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
        """Enters a phase of `total` units at 0. Raises Cancelled if a person asked."""
        self._refuse_if_stopped()
        self._control.enter(name, total)
        self.log.info(gettext_noop("phase %s started"), name)

    async def advance(self, done: int, last_key: str = "") -> None:
        """Stores the position for the next heartbeat. Raises Cancelled if a person asked."""
        self._refuse_if_stopped()
        self._control.advance(done, last_key)

    def wants(self, step: str) -> bool:
        """Whether the run was asked for this step: all of them unless some were named."""
        return self.steps is None or step in self.steps

    def fence(self) -> None:
        """Inside transaction.atomic(): locks the run's row until its end. Raises FenceLost if the run is not ours."""
        lifecycle.lock_fence(self.run_id, self._fence)

    async def check_fence(self) -> None:
        """Before each chunk written to Supabase. Raises FenceLost if the run is not ours any more."""
        await sync_to_async(lifecycle.check_fence)(self.run_id, self._fence)

    def save_checkpoint(self, data: dict[str, Any]) -> None:
        """In the transaction of the writes it speaks of, after fence(): both are kept or neither. The position goes
        along for the screens: while one such transaction follows the other, the heartbeat finds the row locked."""
        lifecycle.save_checkpoint(self.run_id, self._fence, data, **lifecycle.columns(self._control.position))

    def _refuse_if_stopped(self) -> None:
        if self._control.stop == "cancel":
            raise Cancelled
        if self._control.stop == "fence":
            raise errors.FenceLost(self.run_id)
