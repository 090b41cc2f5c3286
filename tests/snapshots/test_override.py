"""A person decides on what the guards held."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
import zstandard
from django.contrib.auth.models import Permission, User
from django.core.exceptions import PermissionDenied

from snapshots import snapshot_manager as manager
from snapshots.erasure import erase
from snapshots.history import latest
from snapshots.ingest.spool import Header, Packed
from snapshots.models import HeadRow, HeldRows, Snapshot
from tests.snapshots.hotel import SPEC, collect, stay, stays

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> Snapshot:
    collect(stays(100))
    return collect(stays(40), day=2)


@pytest.fixture
def supervisor() -> User:
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="publish_held"))
    return user


def test_the_preview_says_what_publishing_would_do(held: Snapshot) -> None:
    seen = manager.preview(held)
    assert (seen.rows, seen.added, seen.removed, seen.changed, seen.unexplained) == (40, 0, 60, 0, 60)
    assert HeadRow.objects.count() == 100


def test_published_anyway_it_is_in_force_with_who_and_why(held: Snapshot, supervisor: User) -> None:
    published = manager.publish_held(held, supervisor, " hotel fechou uma ala ")
    assert (published.status, published.seq, published.removed, published.unexplained) == ("published", 2, 60, 60)
    # The data is no younger for having been decided on.
    assert published.finished_at == held.finished_at
    assert latest(published.source.name) == published
    assert (published.override_by, published.override_reason) == (supervisor, "hotel fechou uma ala")
    assert published.override_at is not None
    assert published.reasons
    assert HeadRow.objects.count() == 40
    assert not HeldRows.objects.exists()
    assert len(list(manager.as_of(published))) == 40


def test_a_published_replay_is_same_the_next_time(held: Snapshot, supervisor: User) -> None:
    manager.publish_held(held, supervisor, "ok")
    assert collect(stays(40), day=2).status == "same"


def test_rejected_it_leaves_the_rows_in_force_and_keeps_none_of_its_own(held: Snapshot, supervisor: User) -> None:
    rejected = manager.reject_held(held, supervisor, "cortada")
    assert (rejected.status, rejected.override_reason) == ("rejected", "cortada")
    assert HeadRow.objects.count() == 100
    assert not HeldRows.objects.exists()


@pytest.mark.parametrize("decide", [manager.publish_held, manager.reject_held])
def test_nobody_decides_without_the_permission_or_a_reason_or_twice(
    held: Snapshot, supervisor: User, decide: Callable[..., Snapshot]
) -> None:
    with pytest.raises(PermissionDenied):
        decide(held, User.objects.create_user("ana"), "quero")
    with pytest.raises(manager.ReasonMissing):
        decide(held, supervisor, "  ")
    decide(held, supervisor, "sim")
    with pytest.raises(manager.AlreadySettled):
        decide(held, supervisor, "de novo")


def test_duplicates_published_anyway_keep_the_last_of_each(supervisor: User) -> None:
    collect(stays(30))
    held = collect([*stays(30), stay(3, uh="999")], day=2)
    assert held.status == "held"
    published = manager.publish_held(held, supervisor, "só repetiu")
    assert (published.rows, published.changed, published.received) == (30, 1, 31)
    assert {row["uh"] for row in manager.current(SPEC.name) if row["id"] == 3} == {"999"}


def test_an_accepted_loss_narrows_the_columns_and_older_listings_keep_theirs(supervisor: User) -> None:
    first = collect(stays(30))
    without = [{name: value for name, value in row.items() if name != "telefone"} for row in stays(30)]
    held = collect(without, day=2)
    published = manager.publish_held(held, supervisor, "o PMS não manda mais")
    assert (published.changed, "telefone" in published.columns) == (0, False)
    assert published.notes[0] == {"code": "narrowed", "params": {"columns": ["telefone"]}}
    assert all("telefone" not in row for row in manager.current(SPEC.name))
    assert {row["telefone"] for row in manager.as_of(first)} == {row["telefone"] for row in stays(30)}
    assert collect(without, day=3).status == "same"


def test_a_lost_column_that_returns_brings_back_only_real_changes(supervisor: User) -> None:
    first = collect(stays(30))
    without = [{name: value for name, value in row.items() if name != "telefone"} for row in stays(30)]
    manager.publish_held(collect(without, day=2), supervisor, "ok")
    moved = [stay(n, telefone="+55 48 1") if n == 5 else stay(n) for n in range(1, 31)]
    third = collect(moved, day=3)
    assert (third.status, third.changed) == ("published", 1)
    assert {row["id"]: row["telefone"] for row in manager.as_of(first)}[5] == stay(5)["telefone"]
    assert {row["id"]: row["telefone"] for row in manager.as_of(third)}[5] == "+55 48 1"


def test_a_lost_column_that_returns_empty_for_a_row_does_not_bring_its_old_value_back(supervisor: User) -> None:
    first = collect(stays(30))
    without = [{name: value for name, value in row.items() if name != "telefone"} for row in stays(30)]
    manager.publish_held(collect(without, day=2), supervisor, "ok")
    third = collect([stay(n, telefone=None) if n == 5 else stay(n) for n in range(1, 31)], day=3)
    assert (third.status, third.changed) == ("published", 1)
    assert {row["id"]: row["telefone"] for row in manager.current(SPEC.name)}[5] is None
    assert {row["id"]: row["telefone"] for row in manager.as_of(third)}[5] is None
    assert {row["id"]: row["telefone"] for row in manager.as_of(first)}[5] == stay(5)["telefone"]


def test_once_a_later_listing_is_in_force_the_held_one_cannot_be_published(held: Snapshot, supervisor: User) -> None:
    collect([*stays(100), stay(101)], day=2)
    with pytest.raises(manager.AlreadySettled):
        manager.publish_held(held, supervisor, "tarde")
    assert HeadRow.objects.count() == 101


def test_published_anyway_it_still_tells_who_vanished_from_who_had_left(supervisor: User) -> None:
    first = collect([stay(n, status="saida") if n <= 30 else stay(n) for n in range(1, 101)])
    held = collect(stays(20, first=81), day=2)
    assert (held.removed, held.unexplained, manager.preview(held).unexplained) == (80, 50, 50)
    published = manager.publish_held(held, supervisor, "hotel fechou uma ala")
    assert (published.removed, published.unexplained) == (80, 50)
    vanished = {int(change.key) for change in manager.diff(first, published) if change.vanished}
    assert vanished == set(range(31, 81))


def test_what_was_erased_meanwhile_is_not_among_the_vanished_of_a_held_listing(supervisor: User) -> None:
    collect(stays(100))
    held = collect(stays(40), day=2)
    erase(held.source, "90", by="vera", reason="pedido")
    assert Packed(bytes(HeldRows.objects.get().blob)).header == Header(
        list(SPEC.columns), [], sorted((str(n) for n in range(41, 101) if n != 90), key=_as_kept(held))
    )
    published = manager.publish_held(held, supervisor, "ok")
    assert (published.removed, published.unexplained, published.rows) == (59, 59, 40)


def _as_kept(held: Snapshot) -> Callable[[str], int]:
    order = Packed(bytes(HeldRows.objects.get(snapshot=held).blob)).header
    assert order is not None
    return order.vanished.index


def test_a_listing_held_by_an_earlier_version_can_be_published(held: Snapshot, supervisor: User) -> None:
    lines = b"".join(orjson.dumps(row) + b"\n" for row in stays(40))
    HeldRows.objects.update(blob=zstandard.ZstdCompressor().compress(lines))
    assert len(list(manager.held_rows(held))) == 40
    erase(held.source, "7", by="vera", reason="pedido")
    published = manager.publish_held(held, supervisor, "ok")
    assert (published.rows, published.removed, published.unexplained) == (39, 60, 0)


def test_after_a_replay_the_next_listing_is_recognised_row_by_row(held: Snapshot, supervisor: User) -> None:
    manager.publish_held(held, supervisor, "ok")
    ingest = manager.begin(SPEC, business_date=held.business_date, run_id=9)
    ingest.add(stays(40))
    memory = ingest.memory
    assert memory is not None
    assert memory.size == 0
