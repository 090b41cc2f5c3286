"""A server far away, out of one that is near: a proxy in a process of its own that lets each request wait.

`python -m tests.benchmarks.distance PORT SECONDS` listens on a free port of loopback, prints it, and then one line a
request: when it came and when its answer was complete (both monotonic), the bytes of the answer, method and table.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

_BUFFER = 1 << 16


@dataclass(frozen=True)
class Request:
    came: float
    answered: float
    size: int
    method: str
    table: str


@dataclass
class Distance:
    """`url` leads to the server with the latency added."""

    url: str
    log: Path
    _before: int = field(default=0)

    def requests(self) -> list[Request]:
        """Those since the last look."""
        lines = self.log.read_text().splitlines()[1:]
        fresh, self._before = lines[self._before :], len(lines)
        return [_request(line) for line in fresh]


def _request(line: str) -> Request:
    came, answered, size, method, table = line.split()
    return Request(float(came), float(answered), int(size), method, table)


@contextmanager
def distant(url: str, latency: float) -> Iterator[Distance]:
    """`latency` in seconds, added once to each request."""
    port = urlsplit(url).port
    with TemporaryDirectory() as folder:
        log = Path(folder) / "requests"
        with log.open("w") as written:
            command = [sys.executable, "-m", "tests.benchmarks.distance", str(port), str(latency)]
            proxy = subprocess.Popen(command, stdout=written)
        try:
            yield Distance(f"http://127.0.0.1:{_port_of(log, proxy)}", log)
        finally:
            proxy.terminate()
            proxy.wait()


def _port_of(log: Path, proxy: subprocess.Popen[bytes]) -> int:
    while proxy.poll() is None:
        if (text := log.read_text()).endswith("\n"):
            return int(text.split()[0])
        time.sleep(0.02)
    raise RuntimeError("the proxy did not start")


def _what(head: bytes) -> str:
    """Method and table; what is asked for may name people."""
    method, target, _rest = head.split(b" ", 2)
    return f"{method.decode()} {target.partition(b'?')[0].rpartition(b'/')[2].decode() or '/'}"


class _Exchange:
    """One connection. HTTP/1.1 without pipelining: what a client sends after an answer is the next request."""

    def __init__(self, latency: float) -> None:
        self.latency = latency
        self.came: float | None = None
        self.answered = 0.0
        self.size = 0
        self.what = ""

    def flush(self) -> None:
        if self.came is not None:
            sys.stdout.write(f"{self.came} {self.answered} {self.size} {self.what}\n")
            sys.stdout.flush()
        self.came, self.size = None, 0

    async def upwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_BUFFER):
            if self.came is None or self.size:
                self.flush()
                self.came, self.what = time.monotonic(), _what(data)
                await asyncio.sleep(self.latency)
            writer.write(data)
            await writer.drain()

    async def downwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_BUFFER):
            self.size += len(data)
            self.answered = time.monotonic()
            writer.write(data)
            await writer.drain()


async def _serve(port: int, latency: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = _Exchange(latency)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        ways = [
            asyncio.ensure_future(exchange.upwards(reader, back)),
            asyncio.ensure_future(exchange.downwards(there, writer)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        exchange.flush()
        writer.close()
        back.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
