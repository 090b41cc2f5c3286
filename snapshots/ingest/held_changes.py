"""What a held listing would change: kept row by row when it is held, read a page at a time while a person decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KT

from snapshots.diffing import ChangeView
from snapshots.history.versions import masked, only, unpack
from snapshots.models import HeldChange, HeldRows, Snapshot, Source

# Of each kind. Whoever has to read more has seen enough to decide; the counts are whole all the same.
MOST_KEPT = 10_000
_PLACES = {"removed": 0, "changed": 1, "added": 2}
_KEEP = """
INSERT INTO snapshots_heldchange (held_id, place, kind, key, mask, vanished, old, payload)
SELECT %(held)s, %(place)s, verb, key, mask, vanished, old, payload
FROM snapshots_stage WHERE verb = %(kind)s ORDER BY key LIMIT %(most)s
"""


def keep_changes(held: HeldRows) -> None:
    """Out of what was staged, inside the transaction that staged it."""
    with connection.cursor() as cursor:
        for kind, place in _PLACES.items():
            cursor.execute(_KEEP, {"held": held.pk, "place": place, "kind": kind, "most": MOST_KEPT})


def kept_of(snapshot: Snapshot) -> HeldRows | None:
    """None for what was held before changes were kept, or has been settled. The rows themselves are not loaded."""
    found = HeldRows.objects.filter(snapshot=snapshot).defer("blob").first()
    return found if found and found.layout else None


def shown_of_each(snapshot: Snapshot) -> int:
    """How many of each kind can be looked at, where that is not all; else 0."""
    return MOST_KEPT if max(snapshot.added, snapshot.removed, snapshot.changed) > MOST_KEPT else 0


def held_changes(
    held: HeldRows, source: Source, *, kind: str, field: str, room: str, name: str, offset: int, limit: int
) -> tuple[list[ChangeView], int]:
    """One page of those that pass, what would be gone first, and how many there are in all. Two queries."""
    found = held.changes.all()
    if kind:
        found = found.filter(kind=kind)
    if field:
        found = _touching(found, held.layout, field)
    for column, text in ((source.room_column, room), (source.label_column, name)):
        if text and column in held.layout:
            found = _saying(found, held.layout, column, text)
    columns = held.snapshot.columns
    page = found.order_by("place", "key")[offset : offset + limit]
    return [_view(row, held.layout, source.columns, columns) for row in page], found.count()


def _touching(found: QuerySet[HeldChange], layout: Sequence[str], field: str) -> QuerySet[HeldChange]:
    if field not in layout:
        return found.none()
    place = layout.index(field)
    told = found.annotate(
        bit=F("mask").bitand(1 << place), old_value=KT(f"old__{place}"), value=KT(f"payload__{field}")
    )
    return told.filter(
        Q(kind="changed") & ~Q(bit=0)
        | Q(kind="removed", old_value__isnull=False)
        | Q(kind="added", value__isnull=False)
    )


def _saying(found: QuerySet[HeldChange], layout: Sequence[str], column: str, text: str) -> QuerySet[HeldChange]:
    """On either side of the change."""
    names = {f"old_{column}": KT(f"old__{layout.index(column)}"), f"new_{column}": KT(f"payload__{column}")}
    either = [Q(**{f"{name}__icontains": text}) for name in names]
    return found.annotate(**names).filter(either[0] | either[1])


def _view(row: HeldChange, layout: Sequence[str], before: Sequence[str], after: Sequence[str]) -> ChangeView:
    old = only(unpack(row.old, layout), before) if row.old is not None else None
    new = only(row.payload, after) if row.payload is not None else None
    fields = masked(row.mask, layout) if row.kind == "changed" else _filled(new or old or {})
    kind: Any = row.kind
    return ChangeView(kind, row.key, old, new, tuple(fields), vanished=row.vanished)


def _filled(row: dict[str, Any]) -> list[str]:
    return [name for name, value in row.items() if value is not None]


def recount(held: HeldRows) -> None:
    """After some of the changes were taken out."""
    if not held.layout:
        return
    snapshot = held.snapshot
    for kind in _PLACES:
        setattr(snapshot, kind, _left(held, kind, getattr(snapshot, kind)))
    if snapshot.removed <= MOST_KEPT:
        snapshot.unexplained = held.changes.filter(kind="removed", vanished=True).count()
    snapshot.save(update_fields=(*_PLACES, "unexplained"))


def _left(held: HeldRows, kind: str, counted: int) -> int:
    """Beyond what was kept nobody knows whose the rows are: there the count stays."""
    kept = held.changes.filter(kind=kind).count()
    return counted if counted > MOST_KEPT else kept
