"""Which listing was in force on a business date."""

from __future__ import annotations

from datetime import date

from django.db.models import F
from django.db.models.functions import Coalesce

from snapshots.models import Snapshot, SnapshotQuerySet

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
