"""Takes back what a decision did to suggestions: after a person's undo, or after Supabase refused the link."""

from collections.abc import Iterable

from django.utils import timezone

from matching.models import Decision, MatchSuggestion, Order
from matching.states import ALIVE, MANUAL, EndReason, LateConflict, State


def restore(decision: Decision, order: Order) -> list[MatchSuggestion]:
    """Every suggestion that the decision moved goes back to the queue, if it still belongs there.

    Call with the order locked. A suggestion of an older text, of a stay that is gone, with a newer twin, or
    that a person had made on the spot ends instead, with its reason.
    """
    touched = _taken_back(decision, order)
    _save(touched)
    return touched


def bring_back(decision: Decision, order: Order, late: LateConflict) -> MatchSuggestion:
    """As `restore`, and the suggestion that was accepted carries the reason; after a change of text it stands
    for the new one, so that a person can decide at once."""
    touched = _taken_back(decision, order)
    for suggestion in touched:
        if late == LateConflict.TEXT_CHANGED and suggestion.end_reason == EndReason.TEXT_CHANGED:
            suggestion.state, suggestion.end_reason = State.PENDING, ""
            suggestion.texto_versao = order.texto_versao
    chosen = next(s for s in touched if s.pk == decision.suggestion_id)
    chosen.state, chosen.end_reason, chosen.conflict = State.PENDING, "", late
    _save(touched)
    return chosen


def _taken_back(decision: Decision, order: Order) -> list[MatchSuggestion]:
    moved = MatchSuggestion.objects.select_for_update(of=("self",)).select_related("stay")
    touched = list(moved.filter(decision=decision).order_by("pk"))
    others = MatchSuggestion.objects.filter(order=order, state__in=ALIVE).exclude(decision=decision)
    alive: set[int | None] = set(others.values_list("stay_id", flat=True))
    for suggestion in touched:
        _put_back(suggestion, order, alive)
    return touched


def _put_back(suggestion: MatchSuggestion, order: Order, alive: set[int | None]) -> None:
    suggestion.decision = None
    suggestion.state, suggestion.end_reason = State.PENDING, ""
    if suggestion.texto_versao < order.texto_versao:
        suggestion.state, suggestion.end_reason = State.SUPERSEDED, EndReason.TEXT_CHANGED
    elif suggestion.stay is not None and suggestion.stay.unavailable:
        suggestion.state, suggestion.end_reason = State.EXPIRED, EndReason.STAY_CANCELLED
    elif suggestion.stay_id in alive or suggestion.model_version == MANUAL:
        suggestion.state, suggestion.end_reason = State.SUPERSEDED, EndReason.OUTRANKED


def _save(touched: Iterable[MatchSuggestion]) -> None:
    for suggestion in touched:
        suggestion.version += 1
        suggestion.updated_at = timezone.now()
    MatchSuggestion.objects.bulk_update(
        touched, ["decision", "state", "end_reason", "conflict", "texto_versao", "version", "updated_at"]
    )
