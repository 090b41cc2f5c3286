"""Which snapshot was current when, and the figures of the last days for guards and charts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from django.db.models.functions import Coalesce

from snapshots.charts import Day
from snapshots.guards import Past
from snapshots.models import Snapshot, SnapshotQuerySet, Source
from snapshots.totals import Totals

# By the version that a snapshot stands for, not by time: a held one is published long after it was collected.
_LATEST_FIRST = (Coalesce("seq", "base_seq").desc(), "-business_date", "-pk")


def latest(source: str) -> Snapshot | None:
    """The current snapshot: the one published last, or the newest that confirmed it."""
    return _in_force(source).first()


def last_of(source: str, day: date) -> Snapshot | None:
    """The last snapshot of that very business date."""
    return _in_force(source).filter(business_date=day).first()


def last_before(source: str, day: date) -> Snapshot | None:
    """The last snapshot of the newest business date before `day` that has one."""
    return _in_force(source).filter(business_date__lt=day).order_by("-business_date", *_LATEST_FIRST).first()


def latest_of_each() -> list[Snapshot]:
    """The current snapshot of each source."""
    found = Snapshot.objects.in_force().order_by("source_id", *_LATEST_FIRST).distinct("source_id")
    return list(found.select_related("source"))


def _in_force(source: str) -> SnapshotQuerySet:
    found = Snapshot.objects.in_force().filter(source__name=source)
    return found.select_related("source").order_by(*_LATEST_FIRST)


def totals_of(snapshot: Snapshot | None) -> Totals:
    """The totals of its rows; zero without a snapshot."""
    if snapshot is None:
        return Totals()
    return Totals(snapshot.rows, snapshot.digest, snapshot.mojibake, Counter(snapshot.filled))


def accepted(source: Source, until: date) -> list[Past]:
    """The last snapshot in force of each business date, over the source's `median_days` up to `until`."""
    since = until - timedelta(days=source.median_days)
    snapshots = (
        Snapshot.objects.filter(source=source, business_date__gte=since, business_date__lte=until)
        .in_force()
        .order_by("business_date", "-finished_at")
        .distinct("business_date")
    )
    return [Past(item.business_date, item.rows, item.filled) for item in snapshots]


def days(source: Source, until: date, count: int = 30) -> list[Day]:
    """Rows changed on each business date. The source's first snapshot is left out: everything in it is new."""
    since = until - timedelta(days=count - 1)
    found: dict[date, Day] = {}
    for item in Snapshot.objects.filter(source=source, business_date__gte=since, business_date__lte=until):
        day = found.get(item.business_date, Day(item.business_date))
        held = day.held or item.status == Snapshot.Status.HELD
        if item.status == Snapshot.Status.PUBLISHED and item.seq != 1:
            day = Day(day.day, day.added + item.added, day.removed + item.removed, day.changed + item.changed)
        found[item.business_date] = replace(day, held=held)
    return list(found.values())
