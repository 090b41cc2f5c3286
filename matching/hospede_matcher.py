"""Scores orders against stays: rows of the hotel in, candidates out. The pipeline's way to the engine."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from matching.core import Candidate, Engine, Model, Reason, RoomDirectory, Skipped

# The highest probability of a stay that the last listing does not have: below the band that is decided in bulk, above
# whatever the other candidates of the order can have.
DOUBTED_AT = 0.80


@dataclass(frozen=True, slots=True)
class MatchResult:
    """`candidates`: order by order, best first, "no guest" included; `skipped`: rows that could not be read."""

    candidates: tuple[Candidate, ...]
    model_version: str
    skipped: tuple[Skipped, ...]


def match_orders(
    orders: Sequence[Mapping[str, Any]],
    stays: Sequence[Mapping[str, Any]],
    *,
    model: Model | None = None,
    directory: RoomDirectory | None = None,
    business_date: date | None = None,
    order_aliases: Mapping[int, Mapping[str, str]] | None = None,
    doubted: Collection[int] = (),
) -> MatchResult:
    """Pure computation, which may run in a thread. A row that cannot be read is skipped; it raises nothing.

    `directory` adds rooms and aliases to those of the listing; `order_aliases` (order id -> spelling -> room key) hold
    for one order each; `business_date` dates the orders without a readable date of their own; `doubted` are ids of
    stays that the last listing does not have: they compete like the others and reach DOUBTED_AT at most.
    """
    engine = Engine(stays, model, directory=directory, business_date=business_date, order_aliases=order_aliases)
    outcome = engine.match(orders)
    candidates = (_doubt(one) if one.listagem_id in doubted else one for one in outcome.candidates)
    return MatchResult(tuple(candidates), engine.model.version, tuple(outcome.skipped))


def _doubt(candidate: Candidate) -> Candidate:
    """The reason's bits are what the doubt takes away, so that all of them still add up to the probability's."""
    probability = min(candidate.probability, DOUBTED_AT)
    lost = _bits(probability) - _bits(candidate.probability) if probability < candidate.probability else 0.0
    missing = Reason("listing", "missing", "", "", lost)
    return replace(candidate, probability=probability, reasons=(*candidate.reasons, missing))


def _bits(probability: float) -> float:
    certain = min(probability, 1 - 1e-12)
    return math.log2(certain / (1 - certain))
