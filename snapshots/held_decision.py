"""A person's decision on a held snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from snapshots.canonical import Row
from snapshots.errors import AlreadySettled, Outdated, ReasonMissing
from snapshots.ingest import Ingest, Packed, no_fence
from snapshots.models import HeldRows, Snapshot
from snapshots.source_spec import SourceSpec


@dataclass(frozen=True)
class Preview:
    """What publishing would change in the current rows."""

    rows: int
    added: int
    removed: int
    changed: int
    unexplained: int


def preview(snapshot: Snapshot) -> Preview:
    """As counted when it was held: a later publication rejects held snapshots, an erasure corrects the counts."""
    held = _held(snapshot)
    return Preview(held.rows, held.added, held.removed, held.changed, held.unexplained)


def publish_held(snapshot: Snapshot, user: AbstractUser, reason: str) -> Snapshot:
    """Publishes the held rows although the guards objected. Raises Outdated if a later snapshot was published."""
    _allowed(user, reason)
    held = _held(snapshot)
    if held.base_seq != held.source.head_seq:
        raise Outdated(str(held))
    ingest = _replay(held)
    with transaction.atomic():
        published = ingest.publish(held.declared, no_fence)
        if published.status == Snapshot.Status.FAILED:
            # Rolled back: the snapshot stays held and can only be rejected.
            raise Outdated(str(held))
        return _sign(published, user, reason)


def reject_held(snapshot: Snapshot, user: AbstractUser, reason: str) -> Snapshot:
    """Keeps the current rows and deletes the held ones."""
    _allowed(user, reason)
    with transaction.atomic():
        held = _held(Snapshot.objects.select_for_update().get(pk=snapshot.pk))
        held.status = Snapshot.Status.REJECTED
        return _sign(held, user, reason)


def held_rows(snapshot: Snapshot) -> Iterator[Row]:
    """The rows as they arrived; none once the snapshot was decided or has expired."""
    kept = _kept(snapshot)
    return kept.rows() if kept else iter(())


def _kept(snapshot: Snapshot) -> Packed | None:
    kept = HeldRows.objects.filter(snapshot=snapshot).first()
    return Packed(bytes(kept.blob)) if kept else None


def _allowed(user: AbstractUser, reason: str) -> None:
    if not user.has_perm("snapshots.publish_held"):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonMissing


def _held(snapshot: Snapshot) -> Snapshot:
    fresh = Snapshot.objects.select_related("source").get(pk=snapshot.pk)
    if fresh.status != Snapshot.Status.HELD:
        raise AlreadySettled(str(fresh))
    return fresh


def _sign(snapshot: Snapshot, user: AbstractUser, reason: str) -> Snapshot:
    HeldRows.objects.filter(snapshot=snapshot).delete()
    snapshot.override_by_id, snapshot.override_at, snapshot.override_reason = user.pk, timezone.now(), reason.strip()
    snapshot.save(update_fields=("status", "override_by", "override_at", "override_reason"))
    return snapshot


def _replay(held: Snapshot) -> Ingest:
    """The collection again, from its held rows. Only the pipeline knows whether a removal is explained, so the keys of
    unexplained ones were stored when it was held."""
    source, kept = held.source, _kept(held)
    header = kept.header if kept else None
    vanished = frozenset(header.vanished if header else ())
    spec = SourceSpec(
        name=source.name,
        key=source.key_column,
        columns=tuple(header.columns if header else held.columns),
        explained=lambda row: str(row[source.key_column]) not in vanished,
        kinds=held.kinds,
        identity=tuple(source.identity),
    )
    ingest = Ingest(spec, held, forced=True)
    ingest.add(kept.rows() if kept else ())
    ingest.restore(held)
    return ingest
