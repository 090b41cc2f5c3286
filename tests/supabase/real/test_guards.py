"""Guards against writes of too many rows, and errors of the server, on real PostgREST and PostgreSQL."""

from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient
from tests.supabase.real.crowd import Options, filled

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
PARAMETERS = ("select", "columns", "on_conflict", "order", "limit", "offset", "and", "or", "not")


Sector = Enum("Sector", {"TI": "n000002"}, type=str)


async def left(supabase: SupabaseClient) -> int | None:
    return (await supabase.async_table("crowd").select("*", count="exact", head=True).execute()).count


@pytest.mark.parametrize("name", PARAMETERS)
async def test_a_reserved_name_is_quoted_as_a_column(ready: Options, name: str) -> None:
    """Unquoted, `columns=eq.1` and `on_conflict=eq.1` are ignored and a delete takes every row."""
    async with filled(ready, 5) as supabase:
        for query in (supabase.async_table("crowd").delete(), supabase.async_table("crowd").update({"house": 9})):
            with pytest.raises(sb.BadQuery, match=f"column crowd.{name}"):
                await query.eq(name, 1).execute()
        assert await left(supabase) == 5


async def test_filters_on_columns_with_reserved_names_match_rows(ready: Options) -> None:
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("reserved")
        await table.insert([{"id": 1, "limit": 1, "order": "a"}, {"id": 2, "limit": 2, "order": "b"}]).execute()
        found = await table.select("id").eq("limit", 2).or_([("order", "eq", "b"), ("limit", "eq", 7)]).execute()
        assert found.data == [{"id": 2}]
        assert (await table.delete().eq("limit", 1).execute()).data == [{"id": 1, "limit": 1, "order": "a"}]


async def test_a_write_with_only_filters_that_match_every_row_is_refused(ready: Options) -> None:
    async with filled(ready, 5) as supabase:
        table = supabase.async_table("crowd")
        embedding = table.delete().select("id,guests(id)")
        for query in (
            table.delete().not_.in_("id", []),
            table.delete().filter("id", "not.in", "()"),
            embedding.eq("guests.id", 1),
            embedding.or_("id.eq.1", reference_table="guests"),
            embedding.not_.or_("id.eq.1", reference_table="guests"),
            table.delete().or_([("id", "not.in", []), ("house", "eq", 1)]),
            table.delete().and_([("id", "not.in", [])]),
            table.delete().not_.and_([("id", "in", []), ("house", "eq", 1)]),
            table.delete().not_.or_("id.in.()"),
            table.delete().eq("guests.limit", 1),
        ):
            with pytest.raises(sb.UnfilteredWrite):
                await query.execute()
        assert await left(supabase) == 5
        assert (await table.select("id").not_.in_("id", []).order("id").execute()).data[0] == {"id": 1}
        for few, gone in (
            (table.delete().not_.in_("id", []).in_("id", [1, 2]), 2),
            (table.delete().or_([("id", "in", []), ("id", "eq", 3)]), 1),
            (table.delete().and_([("id", "not.in", []), ("name", "eq", "x.not.in.()")]), 0),
        ):
            assert len((await few.execute()).data) == gone


Build = Callable[[Any], Any]
SEVERAL: dict[str, Build] = {
    "delete": lambda t: t.delete().gt("id", 1),
    "delete, minimal": lambda t: t.delete(returning="minimal").gt("id", 1),
    "update": lambda t: t.update({"house": 99}).gt("id", 1),
    "insert": lambda t: t.insert([{"id": 10}, {"id": 11}]),
    "upsert": lambda t: t.upsert([{"id": 1, "house": 99}, {"id": 2, "house": 99}], on_conflict="id"),
}


@pytest.mark.parametrize("shape", ["single", "maybe_single"])
@pytest.mark.parametrize("build", SEVERAL.values(), ids=SEVERAL.keys())
async def test_single_and_maybe_single_roll_back_a_write_of_several_rows(
    ready: Options, build: Build, shape: str
) -> None:
    async with filled(ready, 5) as supabase:
        before = (await supabase.async_table("crowd").select("*").order("id").execute()).data
        with pytest.raises(sb.NotSingleRow) as caught:
            await getattr(build(supabase.async_table("crowd")), shape)().execute()
        assert caught.value.rows in (2, 4)
        assert (await supabase.async_table("crowd").select("*").order("id").execute()).data == before


async def test_maybe_single_on_a_write_returns_the_row_or_none(ready: Options) -> None:
    async with filled(ready, 2) as supabase:
        table = supabase.async_table("crowd")
        updated = (await table.update({"house": 5}).eq("id", 1).maybe_single().execute()).data
        assert updated == {"id": 1, "house": 5, "name": "n000001"}
        assert (await table.update({"house": 5}).eq("id", 99).maybe_single().execute()).data is None
        assert (await table.delete().eq("id", 99).maybe_single().execute()).data is None
        assert (await supabase.rpc("crowd_from", {"low": 3}).maybe_single().execute()).data is None


async def test_an_enum_member_finds_and_writes_its_value(ready: Options) -> None:
    async with filled(ready, 3) as supabase:
        table = supabase.async_table("crowd")
        for query in (
            table.select("id").eq("name", Sector.TI),
            table.select("id").in_("name", [Sector.TI]),
            table.select("id").ilike("name", str(Sector.TI.value)),
            table.select("id").or_([("name", "eq", Sector.TI)]),
        ):
            assert (await query.execute()).data == [{"id": 2}]
        assert (await supabase.rpc("echo", {"value": Sector.TI}).execute()).data == "n000002"
        assert (await supabase.rpc("echo", {"value": Sector.TI}, get=True).execute()).data == "n000002"
        assert [row["id"] for row in (await table.delete().neq("name", Sector.TI).execute()).data] == [1, 3]
        assert (await table.update({"name": Sector.TI}).eq("id", 2).single().execute()).data["name"] == "n000002"


