"""Collections that end without a word of their own: overtaken or left open."""

from __future__ import annotations

from django.utils import timezone

from snapshots.guards import Reason
from snapshots.models import HeldRows, Snapshot, SnapshotQuerySet


def close_open(snapshots: SnapshotQuerySet, reason: Reason) -> None:
    """Ends those that are still being collected; a process that goes on with one will find it settled."""
    snapshots.filter(status=Snapshot.Status.RUNNING).update(
        status=Snapshot.Status.FAILED, reasons=[reason.as_json()], finished_at=timezone.now()
    )


def supersede(published: Snapshot) -> None:
    """Older held collections have nothing left to say."""
    older = Snapshot.objects.filter(source=published.source).held().exclude(pk=published.pk)
    HeldRows.objects.filter(snapshot__in=older).delete()
    for held in older:
        held.notes = [*held.notes, Reason("superseded").as_json()]
        held.status, held.override_at = Snapshot.Status.REJECTED, timezone.now()
        held.save(update_fields=("notes", "status", "override_at"))
