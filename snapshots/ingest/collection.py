"""One collection: rows stream in and are hashed outside any transaction; publishing is one short transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import compress, islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from sistema_os.logs import redact
from snapshots import guards
from snapshots.canonical import Canonical, hash_key, recipe
from snapshots.errors import AlreadySettled
from snapshots.guards import Facts, Reason
from snapshots.history.listings import accepted, standing, tally
from snapshots.ingest.comparison import Comparison, Declared, Found
from snapshots.ingest.held_changes import keep_changes
from snapshots.ingest.publication import (
    close_open,
    lock,
    new_stage,
    refresh_statistics,
    respell,
    stage,
    supersede,
    vanished,
    write,
)
from snapshots.ingest.reader import PAGE, Page, Reader
from snapshots.ingest.row_lookup import Arrived, Remembered, StagedArrivals, Twice
from snapshots.ingest.spool import Header, Spool, pack
from snapshots.models import HeldRows, Snapshot, Source, Suppressed
from snapshots.source_spec import MAX_COLUMNS, SourceSpec, tombstones

Fence = Callable[[], None]


def no_fence() -> None:
    """For callers that no other run can overtake, such as a person's decision."""


class Ingest:
    """Use: `begin`, then `add` any number of times, then `publish` or `abort`, once, all in one thread at a time.

    Between the calls no transaction and no cursor is open."""

    def __init__(self, spec: SourceSpec, snapshot: Snapshot, *, forced: bool = False):
        self.spec, self.snapshot, self.forced = spec, snapshot, forced
        self.source = snapshot.source
        self.key = hash_key(settings.HASH_KEY)
        self.recipe = recipe(spec.kinds, self.key)
        self.intake = Intake(spec, self.source, self.key)

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Any part of the listing, in any order."""
        self.intake.add(rows)

    def publish(self, declared: int | None, fence: Fence, declared_after: int | None = None) -> Snapshot:
        """Publishes, holds, or finds nothing changed; the returned snapshot says which. `declared` is the count that
        the source announced; `declared_after` what it announced once read, if asked again.

        A lost fence raises and leaves everything as it was. So does a head that moved meanwhile, but with the
        snapshot `failed`."""
        self._must_be_open()
        with transaction.atomic():
            found = self.compare()
            facts = self._facts(found, declared, declared_after)
            self.source = lock(self.source)
            self.snapshot = Snapshot.objects.select_for_update().get(pk=self.snapshot.pk)
            self._must_be_open()
            fence()
            self._record(facts, found)
            if self.source.head_seq != self.snapshot.base_seq:
                self._close(Snapshot.Status.FAILED, Reason("head_moved"))
            else:
                self._settle(facts, found)
        self.intake.spool.close()
        if self.snapshot.status == Snapshot.Status.PUBLISHED:
            refresh_statistics(found.delta)
        return self.snapshot

    def _must_be_open(self) -> None:
        expected = Snapshot.Status.HELD if self.forced else Snapshot.Status.RUNNING
        if self.snapshot.status != expected:
            raise AlreadySettled(str(self.snapshot))

    def _settle(self, facts: Facts, found: Found) -> None:
        limits = self.source.thresholds
        reasons = guards.integrity(facts, limits)
        unchanged = found.delta.empty and found.columns == self.source.columns
        if not reasons and not unchanged:
            reasons = guards.shape(facts, limits)
        if reasons and not self.forced:
            self._hold(reasons, found)
        elif unchanged:
            respell(found.delta)
            self._close(Snapshot.Status.SAME)
        else:
            self._publish(found)

    def compare(self) -> Found:
        """Stages what publishing would write, inside the caller's transaction. Reads the head; writes nothing."""
        columns = self._columns()
        whole = self._must_look_at_all(columns)
        memory = self.intake.in_memory()
        if memory and not whole:
            try:
                return self._compared(memory, columns, whole=False)
            except Twice:
                self.intake.forget()
        return self._compared(self.intake.staged(every=whole), columns, whole=whole)

    def _compared(self, arrivals: Remembered | StagedArrivals, columns: list[str], *, whole: bool) -> Found:
        spec = self.spec
        canonical = Canonical(spec.columns, spec.kinds, self.key)
        declared = Declared(canonical, self.intake.reader.row, spec.explained, columns, spec.kinds)
        comparison = Comparison(self.source, declared, None if whole else tally(standing(self.source)))
        if len(comparison.layout) > MAX_COLUMNS:
            raise ValueError(f"{spec.name}: more than {MAX_COLUMNS} columns over its life")
        new_stage()
        for batch in arrivals.met():
            stage(comparison.judge(batch))
        ordered = [name for name in comparison.layout if name in columns]
        return Found(comparison.delta, ordered, comparison.layout, arrivals.duplicates)

    def _columns(self) -> list[str]:
        # An empty listing tells nothing about its columns.
        seen = self.intake.reader.seen if self.intake.reader.received else {*self.source.columns}
        return [name for name in self.spec.columns if name in seen]

    def _must_look_at_all(self, columns: list[str]) -> bool:
        """Another key or declaration gives every row another hash; a column that comes back may hold, in rows that
        seem unchanged, what it held before it was lost."""
        returned = {*columns} & ({*self.source.layout} - {*self.source.columns})
        return bool(returned) or self.source.recipe not in ("", self.recipe)

    def _facts(self, found: Found, declared: int | None, declared_after: int | None) -> Facts:
        head, delta, reader = standing(self.source), found.delta, self.intake.reader
        return Facts(
            business_date=self.snapshot.business_date,
            received=reader.received,
            declared=declared,
            declared_after=declared_after,
            null_keys=self.intake.null_keys,
            duplicate_keys=found.duplicates,
            lost_columns=tuple(name for name in self.source.columns if name not in found.columns),
            filled=delta.tally.fill(found.columns),
            mojibake=delta.tally.mojibake,
            mojibake_before=head.mojibake if head else 0,
            freshness=reader.freshness,
            head_rows=head.rows if head else None,
            head_date=head.business_date if head else None,
            head_freshness=head.freshness if head else "",
            added=delta.added,
            removed=delta.removed,
            unexplained=delta.unexplained,
            changed=delta.changed,
            history=accepted(self.source, self.snapshot.business_date),
        )

    def _record(self, facts: Facts, found: Found) -> None:
        snapshot, total = self.snapshot, found.delta.tally
        snapshot.declared, snapshot.received, snapshot.rows = facts.declared, facts.received, total.rows
        snapshot.added, snapshot.removed, snapshot.changed = facts.added, facts.removed, facts.changed
        snapshot.unexplained, snapshot.mojibake, snapshot.freshness = facts.unexplained, facts.mojibake, facts.freshness
        snapshot.digest, snapshot.recipe = total.digest, self.recipe
        snapshot.columns, snapshot.filled = found.columns, dict(facts.filled)
        snapshot.notes = [note.as_json() for note in self._notes(found)]

    def _notes(self, found: Found) -> list[Reason]:
        known = self.source.columns
        notes = (
            ("new_column", "columns", [name for name in found.columns if known and name not in known]),
            ("narrowed", "columns", [name for name in known if self.forced and name not in found.columns]),
            (
                "undeclared_column",
                "columns",
                sorted(self.intake.reader.seen - {*self.spec.columns, self.spec.freshness}),
            ),
            ("suppressed", "rows", self.intake.left_out),
            ("refreshed", "rows", found.delta.refreshed),
        )
        return [Reason(code, {name: value}) for code, name, value in notes if value]

    def _hold(self, reasons: list[Reason], found: Found) -> None:
        absent = [name for name in self.spec.columns if name not in found.columns]
        header = Header([*self.spec.columns], absent, [*vanished()])
        blob = pack(header, self.intake.spool.lines())
        keep_changes(HeldRows.objects.create(snapshot=self.snapshot, blob=blob, layout=found.layout))
        self._close(Snapshot.Status.HELD, *reasons)

    def _publish(self, found: Found) -> None:
        source, seq = self.source, self.source.head_seq + 1
        write(source, seq, found.delta)
        source.head_seq, source.columns, source.layout = seq, found.columns, found.layout
        source.kinds, source.recipe = dict(self.spec.kinds), self.recipe
        source.save(update_fields=("head_seq", "columns", "layout", "kinds", "recipe"))
        self.snapshot.seq = seq
        self._close(Snapshot.Status.PUBLISHED)
        supersede(self.snapshot)

    def _close(self, status: Snapshot.Status, *reasons: Reason) -> None:
        self.snapshot.status = status
        # What was held is as old as its collection, whenever it is decided on.
        self.snapshot.finished_at = self.snapshot.finished_at or timezone.now()
        if reasons:
            self.snapshot.reasons = [reason.as_json() for reason in reasons]
        self.snapshot.save()

    def restore(self, held: Snapshot) -> None:
        """Takes over what a held collection observed and its kept rows no longer tell."""
        self.intake.reader.received, self.intake.reader.freshness = held.received, held.freshness

    def abort(self, error: str) -> Snapshot:
        """Ends a collection whose reading failed; the rows in force stay as they are. Once it has ended, nothing."""
        self.intake.spool.close()
        close_open(Snapshot.objects.filter(pk=self.snapshot.pk), Reason("aborted", {"error": redact(error)[:300]}))
        self.snapshot.refresh_from_db()
        return self.snapshot