async def test_a_write_whose_filter_was_dropped_is_refused(ready: Options) -> None:
    async with filled(ready, 5) as supabase:
        table = supabase.async_table("crowd")
        query = table.delete().gt("id", 1)
        query.lt("id", 3)
        with pytest.raises(sb.LostFilter, match=r"query = query\.eq"):
            await query.execute()
        query.not_.eq("id", 4).select("id")
        with pytest.raises(sb.LostFilter):
            await query.single().execute()
        assert await left(supabase) == 5
        base = table.delete().gt("id", 1)
        assert [row["id"] for row in (await base.lt("id", 3).execute()).data] == [2]
        assert [row["id"] for row in (await base.execute()).data] == [3, 4, 5]


async def test_an_update_by_or_on_an_old_server_is_refused_unless_minimal(ready: Options) -> None:
    """PostgREST before 14.4 filters the updated rows by or_() again and answers an empty list."""
    async with filled(ready, 3) as supabase:
        table = supabase.async_table("crowd")
        query = table.update({"house": 9}).or_("house.eq.1,house.eq.2")
        await supabase.learn_server("crowd")
        if supabase._session.server.is_before(14, 4):
            with pytest.raises(sb.UsageError, match="minimal"):
                await query.execute()
            await table.update({"house": 9}, returning="minimal").or_("house.eq.1,house.eq.2").execute()
        else:
            assert len((await query.execute()).data) == 2
        found = await table.select("id").eq("house", 9).order("id").execute()
        assert found.data == [{"id": 1}, {"id": 2}]


async def test_a_list_of_long_accented_names_is_read_and_deleted(ready: Options) -> None:
    """The server repeats the address, longer still, in a header."""
    names = [f"João Conceição Ávila Ñandú {n:05} áéíóú" for n in range(300)]
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("crowd")
        await table.upsert_many([{"id": n, "name": name} for n, name in enumerate(names)], "id")
        assert len((await table.select("id").in_("name", names).execute()).data) == 300
        assert len((await table.select("id").in_("name", names[:25]).execute()).data) == 25
        long = ",".join(f'name.eq."{name}"' for name in names)
        assert len((await table.select("id").or_(long).execute()).data) == 300
        assert len((await table.delete().in_("name", names).execute()).data) == 300


async def test_error_messages_name_the_cause(ready: Options) -> None:
    async with filled(ready, 1) as supabase:
        table = supabase.async_table("crowd")
        expected: list[tuple[Any, type[sb.ResponseError], str]] = [
            (table.upsert({"id": 1}, on_conflict="house"), sb.BadQuery, "without a unique constraint"),
            (table.insert([{"nope": 1}]), sb.BadQuery, "a column of the body does not exist"),
            (table.select("*,awkward(*)"), sb.NotFound, "no relationship"),
            (table.select("*,guests(*)").eq("awkward.id", 1), sb.BadQuery, "embedded table that select"),
            (supabase.async_table("guests").select("*,ambiguous(*)"), sb.BadQuery, "ambiguous: name its foreign key"),
            (supabase.rpc("twofold", {"value": "1"}), sb.BadQuery, "several functions"),
            (table.upsert({"id": 1, "house": None}, on_conflict="id"), sb.BadQuery, "an upsert inserts first"),
        ]
        for query, kind, words in expected:
            with pytest.raises(kind, match=words) as caught:
                await query.execute()
            error = caught.value
            assert (error.message, error.details) == (str(error), "")
            assert error.code


async def test_exact_keeps_every_digit_of_large_numbers(ready: Options) -> None:
    exact = "12345678901234567890.123456789012345678"
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("awkward")
        await table.insert({"id": 1, "n": exact, "j": {"big": 2**70}}).execute()
        assert type((await table.select("n").single().execute()).data["n"]) is float
        row = (await table.select("n,j").exact().single().execute()).data
        assert (str(row["n"]), row["j"]["big"]) == (exact, 2**70)
    async with SupabaseClient(**ready, exact=True) as supabase:
        assert str((await supabase.async_table("awkward").select("n").single().execute()).data["n"]) == exact


async def test_not_null_and_max_affected_follow_the_servers_version(ready: Options) -> None:
    async with filled(ready, 3) as supabase:
        table = supabase.async_table("crowd")
        assert len((await table.select("id").is_("name", "not_null").execute()).data) == 3
        assert (await table.select("id").not_.is_("name", "not_null").execute()).data == []
        await supabase.learn_server("crowd")
        words = "before PostgREST 12.2" if supabase._session.server.is_before(12, 2) else "Supabase refused"
        with pytest.raises(sb.BadQuery, match=words):
            await table.update({"house": 1}).gt("id", 0).max_affected(1).execute()


@pytest.mark.parametrize("value", ["eq.5", "is.null", "not.eq.3", "in.(1)", "fts(simple).x"])
async def test_an_argument_that_looks_like_a_filter_is_not_sent_as_one(ready: Options, value: str) -> None:
    async with SupabaseClient(**ready) as supabase:
        with pytest.raises(sb.UsageError, match="read as a filter"):
            supabase.rpc("echo", {"value": value}, get=True)
        assert (await supabase.rpc("echo", {"value": value}).execute()).data == value
        for harmless in ("5", "a.b", "equal.5", ""):
            assert (await supabase.rpc("echo", {"value": harmless}, get=True).execute()).data == harmless
