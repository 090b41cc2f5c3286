"""Arrivals compared with the marks of the rows in force, both in memory: the way for listings of ordinary size."""

from __future__ import annotations

from collections.abc import Iterator

from snapshots.arriving import Page
from snapshots.headrows import Arrived, Head, batches, marks, with_keys
from snapshots.models import Source


class Remembered:
    """Memory: the marks in force, the keys that arrived, and the lines that differ."""

    def __init__(self, source: Source):
        self.source, self.duplicates = source, 0
        self._known = marks(source)
        self._arrived: set[str] = set()
        self._differing: dict[str, tuple[int, bytes]] = {}

    def unchanged(self, page: Page) -> list[bool]:
        return [self._known.get(key) == mark for key, mark in zip(page.keys, page.marks, strict=True)]

    def take(self, page: Page) -> None:
        fresh = set(page.keys)
        if len(fresh) < len(page.keys) or not self._arrived.isdisjoint(fresh):
            self._take_again(page)
            return
        self._arrived |= fresh
        known = [*map(self._known.get, page.keys)]
        if known != page.marks:
            rows = zip(page.keys, known, page.marks, page.lines, strict=True)
            self._differing |= {key: (mark, line) for key, old, mark, line in rows if old != mark}

    def _take_again(self, page: Page) -> None:
        """Of a key that arrives twice, the last row counts."""
        for key, mark, line in zip(page.keys, page.marks, page.lines, strict=True):
            self.duplicates += key in self._arrived
            self._arrived.add(key)
            self._differing.pop(key, None)
            if self._known.get(key) != mark:
                self._differing[key] = (mark, line)

    @property
    def weight(self) -> int:
        """Lines held in memory."""
        return len(self._differing)

    def arrived(self) -> Iterator[list[Arrived]]:
        for batch in batches(self._differing.items()):
            old = {row.key: row for row in with_keys(self.source, [key for key, _ in batch if key in self._known])}
            yield [Arrived(key, mark, line, old.get(key)) for key, (mark, line) in batch]

    def gone(self) -> Iterator[Head]:
        return with_keys(self.source, (key for key in self._known if key not in self._arrived))
