"""Differences between two sets of rows. Pure: iterables of (key, row), no Django, no database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from snapshots.canonical import Kinds, Row, differing

ChangeKind = Literal["added", "changed", "removed"]
Keyed = tuple[str, Row]


@dataclass(frozen=True)
class ChangeView:
    """The net change of one row. `fields` are the columns that changed, of an added or removed row all filled ones;
    `seq` is the last version that touched the row; `vanished` marks a removed row whose absence nothing explains."""

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
    """The change of one row; None if no column differs after normalisation."""
    if before is None and after is None:
        return None
    if before is None or after is None:
        only = after if before is None else before
        filled = tuple(name for name in columns if only and only.get(name) is not None)
        return ChangeView("added" if before is None else "removed", key, before, after, filled, seq)
    fields = tuple(differing(before, after, columns, kinds))
    return ChangeView("changed", key, before, after, fields, seq) if fields else None


def diff(before: Iterable[Keyed], after: Iterable[Keyed], columns: Sequence[str], kinds: Kinds) -> Iterator[ChangeView]:
    """The changes from `before` to `after`, in any order of the rows. Memory: the rows of `before`."""
    old = dict(before)
    for key, row in after:
        change = between(key, old.pop(key, None), row, columns, kinds)
        if change:
            yield change
    for key, row in old.items():
        if change := between(key, row, None, columns, kinds):
            yield change


def compose(
    first: Iterable[ChangeView], second: Iterable[ChangeView], columns: Sequence[str], kinds: Kinds
) -> Iterator[ChangeView]:
    """Two consecutive diffs as one; rows without a net change are left out."""
    earlier = {change.key: change for change in first}
    for change in second:
        start = earlier.pop(change.key, change)
        if net := between(change.key, start.before, change.after, columns, kinds, change.seq):
            yield net
    yield from earlier.values()
