"""The same work done by others: PyPI `postgrest`, the bare transport, curl, COPY."""

import asyncio
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
from postgrest import AsyncPostgrestClient

from sistema_os.supabase.transport import open_transport
from tests.benchmarks.client_ground import Ground

PAGE = 1000


async def spread(work: Callable[[int], Awaitable[Any]], items: list[int], at_once: int) -> None:
    """`at_once` workers take the items in order."""
    left = iter(items)

    async def worker() -> None:
        for item in left:
            await work(item)

    await asyncio.gather(*(worker() for _ in range(at_once)))


class Official:
    """postgrest-py with as many connections as it sends at once."""

    def __init__(self, base: str, key: str, at_once: int) -> None:
        limits = httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once)
        headers = {"apikey": key, "Authorization": f"Bearer {key}", "Accept": "application/json"}
        self.http = httpx.AsyncClient(headers=headers, limits=limits, timeout=60)
        self.client = AsyncPostgrestClient(base, headers=headers, http_client=self.http)
        self.at_once = at_once

    async def __aenter__(self) -> "Official":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def read_all(self, rows: int) -> None:
        """In the way that its documentation shows: range()."""

        async def page(start: int) -> None:
            query = self.client.from_("bench").select("*").order("id").range(start, start + PAGE - 1)
            assert len((await query.execute()).data) == PAGE

        await spread(page, list(range(0, rows, PAGE)), self.at_once)

    async def one_row(self, number: int) -> None:
        assert (await self.client.from_("bench").select("*").eq("id", number + 1).execute()).data

    async def upsert(self, rows: list[dict[str, Any]]) -> None:
        for start in range(0, len(rows), PAGE):
            chunk: Any = rows[start : start + PAGE]
            await self.client.from_("bench").upsert(chunk, on_conflict="id", returning="minimal").execute()  # type: ignore[arg-type]  # a plain string works


class Bare:
    """Our own transport with nothing around it: what the client may cost is measured against this."""

    def __init__(self, base: str, key: str, at_once: int) -> None:
        self.base = base
        self.transport = open_transport(httpx.URL(base), at_once)
        self.headers = {"apikey": key, "Authorization": f"Bearer {key}", "Accept": "application/json"}
        self.at_once = at_once

    async def __aenter__(self) -> "Bare":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.transport.aclose()

    async def get(self, target: str) -> Any:
        request = httpx.Request("GET", self.base + target, headers=self.headers)
        response = await self.transport.handle_async_request(request)
        body = await response.aread()
        await response.aclose()
        return orjson.loads(body)

    async def read_all(self, rows: int) -> None:
        async def page(start: int) -> None:
            target = f"/bench?select=*&id=gt.{start}&id=lte.{start + PAGE}&order=id.asc&limit={PAGE}"
            assert len(await self.get(target)) == PAGE

        await spread(page, list(range(0, rows, PAGE)), self.at_once)

    async def one_row(self, number: int) -> None:
        assert await self.get(f"/bench?select=*&id=eq.{number + 1}")


def curl_all(ground: Ground, rows: int) -> None:
    """Eight at a time in one process, nothing decoded: the floor."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [f'header = "Authorization: Bearer {ground.options["key"]}"']
        for start in range(0, rows, PAGE):
            target = f"/bench?select=*&id=gt.{start}&id=lte.{start + PAGE}&order=id.asc&limit={PAGE}"
            lines += [f'url = "{ground.base}{target}"', 'output = "/dev/null"']
        config = Path(folder) / "config"
        config.write_text("\n".join(lines))
        command = [
            "curl",
            "--silent",
            "--no-progress-meter",
            "--fail",
            "--parallel",
            "--parallel-max",
            "8",
            "--config",
            str(config),
        ]
        subprocess.run(command, check=True)


def copy_in(ground: Ground, rows: list[dict[str, Any]]) -> None:
    """COPY into a temporary table, then one INSERT ... ON CONFLICT."""
    names = list(rows[0])
    updates = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
    with ground.hotel.cursor() as cursor:
        cursor.execute("create temporary table staged (like bench)")
        with cursor.copy(f"copy staged ({', '.join(names)}) from stdin".encode()) as copy:
            for row in rows:
                copy.write_row([orjson.dumps(v).decode() if isinstance(v, dict) else v for v in row.values()])
        merge = f"insert into bench select * from staged on conflict (id) do update set {updates}"  # noqa: S608 - our names
        cursor.execute(merge.encode())
        cursor.execute("drop table staged")
