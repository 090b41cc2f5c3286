"""Connections that break, stall or reset before a complete response."""

import asyncio
from typing import Any

import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from tests.supabase.faults.exchange import KEY, OVERSHOOT, client, failing, in_time, read, upsert, write
from tests.supabase.servers import Server, answer, read_request, scripted, serving, silent

pytestmark = pytest.mark.anyio


async def test_a_query_to_a_silent_server_ends_at_the_deadline_without_a_retry() -> None:
    async with silent() as server, client(server, deadline=0.3) as supabase:
        error = await in_time(failing(read, supabase, sb.DeadlineExceeded), 0.3 + OVERSHOOT)
        assert isinstance(error, TimeoutError)
        assert len(server.requests) == 1


async def test_a_slowly_dripping_body_ends_at_the_deadline() -> None:
    server = Server()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.write(answer(length=1000, body=b""))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip, server), client(server, deadline=0.3) as supabase:
        await in_time(failing(read, supabase, sb.DeadlineExceeded), 0.3 + OVERSHOOT)


async def test_slowly_dripping_headers_end_at_the_deadline() -> None:
    server = Server()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        for byte in answer() * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip, server), client(server, deadline=0.3) as supabase:
        await failing(read, supabase, sb.DeadlineExceeded)


async def test_a_large_write_that_is_never_read_ends_at_the_deadline() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with serving(deaf) as server, SupabaseClient(server.url, KEY, deadline=0.3) as supabase:
        with pytest.raises(sb.DeadlineExceeded):
            await in_time(supabase.async_table("t").insert({"a": "x" * 12_000_000}).execute(), 0.3 + OVERSHOOT)


async def test_an_early_dripping_response_to_a_large_write_ends_at_the_deadline() -> None:
    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("400 Bad Request", b"", length=1000))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(hasty) as server, SupabaseClient(server.url, KEY, deadline=0.3) as supabase:
        with pytest.raises(sb.SupabaseError):
            await in_time(supabase.async_table("t").insert({"a": "x" * 12_000_000}).execute(), 0.3 + OVERSHOOT)


@pytest.mark.parametrize(("call", "requests"), [(read, 4), (upsert, 4), (write, 1)])
async def test_a_truncated_body_is_retried_unless_the_request_was_a_plain_write(call: Any, requests: int) -> None:
    server = Server()

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.write(answer(body=b'[{"id":', length=500))
        await writer.drain()

    async with serving(cut, server), client(server) as supabase:
        error = await failing(call, supabase, sb.ConnectionFailed)
        assert (error.sent, error.attempt, len(server.requests)) == (True, requests, requests)


@pytest.mark.parametrize(("call", "requests"), [(read, 4), (upsert, 4), (write, 1)])
async def test_a_connection_reset_is_retried_unless_a_plain_write_may_have_arrived(call: Any, requests: int) -> None:
    server = Server()

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.transport.abort()

    async with serving(reset, server), client(server) as supabase:
        error = await failing(call, supabase, sb.ConnectionFailed)
        assert (error.sent, len(server.requests)) == (True, requests)


@pytest.mark.parametrize("call", [read, upsert, write])
async def test_a_refused_connection_is_retried_even_for_a_write(call: Any) -> None:
    async with scripted(answer()) as server:
        pass
    async with SupabaseClient(server.url, KEY) as supabase:
        error = await failing(call, supabase, sb.ConnectionFailed)
    assert (error.sent, error.attempt) == (False, 4)


async def test_a_failed_name_resolution_is_one_sentence() -> None:
    async with SupabaseClient("http://nowhere.invalid", KEY, deadline=3) as supabase:
        error = await failing(read, supabase, sb.ConnectionFailed)
    assert str(error) == "Supabase at nowhere.invalid could not read hospedes: its name cannot be resolved."


@pytest.mark.parametrize("call", [read, upsert, write])
async def test_a_stale_keep_alive_connection_is_replaced(call: Any) -> None:
    """The server answers once per connection and does not close it at once: it closes when the next request arrives."""
    server = Server()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.write(answer())
        await writer.drain()
        await reader.readexactly(1)

    async with serving(once, server), client(server) as supabase:
        assert await read(supabase) == []
        assert await call(supabase) == []


async def test_a_response_that_is_not_http_is_a_connection_failure() -> None:
    async with scripted(b"SSH-2.0-OpenSSH_9.9\r\n\r\n") as server, client(server) as supabase:
        await failing(write, supabase, sb.ConnectionFailed)


async def test_a_cookie_is_never_sent_back() -> None:
    async with scripted(answer("200 OK", b"[]", "Set-Cookie: a=b")) as server, client(server) as supabase:
        await read(supabase)
        await read(supabase)
        assert "cookie" not in server.requests[1].lower()


async def test_waiting_for_a_connection_counts_against_the_deadline() -> None:
    async with silent() as server, client(server, deadline=0.3, max_connections=1) as supabase:
        async with supabase._session._slots:
            await failing(read, supabase, sb.PoolExhausted)
        assert server.requests == []
        await failing(read, supabase, sb.DeadlineExceeded)
        assert len(server.requests) == 1


async def test_a_write_that_queued_until_the_deadline_is_not_sent() -> None:
    async with silent() as server, client(server, deadline=1, max_connections=1) as supabase:
        async with supabase._session._slots:
            waiting = asyncio.ensure_future(write(supabase))
            await asyncio.sleep(0.97)
        with pytest.raises(sb.PoolExhausted):
            await waiting
        assert server.requests == []


async def test_after_an_error_in_the_middle_of_a_body_the_connection_is_not_used_again() -> None:
    connections = []
    server = Server()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while True:
            await read_request(reader, server)
            writer.write(answer(body=b"x" * 200_000))
            await writer.drain()

    async with serving(respond, server), client(server, max_body=1000) as supabase:
        await failing(read, supabase, sb.UnreadableBody)
        await failing(read, supabase, sb.UnreadableBody)
        assert len(connections) == 2
