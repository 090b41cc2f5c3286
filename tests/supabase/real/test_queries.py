"""Shapes, embeddings, writes and errors on real PostgREST and PostgreSQL."""

import asyncio
from typing import Any

import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from tests.supabase.real.crowd import Options, filled

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


async def test_embedded_rows_are_filtered_sorted_and_limited_on_their_own(ready: Options) -> None:
    async with filled(ready, 3) as supabase:
        rows = [{"id": n, "crowd_id": 1 + n % 2} for n in range(1, 9)]
        (await supabase.async_table("guests").upsert_many(rows, "id")).raise_for_failure()
        base = supabase.async_table("crowd").select("id,guests(id)").order("id")
        expected: dict[Any, list[list[int]]] = {
            base.order("id", desc=True, foreign_table="guests").limit(2, foreign_table="guests"): [[8, 6], [7, 5], []],
            base.order("id", foreign_table="guests").range(1, 2, "guests"): [[4, 6], [3, 5], []],
            base.gt("guests.id", 5): [[6, 8], [7], []],
            base.or_("id.eq.1,id.eq.2", reference_table="guests"): [[2], [1], []],
            base.not_.or_("id.gt.2", reference_table="guests"): [[2], [1], []],
            supabase.async_table("crowd").select("id,guests!inner(id)").eq("guests.id", 4): [[4]],
        }
        for query, ids in expected.items():
            found = (await query.execute()).data
            assert [sorted(guest["id"] for guest in row["guests"]) for row in found] == [sorted(one) for one in ids]
        inner = await supabase.async_table("guests").select("id,house:crowd(name)").eq("id", 1).single().execute()
        assert inner.data == {"id": 1, "house": {"name": "n000002"}}


async def test_writes_return_the_requested_representation(ready: Options) -> None:
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("crowd")
        made = await table.insert([{"id": 1, "name": "a"}, {"id": 2, "name": "b"}], count="exact").execute()
        assert (len(made.data), made.count) == (2, 2)
        assert (await table.insert({"id": 3}, returning="minimal").execute()).data == []
        assert (await table.upsert({"id": 1, "name": "z"}, on_conflict="id").execute()).data[0]["name"] == "z"
        assert (await table.upsert({"id": 1, "name": "y"}, ignore_duplicates=True).execute()).data == []
        assert (await table.update({"house": 5}).gte("id", 2).select("id").execute()).data == [{"id": 2}, {"id": 3}]
        assert (await table.delete(count="exact").eq("house", 5).execute()).count == 2
        assert (await table.select("*", count="exact", head=True).execute()).count == 1
        assert (await table.insert([{"id": 7}, {"id": 8, "house": 3}], default_to_null=False).execute()).data[0][
            "house"
        ] == 0


async def test_shapes(ready: Options) -> None:
    async with filled(ready, 2) as supabase:
        table = supabase.async_table("crowd").select("id,house")
        assert (await table.eq("id", 1).single().execute()).data == {"id": 1, "house": 1}
        assert (await table.eq("id", 1).maybe_single().execute()).data == {"id": 1, "house": 1}
        assert (await table.eq("id", 99).maybe_single().execute()).data is None
        assert (await table.order("id").csv().execute()).data == "id,house\n1,1\n2,2"
        assert (await table.eq("id", 1).strip_nulls().execute()).data == [{"id": 1, "house": 1}]
        for query in (table.single(), table.eq("id", 99).single(), table.maybe_single()):
            with pytest.raises(sb.NotSingleRow):
                await query.execute()
        assert (await supabase.rpc("nothing").execute()).data is None
        called = await supabase.rpc("crowd_from", {"low": 2}, count="exact").select("id").execute()
        assert (called.data, called.count) == ([{"id": 2}], 1)
        assert (await supabase.rpc("crowd_from", {"low": 1}, get=True).eq("id", 2).single().execute()).data["id"] == 2


