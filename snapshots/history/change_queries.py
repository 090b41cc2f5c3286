"""One page of what a published snapshot changed, found by the database: a hundred thousand changes cost like fifty."""

from __future__ import annotations

from typing import Any

from django.db import connection

from snapshots.models import Snapshot

# The version that the change made: the old one of the next change of that row, else what is in force.
_AFTER = """
LEFT JOIN LATERAL (
    SELECT n.old FROM snapshots_change n
    WHERE n.source_id = c.source_id AND n.key = c.key AND n.seq > c.seq ORDER BY n.seq LIMIT 1
) later ON true
LEFT JOIN snapshots_headrow head ON head.source_id = c.source_id AND head.key = c.key AND head.since <= c.seq
"""
# Of a row that came or went every filled column counts, of a changed one what its mask names.
_FIELD = """CASE c.kind
    WHEN 'changed' THEN c.mask & %(bit)s <> 0
    WHEN 'removed' THEN coalesce(c.old ->> %(place)s, '') <> ''
    ELSE coalesce(later.old ->> %(place)s, head.payload ->> %(field)s, '') <> ''
END"""


def counts(snapshot: Snapshot) -> dict[str, int]:
    """Changes by kind, as they were counted when the snapshot was published."""
    return {"added": snapshot.added, "removed": snapshot.removed, "changed": snapshot.changed}


def changed_keys(
    snapshot: Snapshot, *, kind: str, field: str, room: str, name: str, offset: int, limit: int
) -> tuple[list[str], int]:
    """The keys of one page, in their order, and how many there are in all. Texts are searched on either side."""
    source = snapshot.source
    conditions = ["c.source_id = %(source)s", "c.seq = %(seq)s"]
    params: dict[str, Any] = {"source": source.pk, "seq": snapshot.seq, "offset": offset, "limit": limit}
    if kind:
        conditions.append("c.kind = %(kind)s")
        params["kind"] = kind
    if field:
        place = source.layout.index(field)
        conditions.append(_FIELD)
        params |= {"bit": 1 << place, "place": place, "field": field}
    wanted = {source.room_column: room, source.label_column: name}
    searched = {column: text for column, text in wanted.items() if text and column in source.layout}
    for number, (column, text) in enumerate(searched.items()):
        conditions.append(_either_side(number))
        params |= {f"at{number}": source.layout.index(column), f"column{number}": column, f"like{number}": like(text)}
    after = _AFTER if searched or field else ""
    where = f"FROM snapshots_change c {after} WHERE {' AND '.join(conditions)}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {where}", params)
        (total,) = cursor.fetchone()
        cursor.execute(f"SELECT c.key {where} ORDER BY c.key OFFSET %(offset)s LIMIT %(limit)s", params)
        return [key for (key,) in cursor.fetchall()], total


def _either_side(number: int) -> str:
    before = f"c.old ->> %(at{number})s ILIKE %(like{number})s"
    made = f"coalesce(later.old ->> %(at{number})s, head.payload ->> %(column{number})s) ILIKE %(like{number})s"
    return f"({before} OR {made})"


def like(text: str) -> str:
    """A pattern of ILIKE for any text that holds this one, whatever signs it has."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
