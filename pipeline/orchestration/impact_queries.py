"""What our own database knows about the stays that changed. Synchronous ORM; read only."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import F, Q, QuerySet

from matching.core import UNANSWERED_BELOW
from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import DOUBT_FROM, Band, State, Verb
from pipeline.hotel.stays import ROOM, SOURCE, Rooms, occupied
from pipeline.orchestration.change_plan import Known
from snapshots import snapshot_manager
from snapshots.models import Change
from snapshots.snapshot_manager import Changes

Pairs = Iterable[tuple[int, int]]


def known(stays: Collection[int]) -> Known:
    """See `plan.Known`."""
    return Known(offered=_grouped(_offered(stays)), linked=_grouped(_linked(stays)), likely=_grouped(_likely(stays)))


def _of(stays: Collection[int]) -> QuerySet[MatchSuggestion]:
    return MatchSuggestion.objects.filter(stay__in=stays).order_by()


def _offered(stays: Collection[int]) -> Pairs:
    return _of(stays).filter(state__in=(State.PENDING, State.EXPIRED)).values_list("stay_id", "order_id")


def _likely(stays: Collection[int]) -> Pairs:
    first = _of(stays).filter(state=State.PENDING, rank=1, probability__gte=DOUBT_FROM)
    return first.values_list("stay_id", "order_id")


def _linked(stays: Collection[int]) -> Pairs:
    yield from _of(stays).filter(state=State.ACCEPTED).values_list("stay_id", "order_id")
    for stay, order in Order.objects.filter(linked_stay__in=stays).values_list("linked_stay", "pk"):
        if stay is not None:
            yield stay, order


def _grouped(pairs: Pairs) -> Mapping[int, frozenset[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for stay, order in pairs:
        found[stay].add(order)
    return {stay: frozenset(orders) for stay, orders in found.items()}


def waiting_stays(stays: Collection[int]) -> set[int]:
    """Those of the stays that a pending suggestion still offers."""
    return set(_of(stays).filter(state=State.PENDING).values_list("stay_id", flat=True))


def waiting_orders(orders: Collection[int]) -> set[int]:
    """Those of the orders that still have a pending suggestion."""
    pending = MatchSuggestion.objects.filter(order__in=orders, state=State.PENDING)
    return set(pending.values_list("order_id", flat=True))


def judged_since(orders: Collection[int]) -> set[int]:
    """Those of the orders of which a candidate was rejected, or a rejection undone, since the others got their
    probabilities: what was refused leaves its share to them."""
    pending = MatchSuggestion.objects.filter(order__in=orders, state=State.PENDING)
    decided = pending.filter(
        order__suggestions__decisions__verb__in=(Verb.REJECT, Verb.UNDO),
        order__suggestions__decisions__at__gt=F("updated_at"),
    )
    return set(decided.order_by().values_list("order_id", flat=True))


def without_suggestions(orders: Collection[int]) -> set[int]:
    """Those of the orders that no guest is offered for and that are hardly about nobody: whoever was meant stood on no
    list, so any row that is new or corrected may be the one."""
    pending = MatchSuggestion.objects.filter(order__in=orders, state=State.PENDING)
    told = pending.filter(Q(stay__isnull=False) | Q(probability__gt=UNANSWERED_BELOW))
    return set(orders) - set(told.values_list("order_id", flat=True))


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
    """The rooms of every stay that ever moved. Read from the snapshots for what changed, from the local copies
    for the rest."""
    found: dict[int, Rooms] = dict(Stay.objects.exclude(occupancies=[]).values_list("pk", "occupancies"))
    # A first reading of the changes brings every row as a new one and names no moves.
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
