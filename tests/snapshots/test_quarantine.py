"""A bad export of each kind is held, and the rows in force stay byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from snapshots import snapshot_manager as manager
from snapshots.models import HeldRows, Snapshot, Source
from tests.snapshots.hotel import SPEC, Rows, collect, stay, stays

pytestmark = pytest.mark.django_db


def in_force() -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, hash, since, payload::text FROM snapshots_headrow ORDER BY key")
        head = cursor.fetchall()
        cursor.execute("SELECT id, seq, key, old::text FROM snapshots_change ORDER BY id")
        history = cursor.fetchall()
        cursor.execute("SELECT head_seq, columns::text, layout::text, kinds::text FROM snapshots_source")
        return [*head, *history, *cursor.fetchall()]


@pytest.fixture
def week() -> Rows:
    """Seven clean days, the last one of 101 rows."""
    for day in range(1, 8):
        collect([{**row, "visto_em": f"2026-01-{day:02}T05:58"} for row in stays(100, first=day // 4 + 1)], day)
    return [{**row, "visto_em": "2026-01-08T05:58"} for row in stays(100, first=2)]


def truncated(rows: Rows) -> Rows:
    return rows[:40]


def empty(rows: Rows) -> Rows:
    return []


def duplicated(rows: Rows) -> Rows:
    return [*rows, *rows[:10]]


def keyless(rows: Rows) -> Rows:
    return [{**row, "id": None} if row["id"] % 20 == 0 else row for row in rows]


def broken_accents(rows: Rows) -> Rows:
    return [{**row, "nome": row["nome"].encode().decode("latin-1")} for row in rows]


def lost_column(rows: Rows) -> Rows:
    return [{name: value for name, value in row.items() if name != "telefone"} for row in rows]


def emptied_column(rows: Rows) -> Rows:
    return [{**row, "telefone": None} for row in rows]


def yesterday_again(rows: Rows) -> Rows:
    return [{**row, "visto_em": "2026-01-07T05:58"} for row in rows]


def all_changed(rows: Rows) -> Rows:
    return [{**row, "titular": not row["titular"]} for row in (*rows, *stays(150, first=500))]


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (truncated, {"removed", "below_median"}),
        (empty, {"empty"}),
        (duplicated, {"duplicate_key"}),
        (keyless, {"null_key"}),
        (broken_accents, {"mojibake"}),
        (lost_column, {"lost_column"}),
        (emptied_column, {"null_column"}),
        (yesterday_again, {"stale"}),
    ],
)
def test_a_bad_export_is_held_and_changes_nothing_in_force(
    week: Rows, spoil: Callable[[Rows], Rows], expected: set[str]
) -> None:
    before = in_force()
    held = collect(spoil(week), day=8)
    assert held.status == "held"
    assert expected <= {reason["code"] for reason in held.reasons}
    assert in_force() == before
    assert held.sentences


def test_a_listing_cut_at_the_servers_row_limit_is_held(week: Rows) -> None:
    before = in_force()
    assert [reason["code"] for reason in collect(week[:90], day=8, declared=100).reasons] == ["count_mismatch"]
    assert in_force() == before


def test_a_source_that_grows_while_it_is_read_is_held(week: Rows) -> None:
    ingest = manager.begin(SPEC, business_date=Snapshot.objects.latest("id").business_date, run_id=9)
    ingest.add(week)
    held = ingest.publish(100, manager.no_fence, declared_after=101)
    assert [reason["code"] for reason in held.reasons] == ["count_moved"]


def test_too_many_changes_at_once_are_held() -> None:
    collect(stays(400))
    before = in_force()
    held = collect([{**row, "titular": not row["titular"]} for row in stays(400)[:300]] + stays(400)[300:], day=2)
    assert [reason["code"] for reason in held.reasons] == ["changed"]
    assert in_force() == before


def test_departed_guests_may_vanish_in_any_number() -> None:
    leaving = [stay(n, status="saida") if n <= 60 else stay(n) for n in range(1, 101)]
    collect(leaving)
    assert collect(leaving[60:], day=2).status == "published"
    assert collect(leaving[60:70], day=3).status == "held"


def test_the_next_clean_export_is_published_and_settles_the_held_one(week: Rows) -> None:
    held = collect(truncated(week), day=8)
    clean = collect(week, day=8)
    assert clean.status in ("published", "same")
    changed = collect([*week[:-1], stay(999, visto_em="2026-01-08T06:58")], day=8)
    assert changed.status == "published"
    held.refresh_from_db()
    assert (held.status, held.notes[-1]["code"]) == ("rejected", "superseded")
    assert not HeldRows.objects.exists()


def test_thresholds_edited_by_staff_are_the_ones_that_count(week: Rows) -> None:
    Source.objects.update(removed_floor=1000, median_share=0)
    assert collect(truncated(week), day=8).status == "published"
    assert Source.objects.get().removed_floor == 1000


def test_held_rows_are_kept_whole(week: Rows) -> None:
    held = collect(truncated(week), day=8)
    kept = list(manager.held_rows(held))
    assert [row["id"] for row in kept] == [row["id"] for row in week[:40]]
    assert "visto_em" not in kept[0]


class TestFreshness:
    """`visto_em` of rows, and what they return to."""

    def seen(self, rows: Rows, at: str) -> Rows:
        return [row | {"visto_em": at} for row in rows]

    def test_one_row_from_a_clock_ahead_does_not_make_later_listings_stale(self, db: None) -> None:
        rows = self.seen(stays(30), "2026-01-01T05:50:00-03:00")
        first = collect([rows[0] | {"visto_em": "2031-01-01T00:00:00+00:00"}, *rows[1:]])
        assert first.freshness == "2026-01-01T05:50:00-03:00"
        second = collect(self.seen([*stays(29), stay(77)], "2026-01-02T05:50:00-03:00"), day=2)
        assert second.status == "published", second.reasons

    def test_yesterdays_export_after_todays_is_held(self, db: None) -> None:
        yesterday = self.seen(stays(60), "2026-01-01T05:50:00-03:00")
        collect(yesterday)
        moved = [stay(n, uh="415") if n < 12 else stay(n) for n in range(1, 61)]
        collect(self.seen(moved, "2026-01-02T05:50:00-03:00"), day=2)
        again = collect(yesterday, day=2)
        assert [reason["code"] for reason in again.reasons] == ["rewound"]

    def test_an_earlier_state_is_held_whatever_it_says_of_its_age(self, db: None) -> None:
        collect(self.seen(stays(60), "2026-01-01T05:50:00-03:00"))
        moved = [stay(n, uh="415") if n < 12 else stay(n) for n in range(1, 61)]
        collect(self.seen(moved, "2026-01-02T05:50:00-03:00"), day=2)
        again = collect(self.seen(stays(60), "2026-01-02T08:00:00-03:00"), day=2)
        assert [reason["code"] for reason in again.reasons] == ["reverted"]
        few = [stay(n, uh="415") if 4 < n < 12 else stay(n) for n in range(1, 61)]
        assert collect(self.seen(few, "2026-01-02T08:00:00-03:00"), day=2).status == "published"
