"""What publishing a held snapshot would change, stored row by row when it is held and read a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KT

from snapshots import hidden_persons
from snapshots.diffing import ChangeView
from snapshots.history import ChangeFilter, masked, only, unpack
from snapshots.models import HeldChange, HeldRows, Snapshot

# Of each kind: enough for a decision. The counts of the snapshot are complete all the same.
MOST_KEPT = 10_000
_PLACES = {"removed": 0, "changed": 1, "added": 2}
_KEEP = """
INSERT INTO snapshots_heldchange (held_id, place, kind, key, mask, vanished, old, payload)
SELECT %(held)s, %(place)s, verb, key, mask, vanished, old, payload
FROM snapshots_stage WHERE verb = %(kind)s ORDER BY key LIMIT %(most)s
"""


def keep_changes(held: HeldRows) -> None:
    """Copies the staged changes, inside the transaction that staged them."""
    with connection.cursor() as cursor:
        for kind, place in _PLACES.items():
            cursor.execute(_KEEP, {"held": held.pk, "place": place, "kind": kind, "most": MOST_KEPT})


def kept_changes(snapshot: Snapshot) -> HeldRows | None:
    """The held rows, without loading them. None if the snapshot was decided, or held before changes were stored."""
    found = HeldRows.objects.filter(snapshot=snapshot).select_related("snapshot__source").defer("blob").first()
    return found if found and found.layout else None


def shown_of_each(snapshot: Snapshot) -> int:
    """How many changes of each kind can be shown if that is not all, else 0."""
    return MOST_KEPT if max(snapshot.added, snapshot.removed, snapshot.changed) > MOST_KEPT else 0


def filter_held_changes(held: HeldRows, wanted: ChangeFilter) -> QuerySet[HeldChange]:
    """The changes that pass the filter, removed rows first."""
    found, layout, source = held.changes.order_by("place", "key"), held.layout, held.snapshot.source
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.field and wanted.field not in layout:
        return found.none()
    if wanted.field:
        place = layout.index(wanted.field)
        found = found.annotate(
            bit=F("mask").bitand(1 << place), old_value=KT(f"old__{place}"), value=KT(f"payload__{wanted.field}")
        ).filter(
            Q(kind="changed") & ~Q(bit=0)
            | Q(kind="removed", old_value__isnull=False)
            | Q(kind="added", value__isnull=False)
        )
    for column, text in ((source.room_column, wanted.room), (source.label_column, wanted.name)):
        if text and column in layout:
            old, new = f"old_{column}", f"new_{column}"
            values = {old: KT(f"old__{layout.index(column)}"), new: KT(f"payload__{column}")}
            found = found.annotate(**values).filter(Q(**{f"{old}__icontains": text}) | Q(**{f"{new}__icontains": text}))
    return found if wanted.see_hidden or not wanted.name else found.exclude(pk__in=_of_hidden(held).values("pk"))


def _of_hidden(held: HeldRows) -> QuerySet[HeldChange]:
    """Changes of hidden persons, by their present version, the held one or any that is kept."""
    source = held.snapshot.source
    hidden = Q(key__in=hidden_persons.hidden_keys(source))
    for column in source.hidden_if:
        hidden |= Q(**{f"payload__{column}": True})
        if column in held.layout:
            hidden |= Q(**{f"old__{held.layout.index(column)}": True})
    return held.changes.filter(hidden)


def view_of(row: HeldChange, held: HeldRows) -> ChangeView:
    layout: Sequence[str] = held.layout
    old = only(unpack(row.old, layout), held.snapshot.source.columns) if row.old is not None else None
    new = only(row.payload, held.snapshot.columns) if row.payload is not None else None
    if row.kind == "changed":
        fields = masked(row.mask, layout)
    else:
        fields = [name for name, value in (new or old or {}).items() if value is not None]
    kind: Any = row.kind
    return ChangeView(kind, row.key, old, new, tuple(fields), vanished=row.vanished)


def recount(held: HeldRows) -> None:
    """Corrects the snapshot's counts after some of its changes were deleted. Beyond MOST_KEPT it is unknown whose the
    rows are, so there the count stays."""
    if not held.layout:
        return
    snapshot = held.snapshot
    for kind in _PLACES:
        if getattr(snapshot, kind) <= MOST_KEPT:
            setattr(snapshot, kind, held.changes.filter(kind=kind).count())
    if snapshot.removed <= MOST_KEPT:
        snapshot.unexplained = held.changes.filter(kind="removed", vanished=True).count()
    snapshot.save(update_fields=(*_PLACES, "unexplained"))
