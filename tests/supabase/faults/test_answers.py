"""Answers that are none: each its own error, once."""

import asyncio
import gzip

import pytest

from sistema_os import supabase as sb
from tests.supabase.faults.exchange import ERROR, client, failing, read
from tests.supabase.servers import Server, answer, read_request, scripted, serving

pytestmark = pytest.mark.anyio

REFUSED = {
    "401": (answer("401 Unauthorized", b""), sb.AuthError),
    "403 for a role": (answer("403 Forbidden", ERROR % b"42501"), sb.AuthError),
    "a bad token": (answer("401 Unauthorized", ERROR % b"PGRST301"), sb.AuthError),
    "404": (answer("404 Not Found", b"no such page"), sb.NotFound),
    "a missing table": (answer("404 Not Found", ERROR % b"42P01"), sb.NotFound),
    "400 in plain text": (answer("400 Bad Request", b"Request line too long"), sb.BadQuery),
    "a value of the wrong type": (answer("400 Bad Request", ERROR % b"22P02"), sb.BadQuery),
    "414": (answer("414 URI Too Long", b""), sb.BadQuery),
    "a check constraint": (answer("400 Bad Request", ERROR % b"23514"), sb.BadQuery),
    "a raise of a function": (answer("400 Bad Request", ERROR % b"P0001"), sb.BadQuery),
    "a unique constraint": (answer("409 Conflict", ERROR % b"23505"), sb.Conflict),
    "two rows of one key": (answer("500 Internal Server Error", ERROR % b"21000"), sb.DuplicateKeyInBatch),
    "not one row": (answer("406 Not Acceptable", ERROR % b"PGRST116"), sb.NotSingleRow),
    "an unknown error": (answer("500 Internal Server Error", ERROR % b"XX000"), sb.ResponseError),
    "500 in HTML": (answer("500 Internal Server Error", b"<html>"), sb.ResponseError),
    "a JSON error that is a list": (answer("400 Bad Request", b"[1]"), sb.BadQuery),
    "a redirect": (answer("302 Found", b"", "Location: http://127.0.0.1:1/"), sb.ResponseError),
    "a permanent redirect": (answer("308 Permanent Redirect", b"", "Location: /elsewhere"), sb.ResponseError),
    "HTML instead of JSON": (answer(body=b"<html>maintenance</html>"), sb.UnreadableBody),
    "JSON cut off": (answer(body=b'[{"nome": "Concei'), sb.UnreadableBody),
    "an empty body": (answer(body=b""), sb.UnreadableBody),
    "no gzip although it says so": (answer("200 OK", b"[]", "Content-Encoding: gzip"), sb.UnreadableBody),
    "gzip cut off": (answer("200 OK", gzip.compress(b"[]")[:-4], "Content-Encoding: gzip"), sb.UnreadableBody),
}


@pytest.mark.parametrize(("reply", "kind"), REFUSED.values(), ids=REFUSED.keys())
async def test_an_answer_that_is_none_is_the_right_error_and_not_tried_again(
    reply: bytes, kind: type[sb.SupabaseError]
) -> None:
    async with scripted(reply) as server, client(server) as supabase:
        error = await failing(read, supabase, kind)
        assert len(server.requests) == 1
        assert (error.table, error.operation) == ("hospedes", "read")


async def test_gzip_is_read() -> None:
    async with (
        scripted(answer("200 OK", gzip.compress(b'[{"id":1}]'), "Content-Encoding: gzip")) as server,
        client(server) as supabase,
    ):
        assert await read(supabase) == [{"id": 1}]


@pytest.mark.parametrize("bomb", [True, False], ids=["gzip bomb", "large body"])
async def test_a_body_over_the_limit_is_not_read_to_its_end(bomb: bool) -> None:
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
