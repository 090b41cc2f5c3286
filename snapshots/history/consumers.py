"""Delivery of changes to consumers, each exactly once.

A consumer reads `changes_for`, does its work, and calls `advance` in the transaction that commits the work. If it dies
in between, it reads the same changes again; if another process was faster, it gets `AlreadyConsumed` and rolls back."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Min

from snapshots.diffing import ChangeView, between
from snapshots.errors import AlreadyConsumed, Purged
from snapshots.history.versions import changes_between, rows_at
from snapshots.models import Cursor, Source


class Changes(list[ChangeView]):
    """Net changes in (since, upto], oldest first. Pass `upto` and `since` to `advance`, even if there are no changes:
    rows without a net change have no entry."""

    def __init__(self, items: Iterable[ChangeView], since: int, upto: int):
        super().__init__(items)
        self.since, self.upto = since, upto


def changes_for(consumer: str, source: str) -> Changes:
    """Changes after the consumer's cursor, net per row; for a new consumer all current rows as added. Raises Purged."""
    found = Source.objects.filter(name=source).first()
    if found is None:
        return Changes((), 0, 0)
    since = Cursor.objects.filter(consumer=consumer, source=found).values_list("seq", flat=True).first() or 0
    if since == 0:
        rows = sorted(rows_at(found, found.head_seq, found.columns), key=lambda item: (item[1], item[0]))
        added = (between(key, None, row, found.columns, found.kinds, seq) for key, seq, row in rows)
        return Changes(filter(None, added), 0, found.head_seq)
    if since < found.min_seq:
        raise Purged(f"{consumer} is at {since} of {source}, kept from {found.min_seq}")
    return Changes(changes_between(found, since, found.head_seq), since, found.head_seq)


def advance(consumer: str, source: str, upto: int, since: int | None = None) -> None:
    """Moves the cursor inside the caller's transaction. With `since` (where the changes were read from) the cursor must
    still be there; without, it must not have reached `upto` yet. Raises AlreadyConsumed."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("advance() must be called in the transaction that commits the consumer's work")
    found = Source.objects.get(name=source)
    Cursor.objects.bulk_create([Cursor(consumer=consumer, source=found)], ignore_conflicts=True)
    cursor = Cursor.objects.select_for_update().get(consumer=consumer, source=found)
    overtaken = cursor.seq >= upto if since is None else cursor.seq != since
    if overtaken:
        raise AlreadyConsumed(f"{consumer} is at {cursor.seq} of {source}")
    cursor.seq = upto
    cursor.save(update_fields=("seq",))


def slowest(source: Source) -> int | None:
    """The lowest cursor; None without consumers."""
    lowest: int | None = Cursor.objects.filter(source=source).aggregate(lowest=Min("seq"))["lowest"]
    return lowest
