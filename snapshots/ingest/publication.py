"""The SQL of a publication: changes are staged by COPY, then applied by a few statements.

Also the source lock, and how collections that did not come to an end are closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from django.db import connection
from django.utils import timezone

from snapshots.guards import Reason
from snapshots.ingest.comparison import Delta, StagedRow
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
_MARKS = """
UPDATE snapshots_headrow h SET mark = s.mark FROM snapshots_stage s WHERE s.verb = 'reformatted' AND h.id = s.head_id
"""
_ADDED = """
INSERT INTO snapshots_headrow (source_id, key, hash, mark, since, payload)
SELECT %(source)s, key, hash, mark, %(seq)s, payload FROM snapshots_stage WHERE verb = 'added'
"""
_REVERTED = """
SELECT count(*) FROM snapshots_stage s WHERE s.verb = 'changed' AND EXISTS (
    SELECT FROM snapshots_change c WHERE c.source_id = %s AND c.key = s.key AND c.old_hash = s.hash
)
"""


def lock(source: Source) -> Source:
    """Waits for any other publication, purge or erasure of this source, and reads the source again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, source.pk])
    return Source.objects.select_for_update().get(pk=source.pk)


def new_stage() -> None:
    """An empty staging table, which lives until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.execute("TRUNCATE snapshots_stage")


def stage(rows: Iterable[StagedRow]) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY snapshots_stage FROM STDIN") as copy:
        for row in rows:
            copy.write_row((*row[:6], _json(row.old), *row[7:10], _json(row.payload)))


def vanished_keys() -> Iterator[str]:
    """Keys of the staged removals that nothing explains."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM snapshots_stage WHERE verb = 'removed' AND vanished")
        yield from (key for (key,) in cursor.fetchall())


def reverted_rows(source: Source) -> int:
    """The staged changes that take a row back to an earlier version."""
    with connection.cursor() as cursor:
        cursor.execute(_REVERTED, [source.pk])
        count: int = cursor.fetchone()[0]
    return count


def apply_stage(source: Source, seq: int, delta: Delta) -> None:
    """Writes the staged changes as version `seq`, in the transaction that staged them."""
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
    update_marks(delta)


def update_marks(delta: Delta) -> None:
    """Stores the marks of reformatted rows, so that the next collection matches them at once; no value changes."""
    if delta.reformatted:
        with connection.cursor() as cursor:
            cursor.execute(_MARKS)


def refresh_statistics(delta: Delta) -> None:
    """After a large publication: with old statistics the planner may scan whole tables to find one row."""
    if delta.history >= _MANY and delta.history * 5 >= delta.totals.rows:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE snapshots_headrow, snapshots_change")


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def close_open(snapshots: SnapshotQuerySet, reason: Reason) -> None:
    """Marks running collections as failed; a process that still works on one gets AlreadySettled."""
    snapshots.filter(status=Snapshot.Status.RUNNING).update(
        status=Snapshot.Status.FAILED, reasons=[reason.as_json()], finished_at=timezone.now()
    )


def supersede_held(published: Snapshot) -> None:
    """Rejects the source's older held snapshots and deletes their rows."""
    older = Snapshot.objects.filter(source=published.source).held().exclude(pk=published.pk)
    HeldRows.objects.filter(snapshot__in=older).delete()
    for held in older:
        held.notes = [*held.notes, Reason("superseded").as_json()]
        held.status, held.override_at = Snapshot.Status.REJECTED, timezone.now()
        held.save(update_fields=("notes", "status", "override_at"))
