"""One card, one reader: for two minutes a card opened in the queue belongs to whoever opened it."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from matching.models import CardLease

LEASE = timedelta(minutes=2)


# What a person had before is free again; a card that was decided meanwhile gives no lease.
_TAKE = """
WITH before AS (DELETE FROM matching_cardlease WHERE user_id = %(user)s AND order_id <> %(order)s)
INSERT INTO matching_cardlease AS lease (order_id, user_id, until)
SELECT order_id, %(user)s, %(until)s FROM matching_matchsuggestion
WHERE order_id = %(order)s AND queued_at IS NOT NULL AND id = coalesce(%(card)s, id)
ON CONFLICT (order_id) DO UPDATE SET user_id = excluded.user_id, until = excluded.until
WHERE lease.user_id = excluded.user_id OR lease.until <= %(now)s
RETURNING 1
"""


def take(order: int, user: Any, card: UUID | None = None) -> CardLease | None:
    """The lease as it stands after asking: this user's, or that of somebody who was there first. A person has one
    card at a time. None if that card, or any of the order, waits no more. One query, two where somebody was first."""
    now = timezone.now()
    lease = CardLease(order_id=order, user=user, until=now + LEASE)
    asked = {"order": order, "user": user.pk, "now": now, "until": lease.until, "card": card}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, asked)
        if cursor.fetchone():
            return lease
    theirs = holder(order)
    return theirs if theirs is not None and theirs.user_id != user.pk else None


def leave(user: Any) -> None:
    CardLease.objects.filter(user=user).delete()


def holder(order: int) -> CardLease | None:
    return CardLease.objects.filter(order=order, until__gt=timezone.now()).select_related("user").first()


def of_others(user: Any) -> Collection[int]:
    """Orders that somebody else has open: as many as there are other people at work."""
    theirs = CardLease.objects.filter(until__gt=timezone.now()).exclude(user=user)
    return set(theirs.values_list("order_id", flat=True))
