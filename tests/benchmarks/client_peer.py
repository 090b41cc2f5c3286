"""PyPI `postgrest` and plain httpx, in a process and an environment of their own.

Each line on stdin is one piece of work, {"who", "base", "key", "at_once", "work", "count"}; each line on
stdout the seconds that it took. Connections stay open between pieces of the same kind.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import orjson
from postgrest import AsyncPostgrestClient

from tests.benchmarks.client_rows import PAGE, page_of, sample, spread


class Plain:
    """httpx 0.28 as one would write it: a client, its own pool, orjson."""

    def __init__(self, base: str, key: str, at_once: int) -> None:
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
        self.headers = {"apikey": key, "Authorization": f"Bearer {key}", "Accept": "application/json"}
        self.base = base
        self.at_once = at_once
        self.http = httpx.AsyncClient(headers=self.headers, limits=limits, timeout=60)

    async def get(self, target: str) -> Any:
        response = await self.http.get(self.base + target)
        response.raise_for_status()
        return orjson.loads(response.content)

    async def post(self, rows: Any) -> None:
        headers = {"Prefer": "return=minimal,resolution=merge-duplicates", "Content-Type": "application/json"}
        response = await self.http.post(
            f"{self.base}/bench?on_conflict=id", content=orjson.dumps(rows), headers=headers
        )
        response.raise_for_status()

    async def read(self, count: int) -> None:
        async def page(start: int) -> None:
            assert len(await self.get(page_of(start))) == PAGE

        await spread(page, list(range(0, count, PAGE)), self.at_once)

    async def one_row(self, count: int) -> None:
        async def one(number: int) -> None:
            assert await self.get(f"/bench?select=*&id=eq.{number + 1}")

        await spread(one, list(range(count)), self.at_once)

    async def upsert(self, count: int) -> None:
        rows = sample(count)
        await spread(lambda start: self.post(rows[start : start + PAGE]), list(range(0, count, PAGE)), self.at_once)

    async def row_by_row(self, count: int) -> None:
        for row in sample(count):
            await self.post(row)


class Official(Plain):
    """The official client with as many connections as it sends at once, in the ways of its documentation."""

    def __init__(self, base: str, key: str, at_once: int) -> None:
        super().__init__(base, key, at_once)
        self.client = AsyncPostgrestClient(base, headers=self.headers, http_client=self.http)

    async def read(self, count: int) -> None:
        async def page(start: int) -> None:
            query = self.client.from_("bench").select("*").order("id").range(start, start + PAGE - 1)
            assert len((await query.execute()).data) == PAGE

        await spread(page, list(range(0, count, PAGE)), self.at_once)

    async def one_row(self, count: int) -> None:
        async def one(number: int) -> None:
            assert (await self.client.from_("bench").select("*").eq("id", number + 1).execute()).data

        await spread(one, list(range(count)), self.at_once)

    async def post(self, rows: Any) -> None:
        await self.client.from_("bench").upsert(rows, on_conflict="id", returning="minimal").execute()  # type: ignore[arg-type]  # a plain string works


CONTENDERS = {"postgrest": Official, "httpx": Plain}


def main() -> None:
    opened: dict[tuple[str, str, int], Plain] = {}
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            asked = json.loads(line)
            place = (asked["who"], asked["base"], asked["at_once"])
            if place not in opened:
                opened[place] = CONTENDERS[asked["who"]](asked["base"], asked["key"], asked["at_once"])
            work: Callable[[int], Awaitable[None]] = getattr(opened[place], asked["work"])
            seconds = runner.run(_timed(work, asked["count"]))
            sys.stdout.write(json.dumps({"seconds": seconds}) + "\n")
            sys.stdout.flush()


async def _timed(work: Callable[[int], Awaitable[None]], count: int) -> float:
    started = time.perf_counter()
    await work(count)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
