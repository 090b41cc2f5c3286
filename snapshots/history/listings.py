"""What the last days looked like: the guards' measure and the charts' data."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from django.db.models import F
from django.db.models.functions import Coalesce

from snapshots.charts import Day
from snapshots.guards import Past
from snapshots.models import Snapshot, SnapshotQuerySet, Source
from snapshots.totals import Tally


def accepted(source: Source, until: date) -> list[Past]:
    """One listing a business date, the last of each, over the source's `median_days` up to `until`."""
    since = until - timedelta(days=source.median_days)
    snapshots = (
        Snapshot.objects.filter(source=source, business_date__gte=since, business_date__lte=until)
        .in_force()
        .order_by("business_date", "-finished_at")
        .distinct("business_date")
    )
    return [Past(item.business_date, item.rows, item.filled) for item in snapshots]


# Not by time: one that was held is published long after it was collected.
_LATEST_FIRST = (Coalesce("seq", "base_seq").desc(), "-business_date", "-pk")


def standing(source: Source) -> Snapshot | None:
    """The last word on a source: what was published last, or confirmed since."""
    return Snapshot.objects.filter(source=source).in_force().order_by(*_LATEST_FIRST).first()


def tally(head: Snapshot | None) -> Tally:
    """What the rows in force add up to."""
    if head is None:
        return Tally()
    return Tally(head.rows, head.digest, head.mojibake, Counter(head.filled))


def latest_in_force() -> list[Snapshot]:
    """The last word on each source."""
    latest = Snapshot.objects.in_force().order_by("source_id", *_LATEST_FIRST).distinct("source_id")
    return list(latest.select_related("source"))


def days(source: Source, until: date, count: int = 30) -> list[Day]:
    """What each business date did to the rows. The very first listing is left out: everything in it is new."""
    since = until - timedelta(days=count - 1)
    found: dict[date, Day] = {}
    for item in Snapshot.objects.filter(source=source, business_date__gte=since, business_date__lte=until):
        day = found.get(item.business_date, Day(item.business_date))
        held = day.held or item.status == Snapshot.Status.HELD
        if item.status == Snapshot.Status.PUBLISHED and item.seq != 1:
            day = Day(day.day, day.added + item.added, day.removed + item.removed, day.changed + item.changed)
        found[item.business_date] = replace(day, held=held)
    return list(found.values())


# By what they publish, not by when they were read: a held one may have been published after a later one was read.
_NEWEST = Coalesce(F("seq"), F("base_seq")).desc()


def latest(source: str) -> Snapshot | None:
    """The listing in force now: the one published last, or the newest collection that confirmed it."""
    return _of(source).order_by(_NEWEST, "-id").first()


def last_of(source: str, day: date) -> Snapshot | None:
    """The last word of that very business date."""
    return _of(source).filter(business_date=day).order_by(_NEWEST, "-id").first()


def last_before(source: str, day: date) -> Snapshot | None:
    """The last word of the newest business date before `day` that has one."""
    return _of(source).filter(business_date__lt=day).order_by("-business_date", _NEWEST, "-id").first()


def _of(source: str) -> SnapshotQuerySet:
    return Snapshot.objects.in_force().filter(source__name=source).select_related("source")
