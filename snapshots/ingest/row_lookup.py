"""The rows in force as a comparison needs them: read by SQL, a batch at a time, in no ORM's memory."""

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


class Head(NamedTuple):
    id: int
    key: str
    since: int
    hash: int
    payload: Row


class Arrived(NamedTuple):
    key: str
    mark: int
    line: bytes


class Met(NamedTuple):
    """What is in force and what arrived under one key, where they are not spelt alike; one of them may be missing."""

    head: Head | None
    arrived: Arrived | None


def head(record: tuple[Any, ...]) -> Head | None:
    """A record of the fields of Head; None where an outer join found no row."""
    # Django has psycopg hand JSON over as text, for its own field to parse.
    return None if record[0] is None else Head._make((*record[:4], orjson.loads(record[4])))


def marks_in_force(source: Source) -> tuple[dict[int, int], list[int]]:
    """Which mark stands for which row (by id), and the rows that have no mark yet. As one value: a hundred thousand
    records take the driver longer than all the rest."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(int8send(mark) || int8send(id), ''), array_agg(id) FILTER (WHERE mark IS NULL)"
            " FROM snapshots_headrow WHERE source_id = %s",
            [source.pk],
        )
        pairs, unmarked = cursor.fetchone()
    return dict(iter_unpack(">qq", bytes(pairs or b""))), unmarked or []


def with_ids(ids: Iterable[int]) -> Iterator[list[Head]]:
    for batch in batches(ids):
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, key, since, hash, payload FROM snapshots_headrow WHERE id = ANY(%s)", [batch])
            yield [*filter(None, map(head, cursor.fetchall()))]


def any_of(source: Source, keys: Iterable[str]) -> bool:
    """Is a row with one of these keys in force?"""
    statement = "SELECT EXISTS (SELECT FROM snapshots_headrow WHERE source_id = %s AND key = ANY(%s))"
    for batch in batches(keys):
        with connection.cursor() as cursor:
            cursor.execute(statement, [source.pk, batch])
            if cursor.fetchone()[0]:
                return True
    return False


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


class Twice(Exception):
    """A key arrived more than once: which row came last, only the spool knows."""


class Remembered:
    """Memory: the marks in force, and the lines that differ."""

    duplicates = 0

    def __init__(self, source: Source):
        self.source = source
        # What is left of both at the end has changed or is gone.
        self._expected, self._unmarked = marks_in_force(source)
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


_TABLE = "CREATE TEMP TABLE IF NOT EXISTS snapshots_arrived (place bigint, key text, mark bigint) ON COMMIT DROP"
# Of a key that arrived twice, the last row counts.
_ONCE = """
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
_GONE = """
SELECT h.id, h.key, h.since, h.hash, h.payload FROM snapshots_headrow h
WHERE h.source_id = %s AND NOT EXISTS (SELECT FROM snapshots_arrived a WHERE a.key = h.key)
"""


class StagedArrivals:
    """Memory: some batches of rows. `every` hands out the rows that are spelt as before, too."""

    def __init__(self, source: Source, reader: Reader, spool: Spool, *, every: bool):
        self.source, self._reader, self._spool, self._every = source, reader, spool, every
        with connection.cursor() as cursor:
            cursor.execute(_TABLE)
            cursor.execute("TRUNCATE snapshots_arrived")
            # For this transaction: what is joined here is larger than what the server is set up for.
            cursor.execute("SET LOCAL work_mem = '64MB'")
            self._copy(cursor)
            cursor.execute("ANALYZE snapshots_arrived")
            cursor.execute(_ONCE)
            self.duplicates = cursor.rowcount

    def met(self) -> Iterator[list[Met]]:
        """Arrivals in the order in which they came, for their lines are read beside them; then what is gone."""
        lines, passed = self._spool.lines(), 0
        for batch in batches(_query(_ARRIVED, [self.source.pk, self._every])):
            found = []
            for *old, place, key, mark in batch:
                line = next(islice(lines, place - passed, None))
                passed = place + 1
                found.append(Met(head(tuple(old)), Arrived(key, mark, line)))
            yield found
        for batch in batches(_query(_GONE, [self.source.pk])):
            yield [Met(head(old), None) for old in batch]

    def _copy(self, cursor: Any) -> None:
        lines, place = self._spool.lines(), 0
        with cursor.copy("COPY snapshots_arrived FROM STDIN") as copy:
            while page := list(islice(lines, PAGE)):
                for line, mark in zip(page, self._reader.marks(page), strict=True):
                    copy.write_row((place, self._reader.key_of(line), mark))
                    place += 1


def _query(statement: str, params: list[Any]) -> Iterator[tuple[Any, ...]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(2000):
            yield from rows
