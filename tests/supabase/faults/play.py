"""Runs one query against one fault and records the result."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from tests.supabase.faults.cases import Case
from tests.supabase.faults.exchange import KEY, OVERSHOOT, over_in, read, upsert, write
from tests.supabase.servers import Server, scripted, serving

CALLS: dict[str, Any] = {"read": read, "upsert": upsert, "insert": write}


@dataclass
class Seen:
    """`in_time`: over by the deadline and OVERSHOOT, by the loop's own timers. `leaked`: connections held after the
    query or open after the client, tasks left, slots not given back."""

    error: sb.SupabaseError | None = None
    requests: int = 0
    seconds: float = 0
    in_time: bool = True
    leaked: int = 0


async def played(case: Case, call: str) -> Seen:
    seen, before = Seen(), asyncio.all_tasks()
    async with _listening(case) as server:
        async with SupabaseClient(server.url, KEY, deadline=case.deadline, **case.options) as supabase:
            if case.warm:
                await read(supabase)
            started, earlier = time.monotonic(), len(server.requests)
            query = asyncio.ensure_future(CALLS[call](supabase))
            seen.in_time = await over_in(query, case.deadline + OVERSHOOT)
            try:
                await query
            except sb.SupabaseError as error:
                seen.error = error
            seen.seconds = time.monotonic() - started
            seen.leaked = _held(supabase)
        unreached = getattr(seen.error, "attempt", 0) if case.play is None else 0
        seen.requests = unreached or len(server.requests) - earlier
        seen.leaked += await _left(server, before)
    return seen


@contextlib.asynccontextmanager
async def _listening(case: Case) -> AsyncIterator[Server]:
    if case.play is None:
        async with scripted(b"") as gone:
            pass
        yield gone
        return
    server = Server()
    async with serving(case.play(server), server):
        yield server


def _held(supabase: SupabaseClient) -> int:
    session = supabase._session
    clients = [getattr(transport, "client", None) for transport in (session.transport, session._for_writes)]
    connectors = [client.connector for client in clients if isinstance(client, aiohttp.ClientSession)]
    acquired = sum(len(connector._acquired) for connector in connectors if connector is not None)
    return session.limits.max_connections - session._slots._value + acquired


async def _left(server: Server, before: set[asyncio.Task[Any]]) -> int:
    """Connections and tasks still there when the server has had time to notice."""
    for _ in range(200):
        if not server.open and not asyncio.all_tasks() - before:
            return 0
        await asyncio.sleep(0.01)
    return server.open + len(asyncio.all_tasks() - before)
