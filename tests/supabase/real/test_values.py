"""Special characters, data types and every filter, on real PostgREST and PostgreSQL."""

import pytest

from sistema_os.supabase import SupabaseClient
from tests.supabase.real.crowd import Options

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

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


@pytest.mark.parametrize("value", AWKWARD)
async def test_text_with_special_characters_round_trips(ready: Options, value: str) -> None:
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
