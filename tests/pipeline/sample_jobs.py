"""A job for the tests: its step says how it behaves. EXTRA_JOB_MODULES names it, so that child processes know it."""

import asyncio
import contextlib
import ctypes
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import httpx
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import transaction

from pipeline.jobs.collector_process import collect
from pipeline.runs.context import RunContext
from pipeline.runs.registry import ExpectedFailure, Outcome, job

PERSON = "Thiago de Souza Lima, CPF 529.982.247-25"
CHUNKS = 40


async def succeed(context: RunContext) -> Outcome:
    await context.phase("succeed", 3)
    for done in range(1, 4):
        await context.advance(done, f"key-{done}")
    return Outcome("succeeded", {"rows": 3})


async def partial(context: RunContext) -> Outcome:
    return Outcome("partial", {"rows": 1}, "A listagem ficou em quarentena.")


async def fail(context: RunContext) -> Outcome:
    raise ExpectedFailure("O coletor não respondeu.")


async def crash(context: RunContext) -> Outcome:
    await context.phase("crash")
    raise ValueError(PERSON)


async def wait(context: RunContext) -> Outcome:
    await context.phase("wait", 10)
    await context.advance(4, "key-4")
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")


async def block(context: RunContext) -> Outcome:
    """Blocks its loop for 5 s, as a synchronous client did in the original."""
    await context.phase("block", 7)
    await context.advance(2, "key-2")
    await asyncio.sleep(0.1)
    time.sleep(5)  # noqa: ASYNC251  the failure that the watchdog is there for
    return Outcome("succeeded")


async def stuck(context: RunContext) -> Outcome:
    """Blocks its loop for ever in a call that other threads survive."""
    await context.phase("stuck")
    await asyncio.sleep(0.5)
    time.sleep(600)  # noqa: ASYNC251  as above
    return Outcome("succeeded")


async def synchronous_call(context: RunContext) -> Outcome:
    """Asks a server that never answers, with the client that the original had."""
    await context.phase("synchronous_call")
    await asyncio.sleep(0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, contextlib.suppress(httpx.ReadTimeout):
        httpx.get(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=5)  # noqa: ASYNC210  the failure itself
    return Outcome("succeeded")


async def hold(context: RunContext) -> Outcome:
    """Holds the interpreter's lock in a C call: no Python thread of the process moves."""
    await context.phase("hold")
    await asyncio.sleep(0.6)
    ctypes.PyDLL(None).sleep(600)
    return Outcome("succeeded")


async def hold_awhile(context: RunContext) -> Outcome:
    """As above, and lets go again."""
    await context.phase("hold_awhile")
    await asyncio.sleep(0.6)
    ctypes.PyDLL(None).sleep(6)
    return Outcome("succeeded")


async def work_hard(context: RunContext) -> Outcome:
    """Loop, database and processor at once for 12 s: what the heartbeat must beat beside."""
    await context.phase("work_hard")
    end = time.monotonic() + 12
    counting = [asyncio.create_task(asyncio.to_thread(_count_until, end)) for _ in range(2)]
    number = 0
    while time.monotonic() < end:
        number += 1
        await context.advance(number)
        await sync_to_async(_write)(context, number)
        sum(range(200_000))
    await asyncio.gather(*counting)
    return Outcome("succeeded", {"rows": number})


def _count_until(end: float) -> None:
    while time.monotonic() < end:
        sum(range(100_000))


async def creep(context: RunContext) -> Outcome:
    """Its position is the time (monotonic, in ms), so that whoever sees it knows how old it is."""
    await context.phase("creep")
    end = time.monotonic() + 12
    while time.monotonic() < end:
        await context.advance(_milliseconds())
        await asyncio.sleep(0.05)
    return Outcome("succeeded")


async def creep_writing(context: RunContext) -> Outcome:
    """The same in one transaction after the other: the run's row is free for moments only."""
    await context.phase("creep_writing")
    end = time.monotonic() + 12
    while time.monotonic() < end:
        await context.advance(_milliseconds())
        await sync_to_async(_hold_row)(context)
    return Outcome("succeeded")


def _milliseconds() -> int:
    return int(time.monotonic() * 1000)


def _hold_row(context: RunContext) -> None:
    with transaction.atomic():
        context.fence()
        time.sleep(0.4)
        context.save_checkpoint({"at": _milliseconds()})


async def parents(context: RunContext) -> Outcome:
    """A collector that ignores SIGTERM and has a child and a grandchild that do so too."""
    await context.phase("parents")
    await collect("tests.drills.stubborn", _nothing(context))
    return Outcome("succeeded")


async def _nothing(context: RunContext) -> AsyncIterator[list[Mapping[str, object]]]:
    yield [{"nothing": True}]
    await context.advance(1)
    await asyncio.Event().wait()


async def write(context: RunContext) -> Outcome:
    """Writes CHUNKS rows, one a transaction, SAMPLE_PACE seconds apart, and goes on at its checkpoint."""
    first = context.checkpoint.get("next", 0)
    await context.phase("write", CHUNKS)
    for number in range(first, CHUNKS):
        await context.advance(number)
        await sync_to_async(_write)(context, number)
        await asyncio.sleep(float(os.environ.get("SAMPLE_PACE", "0.05")))
    return Outcome("succeeded", {"rows": CHUNKS - first})


def _write(context: RunContext, number: int) -> None:
    with transaction.atomic():
        context.fence()
        Group.objects.create(name=f"chunk {number} of run {context.run_id}")
        context.save_checkpoint({"next": number + 1})


async def missing_table(context: RunContext) -> Outcome:
    await context.phase("missing_table")
    await context.supabase.async_table("nao_existe").select("*").execute()
    return Outcome("succeeded")


async def group_of_tasks(context: RunContext) -> Outcome:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(asyncio.Event().wait())
        tasks.create_task(fail(context))
    return Outcome("succeeded")


BEHAVIOURS: dict[str, Callable[[RunContext], Awaitable[Outcome]]] = {
    behaviour.__name__: behaviour
    for behaviour in (
        succeed,
        partial,
        fail,
        crash,
        wait,
        block,
        synchronous_call,
        stuck,
        hold,
        hold_awhile,
        work_hard,
        creep,
        creep_writing,
        parents,
        write,
        missing_table,
        group_of_tasks,
    )
}


@job("sample", title="Sample", idempotent=True, phases=tuple(BEHAVIOURS))
async def run(context: RunContext) -> Outcome:
    assert context.steps is not None
    (behaviour,) = context.steps
    return await BEHAVIOURS[behaviour](context)
