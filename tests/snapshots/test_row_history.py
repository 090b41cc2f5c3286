"""One row through time, and any listing rebuilt."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.conf import settings
from django.db import connection
from pytest_django.fixtures import Settings

from snapshots import snapshot_manager as manager
from snapshots.canonical import Canonical, add_digest, hash_key
from snapshots.models import HeadRow, Snapshot
from tests.snapshots.hotel import BUSY, DAY, SPEC, Rows, collect, stay, stays

pytestmark = pytest.mark.django_db
NAME = SPEC.name


def on(day: int) -> date:
    return DAY + timedelta(days=day - 1)


@pytest.fixture
def moves() -> None:
    """Row 1: 201, then 415, then away, then back in 415, then 118."""
    for day, room in enumerate(["201", "415", None, "415", "0118"], start=1):
        collect([*([stay(1, uh=room)] if room else []), *stays(5, first=2)], day=day)


def test_a_rows_life_has_every_version_and_what_changed(moves: None) -> None:
    life = manager.history(NAME, "1")
    assert [(v.seq, v.business_date, v.row and v.row["uh"], v.change and v.change.kind) for v in life] == [
        (1, on(1), "201", "added"),
        (2, on(2), "415", "changed"),
        (3, on(3), None, "removed"),
        (4, on(4), "415", "added"),
        (5, on(5), "0118", "changed"),
    ]
    assert life[1].change is not None
    assert life[1].change.fields == ("uh",)


def test_occupancy_tells_where_the_guest_was_when(moves: None) -> None:
    assert manager.intervals(NAME, "1", "uh") == [
        ("201", on(1), on(2)),
        ("415", on(2), on(3)),
        ("415", on(4), on(5)),
        ("0118", on(5), None),
    ]
    assert manager.intervals(NAME, "1", "status")[-1] == ("na_casa", on(4), None)
    assert manager.intervals(NAME, "nobody", "uh") == []


def test_a_change_elsewhere_does_not_cut_an_interval() -> None:
    collect(stays(1))
    collect([stay(1, nome="Outro Nome")], day=2)
    assert manager.intervals(NAME, "1", "uh") == [("201", on(1), None)]


def test_a_row_counts_as_missing_by_days_and_not_by_collections() -> None:
    collect(stays(3))
    collect(stays(2), day=2)
    collect(stays(2), day=2)
    assert list(manager.missing(NAME)) == []
    collect(stays(2), day=3)
    (gone,) = manager.missing(NAME)
    assert (gone.key, gone.row["uh"], gone.since, gone.dates) == ("3", "203", on(2), 2)
    collect(stays(3), day=4)
    assert list(manager.missing(NAME)) == []


@pytest.mark.long
def test_two_hundred_random_days_are_rebuilt_exactly_and_agree_with_their_digests() -> None:
    dice = random.Random(7)
    rows = {n: stay(n) for n in range(1, 41)}
    seen: dict[int, dict[int, tuple[str, str]]] = {}
    for day in range(1, 201):
        for n in dice.sample(sorted(rows), 6):
            rows[n] = stay(n, uh=str(dice.randint(100, 999)))
        for n in dice.sample(sorted(rows), 2):
            del rows[n]
        for n in dice.sample([n for n in range(1, 60) if n not in rows], 2):
            rows[n] = stay(n, nome=f"Novo {day}")
        snapshot = collect(dice.sample(list(rows.values()), len(rows)), day=day)
        seen[snapshot.pk] = {n: (row["uh"], row["nome"]) for n, row in rows.items()}
    assert len(seen) == 200
    for snapshot in Snapshot.objects.in_force():
        rebuilt = list(manager.as_of(snapshot))
        assert {row["id"]: (row["uh"], row["nome"]) for row in rebuilt} == seen[snapshot.pk]
        assert _digest(rebuilt, snapshot) == snapshot.digest


def _digest(rows: Rows, snapshot: Snapshot) -> int:
    key = hash_key(settings.HASH_KEY)
    return add_digest(0, *(Canonical(snapshot.columns, SPEC.kinds, key).hash(row) for row in rows))


def test_two_diffs_compose_to_the_direct_one_in_the_database_too() -> None:
    days = [
        collect([stay(n, uh=str(n * day % 7)) for n in range(day, 20 + day)], day, spec=BUSY) for day in range(1, 5)
    ]
    direct = {change.key: (change.kind, change.before, change.after) for change in manager.diff(days[0], days[3])}
    before, after = ({str(row["id"]): row for row in manager.as_of(day)} for day in (days[0], days[3]))
    for key in before.keys() | after.keys():
        if before.get(key) != after.get(key):
            assert direct[key][1:] == (before.get(key), after.get(key))
        else:
            assert key not in direct


def test_a_diff_can_be_read_backwards() -> None:
    first, second = collect(stays(5)), collect(stays(5, first=2), day=2)
    assert [(c.kind, c.key) for c in manager.diff(second, first)] == [("added", "1"), ("removed", "6")]


def test_a_rebuilt_listing_that_does_not_agree_is_refused() -> None:
    snapshot = collect(stays(5))
    with connection.cursor() as cursor:
        cursor.execute("""UPDATE snapshots_headrow SET payload = payload || '{"uh": "999"}' WHERE key = '3'""")
    with pytest.raises(manager.Corrupt):
        list(manager.as_of(snapshot))
    HeadRow.objects.filter(key="3").delete()
    with pytest.raises(manager.Corrupt):
        list(manager.as_of(snapshot))


def test_a_new_column_is_reported_and_only_real_changes_are_history() -> None:
    first = collect(stays(10))
    wider = replace(SPEC, columns=(*SPEC.columns, "vip"))
    rows = [stay(n, vip="ouro", **({"uh": "999"} if n == 3 else {})) for n in range(1, 11)]
    second = collect(rows, day=2, spec=wider)
    assert (second.status, second.changed) == ("published", 1)
    assert {"code": "new_column", "params": {"columns": ["vip"]}} in second.notes
    assert {row["vip"] for row in manager.current(NAME)} == {"ouro"}
    assert all("vip" not in row for row in manager.as_of(first))
    (change,) = manager.diff(first, second)
    assert (change.key, change.fields) == ("3", ("uh",))
    third = collect([{**row, "vip": "prata"} if row["id"] == 4 else row for row in rows], day=3, spec=wider)
    assert [change.fields for change in manager.diff(second, third)] == [("vip",)]
    for snapshot in (first, second, third):
        assert len(list(manager.as_of(snapshot))) == 10


def test_another_declaration_or_key_rewrites_the_rows_without_a_single_change(settings: Settings) -> None:
    first = collect(stays(10))
    exact = replace(SPEC, kinds={**SPEC.kinds, "nome": "exact"})
    second = collect(stays(10), day=2, spec=exact)
    assert (second.status, second.changed, second.notes[0]["code"]) == ("published", 0, "refreshed")
    settings.HASH_KEY = "rotated"
    third = collect(stays(10), day=3, spec=exact)
    assert (third.status, third.changed) == ("published", 0)
    assert collect(stays(10), day=4, spec=exact).status == "same"
    for snapshot in (first, second, third):
        assert len(list(manager.as_of(snapshot))) == 10


def test_after_a_new_column_and_another_declaration_older_listings_are_still_checked() -> None:
    first = collect(stays(10))
    collect([stay(n, uh="999") if n == 3 else stay(n) for n in range(1, 11)], day=2)
    wider = replace(SPEC, columns=(*SPEC.columns, "vip"), kinds={**SPEC.kinds, "nome": "exact"})
    collect([stay(n, vip="ouro", **({"uh": "999"} if n == 3 else {})) for n in range(1, 11)], day=3, spec=wider)
    assert len(list(manager.as_of(first))) == 10
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE snapshots_change SET old = jsonb_set(old, '{2}', '"777"') WHERE key = '3' AND seq = 2"""
        )
    with pytest.raises(manager.Corrupt):
        list(manager.as_of(first))


def test_what_differs_is_read_from_the_days_that_changed_it_and_not_compared_again() -> None:
    days = [collect([stay(1, uh=room), *stays(3, first=2)], day=day) for day, room in enumerate("123", start=1)]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE snapshots_change SET mask = 0 WHERE kind = 'changed' AND seq = 2")
    assert list(manager.diff(days[0], days[1])) == []
    assert [change.fields for change in manager.diff(days[1], days[2])] == [("uh",)]
    assert [change.fields for change in manager.diff(days[0], days[2])] == [("uh",)]
