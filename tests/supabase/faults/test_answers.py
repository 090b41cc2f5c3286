"""Responses that cannot be read."""

import asyncio
import gzip

import pytest

from sistema_os import supabase as sb
from tests.supabase.faults.exchange import client, failing, read
from tests.supabase.servers import Server, answer, read_request, scripted, serving

pytestmark = pytest.mark.anyio


async def test_gzip_is_read() -> None:
    async with (
        scripted(answer("200 OK", gzip.compress(b'[{"id":1}]'), "Content-Encoding: gzip")) as server,
        client(server) as supabase,
    ):
        assert await read(supabase) == [{"id": 1}]


@pytest.mark.parametrize("bomb", [True, False], ids=["gzip bomb", "large body"])
async def test_reading_stops_at_the_body_size_limit(bomb: bool) -> None:
    large = b"[" + b" " * 50_000_000 + b"]"
    reply = answer("200 OK", gzip.compress(large), "Content-Encoding: gzip") if bomb else answer(body=large)
    server = Server()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.write(reply)
        await writer.drain()

    async with serving(respond, server), client(server, max_body=100_000) as supabase:
        error = await failing(read, supabase, sb.UnreadableBody)
        assert "larger than 97 KiB" in str(error)
