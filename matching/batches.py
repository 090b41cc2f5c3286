"""A batch from its first sight to its end: which cards, what to look at before, what came of it.

What a person confirms is what that person was shown: the plan keeps each card's version, and a card that changed in
between is left out and told.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from matching.models import BulkPlan, Decision, Deed, MatchSuggestion, note_down
from matching.models.choices import Verb
from matching.review import queue
from matching.review.bulk import Decided, decide_many

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
