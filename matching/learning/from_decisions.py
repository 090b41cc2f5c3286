"""The decisions that stand, as lessons: our copies of orders and stays turned back into rows, week by week.

An accepted candidate is the right answer, "no guest" included; a rejected one says only who was not meant. An undone
decision has left no trace on its suggestion and is not among them. Reads only.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from matching.core.reestimation import Day, Verdict, Who
from matching.hotel_rows import engine_order, engine_stay
from matching.learning.training_set import Lessons
from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import State

# What our copies do not hold: a decision that rested on it would teach that it did not count.
NOT_KEPT = frozenset({"phone", "document", "email", "label", "booking"})
# The house of a week, as far back and ahead as an order may reach.
BACK, AHEAD = timedelta(31), timedelta(15)


@dataclass(frozen=True)
class Gathered:
    """`left_out` counts decisions by why they cannot be learned from: "changed", "hidden", "not_kept"."""

    lessons: Lessons
    left_out: Mapping[str, int] = field(default_factory=dict)


def gather() -> Gathered:
    """A verdict an order: what was accepted counts before what was rejected."""
    left_out: Counter[str] = Counter()
    right: dict[int, frozenset[Who]] = {}
    refused: defaultdict[int, set[Who]] = defaultdict(set)
    orders: dict[int, Order] = {}
    for suggestion in _decided().iterator(chunk_size=1000):
        problem = _problem(suggestion)
        if problem:
            left_out[problem] += 1
            continue
        orders[suggestion.order_id] = suggestion.order
        if suggestion.state == State.ACCEPTED:
            right[suggestion.order_id] = frozenset({suggestion.stay_id, *_mates(suggestion)})
        else:
            refused[suggestion.order_id].add(suggestion.stay_id)
    verdicts = {key: Verdict(right.get(key, frozenset()), frozenset(refused[key])) for key in sorted(orders)}
    return Gathered(Lessons(_days(orders.values()), verdicts), dict(left_out))


def _decided() -> QuerySet[MatchSuggestion]:
    found = MatchSuggestion.objects.filter(state__in=(State.ACCEPTED, State.REJECTED), decision__isnull=False)
    return found.select_related("order", "stay", "decision").order_by("decision_id", "pk")


def _problem(suggestion: MatchSuggestion) -> str:
    """Both sides must still say what the person judged; of a guest who was accepted the text alone."""
    decision, stay = suggestion.decision, suggestion.stay
    if decision is None or decision.order_fingerprint != suggestion.order.fingerprint:
        return "changed"
    if stay is not None:
        if stay.hidden or not stay.name:
            return "hidden"
        if suggestion.state == State.REJECTED and decision.stay_fingerprint != stay.fingerprint:
            return "changed"
    return "not_kept" if any(r["comparison"] in NOT_KEPT for r in suggestion.reasons) else ""


def _mates(suggestion: MatchSuggestion) -> Iterable[int]:
    """Where the card stood for any guest of the room, a model may name another one of them."""
    stay = suggestion.stay
    if stay is None or stay.reservation_id is None:
        return ()
    if not any(reason["comparison"] == "same_stay" for reason in suggestion.reasons):
        return ()
    return Stay.objects.filter(reservation_id=stay.reservation_id).values_list("pk", flat=True)


def _days(orders: Iterable[Order]) -> Sequence[Day]:
    weeks: defaultdict[tuple[int, int], list[Order]] = defaultdict(list)
    for order in orders:
        year, week, _ = timezone.localdate(order.opened_at).isocalendar()
        weeks[year, week].append(order)
    return [_day(sorted(weeks[key], key=lambda o: o.pk)) for key in sorted(weeks)]


def _day(orders: Sequence[Order]) -> Day:
    days = [timezone.localdate(order.opened_at) for order in orders]
    return [engine_order(order) for order in orders], [engine_stay(stay) for stay in _house(min(days), max(days))]


def _house(first: date, last: date) -> QuerySet[Stay]:
    return Stay.objects.filter(departure__gte=first - BACK, arrival__lte=last + AHEAD).order_by("pk")
