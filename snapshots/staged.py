"""Arrivals compared with the rows in force by the database: the way for listings that would fill the memory, and for
those of which every row has to be looked at. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import connection

from snapshots.ingest.reader import PAGE, Reader
from snapshots.ingest.row_lookup import Arrived, Met, batches, head
from snapshots.ingest.spool import Spool
from snapshots.models import Source

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


class Staged:
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
