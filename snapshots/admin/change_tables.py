"""The tables of the snapshot pages, filtered and one page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.paginator import Page, Paginator
from django.utils.translation import gettext

from snapshots import diffing, hidden_persons, history, ingest
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
from snapshots.diffing import ChangeView
from snapshots.held_decision import held_rows
from snapshots.models import HeadRow, Snapshot, Source

if TYPE_CHECKING:
    _Page = Page[Any]
else:
    _Page = Page

PAGE_SIZE = 50
EXPORTED_AT_ONCE = 500
# Removed rows first: they are what a decision is about.
KINDS = ("removed", "changed", "added")


class _FilterForm(forms.Form):
    kind = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS], required=False)
    event = forms.CharField(required=False)
    field = forms.CharField(required=False)
    room = forms.CharField(required=False)
    name = forms.CharField(required=False)
    page = forms.IntegerField(min_value=1, max_value=10**6, required=False)


@dataclass(frozen=True)
class Filters(history.ChangeFilter):
    """The query string of a table; invalid values count as none."""

    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str], source: Source, *, see_hidden: bool = False) -> Filters:
        form = _FilterForm(query)
        form.full_clean()
        found = {name: value for name, value in form.cleaned_data.items() if value}
        if found.get("field") not in source.layout:
            found.pop("field", None)
        named = found.pop("event", "")
        event = next((event for event in history.events_of(source) if event.name == named), None)
        return cls(**found, event=event, see_hidden=see_hidden)

    @property
    def any(self) -> bool:
        return bool(self.kind or self.field or self.room or self.name or self.event)


class TablePage(_Page):
    """The wanted page of `found`, an object list for Django's Paginator; `show` makes its part of the list into items.
    `counts` are all changes by kind, whatever the filters."""

    def __init__(
        self, found: Any, wanted: Filters, show: Callable[[Any], list[Any]], counts: Mapping[str, int] | None = None
    ):
        self._found, self._show = found, show
        page = Paginator(found, PAGE_SIZE).get_page(wanted.page)
        self.items = show(page.object_list)
        self.counts = Counter(counts or {})
        super().__init__(self.items, page.number, page.paginator)

    @property
    def total(self) -> int:
        return self.paginator.count

    def every_item(self) -> Iterator[Any]:
        """The items of all pages; they are read as they are asked for."""
        parts = Paginator(self._found, EXPORTED_AT_ONCE)
        for number in parts.page_range:
            yield from self._show(parts.page(number).object_list)


def snapshot_changes(snapshot: Snapshot, filters: Filters) -> TablePage:
    """What a published snapshot changed, or what a held one would change; of any other, nothing."""
    source, counts = snapshot.source, history.counts(snapshot)
    if snapshot.status == Snapshot.Status.HELD:
        kept = ingest.kept_changes(snapshot)
        if kept is None:
            return changes_page(source, _changes_of_rows(snapshot), filters)
        return TablePage(
            ingest.filter_held_changes(kept, filters),
            filters,
            lambda rows: _described(source, [ingest.view_of(row, kept) for row in rows], filters),
            counts,
        )
    seq = snapshot.seq
    if seq is None or seq <= source.min_seq:
        return TablePage((), filters, list)
    return TablePage(
        history.published_keys(snapshot, filters),
        filters,
        lambda keys: _described(source, history.changes_between(source, seq - 1, seq, keys), filters),
        counts,
    )


def compared(a: Snapshot, b: Snapshot, filters: Filters) -> TablePage:
    """What turns `a` into `b`. With a filter by field, and between snapshots of other columns, every change is read."""
    source = a.source
    found: Any
    if filters.field or not history.comparable(a, b):
        found, counts = [], Counter[str]()
        hidden = set() if filters.see_hidden else hidden_persons.hidden_keys(source)
        for change in history.diff(a, b):
            counts[change.kind] += 1
            if matches(source, change, filters, hidden):
                found.append(change.key)
    else:
        found, counts = history.difference_keys(a, b, filters), Counter(history.difference_counts(a, b))
    return TablePage(found, filters, lambda keys: _described(source, history.diff(a, b, keys), filters), counts)


def changes_page(source: Source, changes: Iterable[ChangeView], filters: Filters) -> TablePage:
    """Holds every change in memory."""
    known = list(changes)
    hidden = set() if filters.see_hidden else _hidden_among(source, known)
    found = [change for change in known if matches(source, change, filters, hidden)]
    counts = Counter(str(change.kind) for change in known)
    return TablePage(found, filters, lambda part: _described(source, part, filters), counts)


def _described(source: Source, changes: Iterable[ChangeView], filters: Filters) -> list[ShownChange]:
    """As the viewer may see them: a hidden person has no name, document or contact."""
    known = list(changes)
    hidden = set() if filters.see_hidden else _hidden_among(source, known)
    return [describe(source, change, hidden=change.key in hidden) for change in known]


def _hidden_among(source: Source, changes: Iterable[ChangeView]) -> set[str]:
    """By the change itself, such as that of a held snapshot, and by every version that is kept."""
    known = list(changes)
    here = {
        change.key
        for change in known
        if any(hidden_persons.is_hidden(source, row) for row in (change.before, change.after))
    }
    return here | hidden_persons.hidden_keys(source, [change.key for change in known])


def _changes_of_rows(held: Snapshot) -> Iterator[ChangeView]:
    """For snapshots held before changes were stored: compares their rows with the current ones."""
    source = held.source
    columns = [name for name in held.columns if name in source.columns] or held.columns
    current = HeadRow.objects.filter(source=source).values_list("key", "payload").iterator(chunk_size=2000)
    rows = ((str(row[source.key_column]), row) for row in held_rows(held))
    changes = diffing.diff(current, rows, columns, held.kinds)
    return iter(sorted(changes, key=lambda change: KINDS.index(change.kind)))


@dataclass(frozen=True)
class ShownRow:
    key: str
    room: str
    name: str
    values: tuple[FieldChange, ...]


def rows_page(snapshot: Snapshot, filters: Filters) -> TablePage:
    """The rows of a snapshot by room and name, those without a room last. Raises Corrupt and Purged."""
    source = snapshot.source
    in_room, named = filters.room.casefold(), filters.name.casefold()
    hidden = set() if filters.see_hidden else hidden_persons.hidden_keys(source)
    found = []
    for key, row in history.keyed_as_of(snapshot):
        if key in hidden and named:
            continue
        room, name = str(row.get(source.room_column) or ""), str(row.get(source.label_column) or "")
        if in_room in room.casefold() and named in name.casefold():
            found.append((room.zfill(8) if room else "~", name, key, row))
    found.sort(key=lambda item: item[:2])
    return TablePage(
        found, filters, lambda part: [_shown_row(source, key, row, key in hidden) for *_order, key, row in part]
    )


def _shown_row(source: Source, key: str, row: Row, hidden: bool) -> ShownRow:
    if hidden:
        row = hidden_persons.concealed_row(source, row)
    values = tuple(
        FieldChange(field_label(source, name), None, shown(source, name, row.get(name)))
        for name in summary_columns(source)
    )
    return ShownRow(key, room_of(source, row), gettext("hidden guest") if hidden else name_of(source, row, key), values)


def column_choices(source: Source) -> list[tuple[str, str]]:
    """(name, label) of the columns to filter by, in the order of their labels."""
    columns = [name for name in source.columns if name != source.key_column]
    return sorted(((name, field_label(source, name)) for name in columns), key=lambda choice: choice[1].casefold())
