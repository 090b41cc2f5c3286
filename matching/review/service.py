"""What the screens call when a person decides: the decision, what it displaces and the link to write, in one commit.

The link goes to Supabase right after that commit; when it cannot, the outbox keeps it and nobody waits. Every
function checks the user's permission itself and raises `Conflict` with a sentence when the card is no longer true.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import Decision, Deed, MatchSuggestion, Order, WriteBack, note_down
from matching.models.choices import ALIVE, MANUAL, EndReason, RejectReason, State, Verb, WriteKind, WriteState
from matching.review.decision import Conflict, answered_before, still_true
from matching.suggestions.locks import again_after_deadlock, lock_order_of, lock_orders
from matching.suggestions.restore import restore_all
from matching.writeback.outbox import send_now

__all__ = ["Conflict", "Outcome", "decide", "no_guest", "undo"]

# More links than these wait for the next delivery: a batch answers at once.
MOST_SENT = 20


@dataclass
class Outcome:
    """`waiting`: links that Supabase has yet to confirm. `came_back`: a sentence for each card that Supabase refused
    at once."""

    batch: UUID
    decisions: list[Decision] = field(default_factory=list)
    came_back: list[str] = field(default_factory=list)
    waiting: int = 0
    # The link of the one decision that was taken.
    link: WriteBack | None = None


def decide(
    user: Any, suggestion_id: UUID | str, verb: Verb | str, version: int | None, reason: str | None = None
) -> Outcome:
    """`version` is the suggestion's as the person saw it. Raises MatchSuggestion.DoesNotExist for a forged id."""
    _require(user, "decide_suggestion")
    outcome = Outcome(uuid.uuid4())
    with transaction.atomic(durable=True):
        _decide(outcome, user, lock_order_of(suggestion_id), suggestion_id, Verb(verb), version, reason or "")
    return _sent(outcome)


def no_guest(user: Any, order_id: int, version: int) -> Outcome:
    """Nobody to link: accepts the order's "no guest" candidate, made on the spot when the matcher offered none.
    `version` is the order's `texto_versao` as the person saw it."""
    _require(user, "decide_suggestion")
    outcome = Outcome(uuid.uuid4())
    with transaction.atomic(durable=True):
        order = lock_orders([order_id]).get(order_id)
        if order is None:
            raise Order.DoesNotExist
        if order.texto_versao != version:
            raise Conflict(
                _("The order's text changed while you were reading. Nothing was written; please look again.")
            )
        candidate = _no_guest_candidate(order)
        # One that is accepted was seen before it was: this may be the same request once more.
        seen = candidate.version - (candidate.state == State.ACCEPTED)
        _decide(outcome, user, order, candidate.pk, Verb.ACCEPT, seen, "")
    return _sent(outcome)


def undo(user: Any, decision_id: int) -> Outcome:
    """Takes back the decision and all that were taken with it in one go; links that may stand are unlinked."""
    _require(user, "decide_suggestion")
    outcome = Outcome(uuid.uuid4())
    batch = Decision.objects.values_list("batch", flat=True).get(pk=decision_id)
    outcome.decisions = again_after_deadlock(lambda: _undo(user, batch, outcome.batch))
    return _sent(outcome)


def _undo(user: Any, batch: UUID, undo_batch: UUID) -> list[Decision]:
    with transaction.atomic(durable=True):
        decisions = Decision.objects.filter(batch=batch).exclude(verb=Verb.UNDO)
        orders = lock_orders(decisions.values_list("suggestion__order_id", flat=True))
        undos = take_back(user, decisions, orders, undo_batch)
        tell_history(undos)
        if len(undos) > 1:
            note_down(user, Deed.BULK_UNDO, batch=undo_batch, of=str(batch), count=len(undos))
        return undos


def _require(user: Any, permission: str) -> None:
    if not user.has_perm(f"matching.{permission}"):
        raise PermissionDenied


def _decide(
    outcome: Outcome,
    user: Any,
    order: Order,
    suggestion_id: UUID | str,
    verb: Verb,
    version: int | None,
    reason: str,
) -> None:
    if reason and reason not in RejectReason.values:
        raise Conflict(_("Unknown reason. Nothing was decided."))
    suggestion, accepted = _with_accepted(order, suggestion_id)
    again = answered_before(suggestion, user, verb, version)
    if again is not None:
        outcome.decisions.append(again)
        return
    unwritten = order.linked and order.writebacks.filter(state=WriteState.OPEN).exists()
    still_true(suggestion, version, accepted, unwritten)
    if verb == Verb.REJECT:
        decision = _record(user, suggestion, Verb.REJECT, outcome.batch, reason)
        _move(suggestion, State.REJECTED, decision)
    elif verb == Verb.ACCEPT:
        decision, outcome.link = _accept(user, suggestion, outcome.batch)
    else:
        raise ValueError(f"{verb} is not decided on a suggestion")
    outcome.decisions.append(decision)


def _with_accepted(order: Order, suggestion_id: UUID | str) -> tuple[MatchSuggestion, MatchSuggestion | None]:
    """That suggestion of the locked order, and the one that the order has accepted."""
    asked = order.suggestions.filter(Q(pk=suggestion_id) | Q(state=State.ACCEPTED))
    found = {str(suggestion.pk): suggestion for suggestion in asked.select_related("stay", "decision__user")}
    for suggestion in found.values():
        suggestion.order = order
    accepted = next((suggestion for suggestion in found.values() if suggestion.state == State.ACCEPTED), None)
    return found[str(suggestion_id)], accepted


