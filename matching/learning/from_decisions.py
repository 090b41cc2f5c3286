"""Reads the decisions in force as a training set: our copies of orders and stays as rows of the hotel, week by week.

An accepted candidate, "no guest" included, is the right answer; a rejected one only excludes that candidate. Undone
decisions are not included. The right answers alone are a truth file for `evaluate_matching`. Reads only.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from matching.core.reestimation import Day, Verdict, Who
from matching.hotel_rows import engine_order, engine_stay
from matching.learning.training_set import TrainingSet
from matching.models import MatchSuggestion, Order, Stay
from matching.models.choices import State

# Comparisons whose values our copies do not have: such a decision would teach that they have no weight.
NOT_KEPT = frozenset({"phone", "document", "email", "label", "booking"})
# The stays of a week, as far back and ahead as an order may refer to.
BACK, AHEAD = timedelta(31), timedelta(15)


@dataclass(frozen=True)
class Gathered:
    """`left_out`: numbers of unusable decisions by cause: "changed", "hidden", "not_kept"."""

    examples: TrainingSet
    left_out: Mapping[str, int] = field(default_factory=dict)


def gather() -> Gathered:
    """One verdict for each order; an acceptance takes precedence over rejections."""
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
    return Gathered(TrainingSet(_days(orders.values()), verdicts), dict(left_out))


def truth() -> tuple[list[dict[str, object]], Mapping[str, int]]:
    """Lines of a truth file for `evaluate_matching`, one for each order with an accepted answer, and what was left out.

    A line is `{os_id, aceitaveis, estilo}`: ids of the right stays, none if no guest is meant, and the order's
    department. It contains no text and no name. Left out are orders that were edited since ("changed") and those
    of which people only said who is not meant ("refused").
    """
    left_out: Counter[str] = Counter()
    found: dict[int, dict[str, object]] = {}
    decided = _decided()
    for suggestion in decided.filter(state=State.ACCEPTED).iterator(chunk_size=1000):
        order, decision = suggestion.order, suggestion.decision
        if decision is None or decision.order_fingerprint != order.fingerprint:
            left_out["changed"] += 1
            continue
        stays = set() if suggestion.stay_id is None else {suggestion.stay_id, *_mates(suggestion)}
        stays |= set(order.further_guests.filter(removed_at=None).values_list("stay_id", flat=True))
        found[order.pk] = {"os_id": order.pk, "aceitaveis": sorted(stays), "estilo": order.department}
    only_refused = decided.exclude(order__in=decided.filter(state=State.ACCEPTED).values("order"))
    left_out["refused"] = only_refused.order_by().values("order").distinct().count()
    return [found[key] for key in sorted(found)], +left_out


def _decided() -> QuerySet[MatchSuggestion]:
    found = MatchSuggestion.objects.filter(state__in=(State.ACCEPTED, State.REJECTED), decision__isnull=False)
    return found.select_related("order", "stay", "decision").order_by("decision_id", "pk")


def _problem(suggestion: MatchSuggestion) -> str:
    """Why the decision is unusable, or "". The order must be unchanged, and for a rejection the stay as well."""
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
    """The other guests of the reservation, if the card stood for any guest of the room."""
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
    return [engine_order(order) for order in orders], [engine_stay(stay) for stay in _stays_of(min(days), max(days))]


def _stays_of(first: date, last: date) -> QuerySet[Stay]:
    return Stay.objects.filter(departure__gte=first - BACK, arrival__lte=last + AHEAD).order_by("pk")
