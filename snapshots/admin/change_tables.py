"""What the screens show, page by page, out of streams that may be long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from snapshots.admin.display import (
    FieldChange,
    ShownChange,
    describe,
    field_label,
    matches,
    name_of,
    room_of,
    shown,
    summary_columns,
)
from snapshots.canonical import Row
from snapshots.diffing import ChangeView, diff
from snapshots.held_decision import held_rows
from snapshots.history import change_queries, versions
from snapshots.ingest import held_changes
from snapshots.models import HeadRow, Snapshot, Source

PAGE_SIZE = 50
KINDS = ("added", "removed", "changed")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Filters:
    """As the reader typed them; unknown kinds and fields count as none."""

    kind: str = ""
    field: str = ""
    room: str = ""
    name: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str], source: Source) -> Filters:
        kind, column, page = query.get("kind", ""), query.get("field", ""), query.get("page", "")
        return cls(
            kind if kind in KINDS else "",
            column if column in source.layout else "",
            query.get("room", "").strip(),
            query.get("name", "").strip(),
            int(page) if page.isdecimal() and 0 < int(page) < 10**6 else 1,
        )

    @property
    def any(self) -> bool:
        return bool(self.kind or self.field or self.room or self.name)


@dataclass(frozen=True)
class ShownRow:
    key: str
    room: str
    name: str
    values: tuple[FieldChange, ...]


@dataclass
class Page(Generic[Item]):
    number: int
    items: list[Item] = field(default_factory=list)
    total: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def last(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))

    @property
    def first_shown(self) -> int:
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last_shown(self) -> int:
        return self.first_shown + len(self.items) - 1

    @property
    def before(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.number + 1 if self.number < self.last else None


def snapshot_changes(snapshot: Snapshot, filters: Filters) -> Page[ShownChange]:
    """What a published snapshot changed, or what a held one would change; of any other, nothing."""
    source = snapshot.source
    wanted = {"kind": filters.kind, "field": filters.field, "room": filters.room, "name": filters.name}
    start = (filters.page - 1) * PAGE_SIZE
    if snapshot.status == Snapshot.Status.HELD:
        kept = held_changes.kept_of(snapshot)
        if kept is None:
            return changes_page(source, _would_change(snapshot), filters)
        found, total = held_changes.held_changes(kept, source, **wanted, offset=start, limit=PAGE_SIZE)
        return Page(filters.page, [describe(source, c) for c in found], total, Counter(change_queries.counts(snapshot)))
    if snapshot.seq is None or snapshot.seq <= source.min_seq:
        return Page(filters.page)
    keys, total = change_queries.changed_keys(snapshot, **wanted, offset=start, limit=PAGE_SIZE)
    changes = versions.changes_between(source, snapshot.seq - 1, snapshot.seq, keys)
    items = [describe(source, change) for change in changes]
    return Page(filters.page, items, total, Counter(change_queries.counts(snapshot)))


def compared(a: Snapshot, b: Snapshot, filters: Filters) -> Page[ShownChange]:
    """What turns `a` into `b`. By one field only, and between listings of other columns, every change is looked at."""
    source = a.source
    if filters.field or not change_queries.comparable(a, b):
        return changes_page(source, versions.diff(a, b), filters)
    wanted = {"kind": filters.kind, "room": filters.room, "name": filters.name}
    start = (filters.page - 1) * PAGE_SIZE
    keys, total = change_queries.differing_keys(a, b, **wanted, offset=start, limit=PAGE_SIZE)
    items = [describe(source, change) for change in versions.diff(a, b, keys)]
    return Page(filters.page, items, total, Counter(change_queries.counted(a, b)))


def changes_page(source: Source, changes: Iterable[ChangeView], filters: Filters) -> Page[ShownChange]:
    """One page of those that pass the filters; `counts` counts every kind, whatever the filters say."""
    page: Page[ShownChange] = Page(filters.page)
    for change in changes:
        page.counts[change.kind] += 1
        if matches(source, change, kind=filters.kind, field=filters.field, room=filters.room, name=filters.name):
            _take(page, partial(describe, source, change))
    return page


def rows_page(source: Source, rows: Iterable[tuple[str, Row]], filters: Filters) -> Page[ShownRow]:
    page: Page[ShownRow] = Page(filters.page)
    room, name = filters.room.casefold(), filters.name.casefold()
    for key, row in rows:
        in_room = room in str(row.get(source.room_column) or "").casefold()
        if in_room and name in str(row.get(source.label_column) or "").casefold():
            _take(page, partial(_shown_row, source, key, row))
    return page


def _take(page: Page[Item], make: Callable[[], Item]) -> None:
    if (page.number - 1) * PAGE_SIZE <= page.total < page.number * PAGE_SIZE:
        page.items.append(make())
    page.total += 1


def _shown_row(source: Source, key: str, row: Row) -> ShownRow:
    values = tuple(
        FieldChange(field_label(source, name), None, shown(source, name, row.get(name)))
        for name in summary_columns(source)
    )
    return ShownRow(key, room_of(source, row), name_of(source, row, key), values)


def column_choices(source: Source) -> list[tuple[str, str]]:
    columns = [name for name in source.columns if name != source.key_column]
    return sorted(((name, field_label(source, name)) for name in columns), key=lambda choice: choice[1].casefold())


def _would_change(snapshot: Snapshot) -> Iterator[ChangeView]:
    """Of what was held before changes were kept: worked out from its rows."""
    source = snapshot.source
    columns = [name for name in snapshot.columns if name in source.columns] or snapshot.columns
    head = HeadRow.objects.filter(source=source).values_list("key", "payload").iterator(chunk_size=2000)
    rows = ((str(row[source.key_column]), row) for row in held_rows(snapshot))
    # What would be gone first: it is what the decision is about.
    order = ("removed", "changed", "added")
    return iter(sorted(diff(head, rows, columns, snapshot.kinds), key=lambda change: order.index(change.kind)))


def listing_of(snapshot: Snapshot) -> Iterator[tuple[str, Row]]:
    """By room and name, as people look for somebody."""
    source = snapshot.source

    def order(item: tuple[str, Row]) -> tuple[str, str]:
        _key, row = item
        room = str(row.get(source.room_column) or "")
        # Who has no room yet comes last.
        return room.zfill(8) if room else "~", str(row.get(source.label_column) or "")

    return iter(sorted(versions.keyed_as_of(snapshot), key=order))
