"""What each of Supabase's answers to a write-back means for our rows, in one transaction."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from matching.alerts import raise_alert
from matching.locking import lock_orders
from matching.models import MatchSuggestion, Order, WriteBack
from matching.restoring import bring_back, restore
from matching.rows import order_fields
from matching.states import AlertKind, EndReason, LateConflict, Severity, State, WriteKind, WriteState

LINKED = frozenset({"vinculada", "ja_vinculada"})
UNLINKED = frozenset({"desvinculada", "ja_desvinculada"})
GONE = "nao_existe"


def settle(write: WriteBack, answer: str, seen: Mapping[str, Any] | None) -> WriteState | None:
    """`seen` is the order as Supabase showed it after a conflict. None when an undo was faster than the answer:
    the undo has then put an unlink into the outbox, which sets things right."""
    with transaction.atomic():
        order = lock_orders([write.order_id])[write.order_id]
        ours = WriteBack.objects.select_for_update().filter(pk=write.pk, claim=write.claim, state=WriteState.OPEN)
        if not ours:
            return None
        state = _linked(write, answer, order, seen) if write.kind == WriteKind.LINK else _unlinked(write, answer, order)
        WriteBack.objects.filter(pk=write.pk).update(
            state=state, outcome=answer[:40], settled_at=timezone.now(), claim=None, leased_until=None, last_error=""
        )
        return state


def _linked(write: WriteBack, answer: str, order: Order, seen: Mapping[str, Any] | None) -> WriteState:
    if answer in LINKED:
        _remember(order, linked=True, linked_stay=write.stay_id, linked_by=write.username)
        return WriteState.DONE
    if answer == GONE:
        _order_is_gone(write, order)
    else:
        late = _why(write, answer, seen)
        if seen:
            _remember(order, **order_fields(seen))
        bring_back(write.decision, order, late)
    return WriteState.CONFLICT


def _unlinked(write: WriteBack, answer: str, order: Order) -> WriteState:
    if answer in UNLINKED or answer == GONE:
        _remember(order, linked=False, linked_stay=None, linked_by="")
        return WriteState.DONE
    raise_alert(
        AlertKind.UNLINK_CONFLICT,
        Severity.MEDIUM,
        order=order,
        stay=write.stay_id,
        params={"writeback": write.pk},
    )
    return WriteState.CONFLICT


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
