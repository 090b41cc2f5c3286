"""How bulk upserts divide rows into chunks."""

import asyncio
import json
from typing import Any

import httpx
import pytest
import respx

from sistema_os import supabase as sb
from sistema_os.supabase import SupabaseClient, bulk_writes
from tests.supabase.answering import KEY, URL, connected

pytestmark = pytest.mark.anyio


def plan(**changes: Any) -> bulk_writes.UpsertPlan:
    return bulk_writes.UpsertPlan(
        **{"on_conflict": "id", "size": 1000, "max_bytes": 262_144, "ignore_duplicates": False, **changes}
    )


def sizes(the_plan: bulk_writes.UpsertPlan, rows: list[dict[str, Any]]) -> list[tuple[tuple[str, ...], int, int]]:
    return [(c.columns, c.rows, c.duplicates) for c in bulk_writes.chunks(the_plan, rows)]


def test_chunks_hold_at_most_their_rows_and_bytes() -> None:
    rows = [{"id": n, "t": "x" * 90} for n in range(25)]
    assert [n for _, n, _ in sizes(plan(size=10), rows)] == [10, 10, 5]
    assert [n for _, n, _ in sizes(plan(max_bytes=500), rows)] == [4] * 6 + [1]
    assert [n for _, n, _ in sizes(plan(max_bytes=10), rows)] == [1] * 25
    for chunk in bulk_writes.chunks(plan(max_bytes=500), rows):
        assert len(chunk.body) <= 500
        assert len(json.loads(chunk.body)) == chunk.rows


def test_rows_of_different_columns_go_in_different_chunks() -> None:
    rows = [{"id": 1, "a": 1}, {"id": 2, "b": 1}, {"a": 2, "id": 3}, {"id": 4}]
    assert sizes(plan(), rows) == [(("id", "a"), 2, 0), (("id", "b"), 1, 0), (("id",), 1, 0)]


def test_duplicate_keys_are_merged_as_sequential_upserts_would() -> None:
    rows: list[dict[str, Any]] = [{"id": 1, "a": 1}, {"id": "1", "a": 2}, {"id": 1, "b": 3}, {"id": 2, "a": 9}]
    merged = [row for chunk in bulk_writes.chunks(plan(), rows) for row in json.loads(chunk.body)]
    assert merged == [{"id": 1, "a": 2, "b": 3}, {"id": 2, "a": 9}]
    assert sum(chunk[2] for chunk in sizes(plan(), rows)) == 2
    first = [row for c in bulk_writes.chunks(plan(ignore_duplicates=True), rows[:2]) for row in json.loads(c.body)]
    assert first == [{"id": 1, "a": 1}]


def test_composite_keys_are_compared_by_all_columns() -> None:
    rows = [{"d": "2026-01-01", "uh": "1", "n": 1}, {"d": "2026-01-01", "uh": "2", "n": 1}]
    assert [n for _, n, _ in sizes(plan(on_conflict="d, uh"), rows)] == [2]


async def test_invalid_bulk_upserts_are_refused_before_sending() -> None:
    calls: list[tuple[Any, dict[str, Any]]] = [
        ([{"a": 1}], {"on_conflict": "id"}),
        ([{"id": 1}], {"on_conflict": ""}),
        ([{"id": 1}], {"on_conflict": "id", "size": 0}),
        ([{"id": 1, "v": float("nan")}], {"on_conflict": "id"}),
        ([{"id": 1, "v": object()}], {"on_conflict": "id"}),
        ([{"id": 1}], {"on_conflict": 7}),
        ([{"id": 1}], {"on_conflict": "id", "parallel": 0}),
        ([{"id": 1}], {"on_conflict": "id", "parallel": None}),
        ([{"id": 1}], {"on_conflict": "id", "max_bytes": "1"}),
        ([{"id": 10**5000}], {"on_conflict": "id"}),
        ([None], {"on_conflict": "id"}),
        ({"id": 1}, {"on_conflict": "id"}),
    ]
    async with connected(respx.Router()) as supabase:
        table = supabase.async_table("t")
        for rows, options in calls:
            with pytest.raises(sb.UsageError):
                await table.upsert_many(rows, **options)
        assert await table.upsert_many([], "id") == []


async def test_at_most_parallel_chunks_are_in_flight() -> None:
    under_way = most = 0

    async def count(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(201)

    async with SupabaseClient(URL, KEY, transport=httpx.MockTransport(count)) as supabase:
        outcomes = await supabase.async_table("t").upsert_many(
            ({"id": n} for n in range(90)), "id", size=10, parallel=3
        )
    assert (len(outcomes), outcomes.rows, most) == (9, 90, 3)
