"""Expectation maximisation of m over patterns of levels, without labels (Fellegi-Sunter, conditional independence).

Pairs that agree alike are one pattern with a count: the cost is that of the patterns, not of the pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.core.kernel.blocks import Floats
from matching.core.kernel.comparisons import Codes, Comparison, bits_of

SMOOTHING = 0.5
"""Sightings that every level is granted, so that none is impossible."""


@dataclass(frozen=True)
class Learned:
    """m and u by comparison, and the share of pairs that are matches."""

    m: list[Floats]
    u: list[Floats]
    prior: float

    @property
    def tables(self) -> list[Floats]:
        return [bits_of(m, u) for m, u in zip(self.m, self.u, strict=True)]

    def score(self, codes: Sequence[Codes]) -> Floats:
        """log2 odds of every pair."""
        start = np.full(len(codes[0]), np.log2(self.prior / (1 - self.prior)))
        return sum((table[code] for table, code in zip(self.tables, codes, strict=True)), start)


def shares(codes: Codes, size: int, weights: Floats | None = None) -> Floats:
    """Share of each level among the pairs in which the comparison takes part."""
    taking = codes >= 0
    counts = np.bincount(codes[taking], None if weights is None else weights[taking], minlength=size) + SMOOTHING
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def learn(
    comparisons: Sequence[Comparison],
    codes: Sequence[Codes],
    u: Sequence[Floats],
    *,
    prior: float,
    rounds: int = 25,
) -> Learned:
    """`u` comes from pairs at random and stays; m begins with the best level likely and follows the data."""
    patterns, counts = np.unique(np.stack(codes), axis=1, return_counts=True)
    rows = [row.astype(np.int8) for row in patterns]
    weights = counts.astype(np.float64)
    found = Learned([_hopeful(len(c.levels)) for c in comparisons], list(u), prior)
    for _ in range(rounds):
        matches = weights / (1 + np.exp2(-found.score(rows)))
        m = [shares(row, len(c.levels), matches) for row, c in zip(rows, comparisons, strict=True)]
        share = float(matches.sum() / weights.sum())
        found = Learned(m, list(u), min(max(share, 1e-9), 0.5))
    return found


def _hopeful(levels: int) -> Floats:
    falling = 0.25 ** np.arange(levels)
    return np.asarray(falling / falling.sum(), dtype=np.float64)
