"""The receiving side of a collection: rows are spooled, and told apart into known ones and those to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import compress, islice
from typing import Any

from django.conf import settings

from snapshots.history.listings import standing
from snapshots.ingest.reader import PAGE, Page, Reader
from snapshots.ingest.row_lookup import Arrived
from snapshots.ingest.spool import Spool
from snapshots.models import Source, Suppressed
from snapshots.remembered import Remembered, Twice
from snapshots.source_spec import SourceSpec, tombstones
from snapshots.staged import Staged

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

    def staged(self, *, every: bool) -> Staged:
        """Inside a transaction."""
        return Staged(self.source, self.reader, self.spool, every=every)

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
