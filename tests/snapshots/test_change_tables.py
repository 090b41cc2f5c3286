"""A page that the database finds is the page that reading every change would give."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, permutations
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from snapshots import history
from snapshots.admin import change_tables
from snapshots.admin.change_tables import Filters, changes_page, snapshot_changes
from snapshots.history import comparable, diff
from snapshots.models import Snapshot, Source
from tests.snapshots.hotel import BUSY, collect, stay, stays

pytestmark = pytest.mark.django_db


@pytest.fixture
def four_days() -> list[Snapshot]:
    """Rows move, come, go and come back: what a day made is in the head for some rows, in a later change for others."""
    first = stays(60)
    second = [{**row, "uh": "415"} if row["id"] % 3 == 0 else row for row in first if row["id"] != 7]
    third = [{**row, "nome": f"D\u00e9bora 50% {row['id']}"} if row["id"] % 4 == 0 else row for row in second[:58]]
    fourth = [*third[:50], *stays(62)[58:], {**first[6], "uh": None}]
    found = [collect(rows, day, spec=BUSY) for day, rows in enumerate((first, second, third, fourth), 1)]
    assert [snapshot.status for snapshot in found] == ["published"] * 4
    return found


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"kind": "added"},
        {"kind": "removed"},
        {"kind": "changed"},
        {"field": "uh"},
        {"field": "nome", "kind": "changed"},
        {"room": "415"},
        {"room": "4_5"},
        {"name": "d\u00e9bora 50%"},
        {"name": "H\u00d3SPEDE 1"},
        {"room": "415", "name": "1", "field": "uh"},
        {"name": "'; drop table snapshots_change; --"},
        {"page": 2},
        {"page": 99999},
    ],
)
def test_filters_find_the_same_changes_in_the_database(
    four_days: list[Snapshot], wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_tables, "PAGE_SIZE", 10)
    for before, snapshot in pairwise(four_days):
        filters = replace(Filters(), **wanted)
        found = snapshot_changes(snapshot, filters)
        streamed = changes_page(snapshot.source, diff(before, snapshot), filters)
        assert {key: count for key, count in found.counts.items() if count} == dict(streamed.counts)
        assert found.total == streamed.total
        assert found.items == streamed.items


def test_a_page_reads_no_more_rows_than_it_shows(four_days: list[Snapshot]) -> None:
    with CaptureQueriesContext(connection) as few:
        snapshot_changes(four_days[2], Filters())
    # So many at once would be held as two lists that were mixed.
    Source.objects.update(median_share=0)
    many = collect([*[row for row in stays(62) if row["id"] != 60], *stays(440, first=63)], 5)
    assert many.status == "published"
    with CaptureQueriesContext(connection) as all_of_them:
        page = snapshot_changes(many, Filters())
    assert len(few) == len(all_of_them)
    assert len(page.items) == change_tables.PAGE_SIZE
    assert page.total > 400


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"kind": "added"},
        {"kind": "removed"},
        {"kind": "changed"},
        {"room": "415"},
        {"name": "débora 50%"},
        {"name": "HÓSPEDE 1", "kind": "changed"},
        {"field": "uh"},
        {"page": 2},
        {"name": "'; drop table x; --"},
    ],
)
def test_any_two_listings_are_compared_alike_by_the_database_and_row_by_row(
    four_days: list[Snapshot], wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_tables, "PAGE_SIZE", 10)
    for a, b in permutations(four_days, 2):
        filters = replace(Filters(), **wanted)
        found, streamed = change_tables.compared(a, b, filters), changes_page(a.source, diff(a, b), filters)
        assert (found.items, found.total, found.counts) == (streamed.items, streamed.total, streamed.counts)


def test_a_row_that_came_back_to_what_it_was_is_no_difference() -> None:
    days = [stays(30), [*stays(29), stay(30, uh="415")], stays(30)]
    first, _middle, last = (collect(rows, day) for day, rows in enumerate(days, 1))
    assert change_tables.compared(first, last, Filters()).total == 0
    assert change_tables.compared(last, first, Filters()).counts == {}


def test_a_comparison_reads_a_page_and_not_every_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    first = collect(stays(900))
    second = collect([stay(n, uh="415") if n <= 200 else stay(n) for n in range(1, 901)], 2)
    seen: list[str] = []
    real = history.diff

    def counting(*given: Any) -> Any:
        for change in real(*given):
            seen.append(change.key)
            yield change

    monkeypatch.setattr(history, "diff", counting)
    found = change_tables.compared(first, second, Filters())
    assert (found.total, len(found.items), len(seen)) == (200, 50, 50)


def test_listings_hashed_in_another_way_are_compared_row_by_row() -> None:
    first = collect(stays(30))
    assert comparable(first, first)
    first.recipe = "another"
    assert not comparable(first, first)
    first.recipe, first.columns = first.source.recipe, first.columns[:-1]
    assert not comparable(first, first)
