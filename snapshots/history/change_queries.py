"""Keys of changed rows, filtered, counted and paged by the database: a hundred thousand changes cost like fifty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise

from snapshots import hidden_persons
from snapshots.models import Snapshot, Source

# The version that a change made: the old one of the row's next change, else the current one.
_MADE = """
LEFT JOIN LATERAL (
    SELECT n.old FROM snapshots_change n
    WHERE n.source_id = c.source_id AND n.key = c.key AND n.seq > c.seq ORDER BY n.seq LIMIT 1
) later ON true
LEFT JOIN snapshots_headrow head ON head.source_id = c.source_id AND head.key = c.key AND head.since <= c.seq
"""
# Of an added or removed row every filled column counts, of a changed one those in its mask.
_FIELD = """CASE c.kind
    WHEN 'changed' THEN c.mask & %(bit)s <> 0
    WHEN 'removed' THEN coalesce(c.old ->> %(place)s, '') <> ''
    ELSE coalesce(later.old ->> %(place)s, head.payload ->> %(field)s, '') <> ''
END"""
# A row for each key that differs between two versions, by kind. A row that was touched repeatedly may be again what it
# was: then the hash of its first old version is that of its last new one.
_NET = """
WITH touched AS (
    SELECT DISTINCT ON (key) key, seq, kind, old, old_hash, max(seq) OVER spans AS last,
        last_value(kind) OVER spans AS last_kind
    FROM snapshots_change WHERE source_id = %(source)s AND seq > %(low)s AND seq <= %(high)s
    WINDOW spans AS (PARTITION BY key ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
    ORDER BY key, seq
), net AS (
    SELECT t.key, t.last, t.old, later.old AS later_old, head.payload,
        CASE
            WHEN t.kind = 'added' AND t.last_kind = 'removed' THEN NULL
            WHEN t.kind = 'added' THEN %(added)s
            WHEN t.last_kind = 'removed' THEN %(removed)s
            WHEN t.seq = t.last OR t.old_hash <> coalesce(later.old_hash, head.hash) THEN 'changed'
        END AS kind
    FROM touched t
    LEFT JOIN LATERAL (
        SELECT c.old, c.old_hash FROM snapshots_change c
        WHERE %(look)s AND c.source_id = %(source)s AND c.key = t.key AND c.seq + 0 > %(high)s ORDER BY c.seq LIMIT 1
    ) later ON true
    LEFT JOIN snapshots_headrow head
        ON %(look)s AND head.source_id = %(source)s AND head.key = t.key AND head.since <= %(high)s
)
"""
_COUNT_NET = "SELECT kind, count(*) FROM net WHERE kind IS NOT NULL GROUP BY 1"
# Where every row was touched at most once, the kind of its change is the net kind: nothing has to be looked up.
_REPEATED = """
SELECT EXISTS (
    SELECT FROM snapshots_change WHERE source_id = %(source)s AND seq > %(low)s AND seq <= %(high)s
    GROUP BY key HAVING count(*) > 1
)
"""
Params = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """A change of a row in the words of its readers: `column` got one of the values `became` (any other value, if there
    are none), in a row that was there before or, with `added`, in a new one. `standing` is a (column, value) that the
    row must have had before and after."""

    name: str
    label: str | Promise
    column: str
    became: tuple[str, ...] = ()
    added: bool = False
    standing: tuple[str, str] | None = None


_events: dict[str, tuple[Event, ...]] = {}


def register_events(source: str, events: Sequence[Event]) -> None:
    """From now on the changes of this source can be grouped by these events, in this order."""
    _events[source] = tuple(events)


def events_of(source: Source) -> tuple[Event, ...]:
    """Those whose columns the source has."""
    return tuple(event for event in _events.get(source.name, ()) if event.column in source.layout)


@dataclass(frozen=True)
class ChangeFilter:
    """Empty for all. Texts are searched in the old and in the new version of the row, whatever their case. Unless
    `see_hidden`, no name finds the row of a hidden person."""

    kind: str = ""
    field: str = ""
    room: str = ""
    name: str = ""
    see_hidden: bool = False
    event: Event | None = None


class ChangeKeys:
    """An object list for Django's Paginator: counts and slices the keys of a query."""

    def __init__(self, query: str, params: Params, *, key: str, order: str, common: str = ""):
        self._query, self._params, self._key, self._order, self._common = query, params, key, order, common

    def count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"{self._common} SELECT count(*) {self._query}", self._params)
            (total,) = cursor.fetchone()
            return int(total)

    __len__ = count

    def __getitem__(self, page: slice) -> list[str]:
        params = self._params | {"offset": page.start, "limit": page.stop - page.start}
        part = f"ORDER BY {self._order} OFFSET %(offset)s LIMIT %(limit)s"
        with connection.cursor() as cursor:
            cursor.execute(f"{self._common} SELECT {self._key} {self._query} {part}", params)
            return [key for (key,) in cursor.fetchall()]


