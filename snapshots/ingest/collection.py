"""One collection of a source: rows stream in and are hashed outside any transaction, publishing is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from itertools import compress, islice
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sistema_os.logs import redact
from snapshots import guards
from snapshots.canonical import hash_key, recipe
from snapshots.errors import AlreadySettled
from snapshots.guards import Facts, Reason
from snapshots.history import accepted, latest, totals_of
from snapshots.ingest import publication
from snapshots.ingest.comparison import Comparison
from snapshots.ingest.held_changes import keep_changes
from snapshots.ingest.reader import PAGE, Page, Reader
from snapshots.ingest.row_lookup import ArrivedRow, DatabaseLookup, DuplicateKey, MemoryLookup
from snapshots.ingest.spool import Header, Spool, pack
from snapshots.models import HeldRows, Snapshot, Suppressed
from snapshots.source_spec import SourceSpec, tombstones

# Beyond this number of rows that differ from the current ones, the database compares.
_MOST_DIFFERING = 50_000

Fence = Callable[[], None]


def _end_of(day: date) -> datetime:
    """The end of a business date at the hotel: no row of its listing can have been seen later."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(settings.TIME_ZONE))


def no_fence() -> None:
    """For callers that no other run can overtake, such as a person's decision."""


class Ingest:
    """Usage: `begin`, then `add` any number of times, then `publish` or `abort`, once, all in one thread at a time.

    Between the calls no transaction and no cursor is open. Memory: the marks of the current rows and the rows that
    differ; from SNAPSHOT_STAGED_FROM rows on, or if very many differ, one page of rows, and the database compares.

    `forced` publishes a held snapshot although the guards objected."""

    def __init__(self, spec: SourceSpec, snapshot: Snapshot, *, forced: bool = False):
        self.spec, self.snapshot, self.forced = spec, snapshot, forced
        self.source = snapshot.source
        self.key = hash_key(settings.HASH_KEY)
        self.recipe = recipe(spec.kinds, self.key)
        self.spool, self.reader = Spool(), Reader(spec, self.key, _end_of(snapshot.business_date))
        self.suppressed = self.null_keys = 0
        current = latest(self.source.name)
        large = current is not None and current.rows >= settings.SNAPSHOT_STAGED_FROM
        # None if the database has to compare.
        self.memory = None if large else MemoryLookup(self.source)
        self._tombstones = frozenset(Suppressed.objects.filter(source=self.source).values_list("hash", flat=True))

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Any part of the export, in any order."""
        rest = iter(rows)
        while page := list(islice(rest, PAGE)):
            self._add_page(self.reader.read(page))

    def _add_page(self, page: Page) -> None:
        """Rows that are current as they are go only to the spool, which is nearly all of them; those that differ are
        kept for the comparison. Rows without a key and those of erased persons, never current, are left out."""
        large = self.reader.received >= settings.SNAPSHOT_STAGED_FROM
        if self.memory is not None and (large or self.memory.size > _MOST_DIFFERING):
            self.memory = None
        known = self.memory.match(page.marks) if self.memory is not None else [False] * len(page.marks)
        if not all(known):
            lines = zip(known, page.keys, page.lines, strict=True)
            wanted = [same or self._wanted(key, line) for same, key, line in lines]
            if self.memory is not None:
                new = [keep and not same for keep, same in zip(wanted, known, strict=True)]
                rows = zip(*(compress(part, new) for part in page), strict=True)
                try:
                    self.memory.add(ArrivedRow(str(key), mark, line) for key, mark, line in rows)
                except DuplicateKey:
                    self.memory = None
            page = Page(*([*compress(part, wanted)] for part in page))
        self.spool.write(page.lines)

    def _wanted(self, key: Any, line: bytes) -> bool:
        if key is None or str(key).strip() == "":
            self.null_keys += 1
            return False
        if self._tombstones and not self._tombstones.isdisjoint(tombstones(self.spec, self.reader.row(line), self.key)):
            self.suppressed += 1
            return False
        return True

    def restore(self, held: Snapshot) -> None:
        """Takes over what a held collection observed and its kept rows no longer show."""
        self.reader.received, self.reader.freshness = held.received, held.freshness

    def publish(self, declared: int | None, fence: Fence, declared_after: int | None = None) -> Snapshot:
        """Publishes, holds, or finds nothing changed: see the status of the returned snapshot. `declared` is the row
        count that the source announced before it was read, `declared_after` the one afterwards, if it was asked again.

        An exception of `fence` is passed on and leaves everything as it was. If another collection was published
        meanwhile, the snapshot becomes `failed`."""
        self._require_open()
        with transaction.atomic():
            found = self._compare()
            facts = self._facts(found, declared, declared_after)
            self.source = publication.lock(self.source)
            self.snapshot = Snapshot.objects.select_for_update().get(pk=self.snapshot.pk)
            self._require_open()
            fence()
            self._record(facts, found)
            if self.source.head_seq != self.snapshot.base_seq:
                self._close(Snapshot.Status.FAILED, Reason("head_moved"))
            else:
                limits = self.source.thresholds
                reasons = guards.integrity(facts, limits)
                unchanged = found.delta.empty and found.columns == self.source.columns
                if not reasons and not unchanged:
                    reasons = guards.shape(facts, limits)
                if reasons and not self.forced:
                    self._hold(reasons, found)
                elif unchanged:
                    publication.update_marks(found.delta)
                    self._close(Snapshot.Status.SAME)
                else:
                    self._publish(found)
        self.spool.close()
        if self.snapshot.status == Snapshot.Status.PUBLISHED:
            publication.refresh_statistics(found.delta)
        return self.snapshot

    def abort(self, error: str) -> Snapshot:
        """Closes a collection whose reading failed; the current rows stay as they are. Does nothing if it is closed."""
        self.spool.close()
        reason = Reason("aborted", {"error": redact(error)[:300]})
        publication.close_open(Snapshot.objects.filter(pk=self.snapshot.pk), reason)
        self.snapshot.refresh_from_db()
        return self.snapshot

    def _require_open(self) -> None:
        expected = Snapshot.Status.HELD if self.forced else Snapshot.Status.RUNNING
        if self.snapshot.status != expected:
            raise AlreadySettled(str(self.snapshot))

    def _compare(self) -> Comparison:
        """Stages what publishing would write, inside the caller's transaction."""
        source = self.source
        # An empty export shows nothing about its columns.
        arrived = self.reader.seen if self.reader.received else {*source.columns}
        columns = [name for name in self.spec.columns if name in arrived]
        # Another key or declaration gives every row another hash; a column that returns may have, in rows that seem
        # unchanged, the value from before it was lost. Then every row is compared.
        returned = {*columns} & ({*source.layout} - {*source.columns})
        every = bool(returned) or source.recipe not in ("", self.recipe)
        if self.memory is not None and not every:
            try:
                return self._stage(self.memory, columns, every=False)
            except DuplicateKey:
                self.memory = None
        return self._stage(DatabaseLookup(source, self.reader, self.spool, every=every), columns, every=every)

    def _stage(self, lookup: MemoryLookup | DatabaseLookup, columns: list[str], *, every: bool) -> Comparison:
        totals = None if every else totals_of(latest(self.source.name))
        comparison = Comparison(self.source, self.reader, columns, self.key, totals)
        publication.new_stage()
        for batch in lookup.pairs():
            publication.stage(comparison.rows(batch))
        comparison.duplicates = lookup.duplicates
        return comparison

    def _facts(self, found: Comparison, declared: int | None, declared_after: int | None) -> Facts:
        current, delta = latest(self.source.name), found.delta
        return Facts(
            business_date=self.snapshot.business_date,
            received=self.reader.received,
            declared=declared,
            declared_after=declared_after,
            null_keys=self.null_keys,
            duplicate_keys=found.duplicates,
            lost_columns=tuple(name for name in self.source.columns if name not in found.columns),
            filled=delta.totals.fill(found.columns),
            mojibake=delta.totals.mojibake,
            mojibake_before=current.mojibake if current else 0,
            freshness=self.reader.freshness,
            head_rows=current.rows if current else None,
            head_date=current.business_date if current else None,
            head_freshness=current.freshness if current else "",
            added=delta.added,
            removed=delta.removed,
            unexplained=delta.unexplained,
            changed=delta.changed,
            renamed=delta.renamed,
            reshaped=delta.reshaped,
            filled_before=current.filled if current else {},
            # What a person published against the guards may be taken back by the next reading.
            reverted=0 if current is None or current.override_by_id else publication.reverted_rows(self.source),
            history=accepted(self.source, self.snapshot.business_date),
        )

    def _record(self, facts: Facts, found: Comparison) -> None:
        snapshot, totals = self.snapshot, found.delta.totals
        snapshot.declared, snapshot.received, snapshot.rows = facts.declared, facts.received, totals.rows
        snapshot.added, snapshot.removed, snapshot.changed = facts.added, facts.removed, facts.changed
        snapshot.unexplained, snapshot.mojibake, snapshot.freshness = facts.unexplained, facts.mojibake, facts.freshness
        snapshot.digest, snapshot.recipe = totals.digest, self.recipe
        snapshot.columns, snapshot.filled = found.columns, dict(facts.filled)
        known = self.source.columns
        undeclared = sorted(self.reader.seen - {*self.spec.columns, self.spec.freshness})
        notes = (
            ("new_column", "columns", [name for name in found.columns if known and name not in known]),
            ("narrowed", "columns", [name for name in known if self.forced and name not in found.columns]),
            ("undeclared_column", "columns", undeclared),
            ("suppressed", "rows", self.suppressed),
            ("refreshed", "rows", found.delta.refreshed),
        )
        snapshot.notes = [Reason(code, {name: value}).as_json() for code, name, value in notes if value]

    def _hold(self, reasons: list[Reason], found: Comparison) -> None:
        absent = [name for name in self.spec.columns if name not in found.columns]
        header = Header([*self.spec.columns], absent, [*publication.vanished_keys()])
        blob = pack(header, self.spool.lines())
        keep_changes(HeldRows.objects.create(snapshot=self.snapshot, blob=blob, layout=found.layout))
        self._close(Snapshot.Status.HELD, *reasons)

    def _publish(self, found: Comparison) -> None:
        source, seq = self.source, self.source.head_seq + 1
        publication.apply_stage(source, seq, found.delta)
        source.head_seq, source.columns, source.layout = seq, found.columns, found.layout
        source.kinds, source.recipe = dict(self.spec.kinds), self.recipe
        source.save(update_fields=("head_seq", "columns", "layout", "kinds", "recipe"))
        self.snapshot.seq = seq
        self._close(Snapshot.Status.PUBLISHED)
        publication.supersede_held(self.snapshot)

    def _close(self, status: Snapshot.Status, *reasons: Reason) -> None:
        self.snapshot.status = status
        # A held snapshot keeps the time of its collection, whenever it is decided.
        self.snapshot.finished_at = self.snapshot.finished_at or timezone.now()
        if reasons:
            self.snapshot.reasons = [reason.as_json() for reason in reasons]
        self.snapshot.save()
