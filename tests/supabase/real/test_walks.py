"""Pagination and split lists beyond the row cap of the real server."""

import psycopg
import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from tests.supabase.real.crowd import Options, filled

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


async def test_a_response_cut_by_the_row_cap_raises_truncated_result(ready: Options) -> None:
    async with filled(ready, 1001) as supabase:
        table = supabase.async_table("crowd")
        for query in (
            table.select("*"),
            table.select("*").limit(5000),
            table.select("*", count="exact"),
            table.select("id").csv(),
            supabase.rpc("crowd_from", {"low": 1}),
        ):
            with pytest.raises(sb.TruncatedResult, match="pages"):
                await query.execute()
        for whole in (
            table.select("*").limit(1000),
            table.select("*").gt("id", 1),
            table.select("*", count="exact").gt("id", 1),
            table.select("*").offset(1),
            table.select("*").range(0, 999),
        ):
            assert len((await whole.execute()).data) == 1000


async def test_a_list_too_long_for_an_address_is_split_and_joined(ready: Options) -> None:
    async with filled(ready, 2500) as supabase:
        table = supabase.async_table("crowd")
        names = [f"n{n:06}" for n in range(1, 2501)] + ["n000001", "nobody"]
        got = await table.select("id", count="exact").in_("name", names).lte("id", 2400).execute()
        assert sorted(row["id"] for row in got.data) == list(range(1, 2401))
        assert got.count == 2400
        paged = [row["id"] async for row in table.select("id").in_("name", names).stream()]
        assert sorted(paged) == list(range(1, 2501))
        for refused in (
            table.select("id").in_("name", names).order("id"),
            table.select("id").in_("name", names).single(),
            table.delete().in_("name", names).max_affected(3000),
        ):
            with pytest.raises(sb.UsageError, match="too many values"):
                await refused.execute()
        moved = await table.update({"house": 9}, returning="minimal").in_("name", names[:2000]).execute()
        assert moved.data == []
        gone = await table.delete(count="exact").in_("name", names).eq("house", 9).select("id").execute()
        assert (len(gone.data), gone.count) == (2000, 2000)
        assert (await table.select("*", count="exact", head=True).execute()).count == 500


@pytest.mark.parametrize("rows", [0, 1, 999, 1000, 1001, 4321])
@pytest.mark.parametrize("size", [1000, 5000, 300])
async def test_pages_return_every_row_once_in_order(ready: Options, rows: int, size: int) -> None:
    async with filled(ready, rows) as supabase:
        table = supabase.async_table("crowd")
        assert [row["id"] async for row in table.stream("id", size)] == list(range(1, rows + 1))
        assert [row["name"] async for row in table.stream("name", size)] == [f"n{n:06}" for n in range(1, rows + 1)]
        walked = [(row["house"], row["id"]) async for row in table.stream(("house", "id"), size)]
        assert walked == sorted((n % 7, n) for n in range(1, rows + 1))


async def test_pages_of_sparse_and_dense_key_ranges_are_complete(ready: Options, hotel_db: psycopg.Connection) -> None:
    """Sparse, then dense, then sparse, then far away, and negative."""
    hotel_db.execute(
        "insert into crowd (id) select n * 50 from generate_series(-800, 1500) n union "
        "select 100000 + n from generate_series(1, 5000) n union select 200000 + n * 997 from generate_series(1, 900) n"
        " union select 9000000000"
    )
    expected = [row[0] for row in hotel_db.execute("select id from crowd order by id").fetchall()]
    async with SupabaseClient(**ready) as supabase:
        pages = [page async for page in supabase.async_table("crowd").select("id").pages(size=400)]
        assert [row["id"] for page in pages for row in page] == expected
        assert max(map(len, pages)) <= 400
        some = supabase.async_table("crowd").select("id").gte("id", 100_500).lt("id", 100_700)
        assert [row["id"] async for row in some.stream(size=50)] == list(range(100_500, 100_700))


async def test_pages_refuse_a_key_that_would_lose_rows(ready: Options) -> None:
    async with filled(ready, 20) as supabase:
        table = supabase.async_table("crowd")
        for query, key, message in (
            (table.select("*"), "house", "unique"),
            (table.select("id"), "name", "selected"),
            (table.select("*").limit(5), "id", "themselves"),
            (table.select("*").order("id"), "id", "themselves"),
            (table.select("*").single(), "id", "select"),
            (table.delete().eq("id", 1), "id", "select"),
        ):
            with pytest.raises(sb.UsageError, match=message):
                async for _ in query.pages(key):
                    pass


async def test_pages_refuse_a_key_that_is_null_on_a_later_page(ready: Options) -> None:
    async with filled(ready, 20) as supabase:
        table = supabase.async_table("crowd")
        await table.update({"name": None}).gt("id", 15).execute()
        for key in ("name", ("id", "name")):
            with pytest.raises(sb.UsageError, match="null"):
                async for _ in table.pages(key, size=5):
                    pass