def counts(snapshot: Snapshot) -> dict[str, int]:
    """Changes by kind, as counted when the snapshot was published or held."""
    return {"added": snapshot.added, "removed": snapshot.removed, "changed": snapshot.changed}


def published_keys(snapshot: Snapshot, wanted: ChangeFilter) -> ChangeKeys:
    """The rows that a published snapshot changed, by key."""
    source = snapshot.source
    conditions, params = _text_search(
        source, wanted, key="c.key", old="c.old", later="later.old", current="head.payload"
    )
    made = _MADE if conditions or wanted.field or wanted.event else ""
    conditions += ["c.source_id = %(source)s", "c.seq = %(seq)s"]
    params |= {"source": source.pk, "seq": snapshot.seq}
    if wanted.kind:
        conditions.append("c.kind = %(kind)s")
        params["kind"] = wanted.kind
    if wanted.field:
        place = source.layout.index(wanted.field)
        conditions.append(_FIELD)
        params |= {"bit": 1 << place, "place": place, "field": wanted.field}
    order = "c.key"
    if wanted.event:
        condition, of_event = _event_condition(source, wanted.event, "e")
        conditions.append(condition)
        params |= of_event
        if source.room_column in source.layout:
            params |= {"room_place": source.layout.index(source.room_column), "room_column": source.room_column}
            room = _new("room_place", "room_column")
            order = f"length({room}), {room}, c.key"
    query = f"FROM snapshots_change c {made} WHERE {' AND '.join(conditions)}"
    return ChangeKeys(query, params, key="c.key", order=order)


def event_counts(snapshot: Snapshot, events: Sequence[Event]) -> dict[str, int]:
    """How often each event happened with a published snapshot; one query."""
    source = snapshot.source
    params: Params = {"source": source.pk, "seq": snapshot.seq, "bits": 0}
    columns = []
    for n, event in enumerate(events):
        condition, of_event = _event_condition(source, event, f"e{n}_")
        columns.append(f"count(*) FILTER (WHERE {condition})")
        params |= of_event
        params["bits"] |= 1 << source.layout.index(event.column)
    # Other rows cannot hold an event: their versions are not looked up.
    touched = "(c.kind = 'added' OR c.kind = 'changed' AND c.mask & %(bits)s <> 0)"
    found = f"FROM snapshots_change c {_MADE} WHERE c.source_id = %(source)s AND c.seq = %(seq)s AND {touched}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} {found}", params)
        return dict(zip((event.name for event in events), cursor.fetchone(), strict=True))


def _new(place: str, column: str) -> str:
    """SQL of a value in the version that a change made; the arguments name parameters."""
    return f"CASE WHEN later.old IS NULL THEN head.payload ->> %({column})s ELSE later.old ->> %({place})s END"


