"""The review queue: which card comes next. One card an order: its best candidate still pending."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from matching.models import CardLease, MatchSuggestion, SuggestionQuerySet
from matching.models.choices import DOUBT_FROM, STRONG_FROM, Band

# Doubtful ones first, where a person adds most; strong for sweeping; weak for cleaning.
BANDS = (Band.DOUBT, Band.STRONG, Band.WEAK)


@dataclass(frozen=True)
class BandCount:
    band: Band
    waiting: int
    departing: int


# In one reading of the queue's index; two counts in one statement would start workers for each, which takes longer.
_COUNTS = """
SELECT count(*) FILTER (WHERE probability >= %(strong)s),
    count(leaving.listagem_id) FILTER (WHERE probability >= %(strong)s),
    count(*) FILTER (WHERE probability >= %(doubt)s AND probability < %(strong)s),
    count(leaving.listagem_id) FILTER (WHERE probability >= %(doubt)s AND probability < %(strong)s),
    count(*) FILTER (WHERE probability < %(doubt)s),
    count(leaving.listagem_id) FILTER (WHERE probability < %(doubt)s)
FROM matching_matchsuggestion
LEFT JOIN matching_stay leaving ON leaving.listagem_id = stay_id AND leaving.departure = %(today)s
WHERE queued_at IS NOT NULL
"""


def counts() -> list[BandCount]:
    """Cards waiting by band, and how many of their guests leave today; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"strong": STRONG_FROM, "doubt": DOUBT_FROM, "today": timezone.localdate()})
        strong, strong_leaving, doubt, doubt_leaving, weak, weak_leaving = cursor.fetchall()[0]
    found = {
        Band.STRONG: BandCount(Band.STRONG, strong, strong_leaving),
        Band.DOUBT: BandCount(Band.DOUBT, doubt, doubt_leaving),
        Band.WEAK: BandCount(Band.WEAK, weak, weak_leaving),
    }
    return [found[band] for band in BANDS]


def at(counted: BandCount, position: int) -> MatchSuggestion | None:
    """The card at that place of the band, counted from 0: departures of today first, then the oldest orders. Past the
    end the queue starts again. It comes with all that a page shows of a suggestion."""
    today = timezone.localdate()
    queue = MatchSuggestion.objects.heads().in_band(counted.band)
    # Two questions that an index answers each, where one sorted by both would read the whole queue; the first by that
    # of the guests: by that of the queue it would read on and on for the few who leave.
    first = queue.departing(today).order_by(Coalesce("queued_at", Now()), "pk")
    rest = queue.exclude(stay__departure=today).order_by("queued_at", "pk")
    leaving = counted.departing
    found = _card(first, position) if position < leaving else _card(rest, position - leaving)
    return found or _card(first) or _card(rest)


def _card(queue: SuggestionQuerySet, place: int = 0) -> MatchSuggestion | None:
    """Counted off by number, so that nothing is joined for the cards before it."""
    return MatchSuggestion.objects.as_card().filter(pk__in=queue.values("pk")[place : place + 1]).first()


def free(counted: BandCount, place: int, taken: Collection[int]) -> tuple[int, MatchSuggestion | None]:
    """From that place on, the first card whose order is not among those taken, and where it stands; the card at the
    place itself when all that follow are taken."""
    for step in range(min(counted.waiting, len(taken) + 1)):
        here = (place + step) % counted.waiting
        found = at(counted, here)
        if found is not None and found.order_id not in taken:
            return here, found
    return place, at(counted, place)


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


def take_lease(order: int, user: Any, card: UUID | None = None) -> CardLease | None:
    """The lease as it stands after asking: this user's, or that of somebody who was there first. A person has one
    card at a time. None if that card, or any of the order, waits no more. One query, two where somebody was first."""
    now = timezone.now()
    lease = CardLease(order_id=order, user=user, until=now + LEASE)
    asked = {"order": order, "user": user.pk, "now": now, "until": lease.until, "card": card}
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, asked)
        if cursor.fetchone():
            return lease
    theirs = lease_holder(order)
    return theirs if theirs is not None and theirs.user_id != user.pk else None


def release_leases(user: Any) -> None:
    CardLease.objects.filter(user=user).delete()


def lease_holder(order: int) -> CardLease | None:
    return CardLease.objects.filter(order=order, until__gt=timezone.now()).select_related("user").first()


def orders_leased_by_others(user: Any) -> Collection[int]:
    """Orders that somebody else has open: as many as there are other people at work."""
    theirs = CardLease.objects.filter(until__gt=timezone.now()).exclude(user=user)
    return set(theirs.values_list("order_id", flat=True))
