"""One card, one reader: for two minutes a card opened in the queue belongs to whoever opened it."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from matching.models import CardLease

LEASE = timedelta(minutes=2)


def take(order: int, user: Any) -> CardLease | None:
    """The lease as it stands after asking: this user's, or that of somebody who was there first. A person has one
    card at a time: what they had before is free again. None if it ended in this very moment."""
    now = timezone.now()
    CardLease.objects.filter(user=user).exclude(order=order).delete()
    mine = CardLease.objects.filter(Q(user=user) | Q(until__lte=now), order=order)
    lease = CardLease(order_id=order, user=user, until=now + LEASE)
    if mine.update(user=user, until=lease.until):
        return lease
    CardLease.objects.bulk_create([lease], ignore_conflicts=True)
    return holder(order)


def leave(user: Any) -> None:
    CardLease.objects.filter(user=user).delete()


def holder(order: int) -> CardLease | None:
    return CardLease.objects.filter(order=order, until__gt=timezone.now()).select_related("user").first()


def of_others(user: Any) -> Collection[int]:
    """Orders that somebody else has open: as many as there are other people at work."""
    theirs = CardLease.objects.filter(until__gt=timezone.now()).exclude(user=user)
    return set(theirs.values_list("order_id", flat=True))
