"""The public API of this app: collect, publish, read any version, deliver changes, decide on held snapshots.

Everything here is synchronous ORM code; asynchronous jobs wrap it in `sync_to_async`.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Now

from snapshots.canonical import Row
from snapshots.diffing import ChangeView
from snapshots.errors import (
    AlreadyConsumed,
    AlreadySettled,
    Corrupt,
    Outdated,
    Purged,
    ReasonMissing,
    SnapshotError,
)
from snapshots.guards import Reason, Thresholds, threshold_names
from snapshots.held_decision import Preview, held_rows, preview, publish_held, reject_held
from snapshots.history import (
    Changes,
    Missing,
    Version,
    advance,
    as_of,
    changes_for,
    current,
    diff,
    history,
    intervals,
    missing,
)
from snapshots.ingest import Fence, Ingest, close_open, no_fence
from snapshots.models import Snapshot, Source
from snapshots.source_spec import SourceSpec

__all__ = [
    "AlreadyConsumed",
    "AlreadySettled",
    "ChangeView",
    "Changes",
    "Corrupt",
    "Fence",
    "Ingest",
    "Missing",
    "Outdated",
    "Preview",
    "Purged",
    "ReasonMissing",
    "Row",
    "SnapshotError",
    "SourceSpec",
    "Thresholds",
    "Version",
    "advance",
    "as_of",
    "begin",
    "changes_for",
    "current",
    "diff",
    "held_rows",
    "history",
    "intervals",
    "missing",
    "no_fence",
    "preview",
    "publish_held",
    "reject_held",
]


def begin(spec: SourceSpec, *, business_date: date, run_id: int | None) -> Ingest:
    """Opens a collection. The current rows do not change before `publish`."""
    with transaction.atomic():
        source = _update_source(spec)
        # A process that was killed leaves its collection open.
        limit = Now() - Value(timedelta(hours=settings.STALE_RUNNING_HOURS))
        close_open(Snapshot.objects.filter(source=source, started_at__lt=limit), Reason("interrupted"))
        snapshot = Snapshot.objects.create(
            source=source,
            business_date=business_date,
            run_id=run_id,
            base_seq=source.head_seq,
            kinds=dict(spec.kinds),
        )
    return Ingest(spec, snapshot)


def _update_source(spec: SourceSpec) -> Source:
    """The stored source, updated to the declaration. Thresholds are copied only when it is created."""
    first = {name: getattr(spec.thresholds, name) for name in threshold_names()}
    shown = {
        "title": spec.title,
        "key_column": spec.key,
        "room_column": spec.room,
        "label_column": spec.label,
        "labels": dict(spec.labels),
        "summary": list(spec.summary),
        "identity": list(spec.identity),
        "hidden_if": list(spec.hidden_if),
        "hidden_columns": list(spec.hidden_columns),
    }
    source, _created = Source.objects.update_or_create(
        name=spec.name, defaults=shown, create_defaults={**shown, **first, "kinds": dict(spec.kinds)}
    )
    return source
