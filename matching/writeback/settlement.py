"""Settles a write-back: what Supabase's answer means for the order and its suggestions, in one transaction."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from matching.alerts import raise_alert
from matching.hotel_rows import order_fields
from matching.models import FurtherGuest, MatchSuggestion, Order, WriteBack
from matching.models.choices import AlertKind, EndReason, LateConflict, Severity, State, WriteKind, WriteState
from matching.suggestions import lock_orders, restore_suggestions, restore_with_conflict

LINKED = frozenset({"vinculada", "ja_vinculada"})
UNLINKED = frozenset({"desvinculada", "ja_desvinculada"})
GONE = "nao_existe"
UNAVAILABLE = "estadia_indisponivel"


def settle(write: WriteBack, answer: str, current: Mapping[str, Any] | None) -> WriteState | None:
    """`current`: the order's row in Supabase after a conflict. None when an undo came before the answer: the unlink
    that it put into the outbox corrects the order."""
    if write.kind in (WriteKind.FURTHER, WriteKind.UNFURTHER):
        return _settle_further(write, answer, current)
    if answer in (LINKED if write.kind == WriteKind.LINK else UNLINKED | {GONE}):
        return _confirm(write, answer)
    with transaction.atomic():
        order = lock_orders([write.order_id])[write.order_id]
        claimed = WriteBack.objects.select_for_update().filter(pk=write.pk, claim=write.claim, state=WriteState.OPEN)
        if not claimed:
            return None
        if write.kind == WriteKind.UNLINK:
            raise_alert(
                AlertKind.UNLINK_CONFLICT,
                Severity.MEDIUM,
                order=order,
                stay=write.stay_id,
                params={"writeback": write.pk},
            )
        elif answer == GONE:
            restore_suggestions([write.decision_id], {order.pk: order})
            MatchSuggestion.objects.pending().filter(order=order).update(
                state=State.EXPIRED,
                end_reason=EndReason.ORDER_GONE,
                version=F("version") + 1,
                updated_at=timezone.now(),
            )
        else:
            conflict = _conflict(write, answer, current)
            if current:
                _update_copy(order, order_fields(current))
            restore_with_conflict(write.decision, order, conflict)
        _close(write, answer, WriteState.CONFLICT)
        return WriteState.CONFLICT


def _confirm(write: WriteBack, answer: str) -> WriteState | None:
    """Nearly every answer, in two statements: the update of the order comes first and locks it."""
    linked = write.kind == WriteKind.LINK
    with transaction.atomic():
        Order.objects.filter(pk=write.order_id).update(
            linked=linked,
            linked_stay=write.stay_id if linked else None,
            linked_by=write.username if linked else "",
            updated_at=timezone.now(),
        )
        if _close(write, answer, WriteState.DONE):
            return WriteState.DONE
        transaction.set_rollback(True)
        return None


def _settle_further(write: WriteBack, answer: str, current: Mapping[str, Any] | None) -> WriteState | None:
    """A further guest whom Supabase refused is removed here, with the reason; the order's own link stands."""
    refused = write.kind == WriteKind.FURTHER and answer not in LINKED
    with transaction.atomic():
        lock_orders([write.order_id])
        if not _close(write, answer, WriteState.CONFLICT if refused else WriteState.DONE):
            return None
        if refused:
            further = FurtherGuest.objects.filter(order=write.order_id, stay=write.stay_id, removed_at=None)
            further.update(removed_at=timezone.now(), conflict=_conflict(write, answer, current))
    return WriteState.CONFLICT if refused else WriteState.DONE


def _close(write: WriteBack, answer: str, state: WriteState) -> bool:
    """False when another claim holds the row by now."""
    claimed = WriteBack.objects.filter(pk=write.pk, claim=write.claim, state=WriteState.OPEN)
    closed = claimed.update(
        state=state, outcome=answer[:40], settled_at=timezone.now(), claim=None, leased_until=None, last_error=""
    )
    return closed == 1


def _conflict(write: WriteBack, answer: str, current: Mapping[str, Any] | None) -> LateConflict:
    if answer == UNAVAILABLE:
        return LateConflict.STAY_UNAVAILABLE
    if (
        current
        and (write.kind == WriteKind.FURTHER or current["matched_at"] is None)
        and current["texto_versao"] != write.texto_versao
    ):
        return LateConflict.TEXT_CHANGED
    return LateConflict.LINKED_ELSEWHERE


def _update_copy(order: Order, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(order, name, value)
    order.save(update_fields=[*fields, "updated_at"])
