"""Two listings in, their differences out. Pure: iterables of (key, row), no Django, no database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from snapshots.canonical import Kinds, Row, differing

ChangeKind = Literal["added", "changed", "removed"]
Keyed = tuple[str, Row]


@dataclass(frozen=True)
class ChangeView:
    """One row's net difference. `fields` names what changed (every filled column of an added or removed row);
    `seq` is the last snapshot that touched the row; `vanished` says of a removed row that nothing explained it."""

    kind: ChangeKind
    key: str
    before: Row | None
    after: Row | None
    fields: tuple[str, ...]
    seq: int = 0
    vanished: bool = False


def between(
    key: str, before: Row | None, after: Row | None, columns: Sequence[str], kinds: Kinds, seq: int = 0
) -> ChangeView | None:
    """The change of one row, or None when nothing that counts differs (a net zero)."""
    if before is None and after is None:
        return None
    if before is None or after is None:
        only = after if before is None else before
        filled = tuple(name for name in columns if only and only.get(name) is not None)
        return ChangeView("added" if before is None else "removed", key, before, after, filled, seq)
    fields = tuple(differing(before, after, columns, kinds))
    return ChangeView("changed", key, before, after, fields, seq) if fields else None


def diff(before: Iterable[Keyed], after: Iterable[Keyed], columns: Sequence[str], kinds: Kinds) -> Iterator[ChangeView]:
    """What turns one listing into the other. The order of the rows does not matter; memory is one side."""
    old = dict(before)
    for key, row in after:
        change = between(key, old.pop(key, None), row, columns, kinds)
        if change:
            yield change
    for key, row in old.items():
        if change := between(key, row, None, columns, kinds):
            yield change


def apply(rows: Iterable[Keyed], changes: Iterable[ChangeView]) -> dict[str, Row]:
    """The listing after the changes."""
    result = dict(rows)
    for change in changes:
        if change.after is None:
            result.pop(change.key, None)
        else:
            result[change.key] = change.after
    return result


def compose(
    first: Iterable[ChangeView], second: Iterable[ChangeView], columns: Sequence[str], kinds: Kinds
) -> Iterator[ChangeView]:
    """Two consecutive diffs as one; a row that ends as it began is left out."""
    earlier = {change.key: change for change in first}
    for change in second:
        start = earlier.pop(change.key, change)
        if net := between(change.key, start.before, change.after, columns, kinds, change.seq):
            yield net
    yield from earlier.values()
