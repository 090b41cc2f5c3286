"""Takes back what a decision did to suggestions: after a person's undo, or after Supabase refused the link."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import F
from django.utils import timezone

from matching.models import Decision, MatchSuggestion, Order
from matching.models.choices import ALIVE, MANUAL, EndReason, LateConflict, State

CHUNK = 500


def restore(decision: Decision, order: Order) -> list[MatchSuggestion]:
    """Every suggestion that the decision moved goes back to the queue, if it still belongs there.

    Call with the order locked. A suggestion of an older text, of a stay that is gone, with a newer twin, or
    that a person had made on the spot ends instead, with its reason.
    """
    return restore_all([decision.pk], {order.pk: order})


def restore_all(decisions: Collection[int], orders: Mapping[int, Order]) -> list[MatchSuggestion]:
    """As `restore`, for many decisions on these orders."""
    touched = _taken_back(decisions, orders)
    _save(touched)
    return touched


def bring_back(decision: Decision, order: Order, late: LateConflict) -> MatchSuggestion:
    """As `restore`, and the suggestion that was accepted carries the reason; after a change of text it stands
    for the new one, so that a person can decide at once."""
    touched = _taken_back([decision.pk], {order.pk: order})
    for suggestion in touched:
        if late == LateConflict.TEXT_CHANGED and suggestion.end_reason == EndReason.TEXT_CHANGED:
            suggestion.state, suggestion.end_reason = State.PENDING, ""
            suggestion.texto_versao = order.texto_versao
    chosen = next(s for s in touched if s.pk == decision.suggestion_id)
    chosen.state, chosen.end_reason, chosen.conflict = State.PENDING, "", late
    _save(touched)
    return chosen


def _taken_back(decisions: Collection[int], orders: Mapping[int, Order]) -> list[MatchSuggestion]:
    moved = MatchSuggestion.objects.select_for_update(of=("self",)).select_related("stay")
    moved = moved.defer("reasons", "stay__fingerprint", "stay__occupancies", "stay__search")
    touched = list(moved.filter(decision__in=decisions).order_by("pk"))
    others = MatchSuggestion.objects.filter(order__in=orders, state__in=ALIVE).exclude(decision__in=decisions)
    alive: dict[int, set[int | None]] = defaultdict(set)
    for order, stay in others.values_list("order_id", "stay_id"):
        alive[order].add(stay)
    for suggestion in touched:
        _put_back(suggestion, orders[suggestion.order_id], alive[suggestion.order_id])
    return touched


def _put_back(suggestion: MatchSuggestion, order: Order, alive: Collection[int | None]) -> None:
    suggestion.decision = None
    suggestion.state, suggestion.end_reason = State.PENDING, ""
    if suggestion.texto_versao < order.texto_versao:
        suggestion.state, suggestion.end_reason = State.SUPERSEDED, EndReason.TEXT_CHANGED
    elif suggestion.stay is not None and suggestion.stay.unavailable:
        suggestion.state, suggestion.end_reason = State.EXPIRED, EndReason.STAY_CANCELLED
    elif suggestion.stay_id in alive or suggestion.model_version == MANUAL:
        suggestion.state, suggestion.end_reason = State.SUPERSEDED, EndReason.OUTRANKED


def _save(touched: Iterable[MatchSuggestion]) -> None:
    """Few statements for all that end alike, which is nearly all of a batch; few rows in each, for the trigger that
    keeps the queue looks at every row of a statement for every order of it."""
    alike: dict[tuple[str, str, str, int], list[MatchSuggestion]] = defaultdict(list)
    for suggestion in touched:
        suggestion.version += 1
        alike[suggestion.state, suggestion.end_reason, suggestion.conflict, suggestion.texto_versao].append(suggestion)
    for (state, end_reason, conflict, texto_versao), some in alike.items():
        for start in range(0, len(some), CHUNK):
            MatchSuggestion.objects.filter(pk__in=[suggestion.pk for suggestion in some[start : start + CHUNK]]).update(
                decision=None,
                state=state,
                end_reason=end_reason,
                conflict=conflict,
                texto_versao=texto_versao,
                version=F("version") + 1,
                updated_at=timezone.now(),
            )
