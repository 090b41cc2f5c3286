"""The rows in force as a comparison needs them: read by SQL, a batch at a time, in no ORM's memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import orjson
from django.db import connection

from snapshots.canonical import Row
from snapshots.models import Source

BATCH = 2000
Item = TypeVar("Item")


class Head(NamedTuple):
    id: int
    key: str
    since: int
    hash: int
    mark: int | None
    payload: Row


class Arrived(NamedTuple):
    """A row that is new or spelt in another way than the one in force (`head`)."""

    key: str
    mark: int
    line: bytes
    head: Head | None


def head(record: tuple[Any, ...]) -> Head | None:
    """A record of the fields of Head; None where an outer join found no row."""
    # Django has psycopg hand JSON over as text, for its own field to parse.
    return None if record[0] is None else Head._make((*record[:5], orjson.loads(record[5])))


def marks(source: Source) -> dict[str, int | None]:
    """By key."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, mark FROM snapshots_headrow WHERE source_id = %s", [source.pk])
        return dict(cursor.fetchall())


def with_keys(source: Source, keys: Iterable[str]) -> Iterator[Head]:
    statement = """
        SELECT h.id, h.key, h.since, h.hash, h.mark, h.payload
        FROM snapshots_headrow h WHERE h.source_id = %s AND h.key = ANY(%s)
    """
    for batch in batches(keys):
        with connection.cursor() as cursor:
            cursor.execute(statement, [source.pk, batch])
            yield from filter(None, map(head, cursor.fetchall()))


def batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
