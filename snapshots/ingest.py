"""One collection: rows stream in and are hashed outside any transaction; publishing is one short transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sistema_os.logs import redact
from snapshots import guards
from snapshots.canonical import Canonical, Row, add_digest, hash_key, recipe
from snapshots.delta import Comparison, Delta
from snapshots.errors import AlreadySettled
from snapshots.guards import Facts, Reason
from snapshots.history import accepted, standing
from snapshots.models import HeadRow, HeldRows, Snapshot, SnapshotQuerySet, Suppressed
from snapshots.specs import MAX_COLUMNS, SourceSpec, tombstones
from snapshots.spool import Spool, as_line
from snapshots.writing import lock, refresh_statistics, write

Fence = Callable[[], None]


def no_fence() -> None:
    """For callers that no other run can overtake, such as a person's decision."""


class Ingest:
    """Use: `begin`, then `add` any number of times, then `publish` or `abort`, once, all in one thread at a time.

    Between the calls no transaction and no cursor is open. Memory: the head's hashes, the new ones,
    and the rows that differ."""

    def __init__(self, spec: SourceSpec, snapshot: Snapshot, *, forced: bool = False):
        self.spec, self.snapshot, self.forced = spec, snapshot, forced
        self.source = snapshot.source
        self.key = hash_key(settings.HASH_KEY)
        self.recipe = recipe(spec.kinds, self.key)
        self.spool = Spool()
        self._canonical = Canonical(spec.columns, spec.kinds, self.key)
        self._head: dict[str, int] = dict(
            HeadRow.objects.filter(source=self.source).values_list("key", "hash").iterator(chunk_size=5000)
        )
        self._rehash = bool(self.source.recipe) and self.source.recipe != self.recipe
        self._lost_once = frozenset(self.source.layout) - frozenset(self.source.columns)
        self._suppressed = frozenset(Suppressed.objects.filter(source=self.source).values_list("hash", flat=True))
        self._hashes: dict[str, int] = {}
        self._touched: dict[str, Row] = {}
        self._seen_columns: set[str] = set()
        self._missing: Counter[str] = Counter()
        self._digest = self._received = self._null_keys = self._duplicates = self._left_out = self._mojibake = 0
        self._freshness = ""

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Any part of the listing, in any order."""
        for received in rows:
            row = self.spec.row(received)
            line = as_line(row)
            self._observe(received, row, line)
            value = row.get(self.spec.key)
            if value is None or str(value).strip() == "":
                self._null_keys += 1
            elif self._suppressed and not self._suppressed.isdisjoint(tombstones(self.spec, row, self.key)):
                self._left_out += 1
            else:
                self.spool.write(line)
                self._take(str(value), row)

    def _observe(self, received: Mapping[str, Any], row: Row, line: bytes) -> None:
        self._received += 1
        self._seen_columns.update(received)
        if self.spec.freshness and (moment := received.get(self.spec.freshness)):
            self._freshness = max(self._freshness, str(moment))
        if missing := [name for name, value in row.items() if value is None or value == ""]:
            self._missing.update(missing)
        if len(row) < len(self.spec.columns):
            self._missing.update(name for name in self.spec.columns if name not in row)
        self._mojibake += guards.has_mojibake(line)

    def _take(self, key: str, row: Row) -> None:
        new_hash = self._canonical.hash(row)
        if key in self._hashes:
            self._duplicates += 1
            self._digest = add_digest(self._digest, -self._hashes[key])
            self._touched.pop(key, None)
        self._hashes[key] = new_hash
        self._digest = add_digest(self._digest, new_hash)
        returned = not self._lost_once.isdisjoint(row)
        if self._rehash or returned or self._head.get(key) != new_hash:
            self._touched[key] = row

    def publish(self, declared: int | None, fence: Fence, declared_after: int | None = None) -> Snapshot:
        """Publishes, holds, or finds nothing changed; the returned snapshot says which. `declared` is the count that
        the source announced; `declared_after` what it announced once read, if asked again.

        A lost fence raises and leaves everything as it was. So does a head that moved meanwhile, but with the
        snapshot `failed`."""
        delta, columns = self.compare()
        facts = self._facts(delta, columns, declared, declared_after)
        with transaction.atomic():
            self.source = lock(self.source)
            self.snapshot = Snapshot.objects.select_for_update().get(pk=self.snapshot.pk)
            self._must_be_open()
            fence()
            self._record(facts, delta, columns)
            if self.source.head_seq != self.snapshot.base_seq:
                self._close(Snapshot.Status.FAILED, Reason("head_moved"))
            else:
                self._settle(facts, delta, columns)
        self.spool.close()
        if self.snapshot.status == Snapshot.Status.PUBLISHED:
            refresh_statistics(delta)
        return self.snapshot

    def _must_be_open(self) -> None:
        expected = Snapshot.Status.HELD if self.forced else Snapshot.Status.RUNNING
        if self.snapshot.status != expected:
            raise AlreadySettled(str(self.snapshot))

    def _settle(self, facts: Facts, delta: Delta, columns: tuple[str, ...]) -> None:
        limits = self.source.thresholds
        reasons = guards.integrity(facts, limits)
        unchanged = delta.empty and list(columns) == self.source.columns
        if not reasons and not unchanged:
            reasons = guards.shape(facts, limits)
        if reasons and not self.forced:
            self._hold(reasons)
        elif unchanged:
            self._close(Snapshot.Status.SAME)
        else:
            self._publish(delta, columns)

    @property
    def rows(self) -> int:
        return len(self._hashes)

    def compare(self) -> tuple[Delta, tuple[str, ...]]:
        """What publishing would write, and the columns that came. Reads the head; writes nothing."""
        # An empty listing tells nothing about its columns.
        seen = self._seen_columns if self._received else set(self.source.columns)
        columns = tuple(name for name in self.spec.columns if name in seen)
        comparison = Comparison(self.source, columns, self.spec.kinds, self.spec.explained)
        if len(comparison.layout) > MAX_COLUMNS:
            raise ValueError(f"{self.spec.name}: more than {MAX_COLUMNS} columns over its life")
        rows = ((key, self._hashes[key], row) for key, row in self._touched.items())
        comparison.touch(rows, self._head.__contains__)
        comparison.remove(key for key in self._head if key not in self._hashes)
        ordered = tuple(name for name in comparison.layout if name in columns)
        self._layout = comparison.layout
        return comparison.delta, ordered

    def _facts(self, delta: Delta, columns: tuple[str, ...], declared: int | None, declared_after: int | None) -> Facts:
        head = standing(self.source)
        return Facts(
            business_date=self.snapshot.business_date,
            received=self._received,
            declared=declared,
            declared_after=declared_after,
            null_keys=self._null_keys,
            duplicate_keys=self._duplicates,
            lost_columns=tuple(name for name in self.source.columns if name not in columns),
            filled={name: self._received - self._missing[name] for name in columns},
            mojibake=self._mojibake,
            mojibake_before=head.mojibake if head else 0,
            freshness=self._freshness,
            head_rows=len(self._head) if head else None,
            head_date=head.business_date if head else None,
            head_freshness=head.freshness if head else "",
            added=delta.added,
            removed=len(delta.removed),
            # A replay no longer knows what explained a row's going.
            unexplained=self.snapshot.unexplained if self.forced else delta.unexplained,
            changed=delta.changed,
            history=accepted(self.source, self.snapshot.business_date),
        )

    def _record(self, facts: Facts, delta: Delta, columns: tuple[str, ...]) -> None:
        snapshot = self.snapshot
        snapshot.declared, snapshot.received, snapshot.rows = facts.declared, facts.received, len(self._hashes)
        snapshot.added, snapshot.removed, snapshot.changed = facts.added, facts.removed, facts.changed
        snapshot.unexplained, snapshot.mojibake, snapshot.freshness = facts.unexplained, facts.mojibake, self._freshness
        snapshot.digest, snapshot.recipe = self._digest, self.recipe
        snapshot.columns, snapshot.filled = list(columns), dict(facts.filled)
        snapshot.notes = [note.as_json() for note in self._notes(delta, columns)]

    def _notes(self, delta: Delta, columns: tuple[str, ...]) -> list[Reason]:
        known, source = self.source.columns, self.source
        new = [name for name in columns if name not in known] if known else []
        lost = [name for name in known if name not in columns]
        extra = sorted(self._seen_columns - set(self.spec.columns) - {self.spec.freshness})
        notes = (
            ("new_column", "columns", new),
            ("narrowed", "columns", lost if self.forced else []),
            ("undeclared_column", "columns", extra),
            ("suppressed", "rows", self._left_out),
            ("refreshed", "rows", len(delta.refreshed)),
        )
        return [Reason(code, {name: value}) for code, name, value in notes if value and source]

    def _hold(self, reasons: list[Reason]) -> None:
        HeldRows.objects.create(snapshot=self.snapshot, blob=self.spool.blob())
        self._close(Snapshot.Status.HELD, *reasons)

    def _publish(self, delta: Delta, columns: tuple[str, ...]) -> None:
        source, seq = self.source, self.source.head_seq + 1
        write(source, seq, delta)
        source.head_seq, source.columns, source.layout = seq, list(columns), self._layout
        source.kinds, source.recipe = dict(self.spec.kinds), self.recipe
        source.save(update_fields=("head_seq", "columns", "layout", "kinds", "recipe"))
        self.snapshot.seq = seq
        self._close(Snapshot.Status.PUBLISHED)
        self._supersede_held()

    def _supersede_held(self) -> None:
        """Older held collections have nothing left to say."""
        older = Snapshot.objects.filter(source=self.source).held().exclude(pk=self.snapshot.pk)
        HeldRows.objects.filter(snapshot__in=older).delete()
        for held in older:
            held.notes = [*held.notes, Reason("superseded").as_json()]
            held.status, held.override_at = Snapshot.Status.REJECTED, timezone.now()
            held.save(update_fields=("notes", "status", "override_at"))

    def _close(self, status: Snapshot.Status, *reasons: Reason) -> None:
        self.snapshot.status = status
        # What was held is as old as its collection, whenever it is decided on.
        self.snapshot.finished_at = self.snapshot.finished_at or timezone.now()
        if reasons:
            self.snapshot.reasons = [reason.as_json() for reason in reasons]
        self.snapshot.save()

    def restore(self, held: Snapshot) -> None:
        """Takes over what a held collection observed and its kept rows no longer tell."""
        self._received, self._freshness, self._mojibake = held.received, held.freshness, held.mojibake

    def abort(self, error: str) -> Snapshot:
        """Ends a collection whose reading failed; the rows in force stay as they are. Once it has ended, nothing."""
        self.spool.close()
        close_open(Snapshot.objects.filter(pk=self.snapshot.pk), Reason("aborted", {"error": redact(error)[:300]}))
        self.snapshot.refresh_from_db()
        return self.snapshot


def close_open(snapshots: SnapshotQuerySet, reason: Reason) -> None:
    """Ends those that are still being collected; a process that goes on with one will find it settled."""
    snapshots.filter(status=Snapshot.Status.RUNNING).update(
        status=Snapshot.Status.FAILED, reasons=[reason.as_json()], finished_at=timezone.now()
    )
