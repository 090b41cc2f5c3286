"""Erasing a person who asked for it: from the listing in force, its history and what is held."""

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
    """How much of one person there was. `keys` are the rows that were theirs, for other apps to erase as well."""

    keys: tuple[str, ...]
    head: int
    changes: int
    held: int


def erase(source: Source, key: str, *, by: str, reason: str, dry_run: bool = False) -> Erased:
    """Removes a person: every row that is theirs, by key or by a column that the source declares as identity, from
    the listing in force, its history and what is held. Digests are corrected so that what remains can still be
    checked, and keyed tombstones keep the next listing from bringing them back."""
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        source = lock(source)
        person = _Person(source, key)
        result = Erased(tuple(sorted(person.keys)), person.head().count(), person.changes().count(), person.in_held())
        if not dry_run:
            # What is being collected has read the person already.
            close_open(Snapshot.objects.filter(source=source), Reason("interrupted"))
            person.take_from_digests()
            person.take_from_held()
            person.head().delete()
            person.changes().delete()
            person.bury(by, reason)
    log.info("erased from %s by %s: %s head rows, %s changes", source.name, by, result.head, result.changes)
    return result


class _Person:
    """Everything of one source that belongs to whom one row names."""

    def __init__(self, source: Source, key: str):
        self.source, self.secret = source, hash_key(settings.HASH_KEY)
        self.keys = {key}
        self.identities: set[tuple[str, Any]] = set()
        while self._found_more():
            pass

    def _found_more(self) -> bool:
        before = len(self.keys), len(self.identities)
        for row in self._rows():
            self.identities |= {
                (name, row[name])
                for name in self.source.identity
                if name in self.source.layout and row.get(name) not in (None, "")
            }
        for name, value in self.identities:
            self.keys |= self._keys_with(name, value)
        return (len(self.keys), len(self.identities)) != before

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
        old = (
            Change.objects.filter(source=self.source, **{f"old__{place}": value})
            if place >= 0
            else Change.objects.none()
        )
        held = {str(row[self.source.key_column]) for _held, row in self._held_rows() if row.get(name) == value}
        return {*head.values_list("key", flat=True), *old.values_list("key", flat=True), *held}

    def _held_rows(self) -> Iterator[tuple[Snapshot, Row]]:
        for held in Snapshot.objects.filter(source=self.source).held():
            for row in held_rows(held):
                yield held, row

    def in_held(self) -> int:
        return sum(self._theirs(row) for _held, row in self._held_rows())

    def _theirs(self, row: Row) -> bool:
        return str(row.get(self.source.key_column)) in self.keys

    def take_from_digests(self) -> None:
        """Per listing: one row less, and its hash taken out of the sum. Listings of an older hash key keep their
        digest, which nobody can check any more."""
        for snapshot in Snapshot.objects.filter(source=self.source).in_force():
            rows = [row for since, until, row in self._versions() if since <= snapshot.at_seq < until]
            if not rows:
                continue
            self._take(snapshot, rows)

    def _take(self, snapshot: Snapshot, rows: Iterable[Row]) -> None:
        total, known = totals_of(snapshot), snapshot.recipe == recipe(snapshot.kinds, self.secret)
        canonical = Canonical(snapshot.columns, snapshot.kinds, self.secret)
        for row in rows:
            total.subtract(only(row, snapshot.columns), canonical.hash(row) if known else 0)
        snapshot.rows, snapshot.digest, snapshot.mojibake = total.rows, total.digest, total.mojibake
        snapshot.filled = total.fill(snapshot.columns)
        snapshot.save(update_fields=("rows", "digest", "mojibake", "filled"))

    def _versions(self) -> Iterable[tuple[int, int, Row]]:
        """(from seq, before seq, row)."""
        for change in self.changes().exclude(old=None):
            yield change.since, change.seq, unpack(change.old, self.source.layout)
        for head in self.head():
            yield head.since, self.source.head_seq + 1, head.payload

    def take_from_held(self) -> None:
        for kept in HeldRows.objects.filter(snapshot__source=self.source).select_related("snapshot"):
            kept.blob = Packed(bytes(kept.blob)).without(self._theirs, self.keys)
            kept.save(update_fields=("blob",))
            kept.changes.filter(key__in=self.keys).delete()
            recount(kept)

    def bury(self, by: str, reason: str) -> None:
        named = {(self.source.key_column, key) for key in self.keys} | self.identities
        hashes = {tombstone(column, value, self.source.kinds, self.secret) for column, value in named}
        Suppressed.objects.bulk_create(
            [Suppressed(source=self.source, hash=number, by=by, reason=reason) for number in hashes],
            ignore_conflicts=True,
        )


Key = TypeVar("Key")
RowT = TypeVar("RowT", bound=Mapping[str, Any])


def without_erased(spec: SourceSpec, rows: Mapping[Key, RowT]) -> dict[Key, RowT]:
    """The rows of a source, by any key, without those under a tombstone."""
    buried = frozenset(Suppressed.objects.filter(source__name=spec.name).values_list("hash", flat=True))
    if not buried:
        return dict(rows)
    secret = hash_key(settings.HASH_KEY)
    return {key: row for key, row in rows.items() if buried.isdisjoint(tombstones(spec, dict(row), secret))}
