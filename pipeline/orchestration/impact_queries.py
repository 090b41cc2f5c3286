"""Queries on our own database about the stays and orders that changed. Synchronous ORM; read only."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import F, Q

from matching.core import UNANSWERED_BELOW
from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import DOUBT_FROM, Band, State, Verb
from pipeline.hotel.stays import ROOM, SOURCE, Rooms, occupied
from pipeline.orchestration.change_plan import Known
from snapshots import snapshot_manager
from snapshots.models import Change
from snapshots.snapshot_manager import Changes


def known(stays: Collection[int]) -> Known:
    """What `change_plan.Known` describes, for these stays. Four queries."""
    suggestions = MatchSuggestion.objects.filter(stay__in=stays).order_by().values_list("stay_id", "order_id")
    at_hotel = Order.objects.filter(linked_stay__in=stays).order_by()
    return Known(
        offered=_orders_by_stay(suggestions.filter(state__in=(State.PENDING, State.EXPIRED))),
        linked=_orders_by_stay(
            [*suggestions.filter(state=State.ACCEPTED), *at_hotel.values_list("linked_stay", "pk")],
        ),
        likely=_orders_by_stay(suggestions.filter(state=State.PENDING, rank=1, probability__gte=DOUBT_FROM)),
    )


def _orders_by_stay(pairs: Iterable[tuple[int | None, int]]) -> Mapping[int, frozenset[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for stay, order in pairs:
        if stay is not None:
            found[stay].add(order)
    return {stay: frozenset(orders) for stay, orders in found.items()}


def stays_with_suggestion(stays: Collection[int]) -> set[int]:
    """Those of the stays that have a pending suggestion."""
    pending = MatchSuggestion.objects.filter(stay__in=stays, state=State.PENDING).order_by()
    return set(pending.values_list("stay_id", flat=True))


def orders_with_suggestion(orders: Collection[int]) -> set[int]:
    """Those of the orders that have a pending suggestion."""
    pending = MatchSuggestion.objects.filter(order__in=orders, state=State.PENDING)
    return set(pending.values_list("order_id", flat=True))


def judged_since(orders: Collection[int]) -> set[int]:
    """Those of the orders of which a candidate was rejected, or a rejection undone, after the probabilities of the
    others were computed: the probability of a rejected candidate is distributed among the others."""
    pending = MatchSuggestion.objects.filter(order__in=orders, state=State.PENDING)
    decided = pending.filter(
        order__suggestions__decisions__verb__in=(Verb.REJECT, Verb.UNDO),
        order__suggestions__decisions__at__gt=F("updated_at"),
    )
    return set(decided.order_by().values_list("order_id", flat=True))


def without_suggestions(orders: Collection[int]) -> set[int]:
    """Orders for which no guest is suggested although they hardly concern nobody: the guest was in no listing, so any
    new or corrected row may be the guest."""
    pending = MatchSuggestion.objects.filter(order__in=orders, state=State.PENDING)
    answered = pending.filter(Q(stay__isnull=False) | Q(probability__gt=UNANSWERED_BELOW))
    return set(orders) - set(answered.values_list("order_id", flat=True))


def queue_by_band() -> dict[str, int]:
    """Orders with pending suggestions, by the band of the best one."""
    found = dict.fromkeys(Band.values, 0)
    best: dict[int, float] = {}
    pending = MatchSuggestion.objects.filter(state=State.PENDING).order_by()
    for order, probability in pending.values_list("order_id", "probability"):
        best[order] = max(best.get(order, 0.0), float(probability))
    for score in best.values():
        found[Band.of(score)] += 1
    return found


def rooms_over_time(changes: Changes) -> dict[int, Rooms]:
    """The rooms of every stay that ever moved, from the snapshots for stays that changed and from our copies for the
    rest."""
    found: dict[int, Rooms] = dict(Stay.objects.exclude(occupancies=[]).values_list("pk", "occupancies"))
    # When the changes are read for the first time, every row is new and no move is visible.
    earlier = _changed_ever() if changes.since == 0 else frozenset()
    for change in changes:
        key = int(change.key)
        moved = key in found or change.key in earlier or (change.kind == "changed" and ROOM in change.fields)
        if change.after is not None and moved:
            found[key] = occupied(change.after, snapshot_manager.intervals(SOURCE, change.key, ROOM))
    return found


def _changed_ever() -> frozenset[str]:
    changed = Change.objects.filter(source__name=SOURCE, kind="changed")
    return frozenset(changed.values_list("key", flat=True).distinct())
