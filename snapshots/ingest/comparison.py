"""What a collected listing would do to the rows in force: worked out before the source is locked. writing.py
stages it beside the tables, and then brings it in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from snapshots.canonical import Canonical, Kinds, Row, differing
from snapshots.ingest.row_lookup import Arrived, Head, Met
from snapshots.models import Source
from snapshots.totals import Tally

# added, changed, removed: history. refreshed: the row is rewritten in place, nothing that counts differs.
# respelt: only its mark is.
Verb = Literal["added", "changed", "removed", "refreshed", "respelt"]


class Staged(NamedTuple):
    """What becomes of one row: what it was (`old`, an array in layout order), what it will be (`payload`)."""

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
    """How many rows of each kind, and what the listing adds up to with them."""

    tally: Tally = field(default_factory=Tally)
    added: int = 0
    changed: int = 0
    removed: int = 0
    refreshed: int = 0
    respelt: int = 0
    unexplained: int = 0

    @property
    def empty(self) -> bool:
        return not (self.history or self.refreshed)

    @property
    def history(self) -> int:
        return self.added + self.changed + self.removed

    def count(self, staged: Staged) -> Staged:
        setattr(self, staged.verb, getattr(self, staged.verb) + 1)
        self.unexplained += staged.vanished
        return staged


@dataclass(frozen=True)
class Declared:
    """What a comparison is made with: the declaration, and the columns that came."""

    canonical: Canonical
    row: Callable[[bytes, list[str]], Row]
    explained: Callable[[Row], bool]
    columns: list[str]
    kinds: Kinds


@dataclass(frozen=True)
class Found:
    """A finished comparison. `columns` are those that came, in the order of `layout`, which has them all."""

    delta: Delta
    columns: list[str]
    layout: list[str]
    duplicates: int


class Comparison:
    """Judges rows one by one; `delta` is complete once all were.

    A column that the head does not know yet is taken over in place and makes no change. A column that was lost and
    accepted as lost stays in the payload of untouched rows, out of `source.columns`, so that older snapshots can
    still be read; should it return, its old value counts again.

    `tally` is the listing in force's; None if every row arrives here anyway, and is counted anew."""

    def __init__(self, source: Source, declared: Declared, tally: Tally | None):
        self.source, self.declared, columns = source, declared, declared.columns
        self.layout: list[str] = [*source.layout, *(name for name in columns if name not in source.layout)]
        self._common = [name for name in columns if name in source.columns]
        self._returned = [name for name in columns if name in source.layout and name not in source.columns]
        self._whole = tally is None
        self.delta = Delta(tally or Tally())

    def judge(self, met: Iterable[Met]) -> Iterator[Staged]:
        for head, arrived in met:
            if arrived is not None:
                yield self.delta.count(self._arrive(head, arrived))
            elif head is not None:
                yield self.delta.count(self._go(head))

    def _go(self, head: Head) -> Staged:
        known = {name: head.payload.get(name) for name in self.source.columns}
        self._take(head)
        return self._ended("removed", head, vanished=not self.declared.explained(known))

    def _arrive(self, head: Head | None, arrived: Arrived) -> Staged:
        row = self.declared.row(arrived.line, self.declared.columns)
        number, tally = self.declared.canonical.hash(row), self.delta.tally
        if head is None:
            tally.add(row, number)
            return Staged("added", arrived.key, hash=number, mark=arrived.mark, payload=row)
        if number == head.hash and not self._whole:
            return Staged("respelt", head.key, head.id, hash=number, mark=arrived.mark)
        self._take(head)
        tally.add(row, number)
        compared = self._common + [name for name in self._returned if name in head.payload]
        if fields := differing(head.payload, row, compared, self.declared.kinds):
            ended = self._ended("changed", head, self._mask(fields))
            return ended._replace(hash=number, mark=arrived.mark, payload=row)
        kept = {name: value for name, value in head.payload.items() if name not in row}
        return Staged("refreshed", head.key, head.id, hash=number, mark=arrived.mark, payload={**kept, **row})

    def _take(self, head: Head) -> None:
        if not self._whole:
            known = {name: value for name, value in head.payload.items() if name in self.source.columns}
            self.delta.tally.take(known, head.hash)

    def _mask(self, fields: list[str]) -> int:
        return sum(1 << self.layout.index(name) for name in fields)

    def _ended(self, verb: Verb, head: Head, mask: int = 0, *, vanished: bool = False) -> Staged:
        old = [head.payload.get(name) for name in self.layout]
        return Staged(verb, head.key, head.id, head.since, head.hash, mask, old, vanished)
