"""The floors: our transport with nothing around it, curl, COPY."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import httpx
import orjson

from sistema_os.supabase.transport import Reply, Request, exchange, open_transport
from sistema_os.supabase.types import Secret
from tests.benchmarks.client_ground import Ground
from tests.benchmarks.client_rows import PAGE, page_of, spread


class Bare:
    """What the client may cost is measured against this."""

    def __init__(self, base: str, key: str, at_once: int) -> None:
        self.base = base
        self.transport = open_transport(httpx.URL(base), at_once)
        self.headers = Secret({"apikey": key, "Authorization": f"Bearer {key}", "Accept": "application/json"})
        self.at_once = at_once

    async def __aenter__(self) -> "Bare":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.transport.aclose()

    async def get(self, target: str) -> Any:
        reply = await exchange(self.transport, Request("GET", self.base + target, self.headers, b""), 1 << 30)
        assert isinstance(reply, Reply)
        return orjson.loads(reply.body)

    async def read(self, rows: int) -> None:
        async def page(start: int) -> None:
            assert len(await self.get(page_of(start))) == PAGE

        await spread(page, list(range(0, rows, PAGE)), self.at_once)

    async def one_row(self, number: int) -> None:
        assert await self.get(f"/bench?select=*&id=eq.{number + 1}")


def curl_all(ground: Ground, rows: int) -> None:
    """Eight at a time in one process, nothing decoded."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [f'header = "Authorization: Bearer {ground.options["key"]}"']
        for start in range(0, rows, PAGE):
            lines += [f'url = "{ground.base}{page_of(start)}"', 'output = "/dev/null"']
        config = Path(folder) / "config"
        config.write_text("\n".join(lines))
        quiet = ["--silent", "--no-progress-meter", "--fail"]
        subprocess.run(["curl", *quiet, "--parallel", "--parallel-max", "8", "--config", str(config)], check=True)


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
