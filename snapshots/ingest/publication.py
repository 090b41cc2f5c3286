"""The statements of a publish: what it writes is staged by COPY first, then brought in by a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from django.db import connection
from django.utils import timezone

from snapshots.guards import Reason
from snapshots.ingest.comparison import Delta, Staged
from snapshots.models import HeldRows, Snapshot, SnapshotQuerySet, Source

# First half of the advisory lock's key; the second is the source's id.
_LOCK_SPACE = 0x534E4150
_MANY = 1000
_STAGE = """
CREATE TEMP TABLE IF NOT EXISTS snapshots_stage (
    verb text, key text, head_id bigint, since integer, old_hash bigint, mask bigint, old jsonb, vanished boolean,
    hash bigint, mark bigint, payload jsonb
) ON COMMIT DROP
"""
_HISTORY = """
INSERT INTO snapshots_change (source_id, seq, since, kind, key, old_hash, mask, old, vanished)
SELECT %(source)s, %(seq)s, since, verb, key, old_hash, mask, old, vanished
FROM snapshots_stage WHERE verb IN ('added', 'changed', 'removed')
"""
_REMOVED = "DELETE FROM snapshots_headrow h USING snapshots_stage s WHERE s.verb = 'removed' AND h.id = s.head_id"
# A row rewritten in place keeps its `since`.
_CHANGED = """
UPDATE snapshots_headrow h SET hash = s.hash, mark = s.mark, payload = s.payload,
    since = CASE s.verb WHEN 'changed' THEN %(seq)s ELSE h.since END
FROM snapshots_stage s WHERE s.verb IN ('changed', 'refreshed') AND h.id = s.head_id
"""
_RESPELT = """
UPDATE snapshots_headrow h SET mark = s.mark FROM snapshots_stage s WHERE s.verb = 'respelt' AND h.id = s.head_id
"""
_ADDED = """
INSERT INTO snapshots_headrow (source_id, key, hash, mark, since, payload)
SELECT %(source)s, key, hash, mark, %(seq)s, payload FROM snapshots_stage WHERE verb = 'added'
"""


def lock(source: Source) -> Source:
    """Waits until no other publish, purge or erasure of this source is under way, and reads the source again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, source.pk])
    return Source.objects.select_for_update().get(pk=source.pk)


def new_stage() -> None:
    """Inside the transaction that will write, or forget, what is staged."""
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.execute("TRUNCATE snapshots_stage")


def stage(rows: Iterable[Staged]) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY snapshots_stage FROM STDIN") as copy:
        for row in rows:
            copy.write_row((*row[:6], _json(row.old), *row[7:10], _json(row.payload)))


def vanished() -> Iterator[str]:
    """The staged keys whose going nothing explains."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM snapshots_stage WHERE verb = 'removed' AND vanished")
        yield from (key for (key,) in cursor.fetchall())


def write(source: Source, seq: int, delta: Delta) -> None:
    """Ends the old versions and begins the new ones at `seq`; inside the transaction that staged them."""
    params = {"source": source.pk, "seq": seq}
    statements = (
        (_HISTORY, delta.history),
        (_REMOVED, delta.removed),
        (_CHANGED, delta.changed + delta.refreshed),
        (_ADDED, delta.added),
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE snapshots_stage (verb, head_id)")
        for statement, rows in statements:
            if rows:
                cursor.execute(statement, params)
    respell(delta)


def respell(delta: Delta) -> None:
    """So that the next listing in the new spelling is recognised at once; no value changes."""
    if delta.respelt:
        with connection.cursor() as cursor:
            cursor.execute(_RESPELT)


def refresh_statistics(delta: Delta) -> None:
    """After most was written: until the planner knows, it may read whole tables to find one row."""
    if delta.history >= _MANY and delta.history * 5 >= delta.tally.rows:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE snapshots_headrow, snapshots_change")


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def close_open(snapshots: SnapshotQuerySet, reason: Reason) -> None:
    """Ends those that are still being collected; a process that goes on with one will find it settled."""
    snapshots.filter(status=Snapshot.Status.RUNNING).update(
        status=Snapshot.Status.FAILED, reasons=[reason.as_json()], finished_at=timezone.now()
    )


def supersede(published: Snapshot) -> None:
    """Older held collections have nothing left to say."""
    older = Snapshot.objects.filter(source=published.source).held().exclude(pk=published.pk)
    HeldRows.objects.filter(snapshot__in=older).delete()
    for held in older:
        held.notes = [*held.notes, Reason("superseded").as_json()]
        held.status, held.override_at = Snapshot.Status.REJECTED, timezone.now()
        held.save(update_fields=("notes", "status", "override_at"))
