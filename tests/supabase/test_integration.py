"""Every method on real PostgREST and PostgreSQL, with values that are hard to carry."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
Options = dict[str, Any]

SCHEMA = """
create table awkward (id bigint primary key, t text, "a b" text, "c.d" text, j jsonb, tags text[], period int4range,
  day date, n numeric, ok boolean default true, b bytea);
create table crowd (id bigint primary key, house int not null default 0, name text collate "C" unique);
create table guests (id bigint primary key, crowd_id bigint references crowd(id));
alter table awkward enable row level security;
alter table crowd enable row level security;
alter table guests enable row level security;
grant all on awkward, crowd, guests to service_role;
create function echo(value text) returns text language sql stable as 'select value';
create function crowd_from(low bigint) returns setof crowd language sql stable as 'select * from crowd where id >= low';
create function nothing() returns void language sql as 'select';
create function slow() returns void language sql set statement_timeout = '100ms' as 'select pg_sleep(5)';
grant execute on function echo, crowd_from, nothing, slow to service_role;
create schema outro;
create table outro.coisas (id int);
"""
CLEAN = """
drop schema if exists outro cascade;
drop table if exists guests, crowd, awkward cascade;
drop function if exists echo, crowd_from, nothing, slow;
"""
AWKWARD = [
    "a,b",
    'say "hi"',
    "(a)",
    "back\\slash",
    "ção ünïcødé 🏨",
    "",
    " padded ",
    "null",
    "a.b:c",
    "{x}",
    "50% * _ + & = # ; ? /",
    "line\nbreak\ttab",
    "'quoted'",
]


@pytest.fixture(scope="module")
def own_tables(hotel_database_url: str) -> Iterator[None]:
    with psycopg.connect(hotel_database_url, autocommit=True) as hotel:
        hotel.execute(CLEAN.encode())
        hotel.execute(SCHEMA.encode())
        hotel.execute("notify pgrst, 'reload schema'")
        yield
        hotel.execute(CLEAN.encode())
        hotel.execute("notify pgrst, 'reload schema'")


@pytest.fixture
def ready(own_tables: None, hotel_db: psycopg.Connection, supabase_settings: Options) -> Options:
    """Settings of a client whose tables are there, known to PostgREST and empty."""
    hotel_db.execute("truncate awkward, guests, crowd")
    supabase = SupabaseClient(**supabase_settings)
    for _ in range(200):
        try:
            supabase.table("guests").select("id").limit(1).execute()
            supabase.sync_rpc("echo", {"value": ""}).execute()
        except sb.NotFound:
            time.sleep(0.05)  # PostgREST reloads on its own time and reports to nobody
            continue
        return supabase_settings
    raise AssertionError("PostgREST never saw the new tables")


@asynccontextmanager
async def filled(settings: Options, rows: int) -> AsyncIterator[SupabaseClient]:
    async with SupabaseClient(**settings) as supabase:
        people = [{"id": n, "house": n % 7, "name": f"n{n:06}"} for n in range(1, rows + 1)]
        (await supabase.async_table("crowd").upsert_many(people, "id")).raise_for_failure()
        yield supabase


@pytest.mark.parametrize("value", AWKWARD)
async def test_an_awkward_text_is_stored_found_and_returned_as_it_is(ready: Options, value: str) -> None:
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("awkward")
        row = {"id": 1, "t": value, "a b": value, "c.d": value, "j": {"k": value}, "tags": [value, "x"]}
        await table.insert([row, {**dict.fromkeys(row), "id": 2}]).execute()
        for found in (
            table.select("*").eq("t", value),
            table.select("*").in_("t", [value, "another"]),
            table.select("*").in_("t", [value]),
            table.select("*").eq("a b", value),
            table.select("*").eq('"c.d"', value),
            table.select("*").in_('"c.d"', [value]),
            table.select("*").eq("j->>k", value),
            table.select("*").contains("j", {"k": value}),
            table.select("*").contains("tags", [value]),
            table.select("*").overlaps("tags", [value]),
            table.select("*").neq("t", "different").match({"t": value}),
            table.select('id, t, "a b", "c.d", j, tags').eq("t", value),
        ):
            got = (await found.execute()).data
            assert [{key: one[key] for key in row} for one in got] == [row], found._params
        assert (await supabase.rpc("echo", {"value": value}).execute()).data == value
        assert (await supabase.rpc("echo", {"value": value}, get=True).execute()).data == value


async def test_texts_of_100_kb_nulls_dates_numbers_ranges_and_bytes_survive(ready: Options) -> None:
    row = {
        "id": 9007199254740993,
        "t": "ç" * 100_000,
        "j": [None, {"a": 1.5}],
        "period": "[1,5)",
        "day": "2026-02-28",
        "n": 12345678.25,
        "ok": None,
        "b": "\\x01ff",
    }
    async with SupabaseClient(**ready) as supabase:
        await supabase.async_table("awkward").insert({**row, "b": b"\x01\xff"}).execute()
        got = (await supabase.async_table("awkward").select(",".join(row)).single().execute()).data
    assert got == row


async def test_the_filters_find_what_their_names_say(ready: Options) -> None:
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("awkward")
        await table.insert(
            [
                {"id": 1, "t": "Casa Azul", "period": "[1,5)", "n": 1, "ok": True, "tags": ["a"], "day": "2026-01-01"},
                {"id": 2, "t": "casa verde", "period": "[5,9)", "n": 2, "ok": False, "tags": ["b"], "day": None},
                {"id": 3, "t": None, "period": "[9,12)", "n": 3, "ok": None, "tags": ["a", "b"], "day": "2026-03-01"},
            ]
        ).execute()
        every = table.select("id").order("id")
        expected = {
            every.gt("n", 1): [2, 3],
            every.gte("n", 2): [2, 3],
            every.lt("n", 2): [1],
            every.lte("n", 2): [1, 2],
            every.neq("n", 2): [1, 3],
            every.is_("t", None): [3],
            every.not_.is_("t", None): [1, 2],
            every.is_("ok", True): [1],
            every.is_("ok", "unknown"): [3],
            every.like("t", "casa%"): [2],
            every.ilike("t", "casa%"): [1, 2],
            every.ilike_any_of("t", "%azul,%verde"): [1, 2],
            every.like_all_of("t", "C%,%l"): [1],
            every.in_("n", [1, 3]): [1, 3],
            every.not_.in_("n", [1, 3]): [2],
            every.in_("n", []): [],
            every.contained_by("tags", ["a", "c"]): [1],
            every.cs("tags", ["a"]): [1, 3],
            every.cd("tags", ["a", "b"]): [1, 2, 3],
            every.ov("tags", ["b"]): [2, 3],
            every.overlaps("period", "[4,6)"): [1, 2],
            every.contains("period", "[6,7)"): [2],
            every.range_lt("period", (5, 9)): [1],
            every.range_gt("period", (5, 9)): [3],
            every.range_gte("period", (4, 9)): [2, 3],
            every.range_lte("period", (5, 9)): [1, 2],
            every.range_adjacent("period", (4, 9)): [1, 3],
            every.or_("n.eq.1,n.eq.3"): [1, 3],
            every.not_.or_("n.eq.1,n.eq.3"): [2],
            every.and_("n.gte.1,n.lt.3"): [1, 2],
            every.wfts("t", "azul"): [1],
            every.text_search("t", "casa & verde", {"config": "english"}): [2],
            every.filter("day", "gte", "2026-02-01"): [3],
            every.limit(1).offset(1): [2],
            every.range(1, 2): [2, 3],
            table.select("id").order("t", desc=True, nullsfirst=True).order("id"): [3, 2, 1],
        }
        for query, ids in expected.items():
            assert [row["id"] for row in (await query.execute()).data] == ids, query._params


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


async def test_the_searches_find_words_and_the_ranges_are_strict(ready: Options) -> None:
    async with SupabaseClient(**ready) as supabase:
        table = supabase.async_table("awkward")
        await table.insert(
            [
                {"id": 1, "t": "the quick brown fox", "period": "[1,5)"},
                {"id": 2, "t": "brown the quick", "period": "[5,9)"},
            ]
        ).execute()
        every = table.select("id").order("id")
        for query, ids in {
            every.fts("t", "quick & fox"): [1],
            every.plfts("t", "quick fox"): [1],
            every.phfts("t", "quick brown"): [1],
            every.wfts("t", "quick -fox"): [2],
            every.text_search("t", "quick brown", {"type": "phrase"}): [1],
            every.text_search("t", "brown quick", {"type": "plain"}): [1, 2],
            every.text_search("t", '"brown the quick"', {"type": "web_search", "config": "simple"}): [],
            every.ilike_all_of("t", "%QUICK%,%FOX%"): [1],
            every.like_any_of("t", "brown%,%fox"): [1, 2],
            every.sl("period", (5, 9)): [1],
            every.sr("period", (0, 5)): [2],
            every.nxl("period", (4, 9)): [2],
            every.nxr("period", (0, 5)): [1],
            every.adj("period", (-1, 1)): [1],
        }.items():
            assert [row["id"] for row in (await query.execute()).data] == ids, query._params


async def test_writes_answer_what_was_asked_for(ready: Options) -> None:
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


async def test_errors_of_the_real_server_are_told_apart(ready: Options) -> None:
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
async def test_a_wrong_key_is_one_sentence_without_the_key(ready: Options, key: str) -> None:
    async with SupabaseClient(**{**ready, "key": key}) as supabase:
        with pytest.raises(sb.AuthError) as caught:
            await supabase.async_table("crowd").select().execute()
    assert key not in repr(caught.value) + repr(supabase) + repr(vars(supabase))


async def test_an_answer_cut_by_the_row_cap_is_never_passed_off_as_whole(ready: Options) -> None:
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
async def test_pages_give_every_row_once_in_order(ready: Options, rows: int, size: int) -> None:
    async with filled(ready, rows) as supabase:
        table = supabase.async_table("crowd")
        assert [row["id"] async for row in table.stream("id", size)] == list(range(1, rows + 1))
        assert [row["name"] async for row in table.stream("name", size)] == [f"n{n:06}" for n in range(1, rows + 1)]
        walked = [(row["house"], row["id"]) async for row in table.stream(("house", "id"), size)]
        assert walked == sorted((n % 7, n) for n in range(1, rows + 1))


async def test_pages_of_keys_with_holes_and_crowds_are_complete(ready: Options, hotel_db: psycopg.Connection) -> None:
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


async def test_bulk_upsert_leaves_columns_alone_that_a_row_does_not_name(ready: Options) -> None:
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


async def test_vincular_os_answers_its_word(ready: Options) -> None:
    async with SupabaseClient(**ready) as supabase:
        arguments = {"p_os_id": 1, "p_texto_versao": 1, "p_listagem_id": None, "p_usuario": "x"}
        assert (await supabase.rpc("vincular_os", arguments).execute()).data == "nao_existe"
