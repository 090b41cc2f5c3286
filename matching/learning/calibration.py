"""Calibrates two numbers of a model: the sharpness of all evidence, and the prior bits of "no guest".

Penalised maximum likelihood with a prior around the present model: with few decisions the numbers hardly change, and
their change is bounded. Pure.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from matching.core import Candidate, Model
from matching.core.reestimation import Verdict, Verdicts
from matching.learning.training_set import FLOOR, Found

# Standard deviations of the prior: sharpness as a factor (natural log), offset in bits.
SHARPNESS_SPREAD, OFFSET_SPREAD = 0.15, 0.75
FARTHEST_FACTOR, FARTHEST_BITS = 0.5, 3.0
# Closes the sum of a candidate's reasons at its own log odds: no evidence.
COMPETITION = "competition"
_ROUNDS, _STEPS = 6, 30
_GOLDEN = (math.sqrt(5) - 1) / 2
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Evidence:
    """Orders x hypotheses, padded: bits before sharpness (-inf for padding), whether the hypothesis is "no guest", and
    whether it agrees with the verdict."""

    bits: Array
    nobody: Array
    meant: Array

    def loss(self, sharpness: float, offset: float) -> float:
        """Summed natural log loss. `meant`: the right hypotheses if they are known, or else those not rejected."""
        scores = sharpness * (self.bits + offset * self.nobody)
        weights = np.exp2(scores - scores.max(axis=1, keepdims=True))
        share = (weights * self.meant).sum(axis=1) / weights.sum(axis=1)
        return float(-np.log(FLOOR + (1 - FLOOR) * share).sum())


def calibrate(found: Found, verdicts: Verdicts, start: Model, *, version: str) -> Model:
    """`found`: the hypotheses of `start` for the decided orders."""
    evidence = _evidence([(found[key], verdicts[key]) for key in sorted(verdicts) if key in found], start.sharpness)
    if evidence is None:
        return replace(start, version=version)
    factor, offset = _fit(evidence, start.sharpness)
    nobody = start.nobody | {"prior": start.nobody["prior"] + offset}
    return replace(start, version=version, sharpness=start.sharpness * math.exp(factor), nobody=nobody)


def _evidence(decided: Sequence[tuple[Sequence[Candidate], Verdict]], sharpness: float) -> Evidence | None:
    if not decided:
        return None
    shape = len(decided), max(len(hypotheses) for hypotheses, _ in decided)
    bits, nobody, meant = np.full(shape, -np.inf), np.zeros(shape), np.zeros(shape)
    for row, (hypotheses, verdict) in enumerate(decided):
        for column, candidate in enumerate(hypotheses):
            who = candidate.listagem_id
            evidence = (r.weight_bits for r in candidate.reasons if r.comparison != COMPETITION)
            bits[row, column] = math.fsum(evidence) / sharpness
            nobody[row, column] = who is None
            meant[row, column] = who in verdict.right if verdict.right else who not in verdict.refused
    return Evidence(bits, nobody, meant)


def _fit(evidence: Evidence, sharpness: float) -> tuple[float, float]:
    """(natural log of the factor on sharpness, bits of offset), by coordinate descent."""

    def cost(factor: float, offset: float) -> float:
        belief = (factor / SHARPNESS_SPREAD) ** 2 + (offset / OFFSET_SPREAD) ** 2
        return evidence.loss(sharpness * math.exp(factor), offset) + belief / 2

    factor = offset = 0.0
    for _ in range(_ROUNDS):
        factor = _lowest(partial(cost, offset=offset), FARTHEST_FACTOR)
        offset = _lowest(partial(cost, factor), FARTHEST_BITS)
    return factor, offset


def _lowest(cost: Callable[[float], float], farthest: float) -> float:
    """Golden section between -farthest and farthest."""
    low, high = -farthest, farthest
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        low, high = (low, right) if cost(left) < cost(right) else (left, high)
    return (low + high) / 2