async def test_errors_of_the_real_server_map_to_their_classes(ready: Options) -> None:
    async with filled(ready, 1) as supabase:
        table = supabase.async_table("crowd")
        expected: list[tuple[Any, type[sb.ResponseError], str]] = [
            (supabase.async_table("nowhere").select(), sb.NotFound, ""),
            (supabase.rpc("nowhere"), sb.NotFound, ""),
            (table.select("nowhere"), sb.BadQuery, "crowd.nowhere"),
            (table.select("*").eq("id", "João da Silva"), sb.BadQuery, ""),
            (table.select("*").filter("id", "nope", "João"), sb.BadQuery, ""),
            (table.insert({"id": 1}), sb.Conflict, ""),
            (table.insert({"house": 1}), sb.BadQuery, "id"),
            (supabase.async_table("guests").insert({"id": 1, "crowd_id": 99}), sb.Conflict, ""),
            (table.upsert([{"id": 5}, {"id": 5}], on_conflict="id"), sb.DuplicateKeyInBatch, ""),
            (supabase.rpc("slow"), sb.StatementTimeout, ""),
            (supabase.schema("nowhere").async_table("x").select(), sb.ResponseError, ""),
        ]
        for query, kind, column in expected:
            with pytest.raises(kind) as caught:
                await query.execute()
            assert "João" not in repr(caught.value) + str(vars(caught.value))
            assert caught.value.column == column
            assert str(caught.value).count("\n") == 0


@pytest.mark.parametrize(
    "key", ["no-token-at-all", "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.c2lnbmF0dXJl"]
)
async def test_the_error_for_a_wrong_key_does_not_show_the_key(ready: Options, key: str) -> None:
    async with SupabaseClient(**{**ready, "key": key}) as supabase:
        with pytest.raises(sb.AuthError) as caught:
            await supabase.async_table("crowd").select().execute()
    assert key not in repr(caught.value) + repr(supabase) + repr(vars(supabase))


async def test_bulk_upsert_keeps_columns_that_a_row_lacks(ready: Options) -> None:
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("crowd")
        await table.insert([{"id": n, "house": n, "name": f"old{n}"} for n in (1, 2, 3)]).execute()
        outcomes = await table.upsert_many(
            [{"id": 1, "house": 10}, {"id": 2, "name": "new"}, {"id": 3, "house": 30}, {"id": 3, "name": "third"}], "id"
        )
        assert (outcomes.rows, outcomes.duplicates, outcomes.failed) == (3, 1, [])
        assert [tuple(row.values()) for row in (await table.select("*").order("id").execute()).data] == [
            (1, 10, "old1"),
            (2, 2, "new"),
            (3, 30, "third"),
        ]


async def test_a_chunk_that_fails_does_not_stop_the_others(ready: Options) -> None:
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("crowd")
        rows = [{"id": n, "house": n if n != 25 else None} for n in range(1, 51)]
        outcomes = await table.upsert_many(rows, "id", size=10)
        assert [outcome.ok for outcome in outcomes] == [True, True, False, True, True]
        assert outcomes.rows == 40
        with pytest.raises(sb.BadQuery):
            outcomes.raise_for_failure()
        assert (await table.select("*", count="exact", head=True).execute()).count == 40
        again = await table.upsert_many([{"id": n, "house": 0} for n in range(1, 51)], "id", ignore_duplicates=True)
        assert again.rows == 50
        assert (await table.select("*", count="exact", head=True).eq("house", 0).execute()).count == 10


async def test_a_builder_can_be_shared_between_tasks_and_branched(ready: Options) -> None:
    async with filled(ready, 50) as supabase:
        base = supabase.async_table("crowd").select("id")
        queries = [base.eq("id", n) for n in range(1, 51)]
        answers = await asyncio.gather(*(query.execute() for query in queries))
        assert [answer.data for answer in answers] == [[{"id": n}] for n in range(1, 51)]
        assert len((await base.execute()).data) == 50


def test_the_synchronous_table_works_in_a_script(ready: Options) -> None:
    supabase = SupabaseClient(**ready)
    supabase.table("crowd").insert({"id": 1, "name": "x"}).execute()
    assert supabase.table("crowd").select("id").eq("name", "x").single().execute().data == {"id": 1}
    assert supabase.table("crowd").delete().eq("id", 1).execute().data[0]["id"] == 1


async def test_vincular_os_returns_its_status_text(ready: Options) -> None:
    async with SupabaseClient(**ready) as supabase:
        arguments = {"p_os_id": 1, "p_texto_versao": 1, "p_listagem_id": None, "p_usuario": "x"}
        assert (await supabase.rpc("vincular_os", arguments).execute()).data == "nao_existe"
