"""What the client's benchmark runs on: a private stack with one wide table, and a server of fixed latency."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from sistema_os import supabase as sb
from sistema_os.local.stack import Stack
from sistema_os.supabase import SupabaseClient
from tests.supabase.servers import Server, answer, read_request, serving

SCHEMA = """
create table bench (id bigint primary key, nome text, uh text, chegada date, saida date, adultos int, diaria numeric,
  titular boolean, status text, visto_em timestamptz, observacoes text, extra jsonb);
alter table bench enable row level security;
grant all on bench to service_role, sistema_os_app;
create policy bench_app on bench to sistema_os_app using (true) with check (true);
notify pgrst, 'reload schema';
"""
FILL = """
insert into bench select n, 'HOSPEDE ' || md5(n::text), lpad((n %% 120)::text, 4, '0'),
  date '2026-01-01' + (n %% 365)::int, date '2026-01-03' + (n %% 365)::int, n %% 4, 100 + n %% 900, n %% 2 = 0,
  'na_casa', now(), repeat('x', (n %% 40)::int), jsonb_build_object('n', n)
from generate_series(%s::bigint, %s::bigint) n
"""


@dataclass
class Ground:
    """`options` are those of SupabaseClient; `base` is where PostgREST answers."""

    options: dict[str, Any]
    hotel: psycopg.Connection

    @property
    def base(self) -> str:
        return str(self.options["url"]) + str(self.options["rest_path"])

    def fill(self, first: int, last: int) -> None:
        self.hotel.execute(FILL.encode(), (first, last))
        self.hotel.execute("vacuum analyze bench")

    def empty(self) -> None:
        self.hotel.execute("truncate bench")


@contextmanager
def ground() -> Iterator[Ground]:
    folder = Path(tempfile.mkdtemp(prefix="sistema-os-bench-"))
    folder.chmod(0o711)
    stack = Stack(folder / "stack", throw_away=True)
    try:
        values = stack.start()
        options = {
            "url": values["SUPABASE_URL"],
            "key": values["SUPABASE_SERVICE_KEY"],
            "rest_path": values["SUPABASE_REST_PATH"],
        }
        with stack.connect_hotel() as hotel:
            hotel.execute(SCHEMA.encode())
            asyncio.run(_until_known(options))
            yield Ground(options, hotel)
    finally:
        stack.reset()
        shutil.rmtree(folder, ignore_errors=True)


async def _until_known(options: dict[str, Any]) -> None:
    async with SupabaseClient(**options) as supabase:
        for _ in range(200):
            try:
                await supabase.async_table("bench").select("id").limit(1).execute()
            except sb.NotFound:
                await asyncio.sleep(0.05)
                continue
            return
    raise TimeoutError("PostgREST never saw the new table")


@asynccontextmanager
async def distant(latency: float) -> AsyncIterator[Server]:
    """Answers one row, `latency` seconds after each request."""
    server = Server()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader, server)
            await asyncio.sleep(latency)
            writer.write(answer("200 OK", b'[{"id":1}]', "Content-Range: 0-0/*"))

    async with serving(respond, server):
        yield server
