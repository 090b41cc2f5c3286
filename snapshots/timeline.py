"""One row's life as a screen tells it, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from snapshots.admin.display import ShownChange, describe, field_label, kind_of, name_of, room_of, shown
from snapshots.history.row_history import Version, history
from snapshots.models import Source


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
