"""Every stored version of every row of a source: in force, past and held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from snapshots.canonical import Row
from snapshots.held_decision import held_rows
from snapshots.history import unpack
from snapshots.models import Change, HeadRow, Snapshot, Source


@dataclass(frozen=True)
class StoredRow:
    """`place` is "head", "past" or "held"; `seq` is the version in which the row began (held: the snapshot's id)."""

    place: str
    key: str
    seq: int
    row: Row


def stored_rows(source: Source) -> Iterator[StoredRow]:
    heads = HeadRow.objects.filter(source=source).values_list("key", "since", "payload")
    for key, since, row in heads.iterator(chunk_size=2000):
        yield StoredRow("head", key, since, row)
    past = Change.objects.filter(source=source).exclude(old=None).values_list("key", "since", "old")
    for key, began, old in past.iterator(chunk_size=2000):
        yield StoredRow("past", key, began or 0, unpack(old or (), source.layout))
    for held in Snapshot.objects.filter(source=source).held():
        for row in held_rows(held):
            yield StoredRow("held", str(row.get(source.key_column)), held.pk, row)
