"""Pairs arriving rows with the current rows of their keys, in memory or in the database.

A row whose mark equals that of a current row is unchanged and is skipped. `MemoryLookup` keeps the marks of all
current rows and the lines that differ; `DatabaseLookup` copies the arriving marks into a temporary table and joins.
Current rows are read by SQL in batches, so that no ORM instance is built for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from struct import iter_unpack
from typing import Any, NamedTuple, TypeVar

import orjson
from django.db import connection

from snapshots.canonical import Row
from snapshots.ingest.reader import PAGE, Reader
from snapshots.ingest.spool import Spool
from snapshots.models import Source

BATCH = 2000
Item = TypeVar("Item")

# One value for all rows: reading a hundred thousand records takes the driver longer than all the rest.
_MARKS = """
SELECT string_agg(int8send(mark) || int8send(id), ''), array_agg(id) FILTER (WHERE mark IS NULL)
FROM snapshots_headrow WHERE source_id = %s
"""
_BY_ID = "SELECT id, key, since, hash, payload FROM snapshots_headrow WHERE id = ANY(%s)"
_ANY_KEY = "SELECT EXISTS (SELECT FROM snapshots_headrow WHERE source_id = %s AND key = ANY(%s))"
_CREATE_ARRIVED = """
CREATE TEMP TABLE IF NOT EXISTS snapshots_arrived (place bigint, key text, mark bigint) ON COMMIT DROP
"""
# Of a key that arrived more than once, the last row counts.
_DELETE_DUPLICATES = """
DELETE FROM snapshots_arrived a
USING (SELECT key, max(place) AS last FROM snapshots_arrived GROUP BY key HAVING count(*) > 1) again
WHERE a.key = again.key AND a.place < again.last
"""
_ARRIVED = """
SELECT h.id, h.key, h.since, h.hash, h.payload, a.place, a.key, a.mark
FROM snapshots_arrived a LEFT JOIN snapshots_headrow h ON h.source_id = %s AND h.key = a.key
WHERE %s OR h.mark IS DISTINCT FROM a.mark
ORDER BY a.place
"""
_MISSING = """
SELECT h.id, h.key, h.since, h.hash, h.payload FROM snapshots_headrow h
WHERE h.source_id = %s AND NOT EXISTS (SELECT FROM snapshots_arrived a WHERE a.key = h.key)
"""


class CurrentRow(NamedTuple):
    id: int
    key: str
    since: int
    hash: int
    payload: Row


class ArrivedRow(NamedTuple):
    key: str
    mark: int
    line: bytes


class RowPair(NamedTuple):
    """The current and the arriving row of one key; one of them may be missing."""

    current: CurrentRow | None
    arrived: ArrivedRow | None


class DuplicateKey(Exception):
    """A key arrived more than once: only the spool knows which row came last, so the database has to compare."""


class MemoryLookup:
    """For sources of ordinary size. Memory: the marks of the current rows, and the lines that differ."""

    duplicates = 0

    def __init__(self, source: Source):
        self.source = source
        with connection.cursor() as cursor:
            cursor.execute(_MARKS, [source.pk])
            pairs, unmarked = cursor.fetchone()
        # Mark -> id. What is left of both at the end has changed or is missing.
        self._unmatched = dict(iter_unpack(">qq", bytes(pairs or b"")))
        self._unmarked: list[int] = unmarked or []
        self._differing: dict[str, ArrivedRow] = {}

    def match(self, marks: list[int]) -> list[bool]:
        """Which of the rows are current with exactly this mark. Each current row is matched once."""
        pop = self._unmatched.pop
        return [pop(mark, None) is not None for mark in marks]

    def add(self, rows: Iterable[ArrivedRow]) -> None:
        """Rows that did not match. Raises DuplicateKey."""
        for row in rows:
            if row.key in self._differing:
                raise DuplicateKey
            self._differing[row.key] = row

    @property
    def size(self) -> int:
        """Lines held in memory."""
        return len(self._differing)

    def pairs(self) -> Iterator[list[RowPair]]:
        """Every row that differs, in batches. Raises DuplicateKey if a key that matched has arrived again."""
        new = dict(self._differing)
        for ids in batches([*self._unmatched.values(), *self._unmarked]):
            with connection.cursor() as cursor:
                cursor.execute(_BY_ID, [ids])
                rows = [current for record in cursor.fetchall() if (current := _current_row(record))]
            yield [RowPair(current, new.pop(current.key, None)) for current in rows]
        for keys in batches(new):
            with connection.cursor() as cursor:
                cursor.execute(_ANY_KEY, [self.source.pk, keys])
                if cursor.fetchone()[0]:
                    raise DuplicateKey
        for batch in batches(new.values()):
            yield [RowPair(None, row) for row in batch]


class DatabaseLookup:
    """For sources that would fill the memory, and where every row has to be compared (`every`). Lives in the caller's
    transaction. Memory: a few batches of rows."""

    def __init__(self, source: Source, reader: Reader, spool: Spool, *, every: bool):
        self.source, self._spool, self._every = source, spool, every
        lines, place = spool.lines(), 0
        with connection.cursor() as cursor:
            cursor.execute(_CREATE_ARRIVED)
            cursor.execute("TRUNCATE snapshots_arrived")
            # For this transaction: the join is larger than what the server is configured for.
            cursor.execute("SET LOCAL work_mem = '64MB'")
            with cursor.copy("COPY snapshots_arrived FROM STDIN") as copy:
                while page := list(islice(lines, PAGE)):
                    for line, mark in zip(page, reader.marks(page), strict=True):
                        copy.write_row((place, reader.key_of(line), mark))
                        place += 1
            cursor.execute("ANALYZE snapshots_arrived")
            cursor.execute(_DELETE_DUPLICATES)
            self.duplicates = cursor.rowcount

    def pairs(self) -> Iterator[list[RowPair]]:
        """Arriving rows in the order of the spool, whose lines are read in step with them; then the missing ones."""
        lines, passed = self._spool.lines(), 0
        for batch in batches(_query(_ARRIVED, [self.source.pk, self._every])):
            pairs = []
            for *current, place, key, mark in batch:
                line = next(islice(lines, place - passed, None))
                passed = place + 1
                pairs.append(RowPair(_current_row(current), ArrivedRow(key, mark, line)))
            yield pairs
        for batch in batches(_query(_MISSING, [self.source.pk])):
            yield [RowPair(_current_row(record), None) for record in batch]


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _current_row(record: Iterable[Any]) -> CurrentRow | None:
    """None where an outer join found no row."""
    row_id, key, since, number, payload = record
    # Django has psycopg return JSON as text, for its own field to parse.
    return None if row_id is None else CurrentRow(row_id, key, since, number, orjson.loads(payload))


def _query(statement: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(BATCH):
            yield from rows
