"""Erasing a person on request: from the current rows, the history and held snapshots."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction

from snapshots.canonical import Canonical, Row, hash_key, recipe
from snapshots.errors import ReasonMissing
from snapshots.guards import Reason
from snapshots.held_decision import held_rows
from snapshots.history import only, totals_of, unpack
from snapshots.ingest import Packed, close_open, lock, recount
from snapshots.models import Change, HeadRow, HeldRows, Snapshot, Source, Suppressed
from snapshots.source_spec import SourceSpec, tombstone, tombstones

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Erased:
    """What was erased of one person, or would be. `keys` are the keys of their rows, which other apps erase as well."""

    keys: tuple[str, ...]
    head: int
    changes: int
    held: int


def erase(source: Source, key: str, *, by: str, reason: str, dry_run: bool = False) -> Erased:
    """Removes every row of a person, found by key or by a column that the source declares as identity, from the current
    rows, the history and held snapshots. Digests are corrected so that the remaining rows can still be checked, and
    keyed tombstones keep later collections from storing the person again. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        source = lock(source)
        person = _Person(source, key)
        result = Erased(tuple(sorted(person.keys)), person.head().count(), person.changes().count(), person.in_held())
        if not dry_run:
            # A running collection has read the person already.
            close_open(Snapshot.objects.filter(source=source), Reason("interrupted"))
            person.subtract_from_totals()
            person.remove_from_held()
            person.head().delete()
            person.changes().delete()
            person.add_tombstones(by, reason)
    log.info("erased from %s by %s: %s head rows, %s changes", source.name, by, result.head, result.changes)
    return result


class _Person:
    """All rows of the person to whom the row `key` belongs."""

    def __init__(self, source: Source, key: str):
        self.source, self.secret = source, hash_key(settings.HASH_KEY)
        self.keys = {key}
        self.identities: set[tuple[str, Any]] = set()
        # Rows found by an identity may have further identities.
        known = 0
        while known != len(self.keys) + len(self.identities):
            known = len(self.keys) + len(self.identities)
            for row in self._rows():
                self.identities |= {
                    (name, row[name])
                    for name in source.identity
                    if name in source.layout and row.get(name) not in (None, "")
                }
            for name, value in self.identities:
                self.keys |= self._keys_with(name, value)

    def head(self) -> Any:
        return HeadRow.objects.filter(source=self.source, key__in=self.keys)

    def changes(self) -> Any:
        return Change.objects.filter(source=self.source, key__in=self.keys)

    def _rows(self) -> Iterator[Row]:
        yield from self.head().values_list("payload", flat=True)
        for old in self.changes().exclude(old=None).values_list("old", flat=True):
            yield unpack(old, self.source.layout)
        for _held, row in self._held_rows():
            if str(row.get(self.source.key_column)) in self.keys:
                yield row

    def _keys_with(self, name: str, value: Any) -> set[str]:
        place = self.source.layout.index(name)
        head = HeadRow.objects.filter(source=self.source, **{f"payload__{name}": value})
        old = Change.objects.filter(source=self.source, **{f"old__{place}": value})
        held = {str(row[self.source.key_column]) for _held, row in self._held_rows() if row.get(name) == value}
        return {*head.values_list("key", flat=True), *old.values_list("key", flat=True), *held}

    def _held_rows(self) -> Iterator[tuple[Snapshot, Row]]:
        for held in Snapshot.objects.filter(source=self.source).held():
            for row in held_rows(held):
                yield held, row

    def in_held(self) -> int:
        return sum(self._is_of_person(row) for _held, row in self._held_rows())

    def _is_of_person(self, row: Row) -> bool:
        return str(row.get(self.source.key_column)) in self.keys

    def subtract_from_totals(self) -> None:
        """Subtracts the person's rows from the totals of every snapshot. Snapshots of an older hash key keep their
        digest, which cannot be checked any more."""
        for snapshot in Snapshot.objects.filter(source=self.source).in_force():
            rows = [row for since, until, row in self._versions() if since <= snapshot.at_seq < until]
            if not rows:
                continue
            totals, known = totals_of(snapshot), snapshot.recipe == recipe(snapshot.kinds, self.secret)
            canonical = Canonical(snapshot.columns, snapshot.kinds, self.secret)
            for row in rows:
                totals.subtract(only(row, snapshot.columns), canonical.hash(row) if known else 0)
            snapshot.rows, snapshot.digest, snapshot.mojibake = totals.rows, totals.digest, totals.mojibake
            snapshot.filled = totals.fill(snapshot.columns)
            snapshot.save(update_fields=("rows", "digest", "mojibake", "filled"))

    def _versions(self) -> Iterable[tuple[int, int, Row]]:
        """(first version, version after the last, row) of each stored version."""
        for change in self.changes().exclude(old=None):
            yield change.since, change.seq, unpack(change.old, self.source.layout)
        for head in self.head():
            yield head.since, self.source.head_seq + 1, head.payload

    def remove_from_held(self) -> None:
        for kept in HeldRows.objects.filter(snapshot__source=self.source).select_related("snapshot"):
            kept.blob = Packed(bytes(kept.blob)).without(self._is_of_person, self.keys)
            kept.save(update_fields=("blob",))
            kept.changes.filter(key__in=self.keys).delete()
            recount(kept)

    def add_tombstones(self, by: str, reason: str) -> None:
        named = {(self.source.key_column, key) for key in self.keys} | self.identities
        hashes = {tombstone(column, value, self.source.kinds, self.secret) for column, value in named}
        Suppressed.objects.bulk_create(
            [Suppressed(source=self.source, hash=number, by=by, reason=reason) for number in hashes],
            ignore_conflicts=True,
        )


Key = TypeVar("Key")
RowT = TypeVar("RowT", bound=Mapping[str, Any])


def without_erased(spec: SourceSpec, rows: Mapping[Key, RowT]) -> dict[Key, RowT]:
    """Rows that were read from a source without a snapshot, by any key, without those of erased persons."""
    erased = frozenset(Suppressed.objects.filter(source__name=spec.name).values_list("hash", flat=True))
    if not erased:
        return dict(rows)
    secret = hash_key(settings.HASH_KEY)
    return {key: row for key, row in rows.items() if erased.isdisjoint(tombstones(spec, dict(row), secret))}
