"""Analyses a few orders again at once, from our copies; what our copies cannot tell is left to the next run."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.utils import timezone

from matching import suggestion_manager
from matching.hospede_matcher import MatchResult, match_orders
from matching.hotel_rows import engine_order, engine_stay
from matching.learning import model_registry
from matching.models import MatchSuggestion, Order, ReanalysisRequest, Stay
from matching.models.choices import CLOSED_ORDER, State
from matching.rooms.directory import stored
from matching.rooms.spellings import record_unread
from matching.suggestions import no_fence, retry_on_deadlock

MOST_AT_ONCE: Final = 50
# Evidence that only the hotel's rows have: without it, the guest whom it names would lose what it weighs.
NOT_IN_COPIES: Final = frozenset({"phone", "document", "email", "label", "booking", "company", "channel"})
BACK, AHEAD = timedelta(31), timedelta(15)


@dataclass(frozen=True)
class Reanalysed:
    """`done`: orders analysed now; `later`: those that the next run analyses."""

    done: int = 0
    later: int = 0


def reanalyse(orders: Collection[int]) -> Reanalysed:
    """Analyses the open orders among these with the directory as it is, at most MOST_AT_ONCE of them. All of them are
    matched by the next run too, with everything that the hotel's rows tell."""
    wanted = Order.objects.filter(pk__in=orders, linked=False).exclude(status__in=CLOSED_ORDER).order_by("-pk")
    rows = list(wanted)
    _request([row.pk for row in rows])
    incomplete = _with_evidence_elsewhere([row.pk for row in rows])
    now = [row for row in rows if row.pk not in incomplete][:MOST_AT_ONCE]
    if now:
        result = _matched(now)
        retry_on_deadlock(partial(_publish, result, [row.pk for row in now]))
    return Reanalysed(len(now), len(rows) - len(now))


def _matched(orders: Collection[Order]) -> MatchResult:
    days = [timezone.localdate(order.opened_at) for order in orders]
    stays = Stay.objects.filter(departure__gte=min(days) - BACK, arrival__lte=max(days) + AHEAD).order_by("pk")
    known = stored()
    try:
        model = model_registry.in_use()
    except model_registry.UnreadableModel:
        # As the run does; the run reports it.
        model = model_registry.base()
    return match_orders(
        [engine_order(order) for order in orders],
        [engine_stay(stay) for stay in stays],
        model=model,
        directory=known.directory,
        order_aliases=known.order_aliases,
        business_date=timezone.localdate(),
    )


def _publish(result: MatchResult, orders: list[int]) -> None:
    with transaction.atomic():
        suggestion_manager.publish(result, orders=orders, run_id=None, fence=no_fence)
        record_unread(result.candidates, orders)


def _with_evidence_elsewhere(orders: Collection[int]) -> set[int]:
    pending = MatchSuggestion.objects.filter(order__in=orders, state=State.PENDING).values_list("order_id", "reasons")
    return {order for order, reasons in pending if any(r["comparison"] in NOT_IN_COPIES for r in reasons)}


def requested(orders: Collection[int]) -> set[int]:
    """Those of the orders that a change of the directory concerns and that no run has matched since."""
    return set(ReanalysisRequest.objects.filter(order__in=orders).values_list("order_id", flat=True))


def fulfil(orders: Collection[int], since: datetime) -> None:
    """Call it in the transaction that publishes these orders. `since`: when the directory in use was read."""
    ReanalysisRequest.objects.filter(order__in=orders, at__lt=since).delete()


def _request(orders: Collection[int]) -> None:
    ReanalysisRequest.objects.bulk_create(
        [ReanalysisRequest(order_id=order, at=timezone.now()) for order in orders],
        update_conflicts=True,
        unique_fields=["order"],
        update_fields=["at"],
    )
