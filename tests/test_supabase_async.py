"""The failure that this client exists for, and its cure.

A synchronous request inside `async def` stops the loop: `asyncio.wait_for` cannot cancel it and no
heartbeat gets through, which once let a job of 22 minutes hang for two hours.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from sistema_os.supabase import DeadlineExceeded, SupabaseClient, SyncCallInLoop
from tests.supabase.faults.exchange import OVERSHOOT, in_time
from tests.supabase.servers import heartbeat

DEADLINE = 0.5
BEAT = 0.01
# httpx's own limit in the old way: what ends it at last, long after wait_for should have.
SYNC_TIMEOUT = 1.5


pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def never_answers() -> Iterator[str]:
    """Accepts connections in a thread of its own, so that it works while the loop is blocked, and stays silent."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in held:
        connection.close()


async def test_a_server_that_never_answers_is_left_at_the_deadline(never_answers: str) -> None:
    async with SupabaseClient(never_answers, "key", deadline=DEADLINE) as supabase:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            await in_time(supabase.async_table("ordens_servico").select("*").execute(), DEADLINE + OVERSHOOT)
        assert time.monotonic() - started >= DEADLINE


async def test_while_a_server_does_not_answer_the_loop_beats(never_answers: str) -> None:
    async with SupabaseClient(never_answers, "key", deadline=60) as supabase, heartbeat(BEAT) as beats:
        query = asyncio.ensure_future(supabase.async_table("ordens_servico").select("*").execute())
        for _ in range(20):
            await asyncio.sleep(BEAT)
        assert not query.done()
        assert len(beats) > 10
        query.cancel()
        await asyncio.gather(query, return_exceptions=True)


async def test_wait_for_ends_a_query_before_its_deadline(never_answers: str) -> None:
    async with SupabaseClient(never_answers, "key", deadline=60) as supabase:
        query = supabase.async_table("ordens_servico").select("*").execute()
        with pytest.raises(TimeoutError):
            await in_time(asyncio.wait_for(query, DEADLINE), DEADLINE + OVERSHOOT)


async def test_the_old_way_could_not_be_cancelled_and_stopped_the_loop(never_answers: str) -> None:
    async def old_job() -> None:
        with httpx.Client(timeout=SYNC_TIMEOUT) as http:
            http.get(never_answers)  # noqa: ASYNC212 - the failure on show

    async with heartbeat(BEAT) as beats:
        started = time.monotonic()
        with pytest.raises((httpx.ReadTimeout, TimeoutError)):
            await asyncio.wait_for(old_job(), DEADLINE)
        took = time.monotonic() - started
    assert took > 2 * DEADLINE, "wait_for was ignored"
    assert len(beats) <= 3, "the loop stood still"


async def test_the_synchronous_table_is_refused_inside_a_loop() -> None:
    async with SupabaseClient("http://127.0.0.1:1", "key") as supabase:
        with pytest.raises(SyncCallInLoop, match="async_table"):
            supabase.table("ordens_servico")