# Rows in another spelling than the one in force: more than these are not held in memory.
_MOST_DIFFERING = 50_000


class Intake:
    """Memory: the marks in force and the rows that differ; from SNAPSHOT_STAGED_FROM rows on, or if very many differ,
    a page of rows, and the database compares."""

    def __init__(self, spec: SourceSpec, source: Source, key: bytes):
        self.spec, self.source, self.key = spec, source, key
        self.spool, self.reader = Spool(), Reader(spec, key)
        self.left_out = self.null_keys = 0
        head = standing(source)
        self._memory = None if head and self._large(head.rows) else Remembered(source)
        self._suppressed = frozenset(Suppressed.objects.filter(source=source).values_list("hash", flat=True))

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        rest = iter(rows)
        while page := list(islice(rest, PAGE)):
            self._take(self.reader.read(page))

    def in_memory(self) -> Remembered | None:
        """None if the database has to compare."""
        return self._memory

    def forget(self) -> None:
        """What was kept in memory cannot tell which row counts: the database compares."""
        self._memory = None

    def staged(self, *, every: bool) -> StagedArrivals:
        """Inside a transaction."""
        return StagedArrivals(self.source, self.reader, self.spool, every=every)

    def _take(self, page: Page) -> None:
        known = self._recognise(page)
        if not all(known):
            page = self._look_at(page, known)
        self.spool.write(page.lines)

    def _recognise(self, page: Page) -> list[bool]:
        if self._memory and (self._large(self.reader.received) or self._memory.weight > _MOST_DIFFERING):
            self._memory = None
        return self._memory.recognise(page.marks) if self._memory else [False] * len(page.marks)

    def _look_at(self, page: Page, known: list[bool]) -> Page:
        """Leaves out rows without a key and people who were erased: neither can be among the known ones."""
        wanted = [same or self._wanted(key, line) for same, key, line in zip(known, page.keys, page.lines, strict=True)]
        fresh = [keep and not same for keep, same in zip(wanted, known, strict=True)]
        if self._memory:
            rows = zip(
                compress(page.keys, fresh), compress(page.marks, fresh), compress(page.lines, fresh), strict=True
            )
            self._remember(Arrived(str(key), mark, line) for key, mark, line in rows)
        return Page(*([*compress(part, wanted)] for part in page))

    def _remember(self, rows: Iterable[Arrived]) -> None:
        try:
            if self._memory:
                self._memory.keep(rows)
        except Twice:
            self.forget()

    def _wanted(self, key: Any, line: bytes) -> bool:
        if key is None or str(key).strip() == "":
            self.null_keys += 1
            return False
        if self._suppressed and not self._suppressed.isdisjoint(self._tombstones(line)):
            self.left_out += 1
            return False
        return True

    def _tombstones(self, line: bytes) -> set[int]:
        return tombstones(self.spec, self.reader.row(line), self.key)

    @staticmethod
    def _large(rows: int) -> bool:
        return rows >= settings.SNAPSHOT_STAGED_FROM
