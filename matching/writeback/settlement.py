"""What each of Supabase's answers to a write-back means for our rows, in one transaction."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from matching.alerts import raise_alert
from matching.hotel_rows import order_fields
from matching.models import MatchSuggestion, Order, WriteBack
from matching.models.choices import AlertKind, EndReason, LateConflict, Severity, State, WriteKind, WriteState
from matching.suggestions.locks import lock_orders
from matching.suggestions.restore import bring_back, restore

LINKED = frozenset({"vinculada", "ja_vinculada"})
UNLINKED = frozenset({"desvinculada", "ja_desvinculada"})
GONE = "nao_existe"


def settle(write: WriteBack, answer: str, seen: Mapping[str, Any] | None) -> WriteState | None:
    """`seen` is the order as Supabase showed it after a conflict. None when an undo was faster than the answer:
    the undo has then put an unlink into the outbox, which sets things right."""
    if answer in (LINKED if write.kind == WriteKind.LINK else UNLINKED | {GONE}):
        return _as_wished(write, answer)
    with transaction.atomic():
        order = lock_orders([write.order_id])[write.order_id]
        ours = WriteBack.objects.select_for_update().filter(pk=write.pk, claim=write.claim, state=WriteState.OPEN)
        if not ours:
            return None
        if write.kind == WriteKind.LINK:
            _not_linked(write, answer, order, seen)
        else:
            _not_unlinked(write, order)
        _close(write, answer, WriteState.CONFLICT)
        return WriteState.CONFLICT


def _as_wished(write: WriteBack, answer: str) -> WriteState | None:
    """What nearly every answer is, in two statements: the order's first, which locks it."""
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


def _close(write: WriteBack, answer: str, state: WriteState) -> bool:
    """False when the row is no longer this claim's."""
    ours = WriteBack.objects.filter(pk=write.pk, claim=write.claim, state=WriteState.OPEN)
    closed = ours.update(
        state=state, outcome=answer[:40], settled_at=timezone.now(), claim=None, leased_until=None, last_error=""
    )
    return closed == 1


def _not_linked(write: WriteBack, answer: str, order: Order, seen: Mapping[str, Any] | None) -> None:
    if answer == GONE:
        _order_is_gone(write, order)
        return
    late = _why(write, answer, seen)
    if seen:
        _remember(order, **order_fields(seen))
    bring_back(write.decision, order, late)


def _not_unlinked(write: WriteBack, order: Order) -> None:
    raise_alert(
        AlertKind.UNLINK_CONFLICT,
        Severity.MEDIUM,
        order=order,
        stay=write.stay_id,
        params={"writeback": write.pk},
    )


def _why(write: WriteBack, answer: str, seen: Mapping[str, Any] | None) -> LateConflict:
    if answer == "estadia_indisponivel":
        return LateConflict.STAY_UNAVAILABLE
    if seen and seen["matched_at"] is None and seen["texto_versao"] != write.texto_versao:
        return LateConflict.TEXT_CHANGED
    return LateConflict.LINKED_ELSEWHERE


def _remember(order: Order, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(order, name, value)
    order.save(update_fields=[*fields, "updated_at"])


def _order_is_gone(write: WriteBack, order: Order) -> None:
    restore(write.decision, order)
    MatchSuggestion.objects.pending().filter(order=order).update(
        state=State.EXPIRED, end_reason=EndReason.ORDER_GONE, version=F("version") + 1, updated_at=timezone.now()
    )
