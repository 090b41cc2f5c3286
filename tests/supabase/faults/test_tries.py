"""What is retried, and after what delay."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sistema_os import supabase as sb
from tests.supabase.faults.exchange import client, failing, in_time, read
from tests.supabase.servers import Server, answer, read_request, scripted, serving

pytestmark = pytest.mark.anyio


async def test_a_read_that_succeeds_on_the_third_try_is_a_success() -> None:
    down = answer("503 Service Unavailable", b"")
    async with scripted(down, down, answer(body=b'[{"id":1}]')) as server, client(server) as supabase:
        assert await read(supabase) == [{"id": 1}]


async def test_retry_can_be_switched_off() -> None:
    async with scripted(answer("503 Service Unavailable", b"")) as server, client(server) as supabase:
        with pytest.raises(sb.Unavailable):
            await supabase.async_table("hospedes").select("*").retry(False).execute()
        assert len(server.requests) == 1


async def test_retry_after_in_seconds_is_waited_for() -> None:
    async with (
        scripted(answer("429 Too Many Requests", b"", "Retry-After: 1"), answer()) as server,
        client(server) as supabase,
    ):
        started = time.monotonic()
        assert await read(supabase) == []
        assert time.monotonic() - started >= 1


async def test_retry_after_as_a_date_is_waited_for() -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    later = f"Retry-After: {format_datetime(soon, usegmt=True)}"
    async with (
        scripted(answer("503 Service Unavailable", b"", later), answer()) as server,
        client(server) as supabase,
    ):
        assert await read(supabase) == []
        assert datetime.now(UTC) >= soon


async def test_retry_after_beyond_the_deadline_ends_the_query_at_once() -> None:
    async with (
        scripted(answer("429 Too Many Requests", b"", "Retry-After: 3600")) as server,
        client(server) as supabase,
    ):
        error = await in_time(failing(read, supabase, sb.Unavailable), 1)
        assert (error.retry_after, len(server.requests)) == (3600, 1)


async def test_retries_end_at_the_deadline_and_the_error_names_the_last_failure() -> None:
    server = Server()

    async def first_down_then_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, server)
            if len(server.requests) == 1:
                writer.write(answer("503 Service Unavailable", b""))

    async with serving(first_down_then_silent, server), client(server, deadline=1) as supabase:
        error = await failing(read, supabase, sb.DeadlineExceeded)
        assert "2 requests, the last failure Unavailable" in str(error)
