"""The versions of one row, and rows that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from snapshots.canonical import Row, canonical_value
from snapshots.diffing import ChangeView, between
from snapshots.history.versions import only, unpack
from snapshots.models import Change, HeadRow, Snapshot, Source


@dataclass(frozen=True)
class Version:
    """The row from version `seq` on, and what changed then. `row` is None if it was removed."""

    seq: int
    snapshot_id: int | None
    business_date: date | None
    at: datetime | None
    row: Row | None
    change: ChangeView | None


@dataclass(frozen=True)
class Missing:
    """A removed row: its last version, and since when and on how many business dates it has been missing."""

    key: str
    row: Row
    since: date
    seq: int
    dates: int


def history(source: str, key: str) -> list[Version]:
    """The row's versions, oldest first, without those that were purged."""
    found = Source.objects.get(name=source)
    states = list(_states(found, str(key)))
    snapshots = {item.seq: item for item in Snapshot.objects.filter(source=found, seq__in=[seq for seq, _ in states])}
    versions = []
    for (_before_seq, before), (seq, row) in pairwise([(0, None), *states]):
        snapshot = snapshots.get(seq)
        change = between(str(key), before, row, found.layout, found.kinds, seq)
        versions.append(
            Version(
                seq,
                snapshot.pk if snapshot else None,
                snapshot.business_date if snapshot else None,
                snapshot.finished_at if snapshot else None,
                row,
                change,
            )
        )
    return versions


def _states(source: Source, key: str) -> Iterator[tuple[int, Row | None]]:
    """(seq, the row from then on), oldest first."""
    for change in Change.objects.filter(source=source, key=key).order_by("seq"):
        if change.old is not None and change.since is not None:
            yield change.since, only(unpack(change.old, source.layout), source.layout)
        if change.kind == "removed":
            yield change.seq, None
    head = HeadRow.objects.filter(source=source, key=key).first()
    if head is not None:
        yield head.since, only(head.payload, source.layout)


def intervals(source: str, key: str, field: str) -> list[tuple[Any, date, date | None]]:
    """(value, first business date, business date on which it ended or None) of one column, oldest first, such as the
    rooms of a guest. Consecutive equal values are one interval; days without the row are in none."""
    found = Source.objects.filter(name=source).first()
    if found is None:
        return []
    kind = str(found.kinds.get(field, "text"))
    spans: list[tuple[Any, date, date | None]] = []
    for version in history(source, key):
        if version.business_date is None:
            continue
        value = None if version.row is None else version.row.get(field)
        if spans and spans[-1][2] is None:
            if version.row is not None and canonical_value(spans[-1][0], kind) == canonical_value(value, kind):
                continue
            spans[-1] = (spans[-1][0], spans[-1][1], version.business_date)
        if version.row is not None:
            spans.append((value, version.business_date, None))
    return spans


def missing(source: str, dates: int = 2) -> Iterator[Missing]:
    """Rows missing from the snapshots of the last `dates` business dates or more. Several snapshots of one date count
    once: only the export of another day confirms that a row is really gone. With `dates=1` those are included that no
    second date has confirmed yet (`Missing.dates`)."""
    found = Source.objects.filter(name=source).first()
    if found is None:
        return
    snapshots = list(Snapshot.objects.filter(source=found).in_force().order_by("finished_at"))
    last = Change.objects.filter(source=found).order_by("key", "-seq").distinct("key")
    for change in Change.objects.filter(pk__in=last.values("pk"), kind="removed").order_by("seq", "key"):
        without = [item.business_date for item in snapshots if item.at_seq >= change.seq]
        if change.old is not None and len(set(without)) >= dates:
            row = only(unpack(change.old, found.layout), found.columns)
            yield Missing(change.key, row, min(without), change.seq, len(set(without)))
