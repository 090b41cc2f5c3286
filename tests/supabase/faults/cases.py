"""The faults of a server, and the expected result of a read, an upsert and an insert for each.

The tests run them; `python -m tests.supabase.faults` runs them and prints the results.
"""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from sistema_os import supabase as sb
from tests.supabase.faults.exchange import ERROR
from tests.supabase.servers import Respond, Server, answer, read_request

Kind = type[sb.SupabaseError] | None
Expected = tuple[tuple[Kind, int], tuple[Kind, int], tuple[Kind, int]]


@dataclass(frozen=True)
class Case:
    """`expected`: error and number of requests of a read, an upsert with on_conflict, a plain insert.

    Without `play` nobody listens. A `warm` client has a connection already. `lasts`: only the deadline ends it.
    """

    name: str
    expected: Expected
    play: Callable[[Server], Respond] | None
    deadline: float = 5
    warm: bool = False
    lasts: bool = False
    options: dict[str, Any] = field(default_factory=dict)


def once(kind: Kind) -> Expected:
    return ((kind, 1), (kind, 1), (kind, 1))


def thrice_more(kind: Kind, insert: int = 1) -> Expected:
    return ((kind, 4), (kind, 4), (kind, insert))


def at_the_second(kind: Kind) -> Expected:
    return ((None, 2), (None, 2), (kind, 1))


def saying(*replies: bytes | Callable[[], bytes]) -> Callable[[Server], Respond]:
    """The n-th request gets the n-th reply, later ones the last."""

    def play(server: Server) -> Respond:
        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await read_request(reader, server)
                reply = replies[min(len(server.requests), len(replies)) - 1]
                writer.write(reply if isinstance(reply, bytes) else reply())
                await writer.drain()

        return respond

    return play


def dripping(first: bytes, then: bytes, every: float = 0.02) -> Callable[[Server], Respond]:
    """Sends one byte at a time, without end."""

    def play(server: Server) -> Respond:
        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader, server)
            writer.write(first)
            while True:
                for byte in then:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(every)

        return respond

    return play


def ending(first: bytes = b"", *, reset: bool = False) -> Callable[[Server], Respond]:
    """Reads a request, writes `first` and closes the connection."""

    def play(server: Server) -> Respond:
        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader, server)
            writer.write(first)
            await writer.drain()
            if reset:
                writer.transport.abort()

        return respond

    return play


def silent(server: Server) -> Respond:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, server)

    return respond


def half_open(server: Server) -> Respond:
    """The first connection answers once and closes when it is used again; those after it work."""
    first: list[asyncio.StreamWriter] = []

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first.append(writer)
        while True:
            await read_request(reader, server)
            if writer is first[0] and len(server.requests) > 1:
                return
            writer.write(answer())
            await writer.drain()

    return respond


def error(status: str, code: bytes) -> bytes:
    return answer(status, ERROR % code)


LARGE = b"[" + b" " * 20_000_000 + b"]"
GZIP = "Content-Encoding: gzip"
PAGE = b"<html><h1>Bad gateway</h1></html>"
SERVER_ERROR = "500 Internal Server Error"

