"""The review queue: which card comes next, and who has which card open.

An order has one card: its best candidate that is still pending. Departures of today are a queue of their own over all
bands, and stand first in each band. A card opened in the queue is leased to that person for two minutes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.functions import Coalesce, Now
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import CardLease, MatchSuggestion, SuggestionQuerySet
from matching.models.choices import DOUBT_FROM, STRONG_FROM, Band

# Doubtful cards first, where a person adds most; then the strong ones, which go fast; the weak ones last.
BANDS = (Band.DOUBT, Band.STRONG, Band.WEAK)
LEASE = timedelta(minutes=2)


TODAY = "today"


@dataclass(frozen=True)
class QueueTab:
    """Cards waiting; `departing`: those whose guest leaves today. `band` None: departures of today over all bands."""

    band: Band | None
    waiting: int
    departing: int

    @property
    def code(self) -> str:
        return TODAY if self.band is None else self.band.value

    @property
    def label(self) -> str:
        return _("leave today") if self.band is None else str(self.band.label)


@dataclass(frozen=True)
class BandCount(QueueTab):
    band: Band


# One scan of the queue's index. Two subqueries would each start parallel workers, which takes longer.
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
    """The bands in the order of BANDS; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"strong": STRONG_FROM, "doubt": DOUBT_FROM, "today": timezone.localdate()})
        strong, strong_leaving, doubt, doubt_leaving, weak, weak_leaving = cursor.fetchall()[0]
    found = {
        Band.STRONG: BandCount(Band.STRONG, strong, strong_leaving),
        Band.DOUBT: BandCount(Band.DOUBT, doubt, doubt_leaving),
        Band.WEAK: BandCount(Band.WEAK, weak, weak_leaving),
    }
    return [found[band] for band in BANDS]


def tabs(bands: Sequence[BandCount]) -> list[QueueTab]:
    """Departures of today, then the bands, from `counts`."""
    departing = sum(count.departing for count in bands)
    return [QueueTab(None, departing, departing), *bands]


def card_of(order: int) -> MatchSuggestion | None:
    """The card of that order while it waits in the queue."""
    return MatchSuggestion.objects.as_card().heads().filter(order=order).first()


def card_at(count: QueueTab, position: int) -> MatchSuggestion | None:
    """The card at that position of the band, from 0: departures of today first, then the oldest orders. Past the end
    the queue starts again. The card has everything that a page shows of a suggestion."""
    today = timezone.localdate()
    queue = MatchSuggestion.objects.heads()
    if count.band is not None:
        queue = queue.in_band(count.band)
    # Two queries with an index each: sorted by both criteria, PostgreSQL would read the whole queue. The Coalesce keeps
    # the first query on the stays' index; with the queue's it would read on and on for the few that leave.
    departing = queue.departing(today).order_by(Coalesce("queued_at", Now()), "pk")
    if count.band is None:
        return _card(departing, position) or _card(departing)
    others = queue.exclude(stay__departure=today).order_by("queued_at", "pk")
    first = count.departing
    found = _card(departing, position) if position < first else _card(others, position - first)
    return found or _card(departing) or _card(others)


def _card(queue: SuggestionQuerySet, position: int = 0) -> MatchSuggestion | None:
    """The subquery counts off primary keys, so that nothing is joined for the cards before that position."""
    return MatchSuggestion.objects.as_card().filter(pk__in=queue.values("pk")[position : position + 1]).first()


def next_free(count: QueueTab, position: int, leased: Collection[int]) -> tuple[int, MatchSuggestion | None]:
    """The first card from that position on whose order is not leased, with its position; the card at the position
    itself when all that follow are leased."""
    for step in range(min(count.waiting, len(leased) + 1)):
        here = (position + step) % count.waiting
        found = card_at(count, here)
        if found is not None and found.order_id not in leased:
            return here, found
    return position, card_at(count, position)


# Ends the person's lease of any other card. A card that was decided meanwhile gives no lease.
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
    """The lease in force afterwards: this user's, or that of a colleague who was first. None when the card, or any card
    of the order, is no longer in the queue. A person has one lease at a time. One query, two when a colleague has it.
    """
    now = timezone.now()
    lease = CardLease(order_id=order, user=user, until=now + LEASE)
    with connection.cursor() as cursor:
        parameters = {"order": order, "user": user.pk, "now": now, "until": lease.until, "card": card}
        cursor.execute(_TAKE, parameters)
        if cursor.fetchone():
            return lease
    other = lease_holder(order)
    return other if other is not None and other.user_id != user.pk else None


def release_leases(user: Any) -> None:
    CardLease.objects.filter(user=user).delete()


def lease_holder(order: int) -> CardLease | None:
    return CardLease.objects.filter(order=order, until__gt=timezone.now()).select_related("user").first()


def orders_leased_by_others(user: Any) -> Collection[int]:
    """As many as there are other people at work."""
    leases = CardLease.objects.filter(until__gt=timezone.now()).exclude(user=user)
    return set(leases.values_list("order_id", flat=True))
