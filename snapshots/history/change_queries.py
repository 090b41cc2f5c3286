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


# One line for each row that ends otherwise than it began, by kind. A row that was touched repeatedly may have come
# back to what it was: then the hash of its first old version is that of its last new one.
_NET = """
WITH touched AS (
    SELECT DISTINCT ON (key) key, seq, kind, old, old_hash, max(seq) OVER spans AS last,
        last_value(kind) OVER spans AS last_kind
    FROM snapshots_change WHERE source_id = %(source)s AND seq > %(low)s AND seq <= %(high)s
    WINDOW spans AS (PARTITION BY key ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ORDER BY key, seq
), net AS (
    SELECT t.key, t.last, t.old, t.kind AS first_kind, later.old AS later_old, head.payload,
        CASE
            WHEN t.kind = 'added' AND t.last_kind = 'removed' THEN NULL
            WHEN t.kind = 'added' THEN %(added)s
            WHEN t.last_kind = 'removed' THEN %(removed)s
            WHEN t.seq = t.last OR t.old_hash <> coalesce(later.old_hash, head.hash) THEN 'changed'
        END AS net_kind
    FROM touched t
    LEFT JOIN LATERAL (
        SELECT c.old, c.old_hash FROM snapshots_change c
        WHERE %(look)s AND c.source_id = %(source)s AND c.key = t.key AND c.seq + 0 > %(high)s ORDER BY c.seq LIMIT 1
    ) later ON true
    LEFT JOIN snapshots_headrow head
        ON %(look)s AND head.source_id = %(source)s AND head.key = t.key AND head.since <= %(high)s
)
"""
_COUNT = "SELECT net_kind, count(*) FROM net WHERE net_kind IS NOT NULL GROUP BY 1"
# Where every row was touched at most once, nothing has to be looked up to know what became of it.
_REPEATED = """
SELECT EXISTS (
    SELECT FROM snapshots_change WHERE source_id = %(source)s AND seq > %(low)s AND seq <= %(high)s
    GROUP BY key HAVING count(*) > 1
)
"""


def comparable(a: Snapshot, b: Snapshot) -> bool:
    """Hashes tell whether a row is what it was only where both listings, and what is in force, have the same columns
    and were hashed in the same way."""
    source = a.source
    return all(item.columns == source.columns and item.recipe == source.recipe for item in (a, b))


def counted(a: Snapshot, b: Snapshot) -> dict[str, int]:
    """Differences by kind, as they are from `a` to `b`."""
    params = _params(a, b)
    params["look"] = _any_repeated(params)
    with connection.cursor() as cursor:
        cursor.execute(f"{_NET} {_COUNT}", params)
        return dict(cursor.fetchall())


def differing_keys(
    a: Snapshot, b: Snapshot, *, kind: str, room: str, name: str, offset: int, limit: int
) -> tuple[list[str], int]:
    """The keys of one page, oldest change first, and how many pass in all. Texts are searched on either side."""
    source, params = a.source, _params(a, b)
    conditions = ["net_kind IS NOT NULL"]
    if kind:
        conditions.append("net_kind = %(kind)s")
        params["kind"] = kind
    wanted = {source.room_column: room, source.label_column: name}
    searched = {column: text for column, text in wanted.items() if text and column in source.layout}
    for number, (column, text) in enumerate(searched.items()):
        conditions.append(_net_on_either_side(number))
        params |= {f"at{number}": source.layout.index(column), f"column{number}": column, f"like{number}": like(text)}
    params["look"] = bool(searched) or _any_repeated(params)
    where = f"FROM net WHERE {' AND '.join(conditions)}"
    with connection.cursor() as cursor:
        cursor.execute(f"{_NET} SELECT count(*) {where}", params)
        (total,) = cursor.fetchone()
        page = params | {"offset": offset, "limit": limit}
        cursor.execute(f"{_NET} SELECT key {where} ORDER BY last, key OFFSET %(offset)s LIMIT %(limit)s", page)
        return [key for (key,) in cursor.fetchall()], total


def _net_on_either_side(number: int) -> str:
    before = f"(first_kind <> 'added' AND old ->> %(at{number})s ILIKE %(like{number})s)"
    after = f"coalesce(later_old ->> %(at{number})s, payload ->> %(column{number})s) ILIKE %(like{number})s"
    return f"({before} OR {after})"


def _any_repeated(params: dict[str, Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_REPEATED, params)
        (found,) = cursor.fetchone()
        return bool(found)


def _params(a: Snapshot, b: Snapshot) -> dict[str, Any]:
    """From the newer to the older, what came had gone."""
    backwards = a.at_seq > b.at_seq
    low, high = sorted((a.at_seq, b.at_seq))
    came, gone = ("removed", "added") if backwards else ("added", "removed")
    return {"source": a.source_id, "low": low, "high": high, "added": came, "removed": gone}
