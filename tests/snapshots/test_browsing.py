"""A page that the database finds is the page that reading every change would give."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from snapshots import pages
from snapshots.models import Snapshot
from snapshots.pages import Filters, changes_page, snapshot_changes
from snapshots.reading import diff
from tests.snapshots.hotel import collect, stays

pytestmark = pytest.mark.django_db


@pytest.fixture
def four_days() -> list[Snapshot]:
    """Rows move, come, go and come back: what a day made is in the head for some rows, in a later change for others."""
    first = stays(60)
    second = [{**row, "uh": "415"} if row["id"] % 3 == 0 else row for row in first if row["id"] != 7]
    third = [{**row, "nome": f"D\u00e9bora 50% {row['id']}"} if row["id"] % 4 == 0 else row for row in second[:58]]
    fourth = [*third[:50], *stays(62)[58:], {**first[6], "uh": None}]
    found = [collect(rows, day) for day, rows in enumerate((first, second, third, fourth), 1)]
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
    monkeypatch.setattr(pages, "PAGE_SIZE", 10)
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
    many = collect([*[row for row in stays(62) if row["id"] != 60], *stays(440, first=63)], 5)
    assert many.status == "published"
    with CaptureQueriesContext(connection) as all_of_them:
        page = snapshot_changes(many, Filters())
    assert len(few) == len(all_of_them)
    assert len(page.items) == pages.PAGE_SIZE
    assert page.total > 400
