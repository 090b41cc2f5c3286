"""The rows in force as a comparison needs them: read by SQL, a batch at a time, in no ORM's memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from struct import iter_unpack
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


def marks(source: Source) -> tuple[dict[int, int], list[int]]:
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
