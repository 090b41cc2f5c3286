"""Retention: deletes old history, and the rows of held snapshots that were not decided in time."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Now
from django.utils import timezone

from snapshots.guards import Reason
from snapshots.history import slowest
from snapshots.ingest import lock
from snapshots.models import Change, HeldRows, Snapshot, Source

HELD_DAYS = 7
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PurgeResult:
    """Number of deleted changes and expired held snapshots, or in a dry run of those that would be. `waiting_for` is
    the consumer cursor that keeps more from being deleted."""

    source: str
    min_seq: int
    changes: int
    held: int
    waiting_for: int | None = None


def purge(source: Source, until: date, *, dry_run: bool = False) -> PurgeResult:
    """Deletes the history of business dates before `until`: older snapshots can no longer be read, their counts stay.
    The current rows and changes that a consumer has not read yet are always kept."""
    with transaction.atomic():
        source = lock(source)
        kept = Snapshot.objects.filter(source=source, seq__isnull=False, business_date__gte=until)
        first_kept = kept.order_by("seq").values_list("seq", flat=True).first()
        wanted = source.head_seq if first_kept is None else first_kept
        cursor = slowest(source)
        min_seq = max(source.min_seq, wanted if cursor is None else min(wanted, cursor))
        changes = Change.objects.filter(source=source, seq__lte=min_seq)
        result = PurgeResult(source.name, min_seq, changes.count(), 0, cursor if min_seq < wanted else None)
        if not dry_run:
            changes.delete()
            source.min_seq = min_seq
            source.save(update_fields=("min_seq",))
    held = _expire_held(source, dry_run=dry_run)
    log.info("snapshots purged: %s up to %s, %s changes, %s held", source.name, min_seq, result.changes, held)
    return PurgeResult(result.source, result.min_seq, result.changes, held, result.waiting_for)


def _expire_held(source: Source, *, dry_run: bool) -> int:
    limit = Now() - Value(timedelta(days=HELD_DAYS))
    old = list(Snapshot.objects.filter(source=source, started_at__lt=limit).held())
    if not dry_run:
        for held in old:
            with transaction.atomic():
                HeldRows.objects.filter(snapshot=held).delete()
                held.notes = [*held.notes, Reason("expired").as_json()]
                held.status, held.override_at = Snapshot.Status.REJECTED, timezone.now()
                held.save(update_fields=("notes", "status", "override_at"))
    return len(old)
