"""From rows to a published snapshot, on the real PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from pytest_django.fixtures import Settings

from snapshots import snapshot_manager as manager
from snapshots.models import Change, HeadRow, Snapshot
from tests.snapshots.hotel import DAY, SPEC, collect, stay, stays

pytestmark = pytest.mark.django_db


def room(*rows: manager.Row | None) -> tuple[str | None, ...]:
    return tuple(row["uh"] if row else None for row in rows)


def test_the_first_listing_is_published_with_every_row_as_new() -> None:
    snapshot = collect(stays(50))
    assert (snapshot.status, snapshot.seq, snapshot.rows, snapshot.added) == ("published", 1, 50, 50)
    assert sorted(row["id"] for row in manager.current(SPEC.name)) == list(range(1, 51))


def test_the_same_listing_again_is_same_and_leaves_no_history() -> None:
    collect(stays(50))
    before = Change.objects.count()
    again = collect(stays(50)[::-1])
    assert (again.status, again.seq, again.at_seq) == ("same", None, 1)
    assert Change.objects.count() == before


def test_what_changed_is_told_field_by_field() -> None:
    first = collect(stays(50))
    rows = stays(50)
    rows[0] = stay(1, uh="415")
    second = collect([*rows[:-1], stay(99)], day=2)
    assert (second.added, second.removed, second.changed) == (1, 1, 1)
    changes = {change.key: change for change in manager.diff(first, second)}
    assert changes["1"].fields == ("uh",)
    assert room(changes["1"].before, changes["1"].after) == ("201", "415")
    assert (changes["50"].kind, changes["50"].after) == ("removed", None)
    assert (changes["99"].kind, changes["99"].before) == ("added", None)


def test_spelling_that_the_declaration_calls_equal_is_no_change() -> None:
    collect([stay(1, uh="0203", nome="JOÃO  DA SILVA")])
    assert collect([stay(1, uh=" 203", nome="Joa\u0303o da Silva ")], day=2).status == "same"


def test_nothing_is_in_force_before_the_publish() -> None:
    ingest = manager.begin(SPEC, business_date=DAY, run_id=1)
    ingest.add(stays(10))
    assert list(manager.current(SPEC.name)) == []
    assert Snapshot.objects.get().status == "running"


def test_a_lost_fence_leaves_everything_as_it_was() -> None:
    class FenceLost(Exception):
        pass

    def lost() -> None:
        raise FenceLost

    collect(stays(10))
    ingest = manager.begin(SPEC, business_date=DAY, run_id=2)
    ingest.add(stays(12))
    with pytest.raises(FenceLost):
        ingest.publish(12, lost)
    assert HeadRow.objects.count() == 10
    assert Snapshot.objects.latest("id").status == "running"


def test_of_two_collections_at_once_the_slower_is_refused() -> None:
    collect(stays(10))
    slow, fast = (manager.begin(SPEC, business_date=DAY, run_id=run) for run in (1, 2))
    slow.add(stays(11))
    fast.add(stays(12))
    assert fast.publish(12, manager.no_fence).status == "published"
    refused = slow.publish(11, manager.no_fence)
    assert (refused.status, refused.reasons[0]["code"]) == ("failed", "head_moved")
    assert HeadRow.objects.count() == 12


def test_an_aborted_collection_says_why_without_the_document() -> None:
    ingest = manager.begin(SPEC, business_date=DAY, run_id=1)
    failed = ingest.abort("timeout reading 529.982.247-25")
    assert failed.status == "failed"
    assert "529" not in failed.sentences[0]


def test_a_collection_left_open_for_hours_is_closed_by_the_next(settings: Settings) -> None:
    settings.STALE_RUNNING_HOURS = 0
    manager.begin(SPEC, business_date=DAY, run_id=1)
    collect(stays(10))
    assert Snapshot.objects.earliest("id").reasons[0]["code"] == "interrupted"


def test_a_snapshot_is_published_only_once() -> None:
    ingest = manager.begin(SPEC, business_date=DAY, run_id=1)
    ingest.add(stays(10))
    ingest.publish(10, manager.no_fence)
    with pytest.raises(manager.AlreadySettled):
        ingest.publish(10, manager.no_fence)


def test_columns_nobody_asked_for_are_reported_and_not_kept() -> None:
    snapshot = collect([{**stay(1), "doc_numero": "52998224725"}])
    assert snapshot.notes == [{"code": "undeclared_column", "params": {"columns": ["doc_numero"]}}]
    assert "doc_numero" not in HeadRow.objects.get().payload


def test_a_source_that_may_be_empty_comes_back_from_it_as_it_was() -> None:
    orders = replace(SPEC, name="ordens", explained=bool, thresholds=manager.Thresholds(min_rows=0))
    assert collect([], spec=orders).status == "same"
    assert collect(stays(5), day=2, spec=orders).status == "published"
    emptied = collect([], day=3, spec=orders)
    assert (emptied.status, emptied.removed) == ("published", 5)
    back = collect(stays(5), day=4, spec=orders)
    assert (back.status, back.added, back.notes) == ("published", 5, [])
    assert {row["telefone"] for row in manager.current("ordens")} == {row["telefone"] for row in stays(5)}


def test_any_day_can_be_read_as_it_was() -> None:
    assert date(2026, 1, 1) == DAY
    first = collect(stays(30))
    moved = [stay(n, uh="415") if n == 7 else stay(n) for n in range(1, 31)]
    second = collect(moved[:-1], day=2)
    third = collect(moved, day=3)
    assert _rooms(first) == {n: str(200 + n) for n in range(1, 31)}
    assert _rooms(second)[7] == "415"
    assert 30 not in _rooms(second)
    assert _rooms(third)[30] == "230"


def _rooms(snapshot: Snapshot) -> dict[int, str]:
    return {row["id"]: row["uh"] for row in manager.as_of(snapshot)}