def _accept(user: Any, suggestion: MatchSuggestion, batch: UUID) -> tuple[Decision, WriteBack]:
    decision = _record(user, suggestion, Verb.ACCEPT, batch, "")
    # Displaced before chosen: at no moment do two of them hold the place of the accepted one.
    MatchSuggestion.objects.pending().filter(order=suggestion.order).exclude(pk=suggestion.pk).update(
        state=State.SUPERSEDED,
        end_reason=EndReason.ANOTHER_ACCEPTED,
        decision=decision,
        version=F("version") + 1,
        updated_at=timezone.now(),
    )
    _move(suggestion, State.ACCEPTED, decision)
    link = link_of(decision)
    link.save()
    return decision, link


def _record(user: Any, suggestion: MatchSuggestion, verb: Verb, batch: UUID, reason: str) -> Decision:
    decision = decision_of(user, suggestion, verb, batch, reason)
    decision.save()
    tell_history([decision])
    return decision


def _move(suggestion: MatchSuggestion, state: State, decision: Decision) -> None:
    suggestion.state, suggestion.decision, suggestion.conflict = state, decision, ""
    suggestion.version += 1
    suggestion.save(update_fields=["state", "decision", "conflict", "version", "updated_at"])


def _no_guest_candidate(order: Order) -> MatchSuggestion:
    alive = MatchSuggestion.objects.filter(order=order, stay=None, state__in=ALIVE).first()
    return alive or MatchSuggestion.objects.create(
        order=order,
        stay=None,
        probability=Decimal(0),
        rank=99,
        model_version=MANUAL,
        texto_versao=order.texto_versao,
    )


def _sent(outcome: Outcome) -> Outcome:
    """Our commit stands; what Supabase says now only adds to the answer. Nobody waits for the links of a batch."""
    if all(decision.verb == Verb.REJECT for decision in outcome.decisions):
        return outcome
    writes = WriteBack.objects.filter(decision__in=outcome.decisions)
    if len(outcome.decisions) > MOST_SENT:
        outcome.waiting = writes.filter(state=WriteState.OPEN).count()
        return outcome
    if outcome.link is not None and send_now([outcome.link]):
        return outcome
    if outcome.link is None:
        send_now(writes.filter(state=WriteState.OPEN, next_try_at__lte=timezone.now()).order_by("pk"))
    outcome.waiting = writes.filter(state=WriteState.OPEN).count()
    refused = MatchSuggestion.objects.filter(
        pk__in=[d.suggestion_id for d in outcome.decisions if d.verb != Verb.UNDO], state=State.PENDING
    ).exclude(conflict="")
    outcome.came_back = [f"OS {s.order.number}: {s.get_conflict_display()}" for s in refused.select_related("order")]
    return outcome


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


def take_back(user: Any, decisions: QuerySet[Decision], orders: Mapping[int, Order], batch: UUID) -> list[Decision]:
    """Call with the orders locked. Returns the undo decisions; raises Conflict when there is nothing left to undo.
    As many queries for thousands as for one, but for their inserts."""
    told = decisions.filter(undone_by=None).select_related("suggestion__stay").order_by("pk")
    told = told.defer("suggestion__reasons", "suggestion__stay__fingerprint", "suggestion__stay__search")
    standing = list(told)
    if any(d.user_id != user.pk for d in standing) and not user.has_perm("matching.undo_others"):
        raise PermissionDenied
    keys = [d.pk for d in standing]
    holding = set(MatchSuggestion.objects.filter(decision__in=keys).values_list("decision_id", flat=True))
    standing = [d for d in standing if d.pk in holding]
    if not standing:
        raise Conflict(_("This decision was already undone or no longer holds. Nothing was changed."))
    undos = Decision.objects.bulk_create(_undo_of(user, d, orders[d.suggestion.order_id], batch) for d in standing)
    restore_all([d.pk for d in standing], orders)
    _unlink(user, {undo.undo_of_id: undo for undo in undos if undo.undo_of_id is not None})
    return undos


def _undo_of(user: Any, decision: Decision, order: Order, batch: UUID) -> Decision:
    decision.suggestion.order = order
    return Decision(
        user=user,
        verb=Verb.UNDO,
        suggestion=decision.suggestion,
        batch=batch,
        order_fingerprint=decision.order_fingerprint,
        stay_fingerprint=decision.stay_fingerprint,
        probability=decision.probability,
        model_version=decision.model_version,
        texto_versao=decision.texto_versao,
        undo_of=decision,
    )


def _unlink(user: Any, undos: Mapping[int, Decision]) -> None:
    """An open link is withdrawn; one that is written, or may be on its way, is followed by an unlink."""
    now = timezone.now()
    links = list(WriteBack.objects.select_for_update().filter(decision__in=undos, kind=WriteKind.LINK).order_by("pk"))
    withdrawn = [link.pk for link in links if link.state == WriteState.OPEN]
    WriteBack.objects.filter(pk__in=withdrawn).update(state=WriteState.WITHDRAWN, settled_at=now)
    WriteBack.objects.bulk_create(
        WriteBack(
            kind=WriteKind.UNLINK,
            decision=undos[link.decision_id],
            suggestion_id=link.suggestion_id,
            order_id=link.order_id,
            stay_id=link.stay_id,
            texto_versao=link.texto_versao,
            username=user.get_username(),
            next_try_at=_after_the_last_try(link, now),
        )
        for link in _standing(links)
    )


def _standing(links: Collection[WriteBack]) -> list[WriteBack]:
    return [
        link
        for link in links
        if link.state == WriteState.DONE or (link.state == WriteState.OPEN and link.maybe_written)
    ]


def _after_the_last_try(link: WriteBack, now: datetime) -> datetime:
    """A request still under way must not arrive after the unlink that takes it back."""
    return max(now, link.leased_until) if link.state == WriteState.OPEN and link.leased_until else now
