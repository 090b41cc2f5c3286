"""Arrivals compared with the marks of the rows in force, in memory: the way for listings of ordinary size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from snapshots.ingest.row_lookup import Arrived, Met, any_of, batches, marks, with_ids
from snapshots.models import Source


class Twice(Exception):
    """A key arrived more than once: which row came last, only the spool knows."""


class Remembered:
    """Memory: the marks in force, and the lines that differ."""

    duplicates = 0

    def __init__(self, source: Source):
        self.source = source
        # What is left of both at the end has changed or is gone.
        self._expected, self._unmarked = marks(source)
        self._differing: dict[str, Arrived] = {}

    def recognise(self, marks: list[int]) -> list[bool]:
        """Which rows are in force just as they are spelt here. Each is recognised once."""
        pop = self._expected.pop
        return [pop(mark, None) is not None for mark in marks]

    def keep(self, rows: Iterable[Arrived]) -> None:
        """Those that were not recognised."""
        for row in rows:
            if row.key in self._differing:
                raise Twice
            self._differing[row.key] = row

    @property
    def weight(self) -> int:
        """Lines held in memory."""
        return len(self._differing)

    def met(self) -> Iterator[list[Met]]:
        new = dict(self._differing)
        for heads in with_ids([*self._expected.values(), *self._unmarked]):
            yield [Met(head, new.pop(head.key, None)) for head in heads]
        if any_of(self.source, new):
            raise Twice
        for batch in batches(new.values()):
            yield [Met(None, row) for row in batch]
