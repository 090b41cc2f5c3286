"""Bulk decisions: the plan that a person confirms, and its execution in transactions of some hundred cards.

A plan keeps the version of every card as the person saw it: a card that changes before the confirmation is left out
and listed. The number of queries does not depend on the number of cards in a transaction.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import AuditAction, BulkPlan, Decision, MatchSuggestion, WriteBack, record_audit
from matching.models.choices import State, Verb, WriteState
from matching.review import queue, service
from matching.review.decision import Conflict, check_current
from matching.suggestions import lock_orders, retry_on_deadlock

MAX_ITEMS: Final = 10_000
# Orders locked at a time: a colleague who decides one of them waits for less than a second.
CHUNK: Final = 500
SAMPLE: Final = 10
NEAREST: Final = 5
# Sentences about cards left out that a plan stores; the rest is only counted.
MAX_SENTENCES: Final = 50
# Longer than a batch takes. An interrupted batch can be resumed after that.
LEASE: Final = timedelta(minutes=2)


# Reasons that report words of a room or person that nobody read.
_UNREAD: Final = ({"comparison": "room", "level": "unread"}, {"comparison": "name", "level": "unmatched"})


def without_unread_nobody(cards: QuerySet[MatchSuggestion]) -> QuerySet[MatchSuggestion]:
    """Without "no guest" where words of the order were not read: such a card is never accepted in bulk."""
    nobodys = cards.filter(stay=None)
    room, person = _UNREAD
    unread = nobodys.filter(Q(reasons__contains=[room]) | Q(reasons__contains=[person]))
    return cards.exclude(pk__in=unread.values("pk"))


def eligible() -> QuerySet[MatchSuggestion]:
    """Cards that may be accepted unseen: the best candidate of each order, without flagged orders, without cards that
    came back, and without "no guest" where words were not read."""
    heads = without_unread_nobody(MatchSuggestion.objects.heads())
    kept = Q(pk__in=heads.exclude(conflict="").values("pk")) | Q(pk__in=heads.filter(order__flagged=True).values("pk"))
    # Excluding the few by primary key spares a read of every head and its order.
    return heads.exclude(kept)


def plan_above(user: Any, threshold: Decimal) -> BulkPlan:
    return _plan(user, Verb.ACCEPT, eligible().filter(probability__gte=threshold), threshold)


def plan_selected(user: Any, verb: Verb, selected: QuerySet[MatchSuggestion]) -> BulkPlan:
    """A plan for the pending ones among the selected suggestions."""
    cards = MatchSuggestion.objects.pending().filter(pk__in=selected.order_by().values("pk"))
    return _plan(user, verb, without_unread_nobody(cards) if verb == Verb.ACCEPT else cards, None)


def _plan(user: Any, verb: Verb, cards: QuerySet[MatchSuggestion], threshold: Decimal | None) -> BulkPlan:
    """A person has one plan at a time: an older one that was never confirmed is deleted."""
    if not user.has_perm("matching.bulk_decide"):
        raise PermissionDenied
    BulkPlan.objects.filter(user=user, held_until=None, done_at=None).delete()
    rows = cards.order_by("-probability", "rank", "pk").values_list("pk", "version", "probability")
    items = [[str(pk), version, float(probability)] for pk, version, probability in rows[:MAX_ITEMS]]
    found = cards.count() if len(items) == MAX_ITEMS else len(items)
    return BulkPlan.objects.create(user=user, verb=verb, threshold=threshold, items=items, found=found)


@dataclass(frozen=True)
class Preview:
    """`sample`: drawn at random, the same for every view of a plan. `nearest`: the least probable first."""

    sample: list[MatchSuggestion]
    nearest: list[MatchSuggestion]


def preview(plan: BulkPlan) -> Preview:
    """One query."""
    ids = [UUID(pk) for pk, _version, _probability in plan.items]
    drawn = random.Random(plan.pk.int).sample(ids, min(SAMPLE, len(ids)))  # noqa: S311  a sample, not a secret
    nearest = ids[-NEAREST:][::-1]
    cards = MatchSuggestion.objects.select_related("order", "stay").in_bulk({*drawn, *nearest})
    return Preview([cards[pk] for pk in drawn if pk in cards], [cards[pk] for pk in nearest if pk in cards])


def carry_out(user: Any, plan: BulkPlan) -> bool:
    """False when the plan is done or under way: a second request decides nothing. An interrupted plan is resumed
    under the same batch."""
    if not user.has_perm("matching.bulk_decide") or plan.user_id != user.pk:
        raise PermissionDenied
    now = timezone.now()
    free = BulkPlan.objects.filter(Q(held_until=None) | Q(held_until__lt=now), pk=plan.pk, done_at=None)
    if not free.update(held_until=now + LEASE):
        return False
    done = set(Decision.objects.filter(batch=plan.batch).values_list("suggestion_id", flat=True))
    versions = {UUID(pk): version for pk, version, _probability in plan.items if UUID(pk) not in done}
    result = decide_many(user, versions, Verb(plan.verb), plan.batch, queue.orders_leased_by_others(user))
    plan.decided = Decision.objects.filter(batch=plan.batch).count()
    plan.left_out = len(plan.items) - plan.decided
    plan.told = [[str(card.pk), card.order.number, sentence] for card, sentence in result.refused[:MAX_SENTENCES]]
    plan.done_at = timezone.now()
    with transaction.atomic():
        plan.save(update_fields=["decided", "left_out", "told", "done_at"])
        record_audit(
            user,
            AuditAction.BULK,
            batch=plan.batch,
            verb=plan.verb,
            threshold=None if plan.threshold is None else str(plan.threshold),
            decided=plan.decided,
            left_out=plan.left_out,
        )
    return True


@dataclass
class BulkResult:
    """`refused`: each card that was left as it is, with a sentence that says why."""

    decisions: list[Decision] = field(default_factory=list)
    refused: list[tuple[MatchSuggestion, str]] = field(default_factory=list)


def decide_many(
    user: Any, versions: Mapping[UUID, int | None], verb: Verb, batch: UUID, leased: Collection[int] = ()
) -> BulkResult:
    """`versions`: suggestion id -> the version that the person saw, best first; unknown ids are ignored. `leased`:
    orders whose card a colleague has open, which are refused. What is committed stays when a later part fails."""
    if verb not in (Verb.ACCEPT, Verb.REJECT):
        raise ValueError(f"{verb} is not decided on a suggestion")
    total, ids = BulkResult(), list(versions)
    for start in range(0, len(ids), CHUNK):
        part = {pk: versions[pk] for pk in ids[start : start + CHUNK]}
        result = retry_on_deadlock(partial(_decide_part, user, part, verb, batch, leased))
        total.decisions += result.decisions
        total.refused += result.refused
    return total


def _decide_part(
    user: Any, versions: Mapping[UUID, int | None], verb: Verb, batch: UUID, leased: Collection[int]
) -> BulkResult:
    """One transaction. Of two candidates of the same order the better one is accepted."""
    with transaction.atomic(durable=True):
        of_part = MatchSuggestion.objects.filter(pk__in=versions)
        orders = lock_orders(of_part.values_list("order_id", flat=True))
        accepted = {
            row.order_id: row
            for row in MatchSuggestion.objects.filter(order__in=orders, state=State.ACCEPTED).select_related(
                "order", "decision__user"
            )
        }
        open_writes = WriteBack.objects.filter(order__in=orders, state=WriteState.OPEN)
        unwritten = set(open_writes.values_list("order_id", flat=True))
        rows = of_part.select_related("stay", "decision__user").defer("reasons", "stay__occupancies", "stay__search")
        chosen: list[MatchSuggestion] = []
        refused: list[tuple[MatchSuggestion, str]] = []
        taken: set[int] = set()
        for suggestion in rows.order_by("-probability", "rank", "pk"):
            order = suggestion.order = orders[suggestion.order_id]
            words = {"order": order.number}
            try:
                if order.pk in leased:
                    raise Conflict(_("Order %(order)s: a colleague has its card open. Nothing was changed.") % words)
                if order.pk in taken:
                    raise Conflict(_("Order %(order)s: a better candidate of it is in the same batch.") % words)
                check_current(suggestion, versions[suggestion.pk], accepted.get(order.pk), order.pk in unwritten)
            except Conflict as conflict:
                refused.append((suggestion, str(conflict)))
                continue
            chosen.append(suggestion)
            if verb == Verb.ACCEPT:
                taken.add(order.pk)
        decisions = service.record(user, chosen, verb, batch)[0] if chosen else []
        return BulkResult(decisions, refused)
