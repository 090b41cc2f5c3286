"""The short transaction's statements: history and head, by COPY."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import orjson
from django.db import connection

from snapshots.canonical import Row
from snapshots.delta import Delta, Version
from snapshots.models import HeadRow, Source

# First half of the advisory lock's key; the second is the source's id.
_LOCK_SPACE = 0x534E4150
_MANY = 1000


def lock(source: Source) -> Source:
    """Waits until no other publish, purge or erasure of this source is under way, and reads the source again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, source.pk])
    return Source.objects.select_for_update().get(pk=source.pk)


def write(source: Source, seq: int, delta: Delta) -> None:
    """Ends the old versions and begins the new ones at `seq`; inside the caller's transaction."""
    columns = "source_id, seq, since, kind, key, old_hash, mask, old, vanished"
    _copy(
        f"COPY snapshots_change ({columns}) FROM STDIN",
        ((source.pk, seq, v.since, v.kind, v.key, v.old_hash, v.mask, _array(v), v.vanished) for v in delta.versions),
    )
    if delta.removed:
        HeadRow.objects.filter(source=source, key__in=delta.removed).delete()
    if delta.begun or delta.refreshed:
        _upsert(source, seq, delta)


def refresh_statistics(delta: Delta) -> None:
    """After much was written: until the planner knows, it may read whole tables to find one row."""
    if len(delta.versions) >= _MANY:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE snapshots_headrow, snapshots_change")


def _upsert(source: Source, seq: int, delta: Delta) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE snapshots_stage (key text, hash bigint, since integer, payload jsonb) ON COMMIT DROP"
        )
    _copy("COPY snapshots_stage FROM STDIN", chain(_staged(delta.begun, seq), _staged(delta.refreshed, None)))
    with connection.cursor() as cursor:
        # A row rewritten in place brings no `since` and keeps its own.
        cursor.execute(
            "INSERT INTO snapshots_headrow AS head (source_id, key, hash, since, payload)"
            " SELECT %s, s.key, s.hash, coalesce(s.since, h.since), s.payload FROM snapshots_stage s"
            " LEFT JOIN snapshots_headrow h ON h.source_id = %s AND h.key = s.key"
            " ON CONFLICT (source_id, key) DO UPDATE"
            " SET hash = excluded.hash, since = excluded.since, payload = excluded.payload",
            [source.pk, source.pk],
        )
        cursor.execute("DROP TABLE snapshots_stage")


def _staged(rows: Mapping[str, tuple[int, Row]], since: int | None) -> Iterator[tuple[Any, ...]]:
    for key, (new_hash, payload) in rows.items():
        yield key, new_hash, since, _json(payload)


def _copy(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _array(version: Version) -> str | None:
    return None if version.old is None else _json(version.old)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
