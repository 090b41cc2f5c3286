"""What the client does when the server or the network misbehaves, against real servers on loopback."""

import asyncio
import gzip
import logging
import time
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient, retry
from tests.supabase.servers import Server, answer, read_request, scripted, serving, settled, silent

pytestmark = pytest.mark.anyio
KEY = "the-key-that-nobody-may-see"
# Generous, for a machine that does other things too; the benchmark measures it.
OVERSHOOT = 2.0
PERSON = "Conceição-123.456.789-09"
ERROR = (
    b'{"code":"%s","message":"invalid input: \\"Concei\xc3\xa7\xc3\xa3o-123.456.789-09\\"","details":"row","hint":null}'
)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)


@pytest.fixture(autouse=True)
def _nothing_personal_in_the_logs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    assert KEY not in caplog.text
    assert PERSON not in caplog.text
    assert "123.456" not in caplog.text


@asynccontextmanager
async def client(server: Server, deadline: float = 5, **options: Any) -> AsyncIterator[SupabaseClient]:
    """Afterwards no task and no connection of this client may be left."""
    before = asyncio.all_tasks()
    async with SupabaseClient(server.url, KEY, deadline=deadline, **options) as supabase:
        yield supabase
    assert await settled(server, before) == set()


async def read(supabase: SupabaseClient) -> Any:
    return (await supabase.async_table("hospedes").select("*").eq("nome", PERSON).execute()).data


async def write(supabase: SupabaseClient) -> Any:
    return (await supabase.async_table("hospedes").insert({"nome": PERSON}).execute()).data


async def upsert(supabase: SupabaseClient) -> Any:
    return (await supabase.async_table("hospedes").upsert({"id": 1, "nome": PERSON}, on_conflict="id").execute()).data


def assert_keeps_quiet(error: BaseException) -> None:
    """Neither key nor person in message, repr, attributes or the traceback with all its locals' reprs."""
    shown = [str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error))]
    assert not [text for text in shown if KEY in text or PERSON in text or "123.456" in text]
    assert error.__cause__ is None
    assert error.__context__ is None or isinstance(error.__context__, TimeoutError | asyncio.CancelledError)


async def failing(call: Any, supabase: SupabaseClient, kind: type[sb.SupabaseError]) -> Any:
    with pytest.raises(kind) as caught:
        await call(supabase)
    assert type(caught.value) is kind
    assert_keeps_quiet(caught.value)
    return caught.value


async def test_a_silent_server_is_left_at_the_deadline_and_not_asked_again() -> None:
    async with silent() as server, client(server, deadline=0.3) as supabase:
        started = time.monotonic()
        error = await failing(read, supabase, sb.DeadlineExceeded)
        assert time.monotonic() - started < 0.3 + OVERSHOOT
        assert isinstance(error, TimeoutError)
        assert len(server.requests) == 1


async def test_a_server_that_drips_is_left_at_the_deadline() -> None:
    server = Server()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.write(answer(length=1000, body=b""))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip, server), client(server, deadline=0.3) as supabase:
        started = time.monotonic()
        await failing(read, supabase, sb.DeadlineExceeded)
        assert time.monotonic() - started < 0.3 + OVERSHOOT


async def test_a_server_that_drips_its_head_is_left_at_the_deadline() -> None:
    server = Server()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        for byte in answer() * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(drip, server), client(server, deadline=0.3) as supabase:
        await failing(read, supabase, sb.DeadlineExceeded)


async def test_a_server_that_never_reads_a_large_write_is_left_at_the_deadline() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with serving(deaf) as server, SupabaseClient(server.url, KEY, deadline=0.3) as supabase:
        started = time.monotonic()
        with pytest.raises(sb.DeadlineExceeded):
            await supabase.async_table("t").insert({"a": "x" * 12_000_000}).execute()
        assert time.monotonic() - started < 0.3 + OVERSHOOT


