"""The server's row cap and version are learned from the server, on a PostgREST whose cap is not the configured one."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sistema_os import supabase as sb
from sistema_os.local.bootstrap import HOTEL_DATABASE
from sistema_os.local.postgrest import Ports, PostgREST
from sistema_os.local.processes import free_port
from sistema_os.local.stack import PROJECT, _postgres_url
from sistema_os.supabase import SupabaseClient
from tests import stack
from tests.supabase.real.crowd import Options, filled

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


class Capped(PostgREST):
    cap = 0

    def _environment(self, ports: Ports) -> dict[str, str]:
        return {**super()._environment(ports), "PGRST_DB_MAX_ROWS": str(self.cap)}


@pytest.fixture
def capped(ready: Options, tmp_path: Path) -> Iterator[Callable[[int], Options]]:
    """`capped(cap)`: settings of a second PostgREST on the same database, with another row cap."""
    assert stack.running is not None
    current = stack.running._known()
    url = _postgres_url("authenticator", current.secrets.authenticator, current.postgres_port, HOTEL_DATABASE)
    started: list[PostgREST] = []

    def start(cap: int) -> Options:
        server = Capped(PROJECT, tmp_path, database_url=url, jwt_secret=current.secrets.jwt, throw_away=True)
        server.cap = cap
        started.append(server)
        ports = server.start(Ports(free_port(), free_port()))
        return {**ready, "url": f"http://127.0.0.1:{ports.rest}"}

    yield start
    for server in started:
        server.stop()


@pytest.mark.parametrize("cap", [250, 2500])
async def test_a_row_cap_other_than_the_configured_one_is_detected(
    ready: Options, capped: Callable[[int], Options], cap: int
) -> None:
    async with filled(ready, 3000), SupabaseClient(**await asyncio.to_thread(capped, cap)) as supabase:
        table = supabase.async_table("crowd")
        for query in (table.select("id"), table.select("id").limit(2999), table.select("id").order("id").csv()):
            with pytest.raises(sb.TruncatedResult, match=f"than the {cap} "):
                await query.execute()
        assert len((await table.select("id").limit(cap - 1).execute()).data) == cap - 1
        assert len((await table.select("id").lte("id", cap).execute()).data) == cap
        assert len((await table.select("id").in_("id", range(1, 2800)).execute()).data) == 2799
        assert len([row async for row in table.stream()]) == 3000
        with pytest.raises(sb.TruncatedResult):
            await supabase.rpc("crowd_from", {"low": 1}).execute()


async def test_a_list_cut_inside_a_row_is_noticed_whatever_the_cap(
    ready: Options, capped: Callable[[int], Options]
) -> None:
    async with filled(ready, 2) as supabase:
        rows = [{"id": n, "crowd_id": 1 if n <= 300 else 2} for n in range(1, 501)]
        (await supabase.async_table("guests").upsert_many(rows, "id")).raise_for_failure()
        assert len((await supabase.async_table("crowd").select("id,guests(id)").execute()).data) == 2
    async with SupabaseClient(**await asyncio.to_thread(capped, 250)) as supabase:
        query = supabase.async_table("crowd").select("id,visitors:guests(id)")
        with pytest.raises(sb.TruncatedResult, match="embedded visitors"):
            await query.execute()
        with pytest.raises(sb.TruncatedResult, match="embedded visitors"):
            await query.eq("id", 1).single().execute()
        assert len((await query.eq("id", 2).single().execute()).data["visitors"]) == 200


async def test_version_and_cap_are_learned_once_per_process(ready: Options, capped: Callable[[int], Options]) -> None:
    async with filled(ready, 600):
        settings = await asyncio.to_thread(capped, 250)
        async with SupabaseClient(**settings) as supabase:
            learned = await supabase.learn_server("crowd")
            assert (learned.max_rows, learned.version.split(".")[0].isdigit()) == (250, True)
        async with SupabaseClient(**settings) as supabase:
            assert supabase._session.server is learned
    async with SupabaseClient(**ready) as supabase:
        small = await supabase.learn_server("crowd")
        assert (small.max_rows, small.proven_rows) == (None, 600)