LOST = [
    Case("never answers", once(sb.DeadlineExceeded), silent, deadline=0.3, lasts=True),
    Case("drips its body", once(sb.DeadlineExceeded), dripping(answer(length=9999), b" "), deadline=0.3, lasts=True),
    Case("drips its head", once(sb.DeadlineExceeded), dripping(b"", answer() * 9), deadline=0.3, lasts=True),
    Case("closes in mid-body", thrice_more(sb.ConnectionFailed), ending(answer(body=b'[{"id":', length=500))),
    Case("closes without a word", thrice_more(sb.ConnectionFailed), ending()),
    Case("resets", thrice_more(sb.ConnectionFailed), ending(reset=True)),
    Case("nobody listens", thrice_more(sb.ConnectionFailed, insert=4), None),
    # The insert goes over a connection of its own: that of the read may have died meanwhile.
    Case("half-open after keep-alive", ((None, 2), (None, 2), (None, 1)), half_open, warm=True),
    Case("speaks no HTTP", thrice_more(sb.ConnectionFailed), ending(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")),
]
PASSING = [
    Case(f"{status} with an HTML page", thrice_more(sb.Unavailable), saying(answer(f"{status} Odd", PAGE)))
    for status in (408, 429, 502, 503, 504, 520, 521, 522, 523, 524, 525, 530, 544, 546)
] + [
    Case(f"{code}, then well", expected, saying(error(SERVER_ERROR, code.encode()), answer()))
    for code, expected in [
        *((f"PGRST00{n}", at_the_second(sb.Unavailable)) for n in range(3)),
        ("PGRST003", ((None, 2), (None, 2), (None, 2))),
        ("40001", at_the_second(sb.Conflict)),
        ("40P01", at_the_second(sb.Conflict)),
    ]
]
REFUSED = [
    Case(name, once(kind), saying(reply))
    for name, reply, kind in [
        ("401, empty", answer("401 Unauthorized", b""), sb.AuthError),
        ("403 for a role", error("403 Forbidden", b"42501"), sb.AuthError),
        ("a bad token", error("401 Unauthorized", b"PGRST301"), sb.AuthError),
        ("404 in plain text", answer("404 Not Found", b"no such page"), sb.NotFound),
        ("a missing table", error("404 Not Found", b"42P01"), sb.NotFound),
        ("400 in plain text", answer("400 Bad Request", b"Request line too long"), sb.BadQuery),
        ("a JSON error that is a list", answer("400 Bad Request", b"[1]"), sb.BadQuery),
        ("a value of the wrong type", error("400 Bad Request", b"22P02"), sb.BadQuery),
        ("414", answer("414 URI Too Long", b""), sb.BadQuery),
        ("a check constraint", error("400 Bad Request", b"23514"), sb.BadQuery),
        ("a raise of a function", error("400 Bad Request", b"P0001"), sb.BadQuery),
        ("a unique constraint", error("409 Conflict", b"23505"), sb.Conflict),
        ("two rows of one key", error(SERVER_ERROR, b"21000"), sb.DuplicateKeyInBatch),
        ("not one row", error("406 Not Acceptable", b"PGRST116"), sb.NotSingleRow),
        ("57014 as 500", error(SERVER_ERROR, b"57014"), sb.StatementTimeout),
        ("an unknown error", error(SERVER_ERROR, b"XX000"), sb.ResponseError),
        ("500 in HTML", answer(SERVER_ERROR, b"<html>"), sb.ResponseError),
        ("a redirect", answer("302 Found", b"", "Location: http://127.0.0.1:1/"), sb.ResponseError),
        ("a permanent redirect", answer("308 Permanent Redirect", b"", "Location: /elsewhere"), sb.ResponseError),
        ("HTML instead of JSON", answer(body=b"<html>maintenance</html>"), sb.UnreadableBody),
        ("JSON cut off", answer(body=b'[{"nome": "Concei'), sb.UnreadableBody),
        ("402, over its quota", answer("402 Payment Required", b"{}"), sb.Unavailable),
        ("526, a bad certificate", answer("526 Odd", PAGE), sb.Unavailable),
        ("540, paused", answer("540 Odd", b""), sb.Unavailable),
        ("an ambiguous embedding", error("300 Multiple Choices", b"PGRST201"), sb.BadQuery),
        ("an ambiguous function", error("300 Multiple Choices", b"PGRST203"), sb.BadQuery),
        ("a missing column", error("400 Bad Request", b"PGRST204"), sb.BadQuery),
        ("an expired token", error("401 Unauthorized", b"PGRST303"), sb.AuthError),
        ("no constraint for on_conflict", error("400 Bad Request", b"42P10"), sb.BadQuery),
        ("JSON that is no list of rows", answer(body=b'{"message": "ok"}'), sb.UnreadableBody),
        ("JSON that is a list of numbers", answer(body=b"[1, 2]"), sb.UnreadableBody),
        ("JSON that is a text", answer(body=b'"maintenance"'), sb.UnreadableBody),
        ("an encoding that was not asked for", answer("200 OK", b"[]", "Content-Encoding: br"), sb.UnreadableBody),
        ("no gzip although it says so", answer("200 OK", b"[]", GZIP), sb.UnreadableBody),
        ("gzip cut off", answer("200 OK", gzip.compress(b"[]")[:-4], GZIP), sb.UnreadableBody),
    ]
]
OTHERS = [
    Case("an empty body", ((sb.UnreadableBody, 1), (None, 1), (None, 1)), saying(answer(body=b""))),
    Case("gzip in capitals", once(None), saying(answer("200 OK", gzip.compress(b"[]"), "Content-Encoding: GZIP"))),
    Case("HTML said to be JSON's type", once(None), saying(answer("200 OK", b"[]", "Content-Type: text/html"))),
]
TOO_LARGE = [
    Case(name, once(sb.UnreadableBody), saying(reply), options={"max_body": 100_000})
    for name, reply in [
        ("a body over the limit", answer(body=LARGE)),
        ("a gzip bomb", answer("200 OK", gzip.compress(LARGE), GZIP)),
    ]
]


def _until_soon() -> bytes:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    return answer(BUSY, b"", f"Retry-After: {soon}")


BUSY = "429 Too Many Requests"
WAITING = [
    Case(
        "429, Retry-After in seconds, then well",
        at_the_second(sb.Unavailable),
        saying(answer(BUSY, b"", "Retry-After: 1"), answer()),
    ),
    Case("429, Retry-After as a date, then well", at_the_second(sb.Unavailable), saying(_until_soon, answer())),
    Case("429, Retry-After beyond the deadline", once(sb.Unavailable), saying(answer(BUSY, b"", "Retry-After: 3600"))),
]

CASES = [*LOST, *PASSING, *REFUSED, *OTHERS, *TOO_LARGE, *WAITING]
