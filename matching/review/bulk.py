"""Many decisions under one batch: some hundreds a transaction, in a number of queries that the rows do not raise."""

import random
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import BulkPlan, Decision, Deed, MatchSuggestion, Order, WriteBack, note_down
from matching.models.choices import EndReason, State, Verb, WriteState
from matching.review import queue
from matching.review.decision import Conflict, still_true
from matching.review.service import decision_of, link_of, tell_history
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


MOST: Final = 10_000
SAMPLE: Final = 10
NEAREST: Final = 5
# Sentences that are kept; the rest is a number.
MOST_TOLD: Final = 50
# Longer than a batch takes. Whoever's batch was cut off can go on with it after that.
HELD: Final = timedelta(minutes=2)


def candidates() -> QuerySet[MatchSuggestion]:
    """What a batch may accept unseen: the best candidate of each order, but for orders that a person marked and
    cards that came back."""
    heads = MatchSuggestion.objects.heads()
    kept = Q(pk__in=heads.exclude(conflict="").values("pk")) | Q(pk__in=heads.filter(order__flagged=True).values("pk"))
    # The few are looked up and left out: asked of each head, its own row and its order's would have to be read.
    return heads.exclude(kept)


def plan_above(user: Any, threshold: Decimal) -> BulkPlan:
    return _plan(user, Verb.ACCEPT, candidates().filter(probability__gte=threshold), threshold)


def plan_of(user: Any, verb: Verb, chosen: QuerySet[MatchSuggestion]) -> BulkPlan:
    """Of those picked by hand, the ones that wait for a decision."""
    return _plan(user, verb, MatchSuggestion.objects.pending().filter(pk__in=chosen.order_by().values("pk")), None)


def _plan(user: Any, verb: Verb, cards: QuerySet[MatchSuggestion], threshold: Decimal | None) -> BulkPlan:
    """A person has one batch in preparation; an older one that was never confirmed is forgotten."""
    if not user.has_perm("matching.bulk_decide"):
        raise PermissionDenied
    BulkPlan.objects.filter(user=user, held_until=None, done_at=None).delete()
    rows = cards.order_by("-probability", "rank", "pk").values_list("pk", "version", "probability")
    items = [[str(pk), version, float(probability)] for pk, version, probability in rows[:MOST]]
    found = cards.count() if len(items) == MOST else len(items)
    return BulkPlan.objects.create(user=user, verb=verb, threshold=threshold, items=items, found=found)


@dataclass(frozen=True)
class Looked:
    """`sample`: drawn once for all from the plan's own number. `nearest`: the least probable first."""

    sample: list[MatchSuggestion]
    nearest: list[MatchSuggestion]


def look(plan: BulkPlan) -> Looked:
    """One query."""
    ids = [UUID(pk) for pk, _version, _probability in plan.items]
    drawn = random.Random(plan.pk.int).sample(ids, min(SAMPLE, len(ids)))  # noqa: S311  a sample, not a secret
    nearest = ids[-NEAREST:][::-1]
    cards = MatchSuggestion.objects.select_related("order", "stay").in_bulk({*drawn, *nearest})
    return Looked([cards[pk] for pk in drawn if pk in cards], [cards[pk] for pk in nearest if pk in cards])


def probabilities(plan: BulkPlan) -> list[float]:
    return [probability for _pk, _version, probability in plan.items]


def carry_out(user: Any, plan: BulkPlan) -> bool:
    """False when it is done or under way already: a second press decides nothing twice."""
    if not user.has_perm("matching.bulk_decide") or plan.user_id != user.pk:
        raise PermissionDenied
    now = timezone.now()
    free = BulkPlan.objects.filter(Q(held_until=None) | Q(held_until__lt=now), pk=plan.pk, done_at=None)
    if not free.update(held_until=now + HELD):
        return False
    done = set(Decision.objects.filter(batch=plan.batch).values_list("suggestion_id", flat=True))
    wanted = {UUID(pk): version for pk, version, _probability in plan.items if UUID(pk) not in done}
    _finish(user, plan, decide_many(user, wanted, Verb(plan.verb), plan.batch, queue.orders_leased_by_others(user)))
    return True


def _finish(user: Any, plan: BulkPlan, found: Decided) -> None:
    plan.decided = Decision.objects.filter(batch=plan.batch).count()
    plan.left_out = len(plan.items) - plan.decided
    plan.told = _told(found.refused)
    plan.done_at = timezone.now()
    with transaction.atomic():
        plan.save(update_fields=["decided", "left_out", "told", "done_at"])
        note_down(
            user,
            Deed.BULK,
            batch=plan.batch,
            verb=plan.verb,
            threshold=None if plan.threshold is None else str(plan.threshold),
            decided=plan.decided,
            left_out=plan.left_out,
        )


def _told(refused: Iterable[tuple[MatchSuggestion, str]]) -> list[list[str]]:
    return [[str(card.pk), card.order.number, sentence] for card, sentence in list(refused)[:MOST_TOLD]]
