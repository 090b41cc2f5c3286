"""What is asked again, what is not, and how long the client waits in between."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sistema_os import supabase as sb
from tests.supabase.faults.exchange import ERROR, client, failing, read, upsert, write
from tests.supabase.servers import Server, answer, read_request, scripted, serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("status", [429, 502, 503, 504, 520, 521, 522, 523, 524, 544])
async def test_a_passing_status_is_tried_again_for_a_read_and_not_for_a_write(status: int) -> None:
    page = answer(f"{status} Odd", b"<html><h1>Bad gateway</h1></html>", "Content-Type: text/html")
    async with scripted(page) as server, client(server) as supabase:
        error = await failing(read, supabase, sb.Unavailable)
        assert (error.status, error.attempt, len(server.requests)) == (status, 4, 4)
        await failing(write, supabase, sb.Unavailable)
        assert len(server.requests) == 5
        await failing(upsert, supabase, sb.Unavailable)
        assert len(server.requests) == 9


async def test_a_read_that_succeeds_on_the_third_try_is_a_success() -> None:
    down = answer("503 Service Unavailable", b"")
    async with scripted(down, down, answer(body=b'[{"id":1}]')) as server, client(server) as supabase:
        assert await read(supabase) == [{"id": 1}]


@pytest.mark.parametrize("code", ["PGRST000", "PGRST001", "PGRST002", "PGRST003", "40001", "40P01"])
async def test_a_passing_code_is_tried_again(code: str) -> None:
    bad = answer("500 Internal Server Error", ERROR % code.encode())
    async with scripted(bad, answer()) as server, client(server) as supabase:
        assert await read(supabase) == []
        assert len(server.requests) == 2


async def test_a_statement_timeout_is_not_tried_again_although_it_comes_as_500() -> None:
    slow = answer("500 Internal Server Error", ERROR % b"57014")
    async with scripted(slow) as server, client(server) as supabase:
        error = await failing(read, supabase, sb.StatementTimeout)
        assert (error.code, len(server.requests)) == ("57014", 1)


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
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    async with (
        scripted(answer("503 Service Unavailable", b"", f"Retry-After: {soon}"), answer()) as server,
        client(server) as supabase,
    ):
        started = time.monotonic()
        assert await read(supabase) == []
        assert time.monotonic() - started >= 0.9


async def test_retry_after_beyond_the_deadline_ends_the_query_at_once() -> None:
    async with (
        scripted(answer("429 Too Many Requests", b"", "Retry-After: 3600")) as server,
        client(server) as supabase,
    ):
        started = time.monotonic()
        error = await failing(read, supabase, sb.Unavailable)
        assert (error.retry_after, len(server.requests)) == (3600, 1)
        assert time.monotonic() - started < 1


async def test_retries_end_with_the_deadline_and_the_error_tells_the_last_failure() -> None:
    server = Server()

    async def first_down_then_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, server)
            if len(server.requests) == 1:
                writer.write(answer("503 Service Unavailable", b""))

    async with serving(first_down_then_silent, server), client(server, deadline=1) as supabase:
        error = await failing(read, supabase, sb.DeadlineExceeded)
        assert "2 requests, the last failure Unavailable" in str(error)
