"""After cancelled queries every connection works and no task is left."""

import asyncio
import random

import pytest

from sistema_os.supabase import DeadlineExceeded, PoolExhausted, SupabaseClient
from tests.supabase.servers import Server, answer, read_request, serving, settled

pytestmark = pytest.mark.anyio


async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
    """Answers in pieces, so that a cancellation meets every state of an exchange."""
    while True:
        await read_request(reader, server)
        reply = answer(body=b"[" + b" " * 40_000 + b"]")
        for start in range(0, len(reply), 10_000):
            await asyncio.sleep(0.002)
            writer.write(reply[start : start + 10_000])
            await writer.drain()


async def one(supabase: SupabaseClient, number: int) -> int:
    if number % 3:
        return len((await supabase.async_table("t").select("*").execute()).data)
    return len((await supabase.async_table("t").insert({"a": "x" * 1000}).execute()).data)


@pytest.mark.parametrize("cancels", [800, pytest.param(4000, marks=[pytest.mark.slow_drill, pytest.mark.drill])])
async def test_after_cancellations_at_random_moments_ten_of_ten_requests_pass_and_no_task_is_left(cancels: int) -> None:
    server, chance = Server(), random.Random(7)
    async with serving(lambda r, w: slow(r, w, server), server):
        before = asyncio.all_tasks()
        async with SupabaseClient(server.url, "key", deadline=20, max_connections=4) as supabase:
            for _ in range(cancels // 40):
                tasks = [asyncio.ensure_future(one(supabase, number)) for number in range(40)]
                for task in chance.sample(tasks, len(tasks)):
                    await asyncio.sleep(chance.random() * 0.003)
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            assert await asyncio.gather(*(one(supabase, number) for number in range(10))) == [0] * 10
            assert supabase._session._slots._value == 4
        assert await settled(server, before) == set()


async def test_after_deadlines_under_load_ten_of_ten_requests_pass() -> None:
    server = Server()
    async with serving(lambda r, w: slow(r, w, server), server):
        async with SupabaseClient(server.url, "key", deadline=0.06, max_connections=4) as supabase:
            outcomes = await asyncio.gather(*(one(supabase, n) for n in range(100)), return_exceptions=True)
            late = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
            assert late
            assert {type(outcome) for outcome in late} <= {DeadlineExceeded, PoolExhausted}
        async with SupabaseClient(server.url, "key", deadline=20, max_connections=4) as supabase:
            assert await asyncio.gather(*(one(supabase, n) for n in range(10))) == [0] * 10


async def test_an_outside_cancellation_raises_cancelled_error() -> None:
    server = Server()
    async with (
        serving(lambda r, w: slow(r, w, server), server),
        SupabaseClient(server.url, "key") as supabase,
    ):
        task = asyncio.ensure_future(one(supabase, 1))
        await asyncio.sleep(0.003)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_leaving_a_stream_early_cancels_its_requests() -> None:
    server = Server()

    async def rows(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, server)
            first = 0
            for pair in server.requests[-1].split(" ")[1].partition("?")[2].split("&"):
                if pair.startswith("id=gt."):
                    first = int(pair.removeprefix("id=gt."))
            if "desc" in server.requests[-1]:
                writer.write(answer(body=b'[{"id":100000}]'))
                continue
            if first >= 100_000:
                writer.write(answer())
                continue
            body = ",".join(f'{{"id":{first + n}}}' for n in range(1, 11)).encode()
            writer.write(answer("200 OK", b"[" + body + b"]", "Content-Range: 0-9/*"))

    async with serving(rows, server), SupabaseClient(server.url, "key") as supabase:
        before = asyncio.all_tasks()
        seen = []
        stream = supabase.async_table("t").stream(size=10)
        async for row in stream:
            seen.append(row["id"])
            if len(seen) == 35:
                break
        await stream.aclose()
        assert seen == list(range(1, 36))
        assert {task for task in asyncio.all_tasks() - before if "_gated" in repr(task.get_coro())} == set()
