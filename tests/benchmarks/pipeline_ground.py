"""What the pipeline's benchmark runs on: a private stack with the sample hotel, runs of the real job, a loop's lag."""

import asyncio
import functools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg

from sistema_os.local.hotel import Hotel, load
from tests.benchmarks.stage import private_stack

if TYPE_CHECKING:
    from pipeline.models import JobRun

JOB = "pipeline_diario"
_TICK_SECONDS = 0.005


class Lag:
    """The longest that a loop did not turn, in seconds, while it is entered."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def __aenter__(self) -> None:
        self._ticking = asyncio.create_task(self._tick())

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(3 * _TICK_SECONDS)  # what was due while the loop stood still is counted
        self._ticking.cancel()
        await asyncio.gather(self._ticking, return_exceptions=True)

    async def _tick(self) -> None:
        due = time.perf_counter()
        while True:
            self.worst = max(self.worst, time.perf_counter() - due)
            due = time.perf_counter() + _TICK_SECONDS
            await asyncio.sleep(_TICK_SECONDS)


@dataclass
class Morning:
    """A run of the real job on the day's export. `cancelled_after` is the time from asking to the final row."""

    run: "JobRun"
    wall: float
    lag: float
    cancelled_after: float = 0.0


class Ground:
    """`near` are the client's settings that lead to the stack without a detour."""

    def __init__(self, connection: psycopg.Connection) -> None:
        from django.conf import settings

        self.connection = connection
        self.near: dict[str, Any] = dict(settings.SUPABASE)
        self.hotel = Hotel(7, rooms=120, start=date(2026, 3, 2))
        self._lag = Lag()
        self._watch_the_job()

    def _watch_the_job(self) -> None:
        """The job as it is, with the lag of its loop beside it."""
        from pipeline.runs import registry
        from pipeline.runs.context import RunContext

        real = registry.get(JOB)

        @functools.wraps(real.run)
        async def watched(context: RunContext) -> registry.Outcome:
            async with self._lag:
                return await real.run(context)

        registry.job(JOB, title=real.title, idempotent=real.idempotent, phases=real.phases)(watched)

    def next_day(self) -> None:
        self.hotel.advance()
        load(self.connection, self.hotel)

    def morning(self, url: str, cancel_in: str = "") -> Morning:
        """The day's run through `url`; cancelled by a person in the phase `cancel_in`, if one is named."""
        from django.conf import settings

        from pipeline.models import Trigger
        from pipeline.runs import lifecycle
        from pipeline.worker.execution import Process, execute

        settings.SUPABASE = {**self.near, "url": url}
        self._lag.worst = 0.0
        opened = lifecycle.open_run(JOB, business_date=self.hotel.date, trigger=Trigger.COMMAND)
        person = threading.Thread(target=_cancel, args=(opened.pk, cancel_in)) if cancel_in else None
        if person is not None:
            person.start()
        started = time.perf_counter()
        run = execute(opened.pk, process=Process(owned=True))  # as the queue's child and the command do
        wall = time.perf_counter() - started
        if person is not None:
            person.join()
        return Morning(run, wall, self._lag.worst, _obeyed_after(run) if cancel_in else 0.0)

    def keys(self, query: str, values: list[Any]) -> list[Any]:
        """The first column of each row that the hotel's database answers with."""
        return [row[0] for row in self.connection.execute(query.encode(), values)]


def _cancel(run_id: int, phase: str) -> None:
    from django.db import connections

    from pipeline.models import Beat, JobRun
    from pipeline.runs import lifecycle

    try:
        while not Beat.objects.filter(run=run_id, phase=phase).exists():
            time.sleep(0.005)
        lifecycle.request_cancel(JobRun.objects.get(pk=run_id))
    finally:
        connections.close_all()


def _obeyed_after(run: "JobRun") -> float:
    asked = run.cancel_requests.get().at
    assert run.finished_at is not None
    assert run.state == "cancelled", f"the run was {run.state} before it could be cancelled"
    return (run.finished_at - asked).total_seconds()


@contextmanager
def ground() -> Iterator[Ground]:
    """A stack of this benchmark's own, with Django's tables; gone afterwards."""
    with private_stack() as stack, stack.connect_hotel() as connection:
        yield Ground(connection)
