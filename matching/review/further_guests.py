"""Further guests of a linked order: added, removed, and written back like the link itself."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from matching.models import AuditAction, Decision, FurtherGuest, MatchSuggestion, Order, Stay, WriteBack, record_audit
from matching.models.choices import State, WriteKind, WriteState
from matching.review.decision import Conflict, require_decider, require_free
from matching.suggestions import lock_orders
from matching.writeback import send_now


def add_further_guest(user: Any, order_id: int, stay_id: int, version: int) -> FurtherGuest:
    """`version` is the order's `texto_versao` as the person saw it. The same guest a second time changes nothing.

    Raises Conflict, PermissionDenied, Order.DoesNotExist, and Stay.DoesNotExist also for a hidden guest.
    """
    require_decider(user)
    stay = Stay.objects.get(pk=stay_id, hidden=False)
    with transaction.atomic(durable=True):
        order = _locked(order_id)
        require_free(user, order_id)
        present = FurtherGuest.objects.filter(order=order, stay=stay, removed_at=None).first()
        if present is not None:
            return present
        link, decision = _link_of(order)
        _check(order, stay, version, link)
        added = FurtherGuest.objects.create(order=order, stay=stay, added_by=user)
        record_audit(user, AuditAction.FURTHER, order=order.pk, stay=stay.pk)
        writes = [_write(WriteKind.FURTHER, added, decision, link, user)]
    send_now(writes)
    return added


def remove_further_guest(user: Any, further_id: int) -> FurtherGuest:
    """Raises Conflict when the guest was removed before, PermissionDenied and FurtherGuest.DoesNotExist."""
    require_decider(user)
    order_id = FurtherGuest.objects.values_list("order_id", flat=True).get(pk=further_id)
    with transaction.atomic(durable=True):
        order = _locked(order_id)
        require_free(user, order_id)
        further = FurtherGuest.objects.select_related("stay", "order").get(pk=further_id)
        if further.removed_at is not None:
            raise Conflict(_("This guest was already removed from the order. Nothing was changed."))
        link, decision = _link_of(order)
        writes = remove_from(order, [further], user, decision, link)
    send_now(writes)
    return further


def remove_from(
    order: Order, guests: Iterable[FurtherGuest], user: Any, decision: Decision, suggestion: MatchSuggestion
) -> list[WriteBack]:
    """Removes the guests and returns the writes that follow; `decision` is the one that they go with. Call it with the
    order locked, in a transaction."""
    writes = []
    for further in guests:
        further.removed_at, further.removed_by = timezone.now(), user
        further.save(update_fields=["removed_at", "removed_by"])
        record_audit(user, AuditAction.UNFURTHER, order=order.pk, stay=further.stay_id)
        writes.append(_write(WriteKind.UNFURTHER, further, decision, suggestion, user))
    return writes


def _locked(order_id: int) -> Order:
    order = lock_orders([order_id]).get(order_id)
    if order is None:
        raise Order.DoesNotExist
    return order


def _link_of(order: Order) -> tuple[MatchSuggestion, Decision]:
    link = order.suggestions.filter(state=State.ACCEPTED, stay__isnull=False).select_related("decision").first()
    if link is None or link.decision is None:
        raise Conflict(_("Link the order to its guest first; then add the others."))
    return link, link.decision


def _check(order: Order, stay: Stay, version: int, link: MatchSuggestion) -> None:
    if order.texto_versao != version:
        raise Conflict(_("The order's text changed while you were reading. Nothing was written; please look again."))
    if stay.unavailable:
        raise Conflict(_("This stay was cancelled or has left the guest list. Nothing was written."))
    if link.stay_id == stay.pk:
        raise Conflict(_("The order is already linked to this guest."))


def _write(
    kind: WriteKind, further: FurtherGuest, decision: Decision, suggestion: MatchSuggestion, user: Any
) -> WriteBack:
    """An open addition is withdrawn by a removal only in Supabase: both are idempotent and written in turn."""
    return WriteBack.objects.create(
        kind=kind,
        decision=decision,
        suggestion=suggestion,
        order_id=further.order_id,
        stay_id=further.stay_id,
        texto_versao=suggestion.texto_versao,
        username=user.get_username(),
        next_try_at=timezone.now(),
        state=WriteState.OPEN,
    )