async def test_an_early_answer_to_a_large_write_that_then_drips_is_left_at_the_deadline() -> None:
    async def hasty(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("400 Bad Request", b"", length=1000))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(hasty) as server, SupabaseClient(server.url, KEY, deadline=0.3) as supabase:
        started = time.monotonic()
        with pytest.raises(sb.SupabaseError):
            await supabase.async_table("t").insert({"a": "x" * 12_000_000}).execute()
        assert time.monotonic() - started < 0.3 + OVERSHOOT


@pytest.mark.parametrize(("call", "requests"), [(read, 4), (upsert, 4), (write, 1)])
async def test_a_body_that_ends_early_is_asked_for_again_unless_it_answers_a_plain_write(
    call: Any, requests: int
) -> None:
    server = Server()

    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.write(answer(body=b'[{"id":', length=500))
        await writer.drain()

    async with serving(cut, server), client(server) as supabase:
        error = await failing(call, supabase, sb.ConnectionFailed)
        assert (error.sent, error.attempt, len(server.requests)) == (True, requests, requests)


@pytest.mark.parametrize(("call", "requests"), [(read, 4), (upsert, 4), (write, 1)])
async def test_a_reset_is_asked_again_unless_a_plain_write_may_have_arrived(call: Any, requests: int) -> None:
    server = Server()

    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.transport.abort()

    async with serving(reset, server), client(server) as supabase:
        error = await failing(call, supabase, sb.ConnectionFailed)
        assert (error.sent, len(server.requests)) == (True, requests)


@pytest.mark.parametrize("call", [read, upsert, write])
async def test_a_refused_connection_is_tried_again_even_for_a_write(call: Any) -> None:
    async with scripted(answer()) as server:
        pass
    async with SupabaseClient(server.url, KEY) as supabase:
        error = await failing(call, supabase, sb.ConnectionFailed)
    assert (error.sent, error.attempt) == (False, 4)


async def test_a_name_that_does_not_resolve_is_one_sentence() -> None:
    async with SupabaseClient("http://nowhere.invalid", KEY, deadline=3) as supabase:
        error = await failing(read, supabase, sb.ConnectionFailed)
    assert str(error) == "Supabase at nowhere.invalid could not read hospedes: its name cannot be resolved."


@pytest.mark.parametrize(("call", "outcome"), [(read, []), (upsert, []), (write, None)])
async def test_a_keep_alive_connection_that_died_meanwhile_costs_a_write_nothing_but_an_error(
    call: Any, outcome: Any
) -> None:
    """The server answers once per connection and goes silent-dead: it closes when the next request arrives."""
    server = Server()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader, server)
        writer.write(answer())
        await writer.drain()
        await reader.readexactly(1)

    async with serving(once, server), client(server) as supabase:
        assert await read(supabase) == []
        if outcome is None:
            await failing(call, supabase, sb.ConnectionFailed)
        else:
            assert await call(supabase) == outcome


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

    async with serving(first_down_then_silent, server), client(server, deadline=0.4) as supabase:
        error = await failing(read, supabase, sb.DeadlineExceeded)
        assert "2 requests, the last failure Unavailable" in str(error)


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


async def test_bytes_that_are_no_http_are_a_broken_connection() -> None:
    async with scripted(b"SSH-2.0-OpenSSH_9.9\r\n\r\n") as server, client(server) as supabase:
        await failing(write, supabase, sb.ConnectionFailed)


async def test_a_cookie_is_never_sent_back() -> None:
    async with scripted(answer("200 OK", b"[]", "Set-Cookie: a=b")) as server, client(server) as supabase:
        await read(supabase)
        await read(supabase)
        assert "cookie" not in server.requests[1].lower()


async def test_the_wait_for_a_free_connection_counts_and_has_its_own_error() -> None:
    async with silent() as server, client(server, deadline=0.3, max_connections=1) as supabase:
        outcomes = await asyncio.gather(read(supabase), read(supabase), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [sb.DeadlineExceeded, sb.PoolExhausted]
        assert len(server.requests) == 1


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
