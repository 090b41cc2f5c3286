"""Values, fields, changes and row histories as texts for staff. Personal data is masked here, and only here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sistema_os.masking import masked_document
from sistema_os.person_names import display_name
from snapshots import hidden_persons
from snapshots.canonical import Row
from snapshots.diffing import ChangeView
from snapshots.history import ChangeFilter, Version, history
from snapshots.models import Snapshot, Source

_DATE = re.compile(r"\d{4}-\d\d-\d\d$")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_CODE = re.compile(r"[a-z]{1,40}(?:_[a-z]{1,40}){1,10}$")
# Personal columns that a source did not declare as such, by name.
_PRIVATE_NAMES = (
    (re.compile(r"hmac|hash"), "secret"),
    (re.compile(r"(^|_)(doc|cpf|rg|passaporte|document)(?!_tipo)(_|$)"), "document"),
    (re.compile(r"telefone|celular|phone"), "phone"),
    (re.compile(r"e_?mail"), "email"),
)


@dataclass(frozen=True)
class FieldChange:
    """One field of one row; None where there was or is no value."""

    label: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class ShownChange:
    kind: str
    key: str
    room: str
    name: str
    fields: tuple[FieldChange, ...]
    vanished: bool = False


@dataclass(frozen=True)
class Chip:
    css: str
    word: str | Promise


_STATUS = {
    Snapshot.Status.RUNNING: Chip("chip-run", _("collecting")),
    Snapshot.Status.PUBLISHED: Chip("chip-off", _("published")),
    Snapshot.Status.SAME: Chip("chip-off", _("nothing changed")),
    Snapshot.Status.HELD: Chip("chip-hold", _("held")),
    Snapshot.Status.REJECTED: Chip("chip-off", _("rejected")),
    Snapshot.Status.FAILED: Chip("chip-bad", _("failed")),
}


def status_chip(snapshot: Snapshot) -> Chip:
    if snapshot.status == Snapshot.Status.PUBLISHED and snapshot.seq == snapshot.source.head_seq:
        return Chip("chip-ok", _("in force"))
    return _STATUS[Snapshot.Status(snapshot.status)]


def field_label(source: Source, column: str) -> str:
    label = source.labels.get(column)
    return gettext(label) if label else column.replace("_", " ")


def kind_of(source: Source, column: str) -> str:
    if declared := source.kinds.get(column):
        return str(declared)
    return next((kind for pattern, kind in _PRIVATE_NAMES if pattern.search(column)), "text")


def shown(source: Source, column: str, value: Any) -> str | None:
    """The value as staff may read it; None if it is empty."""
    if value is None or value == "":
        return None
    if word := source.labels.get(f"{column}={value}"):
        return gettext(word)
    kind = kind_of(source, column)
    if kind in _MASKS:
        return _MASKS[kind](str(value))
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return _text(value) if isinstance(value, str) else str(value)


def _text(value: str) -> str:
    """Dates and times in the reader's format, codes in words."""
    if _DATE.match(value):
        return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
    if _INSTANT.match(value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
        return date_format(local, "SHORT_DATETIME_FORMAT")
    return value.replace("_", " ") if _CODE.match(value) else value


def _email(value: str) -> str:
    name, _at, domain = value.partition("@")
    return f"{name[:1]}***@{domain}"


_MASKS: dict[str, Callable[[str], str]] = {
    "document": lambda value: masked_document(value[-2:]),
    "phone": lambda value: gettext("ending in %(digits)s") % {"digits": value[-2:]},
    "email": _email,
    "secret": lambda _value: gettext("on file"),
}


def describe(source: Source, change: ChangeView, *, hidden: bool = False) -> ShownChange:
    """`hidden`: the row is of a hidden person and the viewer may not see who it is."""
    if hidden:
        change = hidden_persons.concealed_change(source, change)
    row = change.after or change.before or {}
    return ShownChange(
        change.kind,
        change.key,
        room_of(source, row),
        gettext("hidden guest") if hidden else name_of(source, row, change.key),
        tuple(_fields(source, change)),
        change.vanished,
    )


def room_of(source: Source, row: Row) -> str:
    return shown(source, source.room_column, row.get(source.room_column)) or ""


def name_of(source: Source, row: Row, key: str) -> str:
    name = shown(source, source.label_column, row.get(source.label_column))
    if name and source.label_column in source.hidden_columns:
        # A column that may be hidden is a person's name.
        name = display_name(name)
    return name or gettext("row %(key)s") % {"key": key}


def summary_columns(source: Source) -> list[str]:
    """Those that the source declares, else its first five, without key, room, name and secrets."""
    elsewhere = (source.key_column, source.room_column, source.label_column)
    if source.summary:
        return [name for name in source.summary if name in source.layout and name not in elsewhere]
    return [name for name in source.columns if name not in elsewhere and kind_of(source, name) != "secret"][:5]


def _fields(source: Source, change: ChangeView) -> Iterator[FieldChange]:
    """Of an added or removed row the summary, of a changed one what changed. A secret, such as the hash of a document,
    is left out where the change of the document itself is shown."""
    if change.kind == "changed":
        kinds = {name: kind_of(source, name) for name in change.fields}
        has_document = "document" in kinds.values()
        columns = [name for name, kind in kinds.items() if not (has_document and kind == "secret")]
    else:
        columns = [name for name in summary_columns(source) if name in change.fields]
    for column in columns:
        old, new = (shown(source, column, row.get(column)) if row else None for row in (change.before, change.after))
        if old == new and kind_of(source, column) in _MASKS:
            # Equal once masked: only say that the value is another one.
            old, new = None, gettext("another one")
        yield FieldChange(field_label(source, column), old, new)


def matches(source: Source, change: ChangeView, wanted: ChangeFilter, hidden: Collection[str] = ()) -> bool:
    """Whether a change passes the filter, as the database decides it for stored changes. `hidden`: the keys of hidden
    persons, whom no name finds."""
    if wanted.name and change.key in hidden:
        return False
    if (wanted.kind and change.kind != wanted.kind) or (wanted.field and wanted.field not in change.fields):
        return False
    rows = [row for row in (change.before, change.after) if row]
    return all(
        any(text.casefold() in str(row.get(column) or "").casefold() for row in rows)
        for column, text in ((source.room_column, wanted.room), (source.label_column, wanted.name))
        if text
    )


@dataclass(frozen=True)
class TimelineEntry:
    version: Version
    change: ShownChange | None


@dataclass(frozen=True)
class Identity:
    """The row's current values, or its last ones."""

    key: str
    name: str
    room: str
    gone: bool
    # What distinguishes persons of the same name: the room, the end of the document.
    about: tuple[str, ...]
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Timeline:
    """The versions of one row, newest first, and its values."""

    moments: list[TimelineEntry]
    row: Identity


def timeline(source: Source, key: str, *, see_hidden: bool = False) -> Timeline | None:
    """None for a row that no kept snapshot has."""
    versions = history(source.name, key)
    row = next((version.row for version in reversed(versions) if version.row), None)
    if row is None:
        return None
    hidden = not see_hidden and any(hidden_persons.is_hidden(source, version.row) for version in versions)
    if hidden:
        row = hidden_persons.concealed_row(source, row)
    about, values = [], []
    for name in source.columns:
        kind = kind_of(source, name)
        value = shown(source, name, row.get(name))
        if not value or kind == "secret" or name in (source.key_column, source.label_column):
            continue
        label = field_label(source, name)
        values.append((label, value))
        if name == source.room_column or kind == "document":
            about.append(f"{label} {value}")
    gone = versions[-1].row is None
    name = gettext("hidden guest") if hidden else name_of(source, row, key)
    identity = Identity(key, name, room_of(source, row), gone, tuple(about), tuple(values))
    entries = [
        TimelineEntry(v, describe(source, v.change, hidden=hidden) if v.change else None) for v in reversed(versions)
    ]
    return Timeline(entries, identity)
