"""The same morning with a query a row: blocking, as the original did it, and awaited one by one."""

import asyncio
import math
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from sistema_os.supabase import SupabaseClient
from tests.benchmarks.pipeline_ground import Lag

# More than this in one way of doing it is not waited for: a part of the rows stands for all, and the table says so.
_MOST_SECONDS = 15.0
_CANCEL_AFTER = 1.0


@dataclass(frozen=True)
class Touched:
    """One row that the morning reads (by its id) or writes (`row` whole, by its app_id)."""

    table: str
    id: int = 0
    row: dict[str, Any] | None = None


@dataclass(frozen=True)
class Measured:
    """Seconds for all rows; `share` of them were really done."""

    wall: float
    lag: float
    cancel: float
    share: float


Work = Callable[[Sequence[Touched]], Awaitable[None]]


def measure(rows: Sequence[Touched], latency: float, settings: dict[str, Any], *, blocking: bool) -> Measured:
    step = math.ceil(len(rows) * latency / _MOST_SECONDS)
    some = rows[::step]
    client = _blocking(settings) if blocking else _awaited(settings)
    wall, lag = asyncio.run(_timed(client, some))
    obeyed = asyncio.run(_cancelled(client, some))
    factor = len(rows) / len(some)
    if blocking:  # its loop stands still from the first row to the last, and hears of a cancel then
        lag, obeyed = lag * factor, (obeyed + _CANCEL_AFTER) * factor - _CANCEL_AFTER
    return Measured(wall * factor, lag, obeyed, 1 / factor)


async def _timed(work: Work, rows: Sequence[Touched]) -> tuple[float, float]:
    lag = Lag()
    started = time.perf_counter()
    async with lag:
        await asyncio.sleep(0)
        await work(rows)
        wall = time.perf_counter() - started
    return wall, lag.worst


async def _cancelled(work: Work, rows: Sequence[Touched]) -> float:
    """Seconds from the moment somebody asks, one second into the work, until the task is over."""
    task = asyncio.ensure_future(work(rows))
    loop, asked = asyncio.get_running_loop(), []

    def ask() -> None:
        asked.append(time.perf_counter())
        loop.call_soon_threadsafe(task.cancel)

    timer = threading.Timer(_CANCEL_AFTER, ask)
    timer.start()
    await asyncio.gather(task, return_exceptions=True)
    return time.perf_counter() - asked[0]


def _blocking(settings: dict[str, Any]) -> Work:
    base = f"{settings['url']}{settings['rest_path']}"
    headers = {"apikey": settings["key"], "Authorization": f"Bearer {settings['key']}"}
    upsert = {"Prefer": "resolution=merge-duplicates,return=minimal"}

    async def work(rows: Sequence[Touched]) -> None:
        with httpx.Client(headers=headers, timeout=60) as client:
            for one in rows:
                url = f"{base}/{one.table}"
                if one.row is None:  # the original's way: the loop stands still during each of these
                    answer = client.get(url, params={"select": "*", "id": f"eq.{one.id}"})  # noqa: ASYNC212  what is measured
                else:
                    answer = client.post(url, params={"on_conflict": "app_id"}, json=one.row, headers=upsert)  # noqa: ASYNC212  what is measured
                answer.raise_for_status()

    return work


def _awaited(settings: dict[str, Any]) -> Work:
    async def work(rows: Sequence[Touched]) -> None:
        async with SupabaseClient(**settings) as supabase:
            for one in rows:
                table = supabase.async_table(one.table)
                if one.row is None:
                    await table.select("*").eq("id", one.id).execute()
                else:
                    await table.upsert(one.row, on_conflict="app_id", returning="minimal").execute()

    return work
