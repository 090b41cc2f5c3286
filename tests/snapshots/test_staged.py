"""In memory or in the database: the same listings give the same snapshots, and every tally is that of the rows."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from snapshots import canonical, guards
from snapshots import snapshot_manager as manager
from snapshots.canonical import Canonical, add_digest, hash_key
from snapshots.erasure import erase
from snapshots.models import Change, HeadRow, Snapshot, Source
from tests.snapshots.hotel import DAY, SPEC, Rows, collect, stay, stays

pytestmark = pytest.mark.django_db

WIDE = manager.Thresholds(min_rows=0, removed_share=1, changed_share=1, median_share=0, fill_share=0, mojibake_share=1)


def mornings(dice: random.Random, days: int) -> list[Rows]:
    """Rows change, come, go, are respelt, come twice, lose a key, lose a column that later returns."""
    rows = {n: stay(n) for n in range(1, 31)}
    found = []
    for day in range(days):
        for n in dice.sample(sorted(rows), 4):
            rows[n] = stay(n, uh=str(dice.randint(100, 130)), telefone=dice.choice([None, "", "+55 48 1"]))
        for n in dice.sample(sorted(rows), 2):
            del rows[n]
        for n in dice.sample(range(1, 50), 3):
            rows[n] = stay(n, nome=dice.choice([f"Novo {day}", "JosÃ© quebrado"]))
        listing = [_respelt(row) if dice.random() < 0.1 else row for row in rows.values()]
        found.append(_spoilt(dice.sample(listing, len(listing)), day))
    return found


def _respelt(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "nome": f" {row['nome'].upper()} ", "uh": f"0{row['uh']}"}


def _spoilt(rows: Rows, day: int) -> Rows:
    if day == 3:
        return [*rows, {**rows[0], "uh": "999"}, rows[1], stay(77), stay(77, uh="778")]
    if day == 4:
        return [{**row, "id": None} if row["id"] in (5, 6) else row for row in rows] + [stay(78, id=" ")]
    if day in (6, 7):
        return [{name: value for name, value in row.items() if name != "telefone"} for row in rows]
    return rows


Collected = list[tuple[Snapshot, Rows]]
Ways = Callable[[str, list[Rows]], Collected]


@pytest.fixture
def live(settings: Settings) -> Ways:
    def run(name: str, listings: list[Rows]) -> Collected:
        settings.SNAPSHOT_STAGED_FROM = 0 if name == "staged" else 300_000
        spec = replace(SPEC, name=name, thresholds=WIDE)
        return [(_accepted(collect(rows, day, spec=spec), spec), rows) for day, rows in enumerate(listings, start=1)]

    return run


def _accepted(snapshot: Snapshot, spec: manager.SourceSpec) -> Snapshot:
    """What is held goes into force nevertheless, as it does when a person says so."""
    if snapshot.status != "held":
        return snapshot
    from snapshots.held_decision import _replay

    done = _replay(Snapshot.objects.get(pk=snapshot.pk)).publish(snapshot.declared, manager.no_fence)
    return Snapshot.objects.get(pk=done.pk)


def told(snapshot: Snapshot) -> dict[str, Any]:
    fields = "status seq received rows added removed changed unexplained digest filled mojibake columns reasons notes"
    return {name: getattr(snapshot, name) for name in fields.split()}


def kept(name: str) -> list[Any]:
    source = Source.objects.get(name=name)
    head = HeadRow.objects.filter(source=source).order_by("key")
    changes = Change.objects.filter(source=source).order_by("seq", "key")
    return [
        *head.values_list("key", "hash", "mark", "since", "payload"),
        *changes.values_list("seq", "since", "kind", "key", "old_hash", "mask", "vanished", "old"),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_both_ways_of_comparing_leave_the_same_behind(live: Ways, seed: int) -> None:
    listings = mornings(random.Random(seed), 10)
    in_memory, staged = live("memory", listings), live("staged", listings)
    assert [told(snapshot) for snapshot, _ in in_memory] == [told(snapshot) for snapshot, _ in staged]
    assert kept("memory") == kept("staged")
    assert {snapshot.status for snapshot, _ in staged} == {"published"}


@pytest.mark.parametrize("name", ["memory", "staged"])
def test_the_tally_carried_on_from_day_to_day_is_that_of_the_rows(live: Ways, name: str) -> None:
    for snapshot, _rows in live(name, mornings(random.Random(99), 12)):
        _agrees_with_its_rows(snapshot)


def _agrees_with_its_rows(snapshot: Snapshot) -> None:
    rows, key = list(manager.as_of(snapshot)), hash_key(django_settings.HASH_KEY)
    filled = Counter(name for row in rows for name, value in row.items() if value not in (None, ""))
    assert snapshot.filled == {name: filled[name] for name in snapshot.columns}
    assert snapshot.rows == len(rows)
    assert snapshot.digest == add_digest(
        0, *(Canonical(snapshot.columns, snapshot.kinds, key).hash(row) for row in rows)
    )
    assert snapshot.mojibake == sum(guards.has_mojibake(str(row["nome"]).encode()) for row in rows)


def test_an_erasure_leaves_tallies_from_which_the_next_day_goes_on_exactly() -> None:
    collect([*stays(30), stay(31, nome="JosÃ©"), stay(32, nome="AnÃ¡", telefone=None)])
    erase(Source.objects.get(), "31", by="vera", reason="pedido")
    _agrees_with_its_rows(Snapshot.objects.get())
    _agrees_with_its_rows(collect([*stays(29), stay(32, telefone="+55")], day=2))


def in_memory(ingest: manager.Ingest) -> bool:
    return ingest.memory is not None


def test_a_large_listing_is_compared_by_the_database_and_a_small_one_in_memory(settings: Settings) -> None:
    collect(stays(30))
    small = manager.begin(SPEC, business_date=DAY, run_id=2)
    assert in_memory(small)
    settings.SNAPSHOT_STAGED_FROM = 30
    assert not in_memory(manager.begin(SPEC, business_date=DAY, run_id=3))
    small.add(stays(40))
    small.add(stays(1, first=41))
    assert not in_memory(small)
    assert small.publish(41, manager.no_fence).added == 11


def test_rows_that_nearly_all_differ_do_not_pile_up_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    collect(stays(30))
    monkeypatch.setattr("snapshots.ingest.collection._MOST_DIFFERING", 5)
    ingest = manager.begin(SPEC, business_date=DAY + timedelta(days=1), run_id=2)
    for n in range(1, 31):
        ingest.add([stay(n, uh="415") if n < 15 else stay(n)])
    assert not in_memory(ingest)
    assert ingest.publish(30, manager.no_fence).changed == 14


def test_another_spelling_is_no_change_and_is_recognised_the_next_time() -> None:
    collect(stays(30))
    before = list(HeadRow.objects.order_by("key").values_list("key", "hash", "since", "payload"))
    respelt = [_respelt(row) for row in stays(30)]
    assert collect(respelt, day=2).status == "same"
    assert list(HeadRow.objects.order_by("key").values_list("key", "hash", "since", "payload")) == before
    third = manager.begin(SPEC, business_date=DAY + timedelta(days=2), run_id=3)
    third.add(respelt)
    memory = third.memory
    assert memory is not None
    assert memory.size == 0


def test_rows_kept_before_there_were_marks_get_theirs_without_a_change() -> None:
    collect(stays(30))
    marked = list(HeadRow.objects.order_by("key").values_list("key", "mark"))
    HeadRow.objects.update(mark=None)
    again = collect([*stays(29), stay(30, uh="415")], day=2)
    assert (again.changed, again.added, again.removed, again.rows) == (1, 0, 0, 30)
    assert list(HeadRow.objects.order_by("key").values_list("key", "mark"))[:20] == marked[:20]
    assert not HeadRow.objects.filter(mark=None).exists()
    assert collect([*stays(29), stay(30, uh="415")], day=3).status == "same"


def test_a_row_that_comes_twice_in_different_pages_counts_once_and_the_last_one_counts() -> None:
    collect(stays(30))
    held = collect([stay(3, uh="901"), *stays(30), stay(7, uh="902"), stay(40), stay(40, uh="903")], day=2)
    assert [reason["params"] for reason in held.reasons] == [{"rows": 3}]
    assert (held.changed, held.added, held.rows) == (1, 1, 31)


def _peak(count: int, day: int) -> int:
    """Bytes that Python held at most while so many rows were collected and published."""
    tracemalloc.start()
    try:
        ingest = manager.begin(SPEC, business_date=DAY + timedelta(days=day), run_id=day)
        for first in range(1, count, 500):
            ingest.add(stay(n, uh=str(n + day) if n % 50 == 0 else "1") for n in range(first, first + 500))
        assert ingest.publish(count, manager.no_fence).status == "published"
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_compared_by_the_database_memory_does_not_grow_with_the_listing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SNAPSHOT_STAGED_FROM = 0
    monkeypatch.setattr("snapshots.ingest.spool._IN_MEMORY", 2**16)
    # The cache of folded texts is bounded, but far above what these listings fill.
    monkeypatch.setattr(canonical, "_TEXT", {})
    monkeypatch.setattr(canonical, "_fold", canonical.fold)
    small = _peak(4_000, 1)
    Source.objects.update(removed_share=1, median_share=0)
    large = _peak(12_000, 2)
    again = _peak(12_000, 3)
    assert max(large, again) < 1.25 * small
