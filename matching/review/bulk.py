"""Many decisions under one batch: some hundreds a transaction, in a number of queries that the rows do not raise."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.deciding import decision_of, link_of, tell_history
from matching.models import Decision, MatchSuggestion, Order, WriteBack
from matching.models.choices import EndReason, State, Verb, WriteState
from matching.review.decision import Conflict, still_true
from matching.suggestions.locks import again_after_deadlock, lock_orders

# As many orders are locked at a time; a colleague who decides one of them waits for less than a second.
CHUNK = 500


@dataclass
class Decided:
    """`refused`: each card left as it was, and the sentence why."""

    decisions: list[Decision] = field(default_factory=list)
    refused: list[tuple[MatchSuggestion, str]] = field(default_factory=list)


def decide_many(
    user: Any, wanted: Mapping[UUID, int | None], verb: Verb, batch: UUID, in_use: Collection[int] = ()
) -> Decided:
    """`wanted`: id -> the version that the person saw, best first; unknown ids are passed over. Orders `in_use` by
    somebody else are left to them. What is committed stays if a later part fails."""
    if verb not in (Verb.ACCEPT, Verb.REJECT):
        raise ValueError(f"{verb} is not decided on a suggestion")
    total = Decided()
    for part in _parts(wanted):
        found = again_after_deadlock(partial(_part, user, part, verb, batch, in_use))
        total.decisions += found.decisions
        total.refused += found.refused
    return total


def _parts(wanted: Mapping[UUID, int | None]) -> Iterator[dict[UUID, int | None]]:
    ids = list(wanted)
    for start in range(0, len(ids), CHUNK):
        yield {pk: wanted[pk] for pk in ids[start : start + CHUNK]}


def _part(user: Any, part: Mapping[UUID, int | None], verb: Verb, batch: UUID, in_use: Collection[int]) -> Decided:
    with transaction.atomic(durable=True):
        orders = lock_orders(MatchSuggestion.objects.filter(pk__in=part).values_list("order_id", flat=True))
        found, chosen = Decided(), []
        for suggestion, conflict in _checked(part, orders, verb, in_use):
            if conflict is None:
                chosen.append(suggestion)
            else:
                found.refused.append((suggestion, str(conflict)))
        if chosen:
            made = (decision_of(user, suggestion, verb, batch) for suggestion in chosen)
            found.decisions = Decision.objects.bulk_create(made)
            _move(found.decisions, verb)
            tell_history(found.decisions)
    return found


def _checked(
    part: Mapping[UUID, int | None], orders: Mapping[int, Order], verb: Verb, in_use: Collection[int]
) -> Iterator[tuple[MatchSuggestion, Conflict | None]]:
    """With the orders locked. Of two candidates of one order the better is accepted."""
    accepted = _accepted(orders)
    unwritten = set(
        WriteBack.objects.filter(order__in=orders, state=WriteState.OPEN).values_list("order_id", flat=True)
    )
    taken: set[int] = set()
    wanted = MatchSuggestion.objects.filter(pk__in=part).select_related("stay", "decision__user")
    wanted = wanted.defer("reasons", "stay__occupancies", "stay__search")
    for suggestion in wanted.order_by("-probability", "rank", "pk"):
        key = suggestion.order_id
        suggestion.order = orders[key]
        try:
            _free(suggestion, taken, in_use)
            still_true(suggestion, part[suggestion.pk], accepted.get(key), key in unwritten)
        except Conflict as conflict:
            yield suggestion, conflict
        else:
            if verb == Verb.ACCEPT:
                taken.add(key)
            yield suggestion, None


def _free(suggestion: MatchSuggestion, taken: Collection[int], in_use: Collection[int]) -> None:
    words = {"order": suggestion.order.number}
    if suggestion.order_id in in_use:
        raise Conflict(_("Order %(order)s: a colleague has its card open. Nothing was changed.") % words)
    if suggestion.order_id in taken:
        raise Conflict(_("Order %(order)s: a better candidate of it is in the same batch.") % words)


def _accepted(orders: Iterable[int]) -> dict[int, MatchSuggestion]:
    found = MatchSuggestion.objects.filter(order__in=orders, state=State.ACCEPTED)
    return {s.order_id: s for s in found.select_related("order", "decision__user")}


def _move(decisions: list[Decision], verb: Verb) -> None:
    keys = [decision.pk for decision in decisions]
    mine = Decision.objects.filter(pk__in=keys)
    chosen = MatchSuggestion.objects.filter(pk__in=[decision.suggestion_id for decision in decisions])
    if verb == Verb.ACCEPT:
        # Displaced before chosen: at no moment do two of them hold the place of the accepted one.
        of_order = mine.filter(suggestion__order=OuterRef("order"))
        orders = [decision.suggestion.order_id for decision in decisions]
        others = MatchSuggestion.objects.pending().filter(order__in=orders)
        others.exclude(pk__in=[decision.suggestion_id for decision in decisions]).update(
            state=State.SUPERSEDED,
            end_reason=EndReason.ANOTHER_ACCEPTED,
            decision=Subquery(of_order.values("pk")[:1]),
            version=F("version") + 1,
            updated_at=timezone.now(),
        )
    chosen.update(
        state=State.ACCEPTED if verb == Verb.ACCEPT else State.REJECTED,
        decision=Subquery(mine.filter(suggestion=OuterRef("pk")).values("pk")[:1]),
        conflict="",
        version=F("version") + 1,
        updated_at=timezone.now(),
    )
    if verb == Verb.ACCEPT:
        WriteBack.objects.bulk_create(link_of(decision) for decision in decisions)
