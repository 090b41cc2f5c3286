"""Restores suggestions after their decision was undone, or after Supabase refused its link."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db.models import F
from django.utils import timezone

from matching.models import Decision, MatchSuggestion, Order
from matching.models.choices import ALIVE, MANUAL, EndReason, LateConflict, State

CHUNK = 500


def restore_suggestions(decisions: Collection[int], orders: Mapping[int, Order]) -> None:
    """Returns every suggestion that the decisions moved to the queue, if it still belongs there.

    Call it with the orders locked. A suggestion of an older text, of a stay that is no longer available, with a newer
    twin, or that was created for a person's "no guest" ends with that reason instead.
    """
    _save(_restored(decisions, orders))


def restore_with_conflict(decision: Decision, order: Order, conflict: LateConflict) -> None:
    """As `restore_suggestions`; the accepted suggestion returns to the queue with the conflict. After a change of text
    it belongs to the new text, so that a person can decide at once."""
    suggestions = _restored([decision.pk], {order.pk: order})
    for suggestion in suggestions:
        if conflict == LateConflict.TEXT_CHANGED and suggestion.end_reason == EndReason.TEXT_CHANGED:
            suggestion.state, suggestion.end_reason = State.PENDING, ""
            suggestion.texto_versao = order.texto_versao
        if suggestion.pk == decision.suggestion_id:
            suggestion.state, suggestion.end_reason, suggestion.conflict = State.PENDING, "", conflict
    _save(suggestions)


def _restored(decisions: Collection[int], orders: Mapping[int, Order]) -> list[MatchSuggestion]:
    """The suggestions with their new state, locked and not yet saved."""
    rows = MatchSuggestion.objects.select_for_update(of=("self",)).select_related("stay")
    rows = rows.defer("reasons", "stay__fingerprint", "stay__occupancies", "stay__search")
    suggestions = list(rows.filter(decision__in=decisions).order_by("pk"))
    others = MatchSuggestion.objects.filter(order__in=orders, state__in=ALIVE).exclude(decision__in=decisions)
    alive = set(others.values_list("order_id", "stay_id"))
    for suggestion in suggestions:
        suggestion.decision = None
        suggestion.state, suggestion.end_reason = State.PENDING, ""
        if suggestion.texto_versao < orders[suggestion.order_id].texto_versao:
            suggestion.state, suggestion.end_reason = State.SUPERSEDED, EndReason.TEXT_CHANGED
        elif suggestion.stay is not None and suggestion.stay.unavailable:
            suggestion.state, suggestion.end_reason = State.EXPIRED, EndReason.STAY_CANCELLED
        elif (suggestion.order_id, suggestion.stay_id) in alive or suggestion.model_version == MANUAL:
            suggestion.state, suggestion.end_reason = State.SUPERSEDED, EndReason.OUTRANKED
    return suggestions


def _save(suggestions: Iterable[MatchSuggestion]) -> None:
    """One statement for all that end in the same state, which is nearly the whole batch, CHUNK rows at a time: the
    trigger that maintains the queue compares every row of a statement with every row of its orders."""
    same: dict[tuple[str, str, str, int], list[MatchSuggestion]] = defaultdict(list)
    for suggestion in suggestions:
        same[suggestion.state, suggestion.end_reason, suggestion.conflict, suggestion.texto_versao].append(suggestion)
    for (state, end_reason, conflict, texto_versao), group in same.items():
        for start in range(0, len(group), CHUNK):
            ids = [suggestion.pk for suggestion in group[start : start + CHUNK]]
            MatchSuggestion.objects.filter(pk__in=ids).update(
                decision=None,
                state=state,
                end_reason=end_reason,
                conflict=conflict,
                texto_versao=texto_versao,
                version=F("version") + 1,
                updated_at=timezone.now(),
            )
