"""Changes reach each consumer exactly once."""

from __future__ import annotations

import pytest
from django.db import transaction

from snapshots import snapshot_manager as manager
from snapshots.models import Cursor
from tests.snapshots.hotel import SPEC, collect, stay, stays

pytestmark = pytest.mark.django_db
NAME = SPEC.name


def consume(consumer: str = "matcher") -> list[str]:
    changes = manager.changes_for(consumer, NAME)
    if changes.upto > changes.since:
        with transaction.atomic():
            manager.advance(consumer, NAME, changes.upto, since=changes.since)
    return [f"{change.kind} {change.key}" for change in changes]


def test_a_new_consumer_gets_every_row_in_force() -> None:
    collect(stays(3))
    collect(stays(4), day=2)
    assert consume() == ["added 1", "added 2", "added 3", "added 4"]
    assert consume() == []


def test_a_source_nobody_collected_has_nothing_to_tell() -> None:
    assert manager.changes_for("matcher", "unknown") == []


def test_several_listings_arrive_as_one_net_change_a_row() -> None:
    collect(stays(5))
    consume()
    collect([stay(1, uh="301"), *stays(4, first=2)], day=2)
    collect([stay(1, uh="302"), *stays(3, first=2), stay(9)], day=3)
    changes = manager.changes_for("matcher", NAME)
    assert next((c.kind, c.key, c.fields, c.seq) for c in changes) == ("changed", "1", ("uh",), 3)
    assert [row and row["uh"] for row in (changes[0].before, changes[0].after)] == ["201", "302"]
    assert [f"{c.kind} {c.key}" for c in changes] == ["changed 1", "removed 5", "added 9"]


def test_what_came_back_to_where_it_was_is_not_told() -> None:
    collect(stays(3))
    consume()
    collect([stay(1, uh="301"), stay(2)], day=2)
    collect(stays(3), day=3)
    changes = manager.changes_for("matcher", NAME)
    assert (list(changes), changes.since, changes.upto) == ([], 1, 3)
    assert consume() == []
    assert Cursor.objects.get().seq == 3


def test_each_consumer_has_its_own_place() -> None:
    collect(stays(2))
    assert consume("matcher") == consume("alerts") == ["added 1", "added 2"]


def test_work_rolled_back_is_handed_out_again() -> None:
    collect(stays(2))
    changes = manager.changes_for("matcher", NAME)

    def crash() -> None:
        with transaction.atomic():
            manager.advance("matcher", NAME, changes.upto)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crash()
    assert consume() == ["added 1", "added 2"]


@pytest.mark.parametrize("since", [None, 0])
def test_of_two_who_read_the_same_changes_only_one_may_commit(since: int | None) -> None:
    collect(stays(2))
    first, second = (manager.changes_for("matcher", NAME) for _ in range(2))
    with transaction.atomic():
        manager.advance("matcher", NAME, first.upto, since=since)
    with transaction.atomic(), pytest.raises(manager.AlreadyConsumed):
        manager.advance("matcher", NAME, second.upto, since=since)


@pytest.mark.django_db(transaction=True)
def test_the_cursor_moves_only_with_the_work() -> None:
    collect(stays(2))
    with pytest.raises(RuntimeError, match="transaction"):
        manager.advance("matcher", NAME, 1)
