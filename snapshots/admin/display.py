"""Values and fields in words that staff read. What may not be shown whole is masked here, and only here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from snapshots.canonical import Row
from snapshots.diffing import ChangeView
from snapshots.history.row_history import Version, history
from snapshots.models import Snapshot, Source

_DATE = re.compile(r"\d{4}-\d\d-\d\d$")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_CODE = re.compile(r"[a-z]+(_[a-z]+)+$")
# Columns that a declaration forgot: better masked without need than shown.
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
    """The value as a person may read it; None for nothing."""
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
    if _DATE.match(value):
        return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
    if _INSTANT.match(value):
        return _moment(value)
    return value.replace("_", " ") if _CODE.match(value) else value


def _moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return date_format(local, "SHORT_DATETIME_FORMAT")


def _document(value: str) -> str:
    return f"***.***.***-{value[-2:]}"


def _phone(value: str) -> str:
    return gettext("ending in %(digits)s") % {"digits": value[-2:]}


def _email(value: str) -> str:
    name, _at, domain = value.partition("@")
    return f"{name[:1]}***@{domain}"


def _secret(_value: str) -> str:
    return gettext("on file")


_MASKS = {"document": _document, "phone": _phone, "email": _email, "secret": _secret}


def describe(source: Source, change: ChangeView) -> ShownChange:
    row = change.after or change.before or {}
    return ShownChange(
        change.kind,
        change.key,
        room_of(source, row),
        name_of(source, row, change.key),
        tuple(_fields(source, change)),
        change.vanished,
    )


def room_of(source: Source, row: Row) -> str:
    return shown(source, source.room_column, row.get(source.room_column)) or ""


def name_of(source: Source, row: Row, key: str) -> str:
    name = shown(source, source.label_column, row.get(source.label_column))
    return name or gettext("row %(key)s") % {"key": key}


def summary_columns(source: Source) -> list[str]:
    """Declared by the source; else its first five that say something."""
    boring = (source.key_column, source.room_column, source.label_column)
    if source.summary:
        return [name for name in source.summary if name in source.layout and name not in boring]
    telling = [name for name in source.columns if name not in boring and kind_of(source, name) != "secret"]
    return telling[:5]


def _told_columns(source: Source, change: ChangeView) -> list[str]:
    """Of a row that came or went, the summary; of a changed one, what changed. A secret is told only where
    nothing that may be shown tells that the document is another."""
    if change.kind != "changed":
        return [name for name in summary_columns(source) if name in change.fields]
    kinds = {name: kind_of(source, name) for name in change.fields}
    told = "document" in kinds.values()
    return [name for name, kind in kinds.items() if not (told and kind == "secret")]


def _fields(source: Source, change: ChangeView) -> Iterator[FieldChange]:
    for column in _told_columns(source, change):
        old, new = (shown(source, column, row.get(column)) if row else None for row in (change.before, change.after))
        if old == new and kind_of(source, column) in _MASKS:
            # Equal once masked: say that it is another one, show neither.
            old, new = None, gettext("another one")
        yield FieldChange(field_label(source, column), old, new)


def matches(source: Source, change: ChangeView, *, kind: str, field: str, room: str, name: str) -> bool:
    """Does a change pass the screen's filters? Texts are searched on either side of the change."""
    if (kind and change.kind != kind) or (field and field not in change.fields):
        return False
    rows = [row for row in (change.before, change.after) if row]
    return _found(room, source.room_column, rows) and _found(name, source.label_column, rows)


def _found(wanted: str, column: str, rows: list[Row]) -> bool:
    return not wanted or any(wanted.casefold() in str(row.get(column) or "").casefold() for row in rows)


@dataclass(frozen=True)
class Moment:
    version: Version
    change: ShownChange | None


@dataclass(frozen=True)
class Identity:
    """What the row says now, or said last."""

    key: str
    name: str
    room: str
    gone: bool
    # What tells this person from a namesake: the room, the end of the document.
    about: tuple[str, ...]
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Life:
    """What happened to one row, newest first, and what it says now."""

    moments: list[Moment]
    row: Identity


def life_of(source: Source, key: str) -> Life | None:
    """None for a row that no kept snapshot knows."""
    versions = history(source.name, key)
    row = _identity(source, key, versions)
    if row is None:
        return None
    return Life([Moment(v, describe(source, v.change) if v.change else None) for v in reversed(versions)], row)


def _identity(source: Source, key: str, versions: list[Version]) -> Identity | None:
    row = next((version.row for version in reversed(versions) if version.row), None)
    if row is None:
        return None
    telling = [
        name
        for name in source.columns
        if name not in (source.key_column, source.label_column) and kind_of(source, name) != "secret"
    ]
    said = [(name, field_label(source, name), shown(source, name, row.get(name))) for name in telling]
    return Identity(
        key,
        name_of(source, row, key),
        room_of(source, row),
        versions[-1].row is None,
        tuple(f"{label} {value}" for name, label, value in said if value and _tells(source, name)),
        tuple((label, value) for _name, label, value in said if value),
    )


def _tells(source: Source, column: str) -> bool:
    return column == source.room_column or kind_of(source, column) == "document"
