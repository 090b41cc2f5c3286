"""Creates, re-scores, supersedes and expires suggestions. Never changes one that a person accepted or rejected.

Every function is idempotent: the same input a second time writes nothing, and `updated_at` stays.
Each transaction is short, calls the run's fence first, and locks orders before suggestions.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q
from django.utils import timezone

from matching.core import Candidate
from matching.hospede_matcher import MatchResult
from matching.hotel_rows import order_fields, stay_fields
from matching.models import MatchSuggestion, Order, Stay, WriteBack
from matching.models.choices import ALIVE, EndReason, State, WriteState
from matching.suggestions import Changes, Fence, Rejections, lock_orders, no_fence, reconcile_order, retry_on_deadlock
from matching.writeback import mirror

__all__ = ["Counts", "expire", "expire_closed", "mirror", "preview", "publish", "refresh"]

CHUNK = 200
CLOSED_ORDERS_WAIT = timedelta(days=7)
# Longer than the time from reading an order to refreshing our copy of it.
OUR_LINK_IS_NEWER = timedelta(hours=2)
LINK_FIELDS = ("linked", "linked_stay", "linked_by")


@dataclass
class Counts:
    created: int = 0
    rescored: int = 0
    unchanged: int = 0
    superseded: int = 0
    withheld: int = 0

    def add(self, changes: Changes) -> None:
        self.created += len(changes.create)
        self.rescored += len(changes.rescore)
        self.unchanged += changes.unchanged
        self.superseded += len(changes.supersede)
        self.withheld += changes.withheld


def refresh(orders: Iterable[Mapping[str, Any]], stays: Iterable[Mapping[str, Any]], fence: Fence = no_fence) -> None:
    """Updates the local copies. Pending suggestions of a guest who is hidden now expire, and so do those of an order
    that was linked outside this system."""
    for stay_rows in _chunks(stays):
        retry_on_deadlock(partial(_refresh_stays, stay_rows, fence))
    for order_rows in _chunks(orders):
        retry_on_deadlock(partial(_refresh_orders, order_rows, fence))


def _refresh_stays(rows: Sequence[Mapping[str, Any]], fence: Fence) -> None:
    with transaction.atomic():
        fence()
        _upsert(Stay, {int(row["id"]): stay_fields(row) for row in rows})
        hidden = MatchSuggestion.objects.pending().filter(stay__in=[row["id"] for row in rows], stay__hidden=True)
        _close(hidden, State.EXPIRED, EndReason.HIDDEN_GUEST)


def _refresh_orders(rows: Sequence[Mapping[str, Any]], fence: Fence) -> None:
    with transaction.atomic():
        fence()
        _upsert_orders({int(row["id"]): order_fields(row) for row in rows})
        elsewhere = (
            MatchSuggestion.objects.pending()
            .filter(order__in=[row["id"] for row in rows], order__linked=True)
            .exclude(order__in=WriteBack.objects.filter(state=WriteState.OPEN).values("order"))
        )
        _close(elsewhere, State.EXPIRED, EndReason.LINKED_ELSEWHERE)


def publish(result: MatchResult, *, orders: Iterable[int], run_id: int | None, fence: Fence) -> Counts:
    """Brings the pending suggestions of `orders` in line with `result`; the orders have been refreshed before."""
    counts = Counts()
    by_order = _by_order(result)
    for ids in _chunks(sorted(set(orders))):
        with transaction.atomic():
            fence()
            for changes in _reconciled(lock_orders(ids), by_order, result.model_version, run_id):
                _apply(changes)
                counts.add(changes)
    return counts


def preview(result: MatchResult, *, orders: Iterable[Mapping[str, Any]], stays: Iterable[Mapping[str, Any]]) -> Counts:
    """The counts that `refresh` and `publish` of the same would return. Nothing is locked or written."""
    counts = Counts()
    by_order = _by_order(result)
    offered = {c.listagem_id for c in result.candidates}
    read = {int(row["id"]): Stay(pk=row["id"], **stay_fields(row)) for row in stays if row["id"] in offered}
    for rows in _chunks(orders):
        as_read = {int(row["id"]): Order(pk=row["id"], **order_fields(row)) for row in rows}
        for changes in _reconciled(as_read, by_order, result.model_version, None, read):
            counts.add(changes)
    return counts


def _by_order(result: MatchResult) -> dict[int, list[Candidate]]:
    found: dict[int, list[Candidate]] = defaultdict(list)
    for candidate in result.candidates:
        found[candidate.os_id].append(candidate)
    return found


def expire(
    *, stays: Iterable[int] | None = None, orders: Iterable[int] | None = None, reason: str, fence: Fence
) -> int:
    """Expires the pending suggestions of these stays or orders; `reason` is an EndReason or a sentence. Returns the
    number of expired suggestions."""
    expired = 0
    for column, ids in (("stay_id__in", stays), ("order_id__in", orders)):
        for chunk in _chunks(sorted(set(ids or ()))):
            with transaction.atomic():
                fence()
                expired += _close(MatchSuggestion.objects.pending().filter(**{column: chunk}), State.EXPIRED, reason)
    return expired


def expire_closed(business_date: date, fence: Fence) -> int:
    """Pending suggestions of a closed order expire CLOSED_ORDERS_WAIT after it was closed."""
    limit = timezone.make_aware(datetime.combine(business_date, time())) - CLOSED_ORDERS_WAIT
    waiting = MatchSuggestion.objects.pending().filter(order__closed_at__lt=limit)
    orders = waiting.order_by().values_list("order_id", flat=True).distinct()
    return expire(orders=orders, reason=EndReason.ORDER_CLOSED, fence=fence)


def _reconciled(
    orders: Mapping[int, Order],
    by_order: Mapping[int, list[Candidate]],
    model_version: str,
    run_id: int | None,
    read: Mapping[int, Stay] | None = None,
) -> list[Changes]:
    """`read`: stays as the hotel has them, for a preview that does not refresh our copies."""
    alive, rejections = _present(orders)
    candidates = [c for pk in orders for c in by_order.get(pk, ())]
    named = {c.listagem_id for c in candidates if c.listagem_id is not None}
    stays = Stay.objects.in_bulk(named) | {pk: stay for pk, stay in (read or {}).items() if pk in named}
    return [
        reconcile_order(
            order,
            alive[pk],
            by_order.get(pk, ()),
            stays,
            rejections[pk],
            model_version=model_version,
            run_id=run_id,
        )
        for pk, order in orders.items()
    ]


def _present(orders: Iterable[int]) -> tuple[dict[int, list[MatchSuggestion]], dict[int, Rejections]]:
    alive: dict[int, list[MatchSuggestion]] = defaultdict(list)
    rejections: dict[int, Any] = defaultdict(dict)
    for suggestion in MatchSuggestion.objects.filter(order__in=orders, state__in=ALIVE):
        alive[suggestion.order_id].append(suggestion)
    rejected = MatchSuggestion.objects.filter(order__in=orders, state=State.REJECTED).order_by("decision_id")
    columns = ("order_id", "stay_id", "decision__order_fingerprint", "decision__stay_fingerprint")
    for order, stay, order_fingerprint, stay_fingerprint in rejected.values_list(*columns):
        rejections[order][stay] = (order_fingerprint, stay_fingerprint)
    return alive, rejections


def _apply(changes: Changes) -> None:
    for suggestion, reason in changes.supersede:
        _close(MatchSuggestion.objects.filter(pk=suggestion.pk), State.SUPERSEDED, reason)
    MatchSuggestion.objects.bulk_create(changes.create)
    for suggestion in changes.rescore:
        suggestion.version += 1
        suggestion.updated_at = timezone.now()
    MatchSuggestion.objects.bulk_update(
        changes.rescore, ["probability", "rank", "reasons", "model_version", "run_id", "version", "updated_at"]
    )


def _close(suggestions: Any, state: State, reason: str) -> int:
    """Locks the orders, then reads the state again: a person may have decided in the meantime."""
    found = list(suggestions.values_list("pk", "order_id"))
    if not found:
        return 0
    lock_orders(order for _, order in found)
    return int(
        MatchSuggestion.objects.pending()
        .filter(pk__in=[pk for pk, _ in found])
        .update(state=state, end_reason=reason[:80], conflict="", version=F("version") + 1, updated_at=timezone.now())
    )


def _upsert_orders(rows: dict[int, dict[str, Any]]) -> None:
    """Rows may be older than our copies: neither an older text nor a link that we have changed since is stored."""
    versions = dict(Order.objects.filter(pk__in=rows).values_list("pk", "texto_versao"))
    kept = {pk: fields for pk, fields in rows.items() if fields["texto_versao"] >= versions.get(pk, 0)}
    ours = Q(state=WriteState.OPEN) | Q(settled_at__gte=timezone.now() - OUR_LINK_IS_NEWER)
    written = Order.objects.filter(pk__in=WriteBack.objects.filter(ours, order__in=kept).values("order"))
    for pk, *link in written.values_list("pk", *LINK_FIELDS):
        kept[pk] |= dict(zip(LINK_FIELDS, link, strict=True))
    _upsert(Order, kept)


def _upsert(model: type[Model], rows: dict[int, dict[str, Any]]) -> None:
    present = model._default_manager.in_bulk(rows)
    changed = [
        model(pk=pk, updated_at=timezone.now(), **fields)
        for pk, fields in sorted(rows.items())
        if pk not in present or any(getattr(present[pk], name) != value for name, value in fields.items())
    ]
    if changed:
        names = [*next(iter(rows.values())), "updated_at"]
        model._default_manager.bulk_create(
            changed, update_conflicts=True, update_fields=names, unique_fields=[model._meta.pk.name]
        )


def _chunks(items: Iterable[Any]) -> Iterable[list[Any]]:
    every = list(items)
    return (every[start : start + CHUNK] for start in range(0, len(every), CHUNK))
