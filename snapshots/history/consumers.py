"""Handing changes to their consumers, each exactly once.

A consumer reads `changes_for`, does its work, and calls `advance` in the transaction that commits the work. Whoever
dies in between finds the same changes again; whoever was overtaken gets `AlreadyConsumed` and rolls back."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Min

from snapshots.diffing import ChangeView, between
from snapshots.errors import AlreadyConsumed, Purged
from snapshots.history.versions import changes_between, rows_at
from snapshots.models import Cursor, Source


class Changes(list[ChangeView]):
    """Net changes in (since, upto], oldest first. Pass `upto` and `since` to `advance`: a net zero leaves no
    entry, yet the cursor must pass it."""

    def __init__(self, items: Iterable[ChangeView], since: int, upto: int):
        super().__init__(items)
        self.since, self.upto = since, upto


def changes_for(consumer: str, source: str) -> Changes:
    """Everything after the consumer's cursor, net per row. A new consumer gets every row in force as added."""
    found = Source.objects.filter(name=source).first()
    if found is None:
        return Changes((), 0, 0)
    since = Cursor.objects.filter(consumer=consumer, source=found).values_list("seq", flat=True).first() or 0
    if since == 0:
        return Changes(_everything(found), 0, found.head_seq)
    if since < found.min_seq:
        raise Purged(f"{consumer} stands at {since} of {source}, kept from {found.min_seq}")
    return Changes(changes_between(found, since, found.head_seq), since, found.head_seq)


def _everything(source: Source) -> Iterable[ChangeView]:
    rows = sorted(rows_at(source, source.head_seq, source.columns), key=lambda item: (item[1], item[0]))
    for key, since, row in rows:
        if change := between(key, None, row, source.columns, source.kinds, since):
            yield change


def advance(consumer: str, source: str, upto: int, since: int | None = None) -> None:
    """Moves the cursor, inside the caller's transaction. With `since` (where the changes were read from) the cursor
    must still stand there; without, it must not have reached `upto` yet."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("advance() belongs into the transaction that commits the consumer's work")
    found = Source.objects.get(name=source)
    Cursor.objects.bulk_create([Cursor(consumer=consumer, source=found)], ignore_conflicts=True)
    cursor = Cursor.objects.select_for_update().get(consumer=consumer, source=found)
    overtaken = cursor.seq >= upto if since is None else cursor.seq != since
    if overtaken:
        raise AlreadyConsumed(f"{consumer} stands at {cursor.seq} of {source}")
    cursor.seq = upto
    cursor.save(update_fields=("seq",))


def slowest(source: Source) -> int | None:
    """The cursor that is furthest behind; None without consumers."""
    lowest: int | None = Cursor.objects.filter(source=source).aggregate(lowest=Min("seq"))["lowest"]
    return lowest