def _event_condition(source: Source, event: Event, prefix: str) -> tuple[str, Params]:
    """The parameters are named with the prefix."""
    place = source.layout.index(event.column)
    names = {
        name: f"{prefix}{name}" for name in ("place", "column", "bit", "became", "kept_place", "kept_column", "kept")
    }
    params: Params = {names["place"]: place, names["column"]: event.column, names["bit"]: 1 << place}
    now, before = _new(names["place"], names["column"]), f"c.old ->> %({names['place']})s"
    conditions = [f"c.mask & %({names['bit']})s <> 0"]
    if event.became:
        params[names["became"]] = list(event.became)
        happened = f"({now}) = ANY(%({names['became']})s)"
        conditions.append(happened)
    else:
        happened = f"coalesce({now}, '') <> ''"
        conditions += [happened, f"coalesce({before}, '') <> ''"]
    if event.standing:
        column, value = event.standing
        kept = source.layout.index(column)
        params |= {names["kept_place"]: kept, names["kept_column"]: column, names["kept"]: value}
        conditions.append(f"({_new(names['kept_place'], names['kept_column'])}) = %({names['kept']})s")
        conditions.append(f"c.old ->> %({names['kept_place']})s = %({names['kept']})s")
    changed = f"c.kind = 'changed' AND {' AND '.join(conditions)}"
    return (f"({changed} OR c.kind = 'added' AND {happened})" if event.added else f"({changed})"), params


def comparable(a: Snapshot, b: Snapshot) -> bool:
    """Whether equal hashes mean equal rows: both snapshots and the current rows have the same columns and recipe."""
    source = a.source
    return all(item.columns == source.columns and item.recipe == source.recipe for item in (a, b))


def difference_counts(a: Snapshot, b: Snapshot) -> dict[str, int]:
    """Differences from `a` to `b` by kind; either may be the older."""
    params = _between(a, b)
    params["look"] = _any_repeated(params)
    with connection.cursor() as cursor:
        cursor.execute(f"{_NET} {_COUNT_NET}", params)
        return dict(cursor.fetchall())


def difference_keys(a: Snapshot, b: Snapshot, wanted: ChangeFilter) -> ChangeKeys:
    """The rows that differ between two comparable snapshots, oldest change first. `wanted.field` is not supported."""
    conditions, search = _text_search(a.source, wanted, key="net.key", old="old", later="later_old", current="payload")
    params = _between(a, b)
    params |= {**search, "look": bool(conditions) or _any_repeated(params)}
    conditions.append("kind IS NOT NULL")
    if wanted.kind:
        conditions.append("kind = %(kind)s")
        params["kind"] = wanted.kind
    return ChangeKeys(f"FROM net WHERE {' AND '.join(conditions)}", params, key="key", order="last, key", common=_NET)


def _text_search(
    source: Source, wanted: ChangeFilter, *, key: str, old: str, later: str, current: str
) -> tuple[list[str], Params]:
    """Conditions on room and name, given the SQL of the old version and of the new one: the array of a later change or
    else the current row."""
    conditions: list[str] = []
    params: Params = {}
    for n, (column, text) in enumerate(((source.room_column, wanted.room), (source.label_column, wanted.name))):
        if text and column in source.layout:
            new = f"coalesce({later} ->> %(place{n})s, {current} ->> %(column{n})s)"
            conditions.append(f"({old} ->> %(place{n})s ILIKE %(text{n})s OR {new} ILIKE %(text{n})s)")
            escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            place = source.layout.index(column)
            params |= {f"place{n}": place, f"column{n}": column, f"text{n}": f"%{escaped}%"}
    if wanted.name and not wanted.see_hidden:
        visible, found = hidden_persons.not_hidden(source, key)
        conditions.append(visible)
        params |= found
    return conditions, params


def _any_repeated(params: Params) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_REPEATED, params)
        (found,) = cursor.fetchone()
        return bool(found)


def _between(a: Snapshot, b: Snapshot) -> Params:
    """From the newer to the older snapshot, what was added counts as removed."""
    low, high = sorted((a.at_seq, b.at_seq))
    added, removed = ("removed", "added") if a.at_seq > b.at_seq else ("added", "removed")
    return {"source": a.source_id, "low": low, "high": high, "added": added, "removed": removed}
