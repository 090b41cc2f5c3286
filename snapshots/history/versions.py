"""The current rows, the rows of any past version, and the changes between two versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from snapshots.canonical import Canonical, Row, add_digest, hash_key, recipe
from snapshots.diffing import ChangeView, Keyed, between
from snapshots.errors import Corrupt, Purged
from snapshots.models import HeadRow, Snapshot, Source

_AS_OF = """
SELECT key, since, NULL, payload FROM snapshots_headrow WHERE source_id = %(source)s AND since <= %(seq)s
UNION ALL
SELECT key, since, old, NULL FROM snapshots_change WHERE source_id = %(source)s AND seq > %(seq)s AND since <= %(seq)s
"""

# For every row touched in (low, high]: its version at `low` (the old one of its first change) and at `high` (the
# current one, or the old one of its first change after `high`). `fields` is the mask of what changed; null if it
# changed repeatedly. `+ 0` makes the planner use the index on the key: with old statistics it would scan all later
# changes.
_BETWEEN = """
WITH touched AS (
    SELECT DISTINCT ON (key) key, kind, old, max(seq) OVER spans AS last, last_value(vanished) OVER spans AS vanished,
        CASE WHEN kind = 'changed' AND seq = max(seq) OVER spans THEN mask END AS fields
    FROM snapshots_change WHERE source_id = %(source)s AND seq > %(low)s AND seq <= %(high)s
        AND (%(keys)s::text[] IS NULL OR key = ANY(%(keys)s))
    WINDOW spans AS (PARTITION BY key ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ORDER BY key, seq
)
SELECT t.key, t.last, CASE WHEN t.kind <> 'added' THEN t.old END, later.old, head.payload, t.vanished, t.fields
FROM touched t
LEFT JOIN snapshots_headrow head ON head.source_id = %(source)s AND head.key = t.key AND head.since <= %(high)s
LEFT JOIN LATERAL (
    SELECT c.old FROM snapshots_change c
    WHERE head.id IS NULL AND c.source_id = %(source)s AND c.key = t.key AND c.seq + 0 > %(high)s ORDER BY c.seq LIMIT 1
) later ON true
ORDER BY t.last, t.key
"""


def current(source: str) -> Iterator[Row]:
    """The current rows, in no particular order; none before the first publication."""
    found = Source.objects.filter(name=source).first()
    if found is None:
        return
    for payload in HeadRow.objects.filter(source=found).values_list("payload", flat=True).iterator(chunk_size=2000):
        yield only(payload, found.columns)


def current_row(source: str, key: str) -> Row | None:
    """The current row of that key; None if no current row has it."""
    head = HeadRow.objects.filter(source__name=source, key=key).select_related("source").first()
    return only(head.payload, head.source.columns) if head else None


def as_of(snapshot: Snapshot, *, verify: bool = True) -> Iterator[Row]:
    """The rows of a snapshot, with its columns. After the last row they are checked against the snapshot's count and
    digest: a generator that ends without `Corrupt` gave exactly what was published. Raises Purged, Corrupt."""
    for _key, row in keyed_as_of(snapshot, verify=verify):
        yield row


def keyed_as_of(snapshot: Snapshot, *, verify: bool = True) -> Iterator[Keyed]:
    source, key = snapshot.source, hash_key(settings.HASH_KEY)
    _must_be_kept(source, snapshot)
    canonical = Canonical(snapshot.columns, snapshot.kinds, key)
    same_recipe = snapshot.recipe == recipe(snapshot.kinds, key)
    count = digest = 0
    for row_key, _since, row in rows_at(source, snapshot.at_seq, snapshot.columns):
        count += 1
        if verify and same_recipe:
            digest = add_digest(digest, canonical.hash(row))
        yield row_key, row
    if verify and (count != snapshot.rows or (same_recipe and digest != snapshot.digest)):
        raise Corrupt(f"{source.name} {snapshot.pk}: {count} rows rebuilt, {snapshot.rows} published")


def rows_at(source: Source, seq: int, columns: Sequence[str]) -> Iterator[tuple[str, int, Row]]:
    """(key, version since which the row is unchanged, row), by one statement: concurrent publications do not show."""
    for key, since, old, payload in _query(_AS_OF, {"source": source.pk, "seq": seq}):
        yield key, since, only(_loads(payload) if old is None else unpack(_loads(old), source.layout), columns)


def diff(a: Snapshot, b: Snapshot, keys: Sequence[str] | None = None) -> Iterator[ChangeView]:
    """The changes from snapshot `a` to `b` (either may be the older), oldest first, without rows that have no net
    change; with `keys`, of these rows only. Raises Purged."""
    if a.source_id != b.source_id:
        raise ValueError("snapshots of different sources cannot be compared")
    _must_be_kept(a.source, min(a, b, key=lambda snapshot: snapshot.at_seq))
    if a.at_seq <= b.at_seq:
        yield from changes_between(a.source, a.at_seq, b.at_seq, keys)
        return
    opposite = {"added": "removed", "removed": "added", "changed": "changed"}
    for change in changes_between(a.source, b.at_seq, a.at_seq, keys):
        kind: Any = opposite[change.kind]
        yield ChangeView(kind, change.key, change.after, change.before, change.fields, change.seq)


def changes_between(source: Source, low: int, high: int, keys: Sequence[str] | None = None) -> Iterator[ChangeView]:
    """The net changes from version `low` to version `high`, oldest first; with `keys`, of these rows only."""
    columns_low, columns_high = _columns_at(source, low), _columns_at(source, high)
    common = [name for name in columns_high if not columns_low or name in columns_low]
    params = {"source": source.pk, "low": low, "high": high, "keys": None if keys is None else list(keys)}
    for key, seq, first, later, payload, vanished, mask in _query(_BETWEEN, params):
        before = None if first is None else only(unpack(_loads(first), source.layout), columns_low)
        end = _loads(payload) if later is None else unpack(_loads(later), source.layout)
        after = None if end is None else only(end, columns_high)
        if mask is not None and before is not None and after is not None:
            # It changed once: the mask has the columns that differ.
            if fields := tuple(name for name in masked(mask, source.layout) if name in common):
                yield ChangeView("changed", key, before, after, fields, seq)
            continue
        columns = columns_low if after is None else columns_high if before is None else common
        if change := between(key, before, after, columns, source.kinds, seq):
            yield replace(change, vanished=True) if vanished else change


def masked(mask: int, layout: Sequence[str]) -> list[str]:
    """The columns whose bits are set in a mask."""
    return [name for place, name in enumerate(layout) if mask >> place & 1]


def _columns_at(source: Source, seq: int) -> list[str]:
    found = Snapshot.objects.filter(source=source, seq=seq).values_list("columns", flat=True).first()
    return list(found or [])


def _must_be_kept(source: Source, snapshot: Snapshot) -> None:
    if snapshot.at_seq < source.min_seq:
        raise Purged(f"{source.name}: snapshots before {source.min_seq} were purged")


def only(payload: Row, columns: Sequence[str]) -> Row:
    return {name: payload.get(name) for name in columns}


def unpack(old: Sequence[Any], layout: Sequence[str]) -> Row:
    """The row of an array in layout order. Older arrays may be shorter: the columns that they lack were absent."""
    return dict(zip(layout, old, strict=False))


def _query(statement: str, params: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    # A server-side cursor: memory does not grow with the number of rows. Through a transaction pooler it would be gone
    # at the next fetch.
    pooled = connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"]
    with connection.cursor() if pooled else connection.chunked_cursor() as cursor:
        cursor.execute(statement, params)
        while rows := cursor.fetchmany(2000):
            yield from rows


def _loads(text: str | None) -> Any:
    # Django has psycopg return JSON as text, for its own field to parse.
    return None if text is None else orjson.loads(text)
