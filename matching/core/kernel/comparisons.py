"""What is compared, and how well the sides may agree: levels with m and u, looked up as bits."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matching.core.kernel.blocks import Floats, Ints

Codes = NDArray[np.int8]
ABSENT = -1
"""The code of a pair in which a comparison takes no part: no bits for, none against."""


@dataclass(frozen=True)
class Comparison:
    """One piece of evidence. A pair has the code of its level: the place of its name in `levels`."""

    name: str
    levels: tuple[str, ...]

    def code(self, level: str) -> int:
        return self.levels.index(level)

    def table(self, bits: Callable[[str], float]) -> Floats:
        """Bits by code, with 0 where ABSENT points to: behind the last level."""
        return np.array([*(bits(level) for level in self.levels), 0.0])

    def absent(self, size: int) -> Codes:
        return np.full(size, ABSENT, dtype=np.int8)


def bits_of(m: Floats, u: Floats) -> Floats:
    """log2(m / u) by code, with the 0 of ABSENT behind."""
    return np.append(np.log2(m) - np.log2(u), 0.0)


@dataclass(frozen=True)
class Column:
    """One column of two record sets compared: equal (a rare value says more), alike by measure, or different.

    `cuts` are the lower edges of the measure's levels, highest first; `measure` gives 0 … 1 for pairs of texts.
    """

    name: str
    cuts: tuple[float, ...] = ()
    measure: Callable[[Sequence[str], Sequence[str]], Floats] | None = None
    rarity: bool = False

    @property
    def comparison(self) -> Comparison:
        return Comparison(self.name, ("equal", *(f">= {cut:g}" for cut in self.cuts), "different"))


@dataclass(frozen=True)
class Coded:
    """A column's values on both sides, as codes over one vocabulary; -1 stands for none."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    values: list[str]

    @classmethod
    def of(cls, left: Sequence[str | None], right: Sequence[str | None]) -> "Coded":
        values = sorted({v for side in (left, right) for v in side if v})
        code = {value: place for place, value in enumerate(values)}
        ours, theirs = (np.array([code.get(v or "", -1) for v in side], dtype=np.int64) for side in (left, right))
        return cls(ours, theirs, values)

    def levels(self, column: Column, left: Ints, right: Ints) -> Codes:
        """Codes of pairs. Each pair of values is measured once, however many pairs have it."""
        ours, theirs = self.left[left], self.right[right]
        found = np.where(ours == theirs, 0, len(column.cuts) + 1).astype(np.int8)
        if column.measure is not None and column.cuts:
            apart = np.flatnonzero((ours != theirs) & (ours >= 0) & (theirs >= 0))
            kinds, places = np.unique(ours[apart] * len(self.values) + theirs[apart], return_inverse=True)
            one, other = np.divmod(kinds, max(1, len(self.values)))
            alike = column.measure([self.values[i] for i in one], [self.values[i] for i in other])
            below = np.searchsorted(-np.array(column.cuts), -np.asarray(alike), side="left")
            found[apart] = (1 + below).astype(np.int8)[places]
        found[(ours < 0) | (theirs < 0)] = ABSENT
        return found

    def shares(self) -> tuple[Floats, Floats]:
        """How often each value stands on either side, among the records that have one."""
        counts = (np.bincount(s[s >= 0], minlength=max(1, len(self.values))) for s in (self.left, self.right))
        ours, theirs = (count / max(1, count.sum()) for count in counts)
        return ours, theirs

    def rarity(self, left: Ints, codes: Codes, u: float) -> Floats:
        """Bits to add where the values are equal: how much rarer than usual the shared value is, counted on the right
        side only (the side that is searched)."""
        counts = np.bincount(self.right[self.right >= 0], minlength=max(1, len(self.values)))
        share = (counts + 1) / (len(self.right) + math.sqrt(len(self.right)))
        return np.where(codes == 0, np.log2(u) - np.log2(share[np.maximum(self.left[left], 0)]), 0.0)


def chances(coded: Coded, column: Column, sample: int = 200_000) -> Floats:
    """u by level: how often two records at random agree so. Equality is reckoned exactly from the values' shares, the
    rest of it is shared out as a sample shows."""
    random = np.random.default_rng(0)
    left, right = (random.integers(0, max(1, len(side)), sample) for side in (coded.left, coded.right))
    codes = coded.levels(column, left, right)
    counts = np.bincount(codes[codes > 0], minlength=len(column.cuts) + 2)[1:] + 0.5
    ours, theirs = coded.shares()
    equal = min(max(float(ours @ theirs), 1e-9), 0.99)
    return np.append(equal, (1 - equal) * counts / counts.sum())
