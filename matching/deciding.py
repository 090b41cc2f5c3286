"""The rows that a decision writes, made and not yet saved: one at a time or hundreds, they are the same."""

from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from matching.models import Decision, MatchSuggestion, WriteBack
from matching.models.choices import MANUAL, Verb, WriteKind


def decision_of(user: Any, suggestion: MatchSuggestion, verb: Verb, batch: UUID, reason: str = "") -> Decision:
    """`suggestion` with order and stay. An acceptance of "no guest" gets its own verb."""
    if verb == Verb.ACCEPT and suggestion.stay_id is None:
        verb = Verb.NO_GUEST
    return Decision(
        user=user,
        verb=verb,
        suggestion=suggestion,
        batch=batch,
        reason=reason,
        order_fingerprint=suggestion.order.fingerprint,
        stay_fingerprint=suggestion.stay.fingerprint if suggestion.stay else {},
        probability=suggestion.probability,
        model_version=suggestion.model_version,
        texto_versao=suggestion.texto_versao,
    )


def link_of(decision: Decision) -> WriteBack:
    """What Supabase has to hear of an acceptance; the decision is saved."""
    suggestion = decision.suggestion
    return WriteBack(
        kind=WriteKind.LINK,
        decision=decision,
        suggestion=suggestion,
        order_id=suggestion.order_id,
        stay_id=suggestion.stay_id,
        texto_versao=suggestion.texto_versao,
        username=decision.user.get_username(),
        score=None if suggestion.model_version == MANUAL else suggestion.probability,
        next_try_at=timezone.now(),
    )


def tell_history(decisions: list[Decision]) -> None:
    """The admin's own history of each suggestion. Call it in the transaction that saves the decisions."""
    content_type = ContentType.objects.get_for_model(MatchSuggestion)
    LogEntry.objects.bulk_create(
        LogEntry(
            user_id=decision.user_id,
            content_type=content_type,
            object_id=str(decision.suggestion_id),
            object_repr=str(decision.suggestion)[:200],
            action_flag=CHANGE,
            change_message=str(decision.get_verb_display()),
        )
        for decision in decisions
    )
