"""Every builder method sends what PyPI `postgrest` sends, but for the list of test_differences.py."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from postgrest import CountMethod, ReturnMethod

from tests.supabase.recording import Sent, official, ours, table

Build = Callable[[Any], Any]
pytestmark = pytest.mark.anyio
WHEN = datetime(2026, 3, 1, 12, 30, 5, 123456).astimezone()


def rows(build: Build) -> Build:
    return lambda client: build(table(client).select("*"))


SAME: dict[str, Build] = {
    "select all": lambda c: table(c).select(),
    "select columns": lambda c: table(c).select("id", "numero"),
    "select an embedding": lambda c: table(c).select("id, reservas ( num_reserva , hospedes(nome) )"),
    "select a quoted column": lambda c: table(c).select('"a b", "c""d" , e'),
    "select an alias, a cast and a json path": lambda c: table(c).select("a:b::text,m->>x"),
    "select counted": lambda c: table(c).select("*", count=CountMethod.exact),
    "select head": lambda c: table(c).select("*", count=CountMethod.planned, head=True),
    "insert a row": lambda c: table(c).insert({"a": 1, "b": None, "c": "ção"}),
    "insert rows": lambda c: table(c).insert([{"a": 1, "b c": 2}, {"a": 3, "b c": 4}]),
    "insert rows with other columns": lambda c: table(c).insert([{"a": 1}, {"b": 2}], default_to_null=False),
    "insert minimal and counted": lambda c: table(c).insert(
        {"a": 1}, count=CountMethod.exact, returning=ReturnMethod.minimal
    ),
    "insert as upsert": lambda c: table(c).insert([{"a": 1}], upsert=True),
    "insert dates": lambda c: table(c).insert({"d": date(2026, 3, 1), "t": WHEN, "x": b"\x01\xff"}),
    "insert and select": lambda c: table(c).insert({"a": 1}, returning=ReturnMethod.minimal).select("a", "b"),
    "upsert a row": lambda c: table(c).upsert({"a": 1}),
    "upsert on conflict": lambda c: table(c).upsert([{"a": 1}, {"a": 2}], on_conflict="a,b"),
    "upsert ignoring": lambda c: table(c).upsert([{"a": 1}, {"b": 2}], ignore_duplicates=True, default_to_null=False),
    "update": lambda c: table(c).update({"a": None, "m": {"x": [1, 2.5, True]}}).eq("id", 1),
    "update counted": lambda c: table(c).update({"a": 1}, count=CountMethod.exact).eq("id", 1).select("id"),
    "update at most": lambda c: table(c).update({"a": 1}).eq("id", 1).max_affected(3),
    "order": rows(
        lambda q: q.order("a").order("b", desc=True).order("c", nullsfirst=True).order("d", nullsfirst=False)
    ),
    "order of an embedding": rows(
        lambda q: q.order("a", foreign_table="reservas").order("b", foreign_table="reservas")
    ),
    "limit and offset": rows(lambda q: q.limit(5).offset(10)),
    "limit of an embedding": rows(lambda q: q.limit(5, foreign_table="reservas")),
    "range": rows(lambda q: q.range(10, 19)),
    "range of an embedding": rows(lambda q: q.range(0, 4, "reservas")),
    "single": rows(lambda q: q.eq("id", 1).single()),
    "maybe_single": rows(lambda q: q.eq("id", 1).maybe_single()),
    "csv": rows(lambda q: q.csv()),
    "explain": rows(lambda q: q.explain(analyze=True, buffers=True)),
    "explain as json": rows(lambda q: q.explain(format="json", verbose=True, settings=True, wal=True)),
    "strip_nulls": rows(lambda q: q.strip_nulls()),
    "strip_nulls of a single": rows(lambda q: q.strip_nulls().single()),
    "retry": rows(lambda q: q.retry(False)),
    "match": rows(lambda q: q.match({"a": 1, "b": "x"})),
    "not": rows(lambda q: q.not_.eq("a", 1).eq("b", 2)),
    "not in": rows(lambda q: q.not_.in_("a", [1, 2])),
    "or": rows(lambda q: q.or_("a.eq.1,b.gt.2")),
    "or of an embedding": rows(lambda q: q.or_("a.eq.1", reference_table="reservas")),
    "not or": rows(lambda q: q.not_.or_("a.eq.1")),
    "not or of an embedding": rows(lambda q: q.not_.or_("a.eq.1", reference_table="reservas")),
    "filter": rows(lambda q: q.filter("a", "eq", "x").not_.filter("b", "in", "(1,2)")),
    "is null": rows(lambda q: q.is_("a", None).is_("b", True).is_("c", False).is_("d", "unknown")),
    "in": rows(lambda q: q.in_("a", ["x", 1, 2.5, True, 'a,b:(c)"d\\', "é"])),
    "like of several": rows(
        lambda q: q.like_all_of("a", "x%,%y").like_any_of("a", "x").ilike_all_of("b", "z").ilike_any_of("b", "w")
    ),
    "text search": rows(
        lambda q: (
            q.text_search("a", "casa & mar", {"type": "web_search", "config": "portuguese"})
            .text_search("a", "b", {"type": "plain"})
            .text_search("a", "b", {"type": "phrase"})
            .text_search("a", "b")
        )
    ),
    "fts": rows(lambda q: q.fts("a", "x").plfts("a", "y").phfts("a", "z").wfts("a", "w")),
    "contains": rows(lambda q: q.contains("a", ["x", "y z", "", "NULL", '"']).contains("b", {"k": [1]})),
    "contains a range": rows(lambda q: q.contains("a", "[1,5)").contained_by("b", "[1,5)").overlaps("c", "[1,5)")),
    "contained_by": rows(lambda q: q.contained_by("a", ["x,y"]).contained_by("b", {"k": None})),
    "overlaps": rows(lambda q: q.overlaps("a", [1, 2]).ov("b", {"k": 1})),
    "cs and cd": rows(lambda q: q.cs("a", [1]).cd("b", ["{"])),
    "ranges": rows(lambda q: q.sl("a", (1, 2)).sr("a", (1, 2)).nxl("a", (1, 2)).nxr("a", (1, 2)).adj("a", (1, 2))),
    "named ranges": rows(
        lambda q: (
            q.range_gt("a", (1, 2))
            .range_gte("a", (1, 2))
            .range_lt("a", (1, 2))
            .range_lte("a", (1, 2))
            .range_adjacent("a", (1, 2))
        )
    ),
    "rpc": lambda c: c.rpc("vincular_os", {"p_os_id": 1, "x": None, "l": [1, 2]}),
    "rpc without arguments": lambda c: c.rpc("agora", {}),
    "rpc get": lambda c: c.rpc("f", {"a": 1, "b": True, "l": [1, "x y"], "j": {"k": 1}}, get=True),
    "rpc head": lambda c: c.rpc("f", {"a": "é&="}, head=True, count=CountMethod.exact),
    "rpc filtered": lambda c: c.rpc("f", {}).select("a", "b").eq("a", 1).order("b").limit(3),
    "rpc counted and selected": lambda c: c.rpc("f", {}, count=CountMethod.exact).select("a"),
    "rpc single": lambda c: c.rpc("f", {}).single(),
    "rpc csv": lambda c: c.rpc("f", {}).csv(),
}


def filtered(method: str, column: str, value: Any) -> Build:
    return lambda client: getattr(table(client).select("*"), method)(column, value)


VALUES = (1, 2.5, True, "a b+c&d=e%/é", "", date(2026, 3, 1), WHEN, Decimal("1.50"), [1, "x"], {"k": "v"})
COLUMNS = ("a b", "a.b", "m->x->>y", "a,b", "a:b", "(a)", 'a"b', "a\\b", "reservas.status")
SAME |= {
    **{f"{name} {v!r}": filtered(name, "a", v) for name in ("eq", "neq", "gt", "gte", "lt", "lte") for v in VALUES},
    **{name: filtered(name, "a->>b", "%são%*_") for name in ("like", "ilike")},
    **{f"column {name}": filtered("eq", name, 1) for name in COLUMNS},
    **{f"column {name} in": filtered("in_", name, [1]) for name in COLUMNS},
}


@pytest.mark.parametrize("build", SAME.values(), ids=SAME.keys())
async def test_the_request_is_the_official_clients(build: Build) -> None:
    assert await ours(build) == await official(build)


@pytest.mark.parametrize("build", [SAME["select all"], SAME["insert a row"], SAME["update"]])
async def test_another_schema_is_asked_for_like_the_official_client_does(build: Build) -> None:
    assert await ours(lambda c: build(c.schema("outro"))) == await official(build, schema="outro")


async def test_counts_and_returns_may_be_plain_strings() -> None:
    typed = await ours(lambda c: table(c).insert({}, count=CountMethod.exact, returning=ReturnMethod.minimal))
    assert await ours(lambda c: table(c).insert({}, count="exact", returning="minimal")) == typed


text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = st.one_of(st.sampled_from(["id", "uh_texto", "m->>k", "reservas.status"]), text.filter(bool)).filter(
    lambda name: not (len(name) > 2 and name[0] == name[-1] == '"')
)
values = st.one_of(text, st.integers(), st.floats(allow_nan=False), st.booleans(), st.dates(), st.uuids())
listed = values.filter(lambda value: str(value) == str(value).strip() != "")
pairs = st.tuples(st.integers(), st.integers())
steps = st.one_of(
    st.tuples(st.sampled_from(["eq", "neq", "gt", "gte", "lt", "lte"]), names, values),
    st.tuples(st.sampled_from(["like", "ilike", "like_any_of", "ilike_all_of", "fts", "wfts"]), names, text),
    st.tuples(st.just("in_"), names, st.lists(listed, unique_by=lambda v: str(v), max_size=5)),
    st.tuples(st.sampled_from(["contains", "contained_by", "overlaps"]), names, st.lists(values, max_size=4)),
    st.tuples(st.sampled_from(["sl", "nxr", "adj", "range_gt"]), names, pairs),
    st.tuples(st.just("is_"), names, st.sampled_from([None, True, False])),
    st.tuples(st.just("not_"), st.none(), st.none()),
    st.tuples(st.just("order"), names, st.none()),
)


def chained(client: Any, start: str, chain: list[tuple[str, Any, Any]]) -> Any:
    begun = {"select": lambda t: t.select("id,numero"), "update": lambda t: t.update({"a": 1}).eq("id", 0)}
    query = begun[start](table(client))
    for name, column, value in chain:
        if name == "not_":
            query = query.not_
        elif name == "order":
            # An order on a write is a deliberate difference.
            query = query.order(column) if start == "select" else query
        else:
            query = getattr(query, name)(column, value)
    return query


@given(start=st.sampled_from(["select", "update"]), chain=st.lists(steps, max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_chain_of_methods_gives_the_official_request(start: str, chain: list[tuple[str, Any, Any]]) -> None:
    async def both() -> tuple[Sent, Sent]:
        return await ours(lambda c: chained(c, start, chain)), await official(lambda c: chained(c, start, chain))

    mine, theirs = asyncio.run(both())
    assert mine == theirs


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=8,
)


@given(row=st.dictionaries(text, json_values, max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_row_is_written_as_the_official_client_writes_it(row: dict[str, Any]) -> None:
    async def both() -> tuple[Sent, Sent]:
        return await ours(lambda c: table(c).insert(row)), await official(lambda c: table(c).insert(row))

    mine, theirs = asyncio.run(both())
    assert mine == theirs
