"""Small servers on loopback, each with one fault."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

Respond = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """`requests` are the request heads seen, in order; `open` counts connections that have not ended."""

    url: str = ""
    requests: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    open: int = 0


async def read_request(reader: asyncio.StreamReader, server: Server) -> None:
    """Raises IncompleteReadError when the client leaves."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = next((line for line in head.splitlines() if line.lower().startswith("content-length:")), ":0")
    server.bodies.append(await reader.readexactly(int(length.partition(":")[2])))
    server.requests.append(head)


def answer(status: str = "200 OK", body: bytes = b"[]", *headers: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def serving(respond: Respond, server: Server | None = None) -> AsyncIterator[Server]:
    """Serves until left; then closes every connection, whatever state it is in."""
    server = server or Server()
    running: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        server.open += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await respond(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            server.open -= 1
            running.discard(task)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        for task in list(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await listener.wait_closed()


async def settled(server: Server, before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """The tasks that are left once the server has seen all its connections end."""
    for _ in range(200):
        if not server.open and not asyncio.all_tasks() - before:
            break
        await asyncio.sleep(0.01)
    assert server.open == 0
    return asyncio.all_tasks() - before


@contextlib.asynccontextmanager
async def scripted(*replies: bytes) -> AsyncIterator[Server]:
    """Answers the n-th request with the n-th reply, then with the last one again."""
    server = Server()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, server)
            writer.write(replies[min(len(server.requests), len(replies)) - 1])
            await writer.drain()

    async with serving(respond, server):
        yield server


@contextlib.asynccontextmanager
async def silent() -> AsyncIterator[Server]:
    """Accepts, reads, and never answers."""
    server = Server()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, server)

    async with serving(respond, server):
        yield server


@contextlib.asynccontextmanager
async def heartbeat(every: float = 0.01) -> AsyncIterator[list[float]]:
    """Beats while the loop is free; yields the moments."""
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(asyncio.get_running_loop().time())
            await asyncio.sleep(every)

    task = asyncio.ensure_future(beat())
    try:
        yield beats
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
