"""The decision service: what pages call when a person decides or undoes.

Every function checks the user's permission, locks the orders and writes one transaction: the decision, what follows
from it for the suggestions, and the links for the outbox. Only then does it try to write the links to Supabase; what
cannot be written in time stays in the outbox. `Conflict` carries a sentence for the person: nothing was changed.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import AuditAction, Decision, FurtherGuest, MatchSuggestion, Order, Stay, WriteBack, record_audit
from matching.models.choices import ALIVE, MANUAL, EndReason, RejectReason, State, Verb, WriteKind, WriteState
from matching.review.decision import (
    Conflict,
    check_current,
    may_undo,
    repeated_decision,
    require_decider,
    require_free,
)
from matching.review.further_guests import remove_from
from matching.suggestions import lock_order_of, lock_orders, restore_suggestions, retry_on_deadlock
from matching.writeback import send_now

__all__ = ["Conflict", "Outcome", "choose", "decide", "no_guest", "record", "undo"]

# Ranks of a guest and of "no guest" that a person chose: below every candidate of the matcher.
_LAST = {False: 98, True: 99}
# A request writes at most so many links itself; the links of a larger batch wait for the next delivery.
MAX_SENT_NOW = 20


@dataclass
class Outcome:
    """`came_back`: a sentence for each card whose link Supabase refused at once; `waiting`: the number of links that
    Supabase has yet to confirm."""

    decisions: list[Decision]
    came_back: list[str] = field(default_factory=list)
    waiting: int = 0


def decide(
    user: Any, suggestion_id: UUID | str, verb: Verb | str, version: int | None, reason: str | None = None
) -> Outcome:
    """Accepts or rejects a suggestion. `version` is the suggestion's as the person saw it; None accepts any.

    Raises Conflict, PermissionDenied, MatchSuggestion.DoesNotExist, and ValueError for any other verb.
    """
    require_decider(user)
    with transaction.atomic(durable=True):
        order = lock_order_of(suggestion_id)
        require_free(user, order.pk)
        decisions, links = _decide(user, order, UUID(str(suggestion_id)), Verb(verb), version, reason or "")
    return _send(decisions, links)


def no_guest(user: Any, order_id: int, version: int, replaces: int | None = None) -> Outcome:
    """Accepts the order's "no guest" candidate, which is created when the matcher offered none. `version` is the
    order's `texto_versao` as the person saw it; `replaces`: see `choose`. Raises Conflict, PermissionDenied and
    Order.DoesNotExist."""
    return _link(user, order_id, None, version, replaces)


def choose(user: Any, order_id: int, stay_id: int, version: int, replaces: int | None = None) -> Outcome:
    """Links the order to a stay that a person found, whether or not the matcher offered it. The candidates that the
    matcher ranked above count as passed over.

    `version` is the order's `texto_versao` as the person saw it. `replaces`: the decision that this one corrects, which
    is undone in the same transaction. Raises Conflict, PermissionDenied, Order.DoesNotExist, Decision.DoesNotExist, and
    Stay.DoesNotExist also for a hidden guest, who is never offered.
    """
    return _link(user, order_id, stay_id, version, replaces)


def _link(user: Any, order_id: int, stay_id: int | None, version: int, replaces: int | None) -> Outcome:
    require_decider(user)
    stay = None if stay_id is None else Stay.objects.get(pk=stay_id, hidden=False)
    undos: list[Decision] = []
    with transaction.atomic(durable=True):
        order = lock_orders([order_id]).get(order_id)
        if order is None:
            raise Order.DoesNotExist
        require_free(user, order_id)
        if order.texto_versao != version:
            raise Conflict(
                _("The order's text changed while you were reading. Nothing was written; please look again.")
            )
        repeated = order.suggestions.filter(stay=stay, state=State.ACCEPTED, decision__user=user).exists()
        if replaces is not None and not repeated:
            found = Decision.objects.filter(pk=replaces, suggestion__order=order)
            undos = _undo_decisions(user, found, keep_further=stay is not None)
        candidate = order.suggestions.filter(stay=stay, state__in=ALIVE).first()
        if candidate is None:
            candidate = order.suggestions.create(
                stay=stay,
                probability=Decimal(0),
                rank=_LAST[stay is None],
                model_version=MANUAL,
                texto_versao=order.texto_versao,
            )
        # An accepted candidate was seen one version earlier: this may be the same request, sent again.
        seen = candidate.version - (candidate.state == State.ACCEPTED)
        decisions, links = _decide(user, order, candidate.pk, Verb.ACCEPT, seen, "")
        if undos and stay is not None:
            twice = FurtherGuest.objects.filter(order=order, stay=stay, removed_at=None)
            remove_from(order, twice, user, decisions[0], candidate)
    if not undos:
        return _send(decisions, links)
    outcome = _send([*undos, *decisions])
    outcome.decisions = decisions
    return outcome


def _decide(
    user: Any, order: Order, suggestion_id: UUID, verb: Verb, version: int | None, reason: str
) -> tuple[list[Decision], list[WriteBack]]:
    """Checks and records one decision, with the order locked."""
    if verb not in (Verb.ACCEPT, Verb.REJECT):
        raise ValueError(f"{verb} is not decided on a suggestion")
    if reason and reason not in RejectReason.values:
        raise Conflict(_("Unknown reason. Nothing was decided."))
    rows = order.suggestions.filter(Q(pk=suggestion_id) | Q(state=State.ACCEPTED))
    found = {row.pk: row for row in rows.select_related("stay", "decision__user")}
    suggestion = found[suggestion_id]
    repeated = repeated_decision(suggestion, user, verb, version)
    if repeated is not None:
        return [repeated], []
    accepted = next((row for row in found.values() if row.state == State.ACCEPTED), None)
    unwritten = order.linked and order.writebacks.filter(state=WriteState.OPEN).exists()
    check_current(suggestion, version, accepted, unwritten)
    return record(user, [suggestion], verb, uuid.uuid4(), reason if verb == Verb.REJECT else "")


def record(
    user: Any, suggestions: Collection[MatchSuggestion], verb: Verb, batch: UUID, reason: str = ""
) -> tuple[list[Decision], list[WriteBack]]:
    """Records the same decision on each suggestion: the decisions, the new states, the links and the admin's history.

    Call it in a transaction, with the orders locked and every suggestion checked; at most one of an order may be
    accepted. The number of queries does not depend on the number of suggestions, which have `order` and `stay`.
    """
    decisions: list[Decision] = Decision.objects.bulk_create(
        Decision(
            user=user,
            verb=Verb.NO_GUEST if verb == Verb.ACCEPT and suggestion.stay_id is None else verb,
            suggestion=suggestion,
            batch=batch,
            reason=reason,
            order_fingerprint=suggestion.order.fingerprint,
            stay_fingerprint=suggestion.stay.fingerprint if suggestion.stay else {},
            probability=suggestion.probability,
            model_version=suggestion.model_version,
            texto_versao=suggestion.texto_versao,
        )
        for suggestion in suggestions
    )
    ids = [suggestion.pk for suggestion in suggestions]
    made = Decision.objects.filter(pk__in=[decision.pk for decision in decisions])
    change: dict[str, Any] = {"version": F("version") + 1, "updated_at": timezone.now()}
    if verb == Verb.ACCEPT:
        # Before the accepted ones change: an order never has two candidates in the accepted state.
        others = MatchSuggestion.objects.pending().filter(order__in=[row.order_id for row in suggestions])
        of_order = made.filter(suggestion__order=OuterRef("order"))
        others.exclude(pk__in=ids).update(
            state=State.SUPERSEDED,
            end_reason=EndReason.ANOTHER_ACCEPTED,
            decision=Subquery(of_order.values("pk")[:1]),
            **change,
        )
    MatchSuggestion.objects.filter(pk__in=ids).update(
        state=State.ACCEPTED if verb == Verb.ACCEPT else State.REJECTED,
        decision=Subquery(made.filter(suggestion=OuterRef("pk")).values("pk")[:1]),
        conflict="",
        **change,
    )
    _log_history(decisions)
    if verb != Verb.ACCEPT:
        return decisions, []
    links = WriteBack.objects.bulk_create(
        WriteBack(
            kind=WriteKind.LINK,
            decision=decision,
            suggestion=suggestion,
            order_id=suggestion.order_id,
            stay_id=suggestion.stay_id,
            texto_versao=suggestion.texto_versao,
            username=user.get_username(),
            score=None if suggestion.model_version == MANUAL else suggestion.probability,
            next_try_at=timezone.now(),
        )
        for decision, suggestion in zip(decisions, suggestions, strict=True)
    )
    return decisions, links


def undo(user: Any, decision_id: int) -> Outcome:
    """Undoes a decision and all others of its batch; links that were written, or may have been, are unlinked.

    Raises Conflict when nothing is left to undo, PermissionDenied and Decision.DoesNotExist.
    """
    require_decider(user)
    batch = Decision.objects.values_list("batch", flat=True).get(pk=decision_id)
    return _send(retry_on_deadlock(partial(_undo, user, batch)))


def _undo(user: Any, batch: UUID) -> list[Decision]:
    with transaction.atomic(durable=True):
        undos = _undo_decisions(user, Decision.objects.filter(batch=batch).exclude(verb=Verb.UNDO))
        if len(undos) > 1:
            record_audit(user, AuditAction.BULK_UNDO, batch=undos[0].batch, of=str(batch), count=len(undos))
        return undos


def _undo_decisions(user: Any, found: QuerySet[Decision], *, keep_further: bool = False) -> list[Decision]:
    """Returns the undo decisions; further guests of the orders are removed, unless the order gets another link. The
    number of queries depends on the decisions only through its inserts and the further guests. Call it in a
    transaction."""
    orders = lock_orders(found.values_list("suggestion__order_id", flat=True))
    rows = found.filter(undone_by=None).select_related("suggestion__stay").order_by("pk")
    rows = rows.defer("suggestion__reasons", "suggestion__stay__fingerprint", "suggestion__stay__search")
    decisions = list(rows)
    if not all(may_undo(decision, user) for decision in decisions):
        raise PermissionDenied
    holding = MatchSuggestion.objects.filter(decision__in=[decision.pk for decision in decisions])
    in_force = set(holding.values_list("decision_id", flat=True))
    decisions = [decision for decision in decisions if decision.pk in in_force]
    if not decisions:
        raise Conflict(_("This decision was already undone or no longer holds. Nothing was changed."))
    for decision in decisions:
        decision.suggestion.order = orders[decision.suggestion.order_id]
    undo_batch = uuid.uuid4()
    undos: list[Decision] = Decision.objects.bulk_create(
        Decision(
            user=user,
            verb=Verb.UNDO,
            suggestion=decision.suggestion,
            batch=undo_batch,
            order_fingerprint=decision.order_fingerprint,
            stay_fingerprint=decision.stay_fingerprint,
            probability=decision.probability,
            model_version=decision.model_version,
            texto_versao=decision.texto_versao,
            undo_of=decision,
        )
        for decision in decisions
    )
    restore_suggestions([decision.pk for decision in decisions], orders)
    if not keep_further:
        _remove_further(user, undos, orders)
    _unlink(user, undos)
    _log_history(undos)
    return undos


def _remove_further(user: Any, undos: Iterable[Decision], orders: Mapping[int, Order]) -> None:
    undo_of = {undo.suggestion.order_id: undo for undo in undos}
    for further in FurtherGuest.objects.filter(order__in=undo_of, removed_at=None).order_by("pk"):
        undo = undo_of[further.order_id]
        remove_from(orders[further.order_id], [further], user, undo, undo.suggestion)


def _unlink(user: Any, undos: Iterable[Decision]) -> None:
    """Withdraws the links that are open; a link that was written, or may have been, gets an unlink."""
    now = timezone.now()
    undo_of = {undo.undo_of_id: undo for undo in undos}
    links = list(WriteBack.objects.select_for_update().filter(decision__in=undo_of, kind=WriteKind.LINK).order_by("pk"))
    open_links = [link.pk for link in links if link.state == WriteState.OPEN]
    WriteBack.objects.filter(pk__in=open_links).update(state=WriteState.WITHDRAWN, settled_at=now)
    WriteBack.objects.bulk_create(
        WriteBack(
            kind=WriteKind.UNLINK,
            decision=undo_of[link.decision_id],
            suggestion_id=link.suggestion_id,
            order_id=link.order_id,
            stay_id=link.stay_id,
            texto_versao=link.texto_versao,
            username=user.get_username(),
            # A request that is still under way must not arrive after the unlink.
            next_try_at=max(now, link.leased_until) if link.state == WriteState.OPEN and link.leased_until else now,
        )
        for link in links
        if link.state == WriteState.DONE or (link.state == WriteState.OPEN and link.maybe_written)
    )


def _send(decisions: list[Decision], links: list[WriteBack] | None = None) -> Outcome:
    """Tries to write the links of committed decisions; whatever Supabase answers, the decisions stand. Without
    `links`, those of the decisions that are due are read from the outbox."""
    outcome = Outcome(decisions)
    if all(decision.verb == Verb.REJECT for decision in decisions):
        return outcome
    writes = WriteBack.objects.filter(decision__in=decisions)
    if len(decisions) > MAX_SENT_NOW:
        outcome.waiting = writes.filter(state=WriteState.OPEN).count()
        return outcome
    if links and send_now(links):
        return outcome
    if not links:
        send_now(writes.filter(state=WriteState.OPEN, next_try_at__lte=timezone.now()).order_by("pk"))
    outcome.waiting = writes.filter(state=WriteState.OPEN).count()
    refused = MatchSuggestion.objects.filter(
        pk__in=[decision.suggestion_id for decision in decisions if decision.verb != Verb.UNDO], state=State.PENDING
    ).exclude(conflict="")
    outcome.came_back = [f"OS {s.order.number}: {s.get_conflict_display()}" for s in refused.select_related("order")]
    return outcome


def _log_history(decisions: list[Decision]) -> None:
    """The admin's own history of each suggestion."""
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
