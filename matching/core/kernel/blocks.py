"""Who may meet whom: postings of a key, joined without ever making the product of two large lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
Floats = NDArray[np.float64]


def spread(starts: Ints, counts: Ints) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For ragged rows: the row of every element, and where the element stands (`starts[row] + place`)."""
    owners = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return owners, np.arange(len(owners)) + (np.asarray(starts, dtype=np.int64) - before)[owners]


def starts_of(counts: Ints) -> NDArray[np.int64]:
    """Boundaries of ragged rows: one more than there are rows."""
    found = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=found[1:])
    return found


def among(values: Ints, ascending: Ints) -> NDArray[np.bool_]:
    """Which values stand in a (long) ascending list."""
    if not len(ascending):
        return np.zeros(len(values), dtype=bool)
    places = np.minimum(np.searchsorted(ascending, values), len(ascending) - 1)
    return np.asarray(ascending[places] == values)


def distinct(blocks: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    """The union of blocks, ascending."""
    found = np.sort(np.concatenate([np.zeros(0, dtype=np.int32), *blocks]))
    return np.asarray(found[np.diff(found, prepend=-1) > 0])


@dataclass(frozen=True)
class Postings:
    """For every key from 0 on, the records that bear it, ascending. Two arrays, linear in what is borne."""

    starts: NDArray[np.int64]
    members: NDArray[np.int32]

    @classmethod
    def of(cls, keys: Ints, owners: Ints, size: int) -> Self:
        """`owners` ascend; a key below 0 is none."""
        borne = keys >= 0
        if not borne.all():
            keys, owners = keys[borne], owners[borne]
        order = np.argsort(keys, kind="stable")
        counts = np.bincount(keys, minlength=size) if len(keys) else np.zeros(size, dtype=np.int64)
        return cls(starts_of(counts), np.ascontiguousarray(owners[order], dtype=np.int32))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, key: int) -> NDArray[np.int32]:
        return self.members[self.starts[key] : self.starts[key + 1]] if key >= 0 else self.members[:0]

    def count(self, keys: Ints) -> NDArray[np.int64]:
        return self.starts[np.asarray(keys) + 1] - self.starts[keys]

    def join(self, keys: Ints, cap: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """(place in `keys`, record) for all that meet. A key of more than `cap` records says too little: it joins
        nobody. The cost is bounded by `len(keys) * cap`, whatever the data."""
        known = np.flatnonzero(np.asarray(keys) >= 0)
        kept = keys[known]
        counts = self.count(kept)
        if cap is not None:
            counts = np.where(counts > cap, 0, counts)
        owners, flat = spread(self.starts[kept], counts)
        return known[owners], self.members[flat]


@dataclass(frozen=True)
class Pairs:
    """Left and right record of every pair, ascending, each pair once; and the sum of what its blocks gave it."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    given: Floats

    def __len__(self) -> int:
        return len(self.left)

    def at(self, chosen: NDArray[np.bool_] | Ints) -> "Pairs":
        return Pairs(self.left[chosen], self.right[chosen], self.given[chosen])


def united(lefts: Ints, rights: Ints, given: Floats, size: int) -> Pairs:
    """The union of blocks. `size` is how many records there are on the right."""
    keys = np.asarray(lefts, dtype=np.int64) * size + rights
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    if not len(keys):
        return Pairs(keys, keys, np.zeros(0))
    first = np.flatnonzero(keys[1:] != keys[:-1]) + 1
    first = np.concatenate([np.zeros(1, dtype=first.dtype), first])
    found = keys[first]
    left = found // size
    return Pairs(left, found - left * size, np.add.reduceat(given[order], first))


def cross(keys: Sequence[tuple[Ints, Ints]], sizes: tuple[int, int], cap: int) -> Pairs:
    """Pairs that agree on any of several keys. Each entry holds the codes of both sides over one vocabulary, -1 for
    none. `given` counts the blocks in which a pair met."""
    lefts: list[NDArray[np.int64]] = []
    rights: list[NDArray[np.int32]] = []
    for ours, theirs in keys:
        size = int(max(ours.max(initial=-1), theirs.max(initial=-1))) + 1
        left, right = Postings.of(theirs, np.arange(sizes[1]), size).join(ours, cap)
        lefts.append(left)
        rights.append(right)
    joined = np.concatenate(lefts)
    return united(joined, np.concatenate(rights), np.ones(len(joined)), sizes[1])
