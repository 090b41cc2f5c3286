"""What a collected listing would do to the rows in force: computed outside any transaction, written by writing.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from snapshots.canonical import Kinds, Row, differing
from snapshots.models import HeadRow, Source

BATCH = 2000


@dataclass(frozen=True)
class Version:
    """A row's old version, or (kind added) the fact that there was none."""

    kind: str
    key: str
    since: int | None = None
    old_hash: int | None = None
    mask: int = 0
    old: list[Any] | None = None
    vanished: bool = False


@dataclass
class Delta:
    versions: list[Version] = field(default_factory=list)
    # key -> (hash, payload): begins a new version / rewrites the row in place, with no history.
    begun: dict[str, tuple[int, Row]] = field(default_factory=dict)
    refreshed: dict[str, tuple[int, Row]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    unexplained: int = 0

    @property
    def empty(self) -> bool:
        return not (self.begun or self.refreshed or self.removed)


class Comparison:
    """Compares touched rows with the head's, column by column.

    A column that the head does not know yet is taken over in place and makes no change. A column that was lost and
    accepted as lost stays in the payload of untouched rows, out of `source.columns`, so that older snapshots can
    still be read; should it return, its old value counts again."""

    def __init__(self, source: Source, columns: tuple[str, ...], kinds: Kinds, explained: Callable[[Row], bool]):
        self.source, self.columns, self.kinds, self.explained = source, columns, kinds, explained
        self.layout: list[str] = [*source.layout, *(name for name in columns if name not in source.layout)]
        self.common = [name for name in columns if name in source.columns]
        self.returned = [name for name in columns if name in source.layout and name not in source.columns]
        self.delta = Delta()

    def touch(self, rows: Iterable[tuple[str, int, Row]], in_head: Callable[[str], bool]) -> None:
        """Rows that are new or whose hash differs from the head's."""
        rows = iter(rows)
        while batch := list(islice(rows, BATCH)):
            old = self._head([key for key, _hash, _row in batch if in_head(key)])
            for key, new_hash, row in batch:
                before = old.get(key)
                if before is None:
                    self._add(key, new_hash, row)
                else:
                    self._change(before, new_hash, row)

    def remove(self, keys: Iterable[str]) -> None:
        for batch in _batches(keys):
            for head in self._head(batch).values():
                known = {name: head.payload.get(name) for name in self.source.columns}
                vanished = not self.explained(known)
                self.delta.unexplained += vanished
                self.delta.removed.append(head.key)
                self.delta.versions.append(self._ended("removed", head, 0, vanished))

    def _head(self, keys: list[str]) -> dict[str, HeadRow]:
        return {row.key: row for row in HeadRow.objects.filter(source=self.source, key__in=keys)} if keys else {}

    def _add(self, key: str, new_hash: int, row: Row) -> None:
        self.delta.added += 1
        self.delta.begun[key] = (new_hash, row)
        self.delta.versions.append(Version("added", key))

    def _change(self, head: HeadRow, new_hash: int, row: Row) -> None:
        compared = self.common + [name for name in self.returned if name in head.payload]
        fields = differing(head.payload, row, compared, self.kinds)
        if fields:
            self.delta.changed += 1
            self.delta.begun[head.key] = (new_hash, row)
            self.delta.versions.append(self._ended("changed", head, self._mask(fields)))
            return
        kept = {name: value for name, value in head.payload.items() if name not in self.columns}
        self.delta.refreshed[head.key] = (new_hash, {**kept, **row})

    def _mask(self, fields: list[str]) -> int:
        return sum(1 << self.layout.index(name) for name in fields)

    def _ended(self, kind: str, head: HeadRow, mask: int, vanished: bool = False) -> Version:
        old = [head.payload.get(name) for name in self.layout]
        return Version(kind, head.key, head.since, head.hash, mask, old, vanished)


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    keys = iter(keys)
    while batch := list(islice(keys, BATCH)):
        yield batch
