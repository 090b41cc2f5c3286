"""What a collected export would change in the current rows, computed before the source is locked.

`publication` stages the result in a temporary table and then applies it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from snapshots.canonical import Canonical, Row, differing, fold, form_of
from snapshots.ingest.reader import Reader
from snapshots.ingest.row_lookup import ArrivedRow, CurrentRow, RowPair
from snapshots.models import Source
from snapshots.source_spec import MAX_COLUMNS
from snapshots.totals import Totals

# added, changed, removed: recorded in the history. refreshed: the row is rewritten in place, no value that counts
# differs. reformatted: the same values in another spelling, only the mark is updated.
Verb = Literal["added", "changed", "removed", "refreshed", "reformatted"]


class StagedRow(NamedTuple):
    """The change of one row: `old` are its values in layout order, `payload` is the new row."""

    verb: Verb
    key: str
    head_id: int | None = None
    since: int | None = None
    old_hash: int | None = None
    mask: int = 0
    old: list[object] | None = None
    vanished: bool = False
    hash: int | None = None
    mark: int | None = None
    payload: Row | None = None


@dataclass
class Delta:
    """Number of rows by verb, removed rows that nothing explains, and the totals after all changes.

    `renamed` are changed rows whose label shares no word with the one before; `reshaped` counts, by column, values that
    changed their form."""

    totals: Totals = field(default_factory=Totals)
    added: int = 0
    changed: int = 0
    removed: int = 0
    refreshed: int = 0
    reformatted: int = 0
    unexplained: int = 0
    renamed: int = 0
    reshaped: Counter[str] = field(default_factory=Counter)

    @property
    def empty(self) -> bool:
        return not (self.history or self.refreshed)

    @property
    def history(self) -> int:
        return self.added + self.changed + self.removed

    def count(self, row: StagedRow) -> StagedRow:
        setattr(self, row.verb, getattr(self, row.verb) + 1)
        self.unexplained += row.vanished
        return row


class Comparison:
    """Compares rows one by one; `delta` is complete once all pairs were passed to `rows`.

    A column that the current snapshot does not have yet is added in place and counts as no change. A lost column whose
    loss was accepted stays in the payload of untouched rows but not in `source.columns`, so that older snapshots can
    still be read; if it returns, its old value is compared again.

    `columns` are those that arrived; `totals` those of the current snapshot, None if every row is going to be compared
    and counted anew. Raises ValueError beyond MAX_COLUMNS."""

    def __init__(self, source: Source, reader: Reader, columns: list[str], key: bytes, totals: Totals | None):
        self.source, self._reader = source, reader
        self.layout: list[str] = [*source.layout, *(name for name in columns if name not in source.layout)]
        self.columns = [name for name in self.layout if name in columns]
        if len(self.layout) > MAX_COLUMNS:
            raise ValueError(f"{reader.spec.name}: more than {MAX_COLUMNS} columns over its life")
        self._canonical = Canonical(reader.spec.columns, reader.spec.kinds, key)
        self._common = [name for name in self.columns if name in source.columns]
        self._returned = [name for name in self.columns if name in source.layout and name not in source.columns]
        self._recount = totals is None
        self.delta = Delta(totals or Totals())
        # Rows beyond the first of their key; set by the caller.
        self.duplicates = 0

    def rows(self, pairs: Iterable[RowPair]) -> Iterator[StagedRow]:
        for current, arrived in pairs:
            if arrived is not None:
                yield self.delta.count(self._arrive(current, arrived))
            elif current is not None:
                yield self.delta.count(self._remove(current))

    def _arrive(self, current: CurrentRow | None, arrived: ArrivedRow) -> StagedRow:
        row = self._reader.row(arrived.line, self.columns)
        number = self._canonical.hash(row)
        if current is None:
            self.delta.totals.add(row, number)
            return StagedRow("added", arrived.key, hash=number, mark=arrived.mark, payload=row)
        if number == current.hash and not self._recount:
            return StagedRow("reformatted", current.key, current.id, hash=number, mark=arrived.mark)
        self._subtract(current)
        self.delta.totals.add(row, number)
        compared = self._common + [name for name in self._returned if name in current.payload]
        if fields := differing(current.payload, row, compared, self._reader.spec.kinds):
            self._judge(current.payload, row, fields)
            mask = sum(1 << self.layout.index(name) for name in fields)
            return self._ended("changed", current, mask)._replace(hash=number, mark=arrived.mark, payload=row)
        kept = {name: value for name, value in current.payload.items() if name not in row}
        return StagedRow("refreshed", current.key, current.id, hash=number, mark=arrived.mark, payload={**kept, **row})

    def _judge(self, before: Row, after: Row, fields: list[str]) -> None:
        for name in fields:
            old, new = before.get(name), after.get(name)
            if old is None or new is None:
                continue
            if form_of(old) != form_of(new):
                self.delta.reshaped[name] += 1
            if name == self._reader.spec.label and {*fold(str(old)).split()}.isdisjoint(fold(str(new)).split()):
                self.delta.renamed += 1

    def _remove(self, current: CurrentRow) -> StagedRow:
        self._subtract(current)
        known = {name: current.payload.get(name) for name in self.source.columns}
        return self._ended("removed", current, vanished=not self._reader.spec.explained(known))

    def _subtract(self, current: CurrentRow) -> None:
        if not self._recount:
            known = {name: value for name, value in current.payload.items() if name in self.source.columns}
            self.delta.totals.subtract(known, current.hash)

    def _ended(self, verb: Verb, current: CurrentRow, mask: int = 0, *, vanished: bool = False) -> StagedRow:
        """The end of the current version, with its old values."""
        old = [current.payload.get(name) for name in self.layout]
        return StagedRow(verb, current.key, current.id, current.since, current.hash, mask, old, vanished)
