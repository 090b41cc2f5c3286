"""One row's life as a screen tells it, newest first."""

from __future__ import annotations

from dataclasses import dataclass

from snapshots.display import ShownChange, describe, field_label, kind_of, name_of, room_of, shown
from snapshots.life import Version, history
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
    values: tuple[tuple[str, str], ...]


def life_of(source: Source, key: str) -> list[Moment]:
    versions = reversed(history(source.name, key))
    return [Moment(version, describe(source, version.change) if version.change else None) for version in versions]


def identity(source: Source, key: str) -> Identity | None:
    """None for a row that no kept snapshot knows."""
    versions = history(source.name, key)
    row = next((version.row for version in reversed(versions) if version.row), None)
    if row is None:
        return None
    telling = [
        name
        for name in source.columns
        if name not in (source.key_column, source.label_column) and kind_of(source, name) != "secret"
    ]
    values = ((field_label(source, name), shown(source, name, row.get(name))) for name in telling)
    return Identity(
        key,
        name_of(source, row, key),
        room_of(source, row),
        versions[-1].row is None,
        tuple((label, value) for label, value in values if value),
    )
